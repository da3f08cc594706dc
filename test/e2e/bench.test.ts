// The benchmark runs. What it measures is no test: a busy machine makes every figure bad.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../tools/netns/command.ts";

function bench(program: string, ...options: readonly string[]): string {
  const path = join(ROOT, `dist/bench/${program}.js`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...options], {
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

test("the benchmark measures a single server and a pair", () => {
  const once = ["--seconds", "1", "--rounds", "1", "--rate", "50", "--no-search"];
  const report = bench("main", ...once, "--kinds", "address");
  expect(report).toContain("UDP adapter");
  expect(report).toMatch(/ratio pair\/single, .*, address: \d/);
});

test("the benchmark measures a pair with a slow partner link, and the single server beside a neighbour", () => {
  const once = ["--seconds", "1", "--rounds", "1", "--rate", "50", "--kinds", "address"];
  const report = bench("main", ...once, "--partner-delay", "0,20", "--partner-loss", "1");
  expect(report).toMatch(/^ratio pair 0 ms \/ single, neighbour, latency, address: p50 \d/m);
  expect(report).toMatch(/^ratio pair 20 ms 1 % \/ pair 0 ms, latency, address: p50 \d/m);
});

test("the benchmark of the core measures both servers of a pair", () => {
  const report = bench("core", "--exchanges", "400", "--profile");
  expect(report).toMatch(/single: \d+\.\d+ µs an exchange/);
  expect(report).toMatch(/pair: \d+\.\d+ µs and \d+\.\d+ µs an exchange/);
  expect(report).toContain("stepBatch");
});
