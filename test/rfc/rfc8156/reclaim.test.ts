// RFC 8156 §4.2.2.1 and §8.4.1 after the operator's second word, `partner-down --reclaim` (T-01): the waits of the RFC,
// counted from that moment, then all of the pools.

import { describe, expect, it } from "vitest";
import { lowBit } from "../../../src/core/model/ipv6.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { acquire, iaNa, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, type Host, Pair } from "../../support/pair.ts";

const SMALL = CONFIG.replace("pool: 2001:db8:1::1:0/112", "pool: 2001:db8:1::1:0/124").replace(
  "delegated-len: 56",
  "delegated-len: 52",
);

function together(text = SMALL): Pair {
  const pair = new Pair(text);
  pair.startBoth();
  pair.run(30_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  return pair;
}

function reclaim(pair: Pair, host: Host, force = false) {
  return host.command({ type: "reclaim", relationship: "campus", force }, pair.now);
}

/** All that `count` new clients get, from client number `from` on. */
function given(host: Host, now: number, from: number, count = 40) {
  const leases: Lease["address"][] = [];
  const prefixes: Lease["address"][] = [];
  for (let number = from; number < from + count; number++)
    for (const lease of acquire(new TestClient(host, number), host, now))
      (lease.kind === "address" ? leases : prefixes).push(lease.address);
  return { leases, prefixes };
}

/** MCLT 60 s, grace 10 s, skew 6 s, heartbeat 2 s. */
const WAIT = 78_000;

describe("§8.4.1 after the second word", () => {
  it("8.4.1 own part first, the partner's after the MCLT from the word, not from the entry (T-01, F-030, F-043, F-393, F-394, F-395, F-396, F-397, F-400)", () => {
    for (const survivor of ["a", "b"] as const) {
      const pair = together();
      const host = pair[survivor];
      pair.kill(survivor === "a" ? pair.b : pair.a);
      pair.tick();
      host.command({ type: "partner-down", relationship: undefined, force: false }, pair.now);
      pair.run(600_000);
      expect(reclaim(pair, host).ok).toBe(true);
      const own = given(host, pair.now, 100);
      expect([own.leases.length, own.prefixes.length]).toEqual([8, 8]);
      pair.run(WAIT - 5_000);
      expect(given(host, pair.now, 200)).toEqual({ leases: [], prefixes: [] });
      pair.run(6_000);
      const rest = given(host, pair.now, 300);
      expect([rest.leases.length, rest.prefixes.length]).toEqual([8, 8]);
      const bit = survivor === "a" ? 0 : 1;
      expect(rest.leases.every((address) => lowBit(address) === bit)).toBe(true);
      expect(new Set([...own.prefixes, ...rest.prefixes]).size).toBe(16);
    }
  });

  it("8.4.1 lifetimes have no bound from the word on (T-01, F-062, F-399)", () => {
    const pair = together();
    const client = new TestClient(pair.a, 1);
    const [lease] = acquire(client, pair.a, pair.now);
    if (lease === undefined) throw new Error("no lease");
    expect(lease.valid).toBe(60);
    pair.run(1_000);
    pair.kill(pair.a);
    pair.tick();
    reclaim(pair, pair.b);
    const answer = client.send(
      "RENEW",
      [serverId(pair.a.config.server.duid), iaNa(1, lease.address)],
      pair.now,
      { host: pair.b },
    );
    expect(answer?.leases).toMatchObject([{ address: lease.address, valid: 300 }]);
  });

  it("4.2.2.1 what was held goes to another client the MCLT after the last time that anybody may have promised (T-01, F-044, F-256, F-398, F-407, A-06)", () => {
    const pair = together();
    const [lease] = acquire(new TestClient(pair.a, 1), pair.a, pair.now);
    if (lease === undefined) throw new Error("no lease");
    pair.run(1_000);
    // Renewed: now the partner has acknowledged the full lifetime, and may have renewed within it.
    const record = pair.a.up.state.table.get({
      kind: "address",
      address: lease.address,
      length: 128,
    });
    if (record === undefined) throw new Error("no record");
    const acked = (record.ackedPartnerLifetime - record.clientLastTransactionTime) * 1_000;
    expect(acked).toBeGreaterThan(300_000);
    pair.kill(pair.b);
    pair.tick();
    reclaim(pair, pair.a);
    pair.run(acked - 10_000);
    const early = given(pair.a, pair.now, 100, 20);
    expect(early.leases).toHaveLength(15);
    expect(early.leases).not.toContain(lease.address);
    pair.run(WAIT - 10_000);
    expect(given(pair.a, pair.now, 300, 20).leases).not.toContain(lease.address);
    pair.run(340_000);
    expect(given(pair.a, pair.now, 400, 20).leases).toContain(lease.address);
  });

  it("8.4.1 the word is stored: it stands after a restart without contact (T-01, F-541)", () => {
    const pair = together();
    pair.kill(pair.b);
    pair.tick();
    reclaim(pair, pair.a);
    pair.run(5_000);
    pair.kill(pair.a);
    pair.run(WAIT);
    pair.a.start(pair.now);
    pair.run(15_000);
    expect(pair.states).toBe("PARTNER-DOWN down");
    expect(given(pair.a, pair.now, 100).leases).toHaveLength(16);
  });

  it("8.4.1 it ends with the first contact, and the pair ends equal, with the leases that were given (T-01, A-79)", () => {
    const pair = together();
    pair.kill(pair.b);
    pair.tick();
    reclaim(pair, pair.a);
    pair.run(WAIT + 2_000);
    const before = given(pair.a, pair.now, 100);
    expect(before.leases).toHaveLength(16);
    pair.b.start(pair.now);
    pair.run(12_000);
    expect(pair.a.up.failover.endpoints[0]?.record.reclaimedAt).toBe(0);
    expect(reclaim(pair, pair.a)).toMatchObject({
      ok: false,
      message: expect.stringContaining("in contact"),
    });
    pair.run(150_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    const [address] = before.leases.filter((each) => lowBit(each) === 0);
    if (address === undefined) throw new Error("nothing of the partner's half was given");
    const client = new TestClient(pair.a, 100 + before.leases.indexOf(address));
    const answer = client.send(
      "RENEW",
      [serverId(pair.a.config.server.duid), iaNa(1, address)],
      pair.now,
    );
    expect(answer?.leases[0]).toMatchObject({ address, valid: expect.any(Number) });
    expect(answer?.leases[0]?.valid).toBeGreaterThan(0);
  });

  it("8.4 who started alone waits for the longest lifetime: the partner may have served without bound (A-83, T-01)", () => {
    const pair = together();
    pair.kill(pair.a);
    pair.tick();
    pair.kill(pair.b);
    pair.run(5_000);
    pair.a.start(pair.now);
    pair.run(15_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED down");
    reclaim(pair, pair.a);
    pair.run(WAIT + 5_000);
    expect(given(pair.a, pair.now, 100).leases).toHaveLength(8);
    pair.run(300_000 - 60_000);
    const rest = given(pair.a, pair.now, 200).leases;
    expect(rest).toHaveLength(8);
    expect(rest.every((address) => lowBit(address) === 0)).toBe(true);
  });
});
