// `npm run check`: everything that is checked without running Tandem. Each step is a command that also stands
// alone in package.json.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

const bin = (/** @type {string} */ name) => join(root, "node_modules/.bin", name);
const node = process.execPath;

/** @type {readonly { name: string, command: string, args: string[] }[]} */
const STEPS = [
  { name: "format", command: bin("biome"), args: ["check", "--linter-enabled=false", "."] },
  { name: "lint", command: bin("biome"), args: ["lint", "--error-on-warnings", "."] },
  { name: "import rules", command: node, args: ["tools/import-rules.mjs", "--check"] },
  { name: "types", command: bin("tsc"), args: ["-b"] },
  { name: "dead code", command: bin("knip"), args: ["--no-progress"] },
  // What only tests use is not connected to anything: either the product uses it, or its comment says @testonly.
  { name: "only tests use it", command: bin("knip"), args: ["--no-progress", "--production"] },
  { name: "ledger", command: node, args: ["tools/ledger.mjs", "--check"] },
  { name: "generated docs", command: node, args: ["tools/docs.mjs", "--check"] },
];

/** Runs every step, also after one failed; prints what a failed one said. */
export function runChecks() {
  let passed = 0;
  let failed = 0;
  for (const { name, command, args } of STEPS) {
    const began = performance.now();
    const result = spawnSync(command, args, { cwd: root, encoding: "utf8" });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const ok = result.status === 0;
    if (ok) passed += 1;
    else failed += 1;
    console.log(`${ok ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
    if (!ok) console.log(`${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}`);
  }
  return { passed, failed };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (runChecks().failed > 0) process.exitCode = 1;
}
