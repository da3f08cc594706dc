// `npm test`: builds, checks, runs every test and ends with one plain line, "N passed, N failed, N skipped".
// Each step of the check counts as a test. With TANDEM_CI=1 a skipped test is a failure.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, runChecks } from "./checks.mjs";

/** A test that loops without end cannot be stopped from inside: this only keeps the run from hanging for ever. */
const HANGS_AFTER_MILLIS = 2 * 3_600_000;

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @param {string} file @returns {Counts | undefined} undefined when Vitest died before the end */
function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** @param {string[]} args @returns {Counts} */
function runVitest(args) {
  const file = join(root, ".cache/test-counts.json");
  mkdirSync(join(root, ".cache"), { recursive: true });
  rmSync(file, { force: true });
  const run = spawnSync(
    process.execPath,
    [join(root, "node_modules/vitest/vitest.mjs"), "run", ...args],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      timeout: HANGS_AFTER_MILLIS,
      env: { ...process.env, TANDEM_TEST_COUNTS: file },
    },
  );
  const counts = readCounts(file) ?? { passed: 0, failed: 1, skipped: 0 };
  // No failed test but a bad exit: something outside the tests went wrong, and it must be seen.
  if (run.status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

const build = spawnSync(process.execPath, [join(root, "tools/prepare.mjs")], {
  cwd: root,
  stdio: "inherit",
});
const checks = runChecks();
const tests = runVitest(process.argv.slice(2));
const passed = checks.passed + tests.passed;
const failed = checks.failed + tests.failed + (build.status === 0 ? 0 : 1);
const skipIsFailure = process.env.TANDEM_CI === "1" && tests.skipped > 0;
if (skipIsFailure) console.log("TANDEM_CI=1: a skipped test is a failure");
console.log(`${passed} passed, ${failed} failed, ${tests.skipped} skipped`);
if (failed > 0 || skipIsFailure) process.exitCode = 1;
