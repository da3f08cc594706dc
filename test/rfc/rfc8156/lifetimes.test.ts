// RFC 8156 §4.4: lazy update and the MCLT, with the worked examples of the requirement list.

import { describe, expect, it } from "vitest";
import {
  longestExpiry,
  mcltWait,
  partnerLifetimeFor,
  reuseTime,
} from "../../../src/core/failover/updates/mclt.ts";
import { lifetimesFor } from "../../../src/core/leasing/lifetimes.ts";
import type { Authority } from "../../../src/core/model/authority.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { freshLease } from "../../../src/core/model/lease-status.ts";
import { addSeconds, type DhcpTime, diffSeconds, floorTime } from "../../../src/core/model/time.ts";
import { acquire, type Held, iaNa, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, EPOCH, type Host, ip, Pair } from "../../support/pair.ts";

const MCLT = 3_600;
const DESIRED = 259_200;
/** now, actual, T1, partner-lifetime sent: seconds after the first REPLY. */
const VECTOR_A = [
  [0, 3_600, 1_800, 261_000],
  [1_800, 259_200, 129_600, 390_600],
  [131_400, 259_200, 129_600, 520_200],
] as const;
/** now, actual; contact is lost after the last acknowledgement, 520200. */
const VECTOR_B = [
  [261_000, 259_200],
  [390_600, 133_200],
  [457_200, 66_600],
  [490_500, 33_300],
  [507_150, 16_650],
  [515_475, 8_325],
  [519_637, 4_163],
  [521_718, 3_600],
  [523_518, 3_600],
] as const;

const T0 = EPOCH;
const since = (seconds: number): DhcpTime => addSeconds(floorTime(T0), seconds);
const at = (seconds: number): number => T0 + seconds * 1000;

function actual(acked: DhcpTime, seconds: number): number {
  return Math.min(DESIRED, diffSeconds(longestExpiry(acked, MCLT, at(seconds)), since(seconds)));
}

describe("§4.4.1 the arithmetic (mclt.ts)", () => {
  it("4.4.1 gives every figure of example A (F-067, F-053, F-054, F-055, F-056, F-057, A-07)", () => {
    let acked = 0;
    for (const [now, given, t1, sent] of VECTOR_A) {
      expect(actual(acked, now)).toBe(given);
      expect(Math.floor(given / 2)).toBe(t1);
      const partnerLifetime = partnerLifetimeFor(t1, DESIRED, at(now));
      expect(partnerLifetime).toBe(since(sent));
      acked = partnerLifetime;
    }
  });

  it("4.4.1 gives every figure of example B: lifetimes shrink to the MCLT without contact (F-068, F-063, F-065)", () => {
    for (const [now, given] of VECTOR_B) expect(actual(since(520_200), now)).toBe(given);
  });

  it("8.4.1 gives both results of example C (F-069, F-398, A-06)", () => {
    const key = { kind: "address", address: ip("2001:db8:1::1:1"), length: 128 } as const;
    const lease: Lease = {
      ...freshLease(key, "lan"),
      status: "EXPIRED",
      clientExpiry: since(525_318),
      ackedPartnerLifetime: since(520_200),
      partnerLifetimeSent: since(520_200),
      partnerLifetimeHighest: since(520_200),
    };
    expect(reuseTime(lease, since(522_000), MCLT)).toBe(since(528_918));
    const unacked = { ...lease, partnerLifetimeSent: since(782_718) };
    expect(reuseTime(unacked, since(522_000), MCLT)).toBe(since(786_318));
    const highest = { ...lease, partnerLifetimeHighest: since(782_718) };
    expect(reuseTime(highest, since(522_000), MCLT)).toBe(since(786_318));
  });

  it("7.1 adds grace, skew and the heartbeat to every wait of an MCLT (F-561, T-06)", () => {
    expect(mcltWait(MCLT, 2_000)).toBe(MCLT + 10 + 6 + 2);
  });
});

const TEXT = CONFIG.replace("mclt: 60s", "mclt: 3600s")
  .replace("valid-lifetime: 300s", `valid-lifetime: ${DESIRED}s`)
  .replace("preferred-lifetime: 200s", `preferred-lifetime: ${DESIRED}s`);

interface Run {
  readonly pair: Pair;
  readonly client: TestClient;
  /** Time of the first REPLY. */
  readonly start: number;
}

