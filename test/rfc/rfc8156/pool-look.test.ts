// RFC 8156 §4.2.2, §8.8 with A-41: pools are looked at when something changed in them, not in every batch.

import { expect, it, vi } from "vitest";
import { iaNa, iaPd, serverId, TestClient } from "../../support/client.ts";
import { Pair } from "../../support/pair.ts";

it("4.2.2 pools are counted again when a prefix changed hands, and at most every ten seconds (F-039, F-497)", () => {
  const pair = new Pair();
  pair.startBoth();
  pair.run(60_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  const own = serverId(pair.a.config.server.duid);
  const counted = vi.spyOn(pair.a.up.state.table, "prefixRows");
  pair.run(60_000);
  new TestClient(pair.a, 9).send("REQUEST", [own, iaNa(1)], pair.now);
  pair.run(60_000);
  expect(counted).not.toHaveBeenCalled();
  for (let number = 1; number <= 5; number++) {
    new TestClient(pair.a, number).send("REQUEST", [own, iaPd(1)], pair.now);
    pair.run(1_000);
  }
  expect(counted).toHaveBeenCalledTimes(1);
});
