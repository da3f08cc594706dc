// RFC 8156 §8.8 with A-41: whether a pool lacks a block is looked at once a minute, not in every batch.

import { expect, it } from "vitest";
import { Pair } from "../../support/pair.ts";

it("8.8 a secondary that has its blocks looks for missing ones once a minute (A-41, F-497)", () => {
  const pair = new Pair();
  pair.startBoth();
  pair.run(130_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  expect(pair.b.up.failover.endpoints[0]?.poolRequestAt).toBeGreaterThan(pair.now);
});
