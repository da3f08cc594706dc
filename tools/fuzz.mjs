// `npm run fuzz -- [--messages 300000] [--seed 1]`: the fuzz tests with the full number of damaged messages each: through
// the door in process (clients', a partner's in both roles), and against real servers on ::1.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "300000" },
    seed: { type: "string", default: String(((Date.now() / 1000) % 1_000_000) | 0) },
  },
});

console.log(`fuzz: ${values.messages} messages a test, seed ${values.seed}`);
const build = spawnSync(process.execPath, [join(root, "tools/prepare.mjs")], { stdio: "inherit" });
const run = spawnSync(
  process.execPath,
  [
    ...[join(root, "node_modules/vitest/vitest.mjs"), "run", "test/fuzz", "test/e2e/fuzz.test.ts"],
    "--testTimeout=7200000",
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, TANDEM_FUZZ: values.messages, TANDEM_FUZZ_SEED: values.seed },
  },
);
process.exitCode = build.status === 0 ? (run.status ?? 1) : 1;
