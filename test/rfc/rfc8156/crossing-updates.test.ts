// Both servers answer the same client before either hears of the other's answer, and their updates cross.

import { expect, it } from "vitest";
import { iaNa, pairWithLease, serverId } from "../../support/client.ts";
import type { Host } from "../../support/pair.ts";

/** Seconds. */
const LONG = 5;

it("§7.5 updates that cross come to rest, and both servers know the later end (A-17, T-04, T-13)", () => {
  for (const order of ["ab", "ba"]) {
    const { pair, client, held } = pairWithLease(20_000);
    const renew = (host: Host) =>
      client.send("RENEW", [serverId(host.config.server.duid), iaNa(1, held.address)], pair.now, {
        host,
      });
    const before = pair.wire.length;
    const told = [...order].map((name) => renew(name === "a" ? pair.a : pair.b));
    expect(told.every((answer) => answer?.leases.length === 1)).toBe(true);
    pair.run(LONG * 1_000);
    // A CONTACT now and then, and few updates.
    expect(pair.wire.length - before).toBeLessThan(20 + 2 * LONG);
    const [a, b] = [pair.a, pair.b].map((host) => host.up.state.table.get(held));
    expect([a?.marked, b?.marked]).toEqual([false, false]);
    expect(a?.clientExpiry).toBe(b?.clientExpiry);
  }
});
