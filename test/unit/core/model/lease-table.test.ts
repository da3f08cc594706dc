// Single questions to the lease table, asked of both implementations.

import { expect, test } from "vitest";
import type { Duid } from "../../../../src/core/model/duid.ts";
import { type Ipv6Address, parseIpv6 } from "../../../../src/core/model/ipv6.ts";
import type { Lease } from "../../../../src/core/model/lease.ts";
import { ALONE, type LeaseTableOptions } from "../../../../src/core/model/lease-table.ts";
import { createMapTable } from "../../../../src/core/model/table/map-table.ts";
import { createLeaseTable } from "../../../../src/core/model/table/typed-table.ts";

/** Links "lan" and "wlan" belong to one relationship each, all others to none. */
const OPTIONS: LeaseTableOptions = {
  seed: [1, 2],
  groupOf: (link) => ({ lan: "pair", wlan: "other" })[link ?? ""] ?? ALONE,
};
const TABLES = {
  typed: () => createLeaseTable(OPTIONS),
  map: () => createMapTable(OPTIONS),
};

const address = (text: string): Ipv6Address => parseIpv6(text) as Ipv6Address;

function lease(at: string, changes: Partial<Lease> = {}): Lease {
  return {
    kind: "address",
    address: address(at),
    length: 128,
    link: "lan",
    duid: "000300010011" as Duid,
    iaid: 1,
    status: "ACTIVE",
    validLifetime: 4_000,
    preferredLifetime: 3_000,
    t1: 0,
    t2: 0,
    clientExpiry: 0,
    expirationTime: 0,
    ackedPartnerLifetime: 0,
    partnerLifetime: 0,
    clientLastTransactionTime: 0,
    partnerRawCltTime: 0,
    startTimeOfState: 0,
    stateExpirationTime: 0,
    partnerLifetimeSent: 0,
    partnerLifetimeHighest: 0,
    version: 1,
    ackEpoch: 0,
    marked: false,
    everSent: false,
    endingSent: false,
    primarySince: 0,
    relayData: undefined,
    fqdn: undefined,
    reconfigureData: undefined,
    ...changes,
  };
}

