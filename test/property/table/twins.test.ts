// The lease table of service against its Map twin (docs/internals/core.md).

import fc from "fast-check";
import { expect, test } from "vitest";
import { BINDING_STATUS, type BindingStatus } from "../../../src/core/model/binding-status.ts";
import type { Duid } from "../../../src/core/model/duid.ts";
import { ipv6FromBigint, maskTo } from "../../../src/core/model/ipv6.ts";
import { type Lease, type LeaseKey, leaseKeyText } from "../../../src/core/model/lease.ts";
import {
  ALONE,
  type LeaseTable,
  type LeaseTableOptions,
  type LinkGroup,
  UNPLACED,
} from "../../../src/core/model/lease-table.ts";
import { createMapTable } from "../../../src/core/model/table/map-table.ts";
import { createLeaseTable } from "../../../src/core/model/table/typed-table.ts";

interface Pair {
  readonly real: LeaseTable;
  version: number;
  step: number;
}

const RELATIONSHIPS = ["pair", "other", "none"];
const OPTIONS: LeaseTableOptions = {
  seed: [3, 4],
  groupOf: (link) => {
    if (link === undefined) return UNPLACED;
    return { lan: "pair", wlan: "pair", büro: "other" }[link] ?? ALONE;
  },
};

const BASE = 0x20010db8n << 96n;

// Few keys, clients, links and times, so that commands meet each other.
const keys: fc.Arbitrary<LeaseKey> = fc.oneof(
  fc.nat(40).map(
    (n): LeaseKey => ({
      kind: "address",
      address: ipv6FromBigint(BASE + BigInt(n)),
      length: 128,
    }),
  ),
  fc
    .tuple(fc.nat(63), fc.constantFrom(48, 52, 56, 60, 64, 80, 128))
    .map(([n, length]): LeaseKey => {
      const address = maskTo(ipv6FromBigint(BASE + (BigInt(n) << 72n) + BigInt(n)), length);
      return { kind: "prefix", address, length };
    }),
);
const duids = fc.constantFrom(
  ...[
    "0001aabb",
    "0003000100112233445566",
    `0002${"ab".repeat(120)}`,
    "000100012a3b4c5d001122334455",
  ].map((d) => d as Duid),
);
const blobs = fc.option(
  fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom(new Uint8Array(300).fill(7), new Uint8Array(2048).fill(9), new Uint8Array(257)),
  ),
  { nil: undefined },
);
const times = fc.oneof(fc.constant(0), fc.integer({ min: 830_000_000, max: 830_000_020 }));
const word = fc.oneof(fc.constantFrom(0, 1, 0x80000000, 0xffffffff), fc.nat(0xffffffff));

const bodies = fc.record({
  link: fc.constantFrom("lan", "wlan", "büro", "alone", undefined),
  duid: fc.option(duids, { nil: undefined }),
  iaid: word,
  status: fc.constantFrom(...(Object.keys(BINDING_STATUS) as BindingStatus[])),
  validLifetime: word,
  preferredLifetime: word,
  t1: word,
  t2: word,
  clientExpiry: word,
  expirationTime: word,
  ackedPartnerLifetime: word,
  partnerLifetime: word,
  clientLastTransactionTime: word,
  partnerRawCltTime: word,
  startTimeOfState: word,
  stateExpirationTime: times,
  partnerLifetimeSent: word,
  partnerLifetimeHighest: word,
  ackEpoch: word,
  marked: fc.boolean(),
  everSent: fc.boolean(),
  endingSent: fc.boolean(),
  primarySince: fc.maxSafeNat(),
  relayData: blobs,
  fqdn: blobs,
  reconfigureData: blobs,
});
type Body = Omit<Lease, keyof LeaseKey | "version">;

const byKey = (a: LeaseKey, b: LeaseKey) => (leaseKeyText(a) < leaseKeyText(b) ? -1 : 1);
const sorted = (leases: readonly Lease[]) => [...leases].sort(byKey);
/** All fields in order, octets in hex: comparing texts is much quicker than `toStrictEqual` on octets. */
function text(lease: Lease | undefined): string {
  if (lease === undefined) return "none";
  const names = Object.keys(lease).sort() as (keyof Lease)[];
  return names
    .map((name) => {
      const value = lease[name];
      return `${name}=${value instanceof Uint8Array ? `octets ${Buffer.from(value).toString("hex")}` : String(value)}`;
    })
    .join(" ");
}
const inOrder = (a: readonly Lease[], b: readonly Lease[]) =>
  expect(a.map(text)).toEqual(b.map(text));
const same = (a: readonly Lease[], b: readonly Lease[]) => inOrder(sorted(a), sorted(b));

class Put implements fc.Command<LeaseTable, Pair> {
  readonly key: LeaseKey;
  readonly body: Body;
  readonly jump: number;
  constructor(key: LeaseKey, body: Body, jump: number) {
    this.key = key;
    this.body = body;
    this.jump = jump;
  }
  check = () => true;
  run(model: LeaseTable, pair: Pair) {
    pair.step += 1;
    // As in service a version grows; as in a replay it may also be any other that is not in use.
    const version =
      this.jump === 0 ? ++pair.version : 10_000_000_000 + this.jump * 1_000 + pair.step;
    const lease: Lease = { ...this.key, ...this.body, version };
    model.put(lease);
    pair.real.put(lease);
    expect(text(pair.real.get(this.key))).toBe(text(lease));
  }
  toString = () =>
    `put ${leaseKeyText(this.key)} ${this.jump} ${text({ ...this.key, ...this.body, version: 0 })}`;
}

