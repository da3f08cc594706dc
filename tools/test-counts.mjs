// A reporter for Vitest: lists what was skipped and why, and leaves the counts for tools/test.mjs.

import { writeFileSync } from "node:fs";

/** A reporter by its shape (vitest/node's `Reporter`). */
export class TestCounts {
  /**
   * @param {ReadonlyArray<import("vitest/node").TestModule>} modules
   * @param {ReadonlyArray<unknown>} errors that belong to no test
   */
  onTestRunEnd(modules, errors) {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      // A file that fails before its tests are known counts as one failure.
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") counts.passed += 1;
        else if (result.state === "failed") counts.failed += 1;
        else {
          counts.skipped += 1;
          const note = result.state === "skipped" ? result.note : undefined;
          console.log(`skipped: ${test.fullName}: ${note ?? "no reason given"}`);
        }
      }
    }
    const file = process.env.TANDEM_TEST_COUNTS;
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
  }
}
