// The import rules are tested themselves: each violation is written into a scratch tree, and both gates (the
// compiler with one tsconfig a folder, the linter with its allow-lists) must name its file.

import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Stands in for every module that is imported wrongly or rightly. */
const MODULES = [
  "src/api/value.ts",
  "src/core/model/value.ts",
  "src/core/failover/value.ts",
  "src/core/server/value.ts",
  "src/shell/value.ts",
  "src/ports/value.ts",
  "sim/value.ts",
];

const imports = (from: string) => `import { value } from "${from}";\nexport const seen = value;\n`;
const uses = (expression: string) => `export const seen = () => ${expression};\n`;

/** What is written, and whether the compiler can see it (it knows Date and Math.random from ES2023). */
const VIOLATIONS = [
  { file: "src/core/leasing/v1.ts", text: imports("../failover/value.ts"), compiler: true },
  { file: "src/core/leasing/deep/v2.ts", text: imports("../../failover/value.ts"), compiler: true },
  { file: "src/core/failover/v3.ts", text: imports("../server/value.ts"), compiler: true },
  {
    file: "src/core/model/v4.ts",
    text: 'export { readFileSync } from "node:fs";\n',
    compiler: true,
  },
  { file: "src/core/store/v5.ts", text: uses("setTimeout(() => {}, 1)"), compiler: true },
  { file: "src/core/store/v6.ts", text: uses("Date.now()"), compiler: false },
  { file: "src/core/wire/v7.ts", text: uses("Math.random()"), compiler: false },
  { file: "sim/v8.ts", text: imports("../src/shell/value.ts"), compiler: true },
  { file: "sim/v9.ts", text: uses("Math.random()"), compiler: false },
  { file: "sim/checkers/v10.ts", text: imports("../../src/core/model/value.ts"), compiler: true },
  { file: "sim/clients/v11.ts", text: imports("../../src/core/server/value.ts"), compiler: true },
  { file: "src/cli/v12.ts", text: imports("../shell/value.ts"), compiler: true },
  { file: "src/core/leasing/v14.ts", text: imports("../../api/value.ts"), compiler: true },
  { file: "src/core/failover/v15.ts", text: imports("../../api/value.ts"), compiler: true },
  { file: "src/api/v16.ts", text: imports("../core/server/value.ts"), compiler: true },
  { file: "src/core/leasing/v13.ts", text: imports("../../ports/value.ts"), compiler: true },
] as const;

/** What must pass, so that a gate that refuses everything proves nothing. */
const ALLOWED = [
  { file: "src/core/leasing/deep/a1.ts", text: imports("../../model/value.ts") },
  { file: "src/cli/a6.ts", text: imports("../api/value.ts") },
  { file: "src/core/server/a2.ts", text: imports("../failover/value.ts") },
  { file: "src/shell/a3.ts", text: imports("../core/server/value.ts") },
  { file: "sim/a4.ts", text: imports("../src/core/server/value.ts") },
  { file: "sim/clients/a5.ts", text: imports("../../src/core/model/value.ts") },
] as const;

let scratch: string;
let compilerSays: string;
let linterSays: string;

function write(file: string, text: string): void {
  mkdirSync(dirname(join(scratch, file)), { recursive: true });
  writeFileSync(join(scratch, file), text);
}

function run(command: string, args: string[]): string {
  const path = join(ROOT, "node_modules/.bin", command);
  const { stdout, stderr, error } = spawnSync(path, args, { cwd: scratch, encoding: "utf8" });
  expect(error).toBeUndefined();
  return stdout + stderr;
}

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "tandem-import-rules-"));
  // The real rules over a tree of small files: a project that is broken elsewhere does not blur the answer.
  const isRule = (path: string) =>
    /(^|\/)(tsconfig[^/]*\.json|biome\.json|package\.json)$/.test(path);
  for (const name of ["tsconfig.json", "tsconfig.base.json", "tsconfig.node.json", "biome.json"])
    cpSync(join(ROOT, name), join(scratch, name));
  cpSync(join(ROOT, "package.json"), join(scratch, "package.json"));
  cpSync(join(ROOT, "tools/lint"), join(scratch, "tools/lint"), { recursive: true });
  for (const folder of ["src", "sim", "tools", "test", "bench"])
    cpSync(join(ROOT, folder), join(scratch, folder), {
      recursive: true,
      filter: (path) => !/\.\w+$/.test(path) || isRule(path) || path.includes("tools/lint"),
    });
  symlinkSync(join(ROOT, "node_modules"), join(scratch, "node_modules"));
  for (const file of MODULES) write(file, "export const value = 1;\n");
  for (const { file, text } of [...VIOLATIONS, ...ALLOWED]) write(file, text);
  // One project at a time: built side by side, a project now and then sees the module of another as empty.
  compilerSays = run("tsc", ["-b", "--builders", "1", "--singleThreaded", "--pretty", "false"]);
  linterSays = run("biome", ["lint", "--colors=off", "--max-diagnostics=200", "."]);
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("the import rules", () => {
  it.each(VIOLATIONS)("both gates refuse $file: $text", ({ file, compiler }) => {
    expect(linterSays).toContain(file);
    if (compiler) expect(compilerSays).toContain(file);
  });

  it.each(ALLOWED)("both gates let $file pass: $text", ({ file }) => {
    expect(linterSays).not.toContain(file);
    expect(compilerSays).not.toContain(file);
  });

  it("of src/api the core and the simulator take types only, so that zod stays outside", () => {
    const files = ["src/core", "src/ports", "src/shell", "sim"].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => join(ROOT, folder, name)),
    );
    const taking = files.filter((file) => {
      const imports = readFileSync(file, "utf8").match(/^(import|export)\b[^;]*;/gm) ?? [];
      return imports.some((each) => /\/api\//.test(each) && !/^(im|ex)port type\b/.test(each));
    });
    expect(taking).toEqual([]);
  });
});