for (const [name, create] of Object.entries(TABLES)) {
  test(`${name}: the seven times and all numbers come back whole (F-263, F-264, F-265, F-266, F-267, F-268, F-269)`, () => {
    const table = create();
    const full = lease("2001:db8::1", {
      clientExpiry: 0xffffffff,
      expirationTime: 0xfffffffe,
      ackedPartnerLifetime: 0x80000000,
      partnerLifetime: 0x80000001,
      clientLastTransactionTime: 0x7fffffff,
      partnerRawCltTime: 5,
      startTimeOfState: 6,
      stateExpirationTime: 7,
      version: Number.MAX_SAFE_INTEGER,
      relayData: new Uint8Array(0),
      fqdn: new Uint8Array([0, 255]),
    });
    table.put(full);
    expect(
      table.get({ kind: "address", address: address("2001:db8::1"), length: 128 }),
    ).toStrictEqual(full);
    expect(
      table.get({ kind: "address", address: address("2001:db8::1"), length: 127 }),
    ).toBeUndefined();
  });

  test(`${name}: F-299, F-540: a cleared mark leaves the order of marks, a renewed one goes to its end`, () => {
    const table = create();
    for (const n of [1, 2, 3]) table.put(lease(`2001:db8::${n}`, { version: n, marked: true }));
    table.put(lease("2001:db8::1", { version: 4, marked: true }));
    expect(table.marked("pair", 0, 10).map(({ version }) => version)).toEqual([2, 3, 4]);
    expect(table.oldestMarked("pair")).toBe(2);
    table.put(lease("2001:db8::2", { version: 2, marked: false }));
    expect(table.marked("pair", 0, 10).map(({ version }) => version)).toEqual([3, 4]);
    expect(table.marked("pair", 3, 10).map(({ version }) => version)).toEqual([4]);
    expect(table.marked("pair", 4, 10)).toEqual([]);
    expect(table.marked("pair", 0, 1).map(({ version }) => version)).toEqual([3]);
  });

  test(`${name}: F-299: marks are in order of version even when a replay brings them in another`, () => {
    const table = create();
    for (const n of [9, 3, 7, 1, 8])
      table.put(lease(`2001:db8::${n}`, { version: n, marked: true }));
    expect(table.marked("pair", 0, 10).map(({ version }) => version)).toEqual([1, 3, 7, 8, 9]);
  });

  test(`${name}: F-299, R7031-24: marks of one relationship are counted and walked by themselves`, () => {
    const table = create();
    table.put(lease("2001:db8::1", { version: 1, marked: true, link: "wlan" }));
    table.put(lease("2001:db8::2", { version: 2, marked: true }));
    table.put(lease("2001:db8::3", { version: 3, marked: true, link: "alone" }));
    const versions = (relationship: string) =>
      table.marked(relationship, 0, 10).map(({ version }) => version);
    expect([versions("pair"), versions("other"), versions("none")]).toEqual([[2], [1], []]);
    expect([table.markedCount("pair"), table.markedCount("none")]).toEqual([1, 0]);
    expect([table.oldestMarked("pair"), table.oldestMarked("other")]).toEqual([2, 1]);
    // A lease that comes to another link takes its mark along.
    table.put(lease("2001:db8::1", { version: 1, marked: true }));
    expect([versions("pair"), versions("other")]).toEqual([[1, 2], []]);
  });

  test(`${name}: what is due stands by relationship, declined addresses by themselves and by link`, () => {
    const table = create();
    const at = (n: number, stateExpirationTime: number, changes: Partial<Lease>) =>
      table.put(lease(`2001:db8::${n}`, { stateExpirationTime, ...changes }));
    at(1, 10, { link: "wlan" });
    at(2, 11, {});
    at(3, 12, { link: "alone" });
    at(4, 14, { status: "ABANDONED" });
    at(5, 13, { status: "ABANDONED" });
    at(6, 15, { status: "ABANDONED", link: "wlan" });
    at(7, 16, { status: "FREE", marked: true });
    const times = (leases: readonly Lease[]) => leases.map((each) => each.stateExpirationTime);
    expect(times(table.due("pair", 20, 10))).toEqual([11]);
    expect(times(table.due("other", 20, 10))).toEqual([10]);
    expect(times(table.due(ALONE, 20, 10))).toEqual([12]);
    expect(times(table.dueDeclined("pair", 20, 10))).toEqual([13, 14]);
    expect(times(table.dueDeclined("other", 14, 10))).toEqual([]);
    expect([table.countDeclined("lan"), table.countDeclined("alone")]).toEqual([2, 0]);
    expect(times(table.oldestDeclined("lan", 10))).toEqual([13, 14]);
    expect(times(table.oldestDeclined("lan", 1))).toEqual([13]);
    at(5, 13, { status: "RESET" });
    expect(times(table.oldestDeclined("lan", 10))).toEqual([14]);
    expect(times(table.due("pair", 20, 10))).toEqual([11, 13]);
    table.remove(lease("2001:db8::4"));
    expect([table.countDeclined("lan"), table.oldestDeclined("lan", 10)]).toEqual([0, []]);
    // A free lease of which the partner must hear is not forgotten before.
    expect(times(table.dueFree("pair", 20, 10))).toEqual([]);
    at(7, 16, { status: "FREE" });
    expect(times(table.dueFree("pair", 20, 10))).toEqual([16]);
  });

  test(`${name}: F-013: what is due is told by serial arithmetic, over the wrap of 2^32 too`, () => {
    const table = create();
    const times = [0xffffff00, 0xffffffff, 1, 200, 0x7fffffff, 0];
    times.forEach((stateExpirationTime, n) => {
      table.put(lease(`2001:db8::${n + 1}`, { stateExpirationTime }));
    });
    const due = (time: number, limit = 10) =>
      table.due("pair", time, limit).map((each) => each.stateExpirationTime);
    expect(due(0xffffff00)).toEqual([0x7fffffff, 0xffffff00]);
    expect(due(100)).toEqual([0xffffff00, 0xffffffff, 1]);
    expect(due(100, 2)).toEqual([0xffffff00, 0xffffffff]);
    expect(due(300)).toEqual([0xffffff00, 0xffffffff, 1, 200]);
    expect(due(0x7fffffff)).toEqual([1, 200, 0x7fffffff]);
  });

  test(`${name}: of the free leases of a client those count that became free last (D-288)`, () => {
    const table = create();
    const client = "000300010011" as Duid;
    const address = (n: number) => `2001:db8::${n.toString(16)}`;
    const free = (n: number) => table.put(lease(address(n), { status: "FREE" }));
    const known = () => table.ofClient(client).map(({ address: each }) => each);
    const wanted = (...ns: number[]) => ns.map((n) => lease(address(n)).address);
    for (let n = 1; n <= 40; n++) free(n);
    const last32 = Array.from({ length: 32 }, (_, i) => 40 - i);
    expect(known()).toEqual(wanted(...last32));
    // Free as before, and so where it was; used and free again, and so the latest.
    free(20);
    free(2);
    table.put(lease(address(3)));
    table.put(lease(address(30)));
    expect(known().slice(0, 2).sort()).toEqual(wanted(3, 30).sort());
    expect(known().length).toBe(33);
    free(3);
    expect(known().slice(0, 3)).toEqual(wanted(30, 3, 40));
    table.remove(lease(address(40)));
    table.remove(lease(address(4)));
    expect(known().slice(0, 3)).toEqual(wanted(30, 3, 39));
    for (let n = 1; n <= 40; n++) table.remove(lease(address(n)));
    expect(known()).toEqual([]);
  });

  test(`${name}: leases of a client follow it, and a link's count follows status and link`, () => {
    const table = create();
    const other = "0001abcdef" as Duid;
    table.put(lease("2001:db8::1"));
    table.put(lease("2001:db8::2"));
    table.put(lease("2001:db8::2", { duid: other, link: "wlan" }));
    expect(table.ofClient("000300010011" as Duid).length).toBe(1);
    expect(table.ofClient(other).map(({ iaid }) => iaid)).toEqual([1]);
    expect([table.countInUse("lan"), table.countInUse("wlan")]).toEqual([1, 1]);
    table.put(lease("2001:db8::2", { duid: undefined, link: "wlan", status: "FREE-BACKUP" }));
    expect(table.ofClient(other)).toEqual([]);
    expect([table.countInUse("lan"), table.countInUse("wlan")]).toEqual([1, 0]);
    table.remove(lease("2001:db8::1"));
    expect([table.size, table.countInUse("lan")]).toEqual([1, 0]);
    table.remove(lease("2001:db8::1"));
    expect(table.size).toBe(1);
  });

  test(`${name}: RFC 8156 §4.2.2: prefixes in use that lie in a block, or around it, are found; others are not`, () => {
    const table = create();
    const prefix = (at: string, length: number, status: Lease["status"] = "ACTIVE") =>
      table.put(lease(at, { kind: "prefix", length, status }));
    prefix("2001:db8:0:100::", 56);
    prefix("2001:db8:0:200::", 56, "FREE");
    prefix("2001:db8:0:300::", 56, "ABANDONED");
    prefix("2001:db8:0:ff00::", 56);
    prefix("2001:db8:1::", 48);
    table.put(lease("2001:db8:0:101::1"));
    const within = (at: string, length: number, limit = 100) =>
      table.prefixesWithin({ address: address(at), length }, limit).map((each) => each.address);
    expect(within("2001:db8::", 52)).toEqual([
      address("2001:db8:0:100::"),
      address("2001:db8:0:300::"),
    ]);
    expect(within("2001:db8::", 52, 1).length).toBe(1);
    expect(within("2001:db8:0:200::", 56)).toEqual([]);
    expect(within("2001:db8:0:100::", 56)).toEqual([address("2001:db8:0:100::")]);
    expect(within("2001:db8:0:180::", 57)).toEqual([address("2001:db8:0:100::")]);
    expect(within("2001:db8:1:8000::", 49)).toEqual([address("2001:db8:1::")]);
    expect(within("::", 0).length).toBe(4);
    expect(within("2001:db8:2::", 48)).toEqual([]);
  });
}
