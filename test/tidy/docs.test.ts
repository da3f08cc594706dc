// The pages for people: every link leads to a file, every `npm run` exists.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ALARMS } from "../../src/core/model/alarms.ts";
import { SERVER_STATE } from "../../src/core/model/endpoint-record.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function* pages(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    if (entry.isDirectory()) yield* pages(join(folder, entry.name));
    else if (entry.name.endsWith(".md")) yield join(folder, entry.name);
  }
}

const all = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...pages("docs"),
  ...pages("conformance"),
];

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

describe("the pages for people", () => {
  it("recover.md says what to do for every state and every alarm (T-13)", () => {
    const page = read("docs/guides/recover.md");
    const named = [...Object.keys(SERVER_STATE), ...Object.keys(ALARMS)];
    expect(named.filter((name) => !new RegExp(`^\\|.*\\b${name}\\b`, "m").test(page))).toEqual([]);
  });

  it.each(all)("%s has only links that lead somewhere", (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(
      ([, target]) => target ?? "",
    );
    const broken = targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(join(ROOT, dirname(page), target)));
    expect(broken).toEqual([]);
  });

  it.each(all)("%s names only npm scripts that exist", (page) => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [...read(page).matchAll(/\bnpm run ([a-z][\w:-]*)/g)].map(
      ([, name]) => name ?? "",
    );
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
