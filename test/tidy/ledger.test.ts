// The ledger's judgement over a small project made for each test: what passes, what is refused, what is promoted.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { judge } from "../../tools/ledger/judge.mjs";
import { LISTS } from "../../tools/ledger/requirements.mjs";
import { promote } from "../../tools/ledger/status.mjs";

const roots: string[] = [];

/** A project with the requirements F-001 and F-002 and the rule T-01. */
function project(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "tandem-ledger-"));
  roots.push(root);
  const lists: Record<string, string> = Object.fromEntries(
    LISTS.map(({ file }) => [`conformance/${file}`, "# A list\n"]),
  );
  lists["conformance/rfc8156.md"] = "| F-001 | 1 | MUST | One |\n| F-002 | 2 | MUST | Two |\n";
  lists["conformance/pair-rules.md"] = "| T-01 | A rule |\n";
  for (const [file, text] of Object.entries({ ...lists, ...files })) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

const status = (first: string) => ({
  "conformance/status.txt": `F-001: ${first}\nF-002: reason: a test\nT-01: not yet: later\n`,
});
const source = { "src/a.ts": "const a = 1; // F-001: why\n" };
const test = { "test/a.test.ts": 'it("1 does one thing (F-001)", () => {});\n' };

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

describe("the ledger", () => {
  it("is content when source and a test carry what is done", () => {
    expect(judge(project({ ...status("done"), ...source, ...test })).problems).toEqual([]);
  });

  it("misses the test and the source of what is done", () => {
    expect(judge(project({ ...status("done"), ...source })).problems).toEqual([
      "F-001: done, but no test carries it",
    ]);
    expect(judge(project({ ...status("done"), ...test })).problems).toEqual([
      "F-001: done, but no source comment carries it",
    ]);
  });

  it("takes a tag only from a comment, not from code", () => {
    const code = { "src/a.ts": 'const a = "F-001";\n' };
    expect(judge(project({ ...status("done"), ...code, ...test })).problems).toHaveLength(1);
  });

  it("refuses tags and statuses of requirements that do not exist", () => {
    const unknown = { "src/a.ts": "// F-009: what is that?\n" };
    const root = project({ ...status("not yet: later"), ...unknown });
    expect(judge(root).problems).toEqual(["F-009: no such requirement (src/a.ts:1)"]);
    const more = `${status("not yet: later")["conformance/status.txt"]}F-010: done\n`;
    expect(judge(project({ "conformance/status.txt": more })).problems).toEqual([
      "F-010: in conformance/status.txt, but in no list",
    ]);
  });

  it("refuses a requirement without a status, twice a status, and what is no status", () => {
    const none = project({ "conformance/status.txt": "F-001: maybe\nT-01: done\nT-01: done\n" });
    expect(judge(none).problems.join("\n")).toMatch(
      /not a status.*\n.*stands twice(.*\n)*F-002: no line/,
    );
  });

  it("wants a rule that exists behind an override", () => {
    expect(judge(project(status("overridden by T-01 for a while"))).problems).toEqual([]);
    expect(judge(project(status("overridden by T-99"))).problems).toHaveLength(1);
  });

  it("promotes what has both tags and leaves the rest of the file as it is", () => {
    const root = project({ ...status("not yet: later"), ...source, ...test });
    const { promotable } = judge(root);
    promote(
      root,
      promotable.map(({ id }) => id),
    );
    const text = readFileSync(join(root, "conformance/status.txt"), "utf8");
    expect(text).toBe(status("done")["conformance/status.txt"]);
  });
});