/** A pair in NORMAL, up to the first REPLY of example A. */
function begin(): Run & { held: Held } {
  const pair = new Pair(TEXT);
  pair.startBoth();
  pair.run(30_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  const client = new TestClient(pair.a, 1);
  const [held] = acquire(client, pair.a, pair.now).filter((lease) => lease.kind === "address");
  const start = pair.now;
  pair.settle();
  return { pair, client, start, held: held as Held };
}

function record(host: Host, held: Held): Lease {
  return host.up.state.table.get({ kind: "address", address: held.address, length: 128 }) as Lease;
}

/** Jumps; the link is dead for it and comes back in the last half minute. */
function jump({ pair, start }: Run, seconds: number): void {
  pair.now = start + seconds * 1000 - 30_000;
  pair.run(30_000);
}

function renew({ pair, client }: Run, host: Host, held: Held): Held {
  const [renewed] =
    client.send("RENEW", [serverId(pair.a.config.server.duid), iaNa(1, held.address)], pair.now, {
      host,
    })?.leases ?? [];
  return renewed as Held;
}

function runVectorA(run: Run & { held: Held }): void {
  const { pair, start } = run;
  let { held } = run;
  for (const [now, given, t1, sent] of VECTOR_A) {
    if (now > 0) {
      jump(run, now);
      expect(pair.states).toBe("NORMAL NORMAL");
      held = renew(run, pair.a, held);
    }
    expect([held.valid, held.t1]).toEqual([given, t1]);
    expect(record(pair.a, held).partnerLifetime).toBe(addSeconds(floorTime(start), sent));
    pair.run(1_000);
    // The partner acknowledged it, and has it as its expiration-time.
    expect(record(pair.a, held).ackedPartnerLifetime).toBe(addSeconds(floorTime(start), sent));
    expect(record(pair.b, held).expirationTime).toBe(addSeconds(floorTime(start), sent));
  }
}

describe("§4.4.1 a real pair", () => {
  it("4.4.1 follows example A: MCLT first, the full lifetime once acknowledged (F-067, F-052, F-058, F-060, F-061)", () => {
    runVectorA(begin());
  });

  it("8.9.1 follows example B when the partner is gone, and its lease stays with example C (F-068, F-069, F-063, F-479, F-064)", () => {
    const run = begin();
    const { pair, start, held } = run;
    runVectorA(run);
    pair.kill(pair.b);
    for (const [now, given] of VECTOR_B) {
      pair.now = start + now * 1000;
      pair.tick();
      expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED down");
      const renewed = renew(run, pair.a, held);
      expect(Math.abs(renewed.valid - given)).toBeLessThanOrEqual(1);
      if (now === 521_718) break;
    }
    const lease = record(pair.a, held);
    expect(lease.ackedPartnerLifetime).toBe(addSeconds(floorTime(start), 520_200));
    expect(lease.clientExpiry).toBe(addSeconds(floorTime(start), 525_318));
    // Renewals since raised the partner-lifetime, but none of it was transmitted.
    expect(lease.partnerLifetimeSent).toBe(addSeconds(floorTime(start), 520_200));
    const entry = addSeconds(floorTime(start), 522_000);
    const transmitted = { ...lease, partnerLifetimeHighest: lease.partnerLifetimeSent };
    expect(reuseTime(transmitted, entry, MCLT)).toBe(addSeconds(floorTime(start), 528_918));
  });

  it("4.4 shows in ADVERTISE what a REPLY would give, preferred in proportion to valid, T1 from the shortened lifetime (F-059, F-060, D-088)", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(30_000);
    const answer = new TestClient(pair.a, 2).send("SOLICIT", [iaNa(1)], pair.now);
    expect(answer?.leases[0]).toMatchObject({ valid: 60, preferred: 40, t1: 20 });
  });

  it("4.4 keeps a deprecated phase however short MCLT makes a lease (D-088)", () => {
    const policy = {
      valid: 4_000,
      preferred: 3_000,
      renewTimer: undefined,
      rebindTimer: undefined,
    };
    const within = (seconds: number, changes = {}) => {
      const authority = { longestExpiry: () => addSeconds(floorTime(EPOCH), seconds) };
      return lifetimesFor(
        { ...policy, ...changes },
        authority as unknown as Authority,
        undefined,
        EPOCH,
      );
    };
    expect(within(3_600)).toMatchObject({ valid: 3_600, preferred: 2_700 });
    expect(within(1)).toMatchObject({ valid: 1, preferred: 1 });
    expect(within(9_000)).toMatchObject({ valid: 4_000, preferred: 3_000 });
    expect(within(60, { preferred: 4_000 })).toMatchObject({ valid: 60, preferred: 60 });
  });

  it("4.4 takes an acknowledgement as lost with the partner's database: MCLT again (A-32, A-08)", () => {
    const { pair, client, held } = begin();
    pair.run(1_000);
    const before = record(pair.a, held);
    const { record: endpoint } = pair.a.up.failover.endpoints[0] as {
      record: { ackEpoch: number };
    };
    expect(before.ackEpoch).toBe(endpoint.ackEpoch);
    pair.a.up.failover.endpoints[0]?.update({ ackEpoch: endpoint.ackEpoch + 1 });
    const renewed = renew({ pair, client, start: 0 }, pair.a, held);
    expect(renewed.valid).toBe(MCLT);
  });

  it("4.4 a secondary renews the primary's lease for the MCLT, and the later end stays on record (A-52, F-558)", () => {
    const run = begin();
    const { pair, held } = run;
    runVectorA(run);
    pair.kill(pair.a);
    pair.run(1_000);
    const before = record(pair.b, held);
    const renewed = renew(run, pair.b, held);
    expect(renewed.valid).toBe(MCLT);
    const now = record(pair.b, held);
    expect(now.clientExpiry).toBe(before.clientExpiry);
    expect(now.stateExpirationTime).toBe(before.stateExpirationTime);
  });
});
