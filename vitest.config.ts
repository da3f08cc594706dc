// What `vitest run` runs. Three projects, one after another: `unit` is fast and touches no server process, `sim`
// runs simulated worlds, `e2e` runs the real server (one file at a time: namespaces and ports are shared).

import { defineConfig } from "vitest/config";
import { TestCounts } from "./tools/test-counts.mjs";

const project = (name: string, groupOrder: number, include: string[], exclude: string[] = []) => ({
  test: {
    name,
    include,
    exclude,
    // Generous, as a full machine must not fail a test: no test asserts how long something took.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { groupOrder },
    fileParallelism: name !== "e2e",
  },
});

/** Runs the real server too. */
const COMMANDS = "test/docs/commands.test.ts";

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    reporters: ["default", new TestCounts()],
    projects: [
      project("unit", 0, ["test/**/*.test.ts"], ["test/sim/**", "test/e2e/**", COMMANDS]),
      project("sim", 1, ["test/sim/**/*.test.ts"]),
      {
        test: {
          ...project("e2e", 2, ["test/e2e/**/*.test.ts", COMMANDS]).test,
          testTimeout: 900_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
