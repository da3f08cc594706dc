// The lease table with many leases: splits of buckets and leaves, walks during changes, and what it costs.

import { expect, test } from "vitest";
import { Prng } from "../../../sim/prng.ts";
import type { Duid } from "../../../src/core/model/duid.ts";
import { type Ipv6Address, ipv6FromBigint } from "../../../src/core/model/ipv6.ts";
import { type Lease, leaseKeyText } from "../../../src/core/model/lease.ts";
import { dueTime } from "../../../src/core/model/lease-status.ts";
import type { LeaseTable, LeaseTableOptions } from "../../../src/core/model/lease-table.ts";
import { LIMITS } from "../../../src/core/model/limits.ts";
import { createLeaseTable } from "../../../src/core/model/table/typed-table.ts";

const OPTIONS: LeaseTableOptions = { seed: [1, 2], groupOf: () => "pair" };
const BASE = 0x20010db8n << 96n;

function leaseOf(n: number, version: number, random: Prng): Lease {
  return {
    kind: n % 8 === 0 ? "prefix" : "address",
    address: ipv6FromBigint(
      n % 8 === 0 ? BASE + (BigInt(n) << 64n) : BASE + (1n << 95n) + BigInt(n),
    ) as Ipv6Address,
    length: n % 8 === 0 ? 64 : 128,
    link: `link-${n % 5}`,
    duid: `0003000100${(n % 50_000).toString(16).padStart(18, "0")}` as Duid,
    iaid: n,
    status: random.pick(["ACTIVE", "ACTIVE", "ACTIVE", "EXPIRED", "FREE"] as const),
    validLifetime: 4_000,
    preferredLifetime: 3_000,
    t1: 1_500,
    t2: 2_400,
    clientExpiry: 830_000_000,
    expirationTime: 1,
    ackedPartnerLifetime: 2,
    partnerLifetime: 3,
    clientLastTransactionTime: 4,
    partnerRawCltTime: 5,
    startTimeOfState: 6,
    stateExpirationTime: 830_000_000 + random.below(4_000),
    partnerLifetimeSent: 7,
    partnerLifetimeHighest: 8,
    version,
    ackEpoch: 9,
    marked: random.chance(0.3),
    everSent: true,
    endingSent: false,
    primarySince: n,
    relayData: n % 3 === 0 ? random.bytes(random.below(60)) : undefined,
    fqdn: undefined,
    reconfigureData: undefined,
  };
}

function keysOf(table: LeaseTable, during: () => void = () => {}): Set<string> {
  const keys = new Set<string>();
  for (let cursor: number | undefined = 0; cursor !== undefined; ) {
    const slice: ReturnType<LeaseTable["slice"]> = table.slice(cursor, 256);
    for (const lease of slice.leases) keys.add(leaseKeyText(lease));
    cursor = slice.next;
    during();
  }
  return keys;
}

test("F-299: twenty thousand leases that come, change and go leave every index right", () => {
  const random = new Prng(21);
  const table = createLeaseTable(OPTIONS);
  const held = new Map<string, Lease>();
  let version = 0;
  for (let step = 0; step < 60_000; step++) {
    const lease = leaseOf(random.below(20_000), ++version, random);
    const key = leaseKeyText(lease);
    if (held.has(key) && random.chance(0.4)) {
      held.delete(key);
      table.remove(lease);
    } else {
      held.set(key, lease);
      table.put(lease);
    }
  }
  const all = [...held.values()];
  expect(table.size).toBe(all.length);
  expect(keysOf(table)).toEqual(new Set(held.keys()));
  for (const lease of all) if (random.chance(0.05)) expect(table.get(lease)).toStrictEqual(lease);
  const marked = all.filter((lease) => lease.marked).sort((a, b) => a.version - b.version);
  expect(table.marked("pair", 0, 1_000_000).map((lease) => lease.version)).toEqual(
    marked.map((lease) => lease.version),
  );
  expect(table.markedCount("pair")).toBe(marked.length);
  expect(table.oldestMarked("pair")).toBe(marked[0]?.version);
  const due = all.filter((lease) => dueTime(lease) !== 0 && dueTime(lease) <= 830_001_000);
  const found = (["due", "dueFree"] as const).map((order) =>
    table[order]("pair", 830_001_000, 1_000_000),
  );
  expect(found.flat().length).toBe(due.length);
  for (let i = 0; i < 5; i++) {
    const inUse = all.filter((lease) => lease.link === `link-${i}` && lease.status !== "FREE");
    expect(table.countInUse(`link-${i}`)).toBe(inUse.length);
  }
  for (const lease of all.slice(0, 50)) {
    const own = all.filter((other) => other.duid === lease.duid).map(leaseKeyText);
    expect(new Set(table.ofClient(lease.duid as Duid).map(leaseKeyText))).toEqual(new Set(own));
  }
  const block = { address: ipv6FromBigint(BASE), length: 52 };
  const within = all.filter((l) => l.kind === "prefix" && l.status !== "FREE" && l.iaid < 4_096);
  expect(table.prefixesWithin(block, 10_000).length).toBe(within.length);

  for (const lease of all) table.remove(lease);
  expect(table.size).toBe(0);
  expect(table.markedCount("pair")).toBe(0);
  expect(table.oldestMarked("pair")).toBe(0);
  expect(table.due("pair", 0x7fffffff, 10)).toEqual([]);
  expect(table.countInUse("link-0")).toBe(0);
  expect(keysOf(table).size).toBe(0);
});

test("a walk meets every lease that is there all the time, while others come and go", () => {
  const random = new Prng(22);
  const table = createLeaseTable(OPTIONS);
  let version = 0;
  for (let n = 0; n < 6_000; n++) table.put(leaseOf(n, ++version, random));
  const keys = keysOf(table, () => {
    for (let i = 0; i < 100; i++) {
      const lease = leaseOf(random.below(12_000), ++version, random);
      if (lease.iaid % 3 === 0) table.remove(lease);
      else table.put(lease);
    }
  });
  for (let n = 1; n < 6_000; n++) {
    if (n % 3 !== 0) expect(keys.has(leaseKeyText(leaseOf(n, 1, random)))).toBe(true);
  }
});

test("a slice touches a bounded number of rows even where nearly all are free", () => {
  const random = new Prng(23);
  const table = createLeaseTable(OPTIONS);
  for (let n = 0; n < 20_000; n++) table.put(leaseOf(n, n + 1, random));
  for (let n = 0; n < 19_999; n++) table.remove(leaseOf(n, 1, random));
  let slices = 0;
  for (let cursor: number | undefined = 0; cursor !== undefined; slices++) {
    cursor = table.slice(cursor, LIMITS.rowsPerStep).next;
  }
  expect(slices).toBe(5);
});

test("200,000 leases: octets a lease are reported", () => {
  const random = new Prng(24);
  const before = process.memoryUsage();
  const table = createLeaseTable(OPTIONS);
  for (let n = 0; n < 200_000; n++) table.put(leaseOf(n, n + 1, random));
  const after = process.memoryUsage();
  console.info(
    `${Math.round((after.arrayBuffers - before.arrayBuffers) / table.size)} octets of buffers a lease`,
  );
  expect(table.size).toBe(200_000);
  expect(keysOf(table).size).toBe(200_000);
});
