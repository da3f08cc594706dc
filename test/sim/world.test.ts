// Worlds with the shipped core: the same seed gives the same trace, worlds that count find nothing, and those that
// once failed stay sound. More seeds: npm run sim.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { coreServer } from "../../sim/core-server.ts";
import { drawScenario } from "../../sim/scenario.ts";
import { parseSeeds } from "../../sim/seeds.ts";
import { runWorld } from "../../sim/world.ts";

const KEPT = fileURLToPath(new URL("../../sim/seeds.txt", import.meta.url));

function run(seed: number, single = false, trace = false) {
  return runWorld({ scenario: drawScenario(seed, single), createServer: coreServer, trace });
}

describe("a simulated pair", () => {
  it("gives the same trace for the same seed, and another for another", () => {
    const one = run(7, false, true).trace;
    expect(one.length).toBeGreaterThan(1_000);
    expect(run(7, false, true).trace).toEqual(one);
    expect(run(8, false, true).trace).not.toEqual(one);
  });

  // R7031-05, R7031-06, R7031-11, R7031-12, R7031-13, R7031-42, R7031-43, R7031-46, R7031-47, R7031-48, R7031-49,
  // R7031-51, R7031-62, F-052, F-360, F-545, T-01, T-02, T-04, T-06: each checker watches all worlds.
  for (let seed = 1_000; seed < 1_010; seed++) {
    it(`keeps its promises in world ${seed} and settles after it (R7031-74)`, () => {
      const result = run(seed);
      expect(result.violations).toEqual([]);
    });
  }

  for (const { about, seed, single } of parseSeeds(readFileSync(KEPT, "utf8"))) {
    it(`stays sound in world ${seed}: ${about}`, () => {
      expect(run(seed, single).violations).toEqual([]);
    });
  }
});

describe("a simulated lone server", () => {
  for (let seed = 1; seed <= 4; seed++) {
    it(`gives no lease twice and forgets none in world ${seed} (R7031-62)`, () => {
      expect(run(seed, true).violations).toEqual([]);
    });
  }
});