class Remove implements fc.Command<LeaseTable, Pair> {
  readonly key: LeaseKey;
  constructor(key: LeaseKey) {
    this.key = key;
  }
  check = () => true;
  run(model: LeaseTable, pair: Pair) {
    model.remove(this.key);
    pair.real.remove(this.key);
    expect(pair.real.get(this.key)).toBeUndefined();
  }
  toString = () => `remove ${leaseKeyText(this.key)}`;
}

class Compare implements fc.Command<LeaseTable, Pair> {
  readonly key: LeaseKey;
  readonly limit: number;
  readonly time: number;
  constructor(key: LeaseKey, limit: number, time: number) {
    this.key = key;
    this.limit = limit;
    this.time = time;
  }
  check = () => true;
  run(model: LeaseTable, { real }: Pair) {
    expect([real.size, real.inUse]).toEqual([model.size, model.inUse]);
    for (const name of RELATIONSHIPS) {
      expect(real.markedCount(name)).toBe(model.markedCount(name));
      expect(real.oldestMarked(name)).toBe(model.oldestMarked(name));
      inOrder(real.marked(name, 0, this.limit), model.marked(name, 0, this.limit));
      const middle = model.marked(name, 0, 100)[this.limit]?.version ?? 3;
      inOrder(real.marked(name, middle, 100), model.marked(name, middle, 100));
    }
    for (const link of ["lan", "wlan", "büro", "alone", undefined, "none"])
      this.compareLink(real, model, link);
    same(real.ofClient("0001aabb" as Duid), model.ofClient("0001aabb" as Duid));
    same(real.prefixesWithin(this.key, 1000), model.prefixesWithin(this.key, 1000));
    expect(real.prefixesWithin(this.key, this.limit).length).toBe(
      model.prefixesWithin(this.key, this.limit).length,
    );
    expect(real.prefixTurnover).toBe(model.prefixTurnover);
    const [first] = model.prefixRows(this.key, undefined, 1);
    for (const after of [undefined, first, this.key])
      expect(real.prefixRows(this.key, after, this.limit)).toEqual(
        model.prefixRows(this.key, after, this.limit),
      );
    for (const name of [...RELATIONSHIPS, ALONE, UNPLACED] as const)
      this.compareDue(real, model, name);
    same(walk(real, this.limit + 1), walk(model, this.limit + 1));
  }
  compareLink(real: LeaseTable, model: LeaseTable, link: string | undefined) {
    expect(real.countInUse(link)).toBe(model.countInUse(link));
    expect(real.countDeclined(link)).toBe(model.countDeclined(link));
    const oldest = (table: LeaseTable) =>
      table.oldestDeclined(link, this.limit).map((lease) => lease.stateExpirationTime);
    expect(oldest(real)).toEqual(oldest(model));
  }
  compareDue(real: LeaseTable, model: LeaseTable, group: LinkGroup) {
    for (const question of ["due", "dueDeclined", "dueFree"] as const) {
      const dueOf = (table: LeaseTable) =>
        table[question](group, this.time, this.limit).map((one) => one.stateExpirationTime);
      expect(dueOf(real)).toEqual(dueOf(model));
      const all = (table: LeaseTable) => table[question](group, this.time, 1000);
      same(all(real), all(model));
    }
  }
  toString = () => `compare ${leaseKeyText(this.key)} ${this.limit} ${this.time}`;
}

function walk(table: LeaseTable, limit: number): Lease[] {
  const leases: Lease[] = [];
  for (let cursor: number | undefined = 0; cursor !== undefined; ) {
    const slice = table.slice(cursor, limit);
    expect(slice.leases.length).toBeLessThanOrEqual(limit);
    leases.push(...slice.leases);
    cursor = slice.next;
  }
  return leases;
}

test("F-299, F-540: the lease table and its Map twin agree through puts, removals, walks, expiry and marks", () => {
  const commands = fc.commands(
    [
      fc
        .tuple(keys, bodies, fc.oneof(fc.constant(0), fc.nat(9)))
        .map(([key, body, jump]) => new Put(key, body, jump)),
      fc.tuple(keys, bodies, fc.constant(0)).map(([key, body, jump]) => new Put(key, body, jump)),
      keys.map((key) => new Remove(key)),
      fc.tuple(keys, fc.nat(12), times).map(([key, limit, time]) => new Compare(key, limit, time)),
    ],
    { size: "+1", maxCommands: 120 },
  );
  fc.assert(
    fc.property(commands, (list) => {
      fc.modelRun(
        () => ({
          model: createMapTable(OPTIONS),
          real: { real: createLeaseTable(OPTIONS), version: 0, step: 0 },
        }),
        list,
      );
    }),
    { numRuns: 150 },
  );
});
