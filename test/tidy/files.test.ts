// House rules that no linter knows: the length of files, no leftovers (docs: AGENTS.md, style).

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = ["src", "sim", "tools", "test", "bench", "bin", "native"];
const LINES_AT_MOST = 400;

/** Tables may be long: one entry a line has no better shape. */
const TABLES = [
  "src/core/model/log-events.ts",
  "src/core/failover/endpoint/transitions.ts",
  "src/core/wire/options/",
  "test/golden/",
];

interface Source {
  readonly file: string;
  readonly text: string;
}

function* sources(folder: string): Generator<Source> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(file);
    else if (/\.(ts|mjs|c|h)$/.test(entry.name) && !entry.name.endsWith(".d.ts"))
      yield { file, text: readFileSync(join(ROOT, file), "utf8") };
  }
}

const present = new Set(readdirSync(ROOT));
const all = FOLDERS.filter((folder) => present.has(folder)).flatMap((folder) => [
  ...sources(folder),
]);

describe("every source file", () => {
  it("has at most 400 lines, tables aside", () => {
    const long = all
      .filter(({ file }) => !TABLES.some((table) => file.startsWith(table)))
      .map(({ file, text }) => ({ file, lines: text.split("\n").length - 1 }))
      .filter(({ lines }) => lines > LINES_AT_MOST);
    expect(long).toEqual([]);
  });

  it("opens with a comment that says what it is, tests aside", () => {
    const silent = all
      .filter(({ file, text }) => !file.endsWith(".test.ts") && !/^(#!.*\n)?\/[/*]/.test(text))
      .map(({ file }) => file);
    expect(silent).toEqual([]);
  });

  it("holds no note of work to be done", () => {
    // Written in pieces, so that this file holds none either.
    const mark = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`);
    expect(all.filter(({ text }) => mark.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it("runs no test alone", () => {
    const alone = all.filter(({ text }) => /\b(it|test|describe)\.only\(/.test(text));
    expect(alone.map(({ file }) => file)).toEqual([]);
  });
});
