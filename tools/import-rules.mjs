// Writes tools/lint/imports.json, Biome's gate of the import rules, from the first gate: the `references` of
// each folder's tsconfig.json. So the table of who may import whom stands in one place. `--check` only compares.
//
// Biome's options do not merge and the last match wins, so every folder gets its complete list: all forbidden,
// then what is allowed by negation, as the specifier is spelled from each depth below the folder.

import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const TARGET = "tools/lint/imports.json";

/** What the outer folders may import besides other folders. */
const IMPURE = [
  "node:*",
  "node:*/*",
  "hono",
  "hono/**",
  "@hono/**",
  "commander",
  "pino",
  "yaml",
  "zod",
];
/** Folders under the rules and the packages that each may import. */
const RULES = [
  { folder: "src/api", packages: ["zod"] },
  { folder: "src/core/model", packages: [] },
  { folder: "src/core/wire", packages: [] },
  { folder: "src/core/config", packages: ["yaml", "zod"] },
  { folder: "src/core/store", packages: [] },
  { folder: "src/core/leasing", packages: [] },
  { folder: "src/core/failover", packages: [] },
  { folder: "src/core/server", packages: [] },
  { folder: "src/ports", packages: [] },
  { folder: "src/shell", packages: IMPURE },
  { folder: "src/admin", packages: IMPURE },
  { folder: "src/cli", packages: IMPURE },
  { folder: "sim", packages: [] },
  { folder: "sim/checkers", packages: [] },
  { folder: "sim/clients", packages: [] },
];

const DEPTHS = [1, 2, 3];

const MESSAGE = "This folder may not import that: see the import rules in AGENTS.md.";

/** @param {string} folder @returns {string[]} every folder that its tsconfig reaches */
function reachable(folder) {
  const found = new Set();
  const queue = [folder];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    const text = readFileSync(join(root, at, "tsconfig.json"), "utf8");
    /** @type {{ references?: { path: string }[] }} */
    const config = JSON.parse(text);
    for (const reference of config.references ?? []) {
      const target = join(at, reference.path);
      if (!found.has(target)) {
        found.add(target);
        queue.push(target);
      }
    }
  }
  found.delete(folder);
  return [...found].sort();
}

/** @param {string} from @param {string} to */
function spelled(from, to) {
  const path = relative(from, to);
  return path.startsWith(".") ? path : `./${path}`;
}

/** @param {{ folder: string, packages: string[] }} rule @param {number} depth of the importing file */
function override({ folder, packages }, depth) {
  const at = folder + "/x".repeat(depth - 1);
  const group = ["**", "!./**"];
  if (depth > 1) {
    const top = spelled(at, folder);
    group.push(`!${top}/**`, `${top}/../**`);
  }
  for (const target of reachable(folder)) group.push(`!${spelled(at, target)}/**`);
  for (const name of packages) group.push(`!${name}`);
  const paths = [{ group, message: MESSAGE }];
  return {
    // The glob is relative to no folder here, so test/sim would be taken for sim.
    includes: [`**/${folder}/${"*/".repeat(depth - 1)}*.ts`, "!**/test/**"],
    linter: {
      rules: { style: { noRestrictedImports: { level: "error", options: { patterns: paths } } } },
    },
  };
}

const ordered = [...RULES].sort((a, b) => a.folder.length - b.folder.length);
const overrides = ordered.flatMap((rule) => DEPTHS.map((depth) => override(rule, depth)));
const lines = overrides.map((entry) => `    ${JSON.stringify(entry)}`);
const text = `{\n  "overrides": [\n${lines.join(",\n")}\n  ]\n}\n`;
const target = join(root, TARGET);

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error(`${TARGET} is not what the tsconfigs say: node tools/import-rules.mjs`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}
