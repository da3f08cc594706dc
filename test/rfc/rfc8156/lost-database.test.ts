// What a server that lost its database may have promised: nobody remembers it, and nobody may get the lease before the
// promise can be over (docs/internals/failover.md; simulator seeds 53, 58 and 1001 of its first runs).

import { expect, it } from "vitest";
import { SimDisk } from "../../../sim/disk.ts";
import type { Ipv6Address } from "../../../src/core/model/ipv6.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { acquire, iaNa, serverId, TestClient } from "../../support/client.ts";
import { type Host, Pair } from "../../support/pair.ts";

function leaseAt(host: Host, address: Ipv6Address): Lease | undefined {
  return host.up.state.table.get({ kind: "address", address, length: 128 });
}

/** A client whose lease was extended by `a` alone, unknown to `b`; then `a` loses its disk and both are back. */
function extendedAndForgotten(): {
  pair: Pair;
  address: Ipv6Address;
  client: TestClient;
  until: number;
} {
  const pair = new Pair();
  pair.startBoth();
  pair.run(3_000);
  const client = new TestClient(pair.a, 1);
  const [held] = acquire(client, pair.a, pair.now);
  if (held === undefined) throw new Error("no lease");
  pair.run(30_000);
  const renew = () =>
    client.send("RENEW", [serverId(pair.a.config.server.duid), iaNa(1, held.address)], pair.now);
  expect(renew()?.leases[0]?.valid).toBe(300);
  pair.run(1_000);
  pair.kill(pair.b);
  pair.run(140_000);
  expect(renew()?.leases[0]?.valid).toBe(300);
  const until = pair.now + 300_000;
  pair.kill(pair.a);
  pair.run(200_000);
  pair.a.disk = new SimDisk();
  pair.startBoth();
  return { pair, address: held.address, client, until };
}

it("§8.5 what only the lost database knew is free at neither server before the longest promise is over (T-04, A-80)", () => {
  const { pair, address, until } = extendedAndForgotten();
  while (pair.now < until) {
    pair.run(5_000);
    expect(leaseAt(pair.a, address)?.status ?? "ACTIVE").not.toMatch(/FREE/);
    expect(leaseAt(pair.b, address)?.status).not.toMatch(/FREE/);
  }
  expect(pair.states).toBe("NORMAL NORMAL");
});

it("§8.5 when the promise is over both servers free the lease by themselves (T-13)", () => {
  const { pair, address } = extendedAndForgotten();
  pair.run(700_000);
  expect([leaseAt(pair.a, address)?.status, leaseAt(pair.b, address)?.status]).toEqual([
    "FREE",
    "FREE",
  ]);
});

it("§8.4.1 a lease that the partner told is not this server's alone in PARTNER-DOWN (T-01)", () => {
  const { pair, address } = extendedAndForgotten();
  pair.run(120_000);
  expect(leaseAt(pair.a, address)?.status).toBe("EXPIRED");
  pair.kill(pair.b);
  pair.a.command({ type: "partner-down", relationship: undefined, force: true }, pair.now);
  expect(pair.states).toBe("PARTNER-DOWN down");
  const others = Array.from({ length: 20 }, (_, i) => new TestClient(pair.a, 100 + i));
  const given = others.flatMap(
    (other) => other.send("SOLICIT", [iaNa(1, address)], pair.now)?.leases ?? [],
  );
  expect(given.map((lease) => lease.address)).not.toContain(address);
});

it("§8.5 so it is with an extension by the MCLT alone, of which the survivor of the memory was never told (T-01; simulator, seed 40519)", () => {
  const pair = new Pair();
  pair.startBoth();
  pair.run(15_000);
  const client = new TestClient(pair.a, 1);
  const [held] = acquire(client, pair.a, pair.now);
  if (held === undefined) throw new Error("no lease");
  pair.run(1_000);
  pair.kill(pair.a);
  pair.run(50_000);
  const renew = [serverId(pair.a.config.server.duid), iaNa(1, held.address)];
  expect(client.send("RENEW", renew, pair.now, { host: pair.b })?.leases[0]?.valid).toBe(60);
  const until = pair.now + 60_000;
  pair.kill(pair.b);
  pair.run(22_000);
  pair.b.disk = new SimDisk();
  pair.startBoth();
  while (pair.now < until) {
    pair.run(2_000);
    expect(leaseAt(pair.a, held.address)?.status).not.toMatch(/FREE/);
  }
});
