// RFC 8156 §4.2.2: the two sides of a pool of delegable prefixes are kept in balance, in both directions.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { vendorOption } from "../../../src/core/failover/link/extensions.ts";
import { shiftOf } from "../../../src/core/failover/prefixes/balance.ts";
import { PoolCensus } from "../../../src/core/failover/prefixes/census.ts";
import { freshLease } from "../../../src/core/model/lease-status.ts";
import type { FailoverMessage } from "../../../src/core/wire/failover-messages.ts";
import { firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { iaPd, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, type Host, ip, Pair } from "../../support/pair.ts";
import { accepted, ScriptedPartner, terms } from "../../support/scripted-partner.ts";

const FREE = 5;
const FREE_BACKUP = 6;
/** Sixteen prefixes. */
const SMALL = CONFIG.replace("delegated-len: 56", "delegated-len: 52");
const WAIT = 11_000;

const ONE_POOL = `      - prefix: 2001:db8:8000::/48
        delegated-len: 56
`;

function withPools(...pools: readonly (readonly [string, number])[]): string {
  const lines = pools.map(([prefix, length]) =>
    ONE_POOL.replace("len: 56", `len: ${length}`).replace("2001:db8:8000::/48", prefix),
  );
  return CONFIG.replace(ONE_POOL, lines.join(""));
}

/** A client with its own number gets a prefix from a host. */
function delegate(host: Host, number: number, now: number): string | undefined {
  const client = new TestClient(host, number);
  const asked = [serverId(host.config.server.duid), iaPd(1)];
  return client.send("REQUEST", asked, now)?.leases[0]?.address;
}

function inNormal(text = SMALL): Pair {
  const pair = new Pair(text);
  pair.startBoth();
  pair.run(2 * WAIT);
  expect(pair.states).toBe("NORMAL NORMAL");
  return pair;
}

const blocksOf = (host: Host) =>
  host.up.state.blocks.all().map(({ address, length }) => `${address}/${length}`);

function balanceOf(host: Host) {
  return host.up.failover.endpoints[0]?.balance.shown ?? [];
}

/** The blocks in BNDUPDs: length and status. */
function told(messages: readonly FailoverMessage[]): (readonly [number, number | undefined])[] {
  return messages.flatMap(({ options }) => {
    const prefix = firstOption(options, "IAPREFIX");
    if (prefix === undefined) return [];
    return [[prefix.prefixLength, firstOption(prefix.options, "F_BINDING_STATUS")?.value]];
  });
}

function refusal({ options }: FailoverMessage): Option[] {
  const prefix = firstOption(options, "IAPREFIX");
  if (prefix === undefined) throw new Error("no block");
  const status = option("STATUS_CODE", { status: 19, message: "not that one" });
  return [option("IAPREFIX", { ...prefix, options: [status] })];
}

/** A primary in NORMAL with a partner of the test's own, which is a Tandem or not. */
function primary(text = SMALL, tandem = true): ScriptedPartner {
  const a = new ScriptedPartner("a", text).start().put("COMMUNICATIONS-INTERRUPTED");
  a.open();
  const { transactionId } = a.expectOne("CONNECT");
  a.send("CONNECTREPLY", tandem ? [...terms(), vendorOption([])] : terms(), { id: transactionId });
  a.tell("NORMAL");
  if (tandem) a.send("CONTACT", [vendorOption(["synchronised"])]);
  a.received = [];
  return a;
}

function active(a: ScriptedPartner, address: string, number: number) {
  return {
    kind: "prefix" as const,
    address: ip(address),
    length: 52,
    status: "ACTIVE" as const,
    duid: new TestClient(a.host, number).duid,
    iaid: 1,
    stateExpirationTime: a.time(5_000),
    clientExpiry: a.time(5_000),
  };
}

describe("§4.2.2 how much is moved", () => {
  const count = (primaryHas: number, secondaryHas: number, returned = 0) => ({
    primary: BigInt(primaryHas),
    secondary: BigInt(secondaryHas),
    returned: BigInt(returned),
  });

  it("4.2.2 half of what is free, in both directions, beyond a threshold (F-025, F-040, F-041, F-500)", () => {
    for (const [p, s, expected] of [
      [16, 0, 8n],
      [0, 8, -4n],
      [1, 0, 0n],
      [0, 1, -1n],
      [2, 1, 0n],
      [100, 90, 0n],
      [100, 60, 20n],
      [60, 100, -20n],
    ] as const)
      expect([p, s, shiftOf(count(p, s))]).toEqual([p, s, expected]);
    // What came back in its blocks is the secondary's again.
    expect(shiftOf(count(8, 4, 4))).toBe(0n);
  });

  it("4.2.2 never more than a side has, and what was moved is not moved back (F-500)", () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.nat(5_000), (p, s) => {
        const shift = Number(shiftOf(count(p, s)));
        expect([shift <= p, -shift <= s]).toEqual([true, true]);
        expect(shiftOf(count(p - shift, s + shift))).toBe(0n);
      }),
    );
  });
});

describe("§4.2.2 balance between two servers", () => {
  it("4.2.2 when the primary's part runs dry, half of the secondary's comes back (F-034, F-036, F-039, F-040, F-259, R7031-08)", () => {
    const pair = inNormal();
    const given = new Set<string | undefined>();
    for (let number = 1; number <= 8; number++) given.add(delegate(pair.a, number, pair.now));
    expect([given.size, delegate(pair.a, 9, pair.now)]).toEqual([8, undefined]);
    pair.run(2 * WAIT);
    expect(balanceOf(pair.a)).toMatchObject([{ primary: 4, secondary: 4, inUse: 8 }]);
    for (let number = 9; number <= 12; number++) given.add(delegate(pair.a, number, pair.now));
    expect([given.size, given.has(undefined)]).toEqual([12, false]);
    pair.run(3 * WAIT);
    expect(blocksOf(pair.a)).toEqual(blocksOf(pair.b));
    expect(balanceOf(pair.b)).toMatchObject([{ primary: 2, secondary: 2, inUse: 12, moving: 0 }]);
  });

  it("8.8 when the secondary served alone it asks, and gets half of what is left (F-038, F-039, F-040, F-497, R7031-08)", () => {
    const pair = inNormal();
    pair.cut = true;
    pair.run(30_000);
    for (let number = 1; number <= 8; number++)
      expect(delegate(pair.b, number, pair.now)).toBeDefined();
    expect(delegate(pair.b, 9, pair.now)).toBeUndefined();
    pair.cut = false;
    pair.run(40_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    expect(balanceOf(pair.a)).toMatchObject([{ primary: 4, secondary: 4, inUse: 8 }]);
    expect(blocksOf(pair.a)).toEqual(blocksOf(pair.b));
    pair.cut = true;
    pair.run(30_000);
    expect(delegate(pair.b, 10, pair.now)).toBeDefined();
  });

  it("4.2.2 what clients of the secondary give back is the primary's, and the secondary's again by the next balance (F-028, F-040, F-259)", () => {
    const pair = inNormal();
    pair.cut = true;
    pair.run(30_000);
    for (let number = 1; number <= 4; number++) delegate(pair.b, number, pair.now);
    pair.cut = false;
    pair.run(WAIT);
    expect(pair.states).toBe("NORMAL NORMAL");
    // The leases end: 300 s and what they are held.
    pair.run(400_000);
    const [a, b] = [balanceOf(pair.a), balanceOf(pair.b)];
    expect(a).toMatchObject([{ primary: 8, secondary: 8, inUse: 0, returned: 0, moving: 0 }]);
    expect(b).toEqual(a);
    pair.cut = true;
    pair.run(30_000);
    const given = new Set<string | undefined>();
    for (let number = 11; number <= 18; number++) given.add(delegate(pair.b, number, pair.now));
    expect([given.size, given.has(undefined)]).toEqual([8, false]);
  });

  it("4.2.2 a secondary with an older copy of its disk does not use what it gave back since (F-034, T-07)", () => {
    const pair = inNormal();
    const copy = pair.b.disk.fork();
    for (let number = 1; number <= 8; number++) delegate(pair.a, number, pair.now);
    pair.run(2 * WAIT);
    const owned = blocksOf(pair.a);
    expect(blocksOf(pair.b)).toEqual(owned);
    pair.b.kill();
    pair.b.disk = copy;
    pair.b.start(pair.now);
    expect(blocksOf(pair.b)).not.toEqual(owned);
    pair.run(200_000);
    expect([pair.states, blocksOf(pair.b)]).toEqual(["NORMAL NORMAL", blocksOf(pair.a)]);
  });

  it("4.2.2 a pool of one prefix stays the primary's, one of 16 million is one block (F-042)", () => {
    const one = withPools(["2001:db8:8000::/56", 56]);
    const single = inNormal(one);
    expect([blocksOf(single.a), balanceOf(single.a)]).toEqual([
      [],
      [expect.objectContaining({ primary: 1, secondary: 0 })],
    ]);
    const large = inNormal(withPools(["2001:db9::/32", 56]));
    expect(blocksOf(large.b)).toEqual([`${ip("2001:db9:8000::")}/33`]);
    expect(balanceOf(large.b)).toMatchObject([{ primary: 8_388_608, secondary: 8_388_608 }]);
  });

  it("4.2.2 pools of several lengths on one link are balanced one by one (F-042, R7031-08)", () => {
    const pair = inNormal(withPools(["2001:db8:8000::/48", 52], ["2001:db8:9000::/56", 60]));
    expect(balanceOf(pair.b)).toMatchObject([
      { delegatedLength: 52, primary: 8, secondary: 8 },
      { delegatedLength: 60, primary: 8, secondary: 8 },
    ]);
  });
});

describe("§4.2.2 the primary moves prefixes", () => {
  it("4.2.2 what is taken back is nobody's until the secondary has answered (F-033, F-034)", () => {
    const a = primary();
    a.acceptsUpdates = true;
    a.send("POOLREQ");
    for (let number = 1; number <= 8; number++) delegate(a.host, number, a.now);
    a.run(1_000);
    a.acceptsUpdates = false;
    a.received = [];
    a.run(WAIT);
    const update = a.expectOne("BNDUPD");
    expect(told([update])).toEqual([[50, FREE]]);
    expect(delegate(a.host, 20, a.now)).toBeUndefined();
    a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
    expect(delegate(a.host, 20, a.now)).toBeDefined();
  });

  it("4.2.2 what the secondary refuses to give back stays its own (F-035)", () => {
    const a = primary();
    a.acceptsUpdates = true;
    a.send("POOLREQ");
    for (let number = 1; number <= 8; number++) delegate(a.host, number, a.now);
    a.run(1_000);
    a.acceptsUpdates = false;
    a.received = [];
    a.run(WAIT);
    const update = a.expectOne("BNDUPD");
    a.send("BNDREPLY", refusal(update), { id: update.transactionId });
    expect(delegate(a.host, 20, a.now)).toBeUndefined();
    expect(a.host.up.state.blocks.all()).toMatchObject([
      { length: 49, status: "FREE-BACKUP", marked: false },
    ]);
  });

  it("4.2.2 around prefixes in use the largest free parts are given (F-040, F-042)", () => {
    const a = primary();
    a.lease(active(a, "2001:db8:8000:f000::", 1));
    a.acceptsUpdates = true;
    a.send("POOLREQ");
    a.run(1_000);
    const lengths = a.host.up.state.blocks.all().map(({ length }) => length);
    // Seven of fifteen.
    expect(lengths.reduce((sum, length) => sum + 2 ** (52 - length), 0)).toBe(7);
    expect(a.host.up.state.table.get({ ...active(a, "2001:db8:8000:f000::", 1) })?.status).toBe(
      "ACTIVE",
    );
  });

  it("4.2.2 a partner that knows single prefixes only gets them one by one, as many as it needs (A-42)", () => {
    const a = primary(withPools(["2001:db9::/32", 56]), false);
    a.send("POOLREQ");
    a.run(1_000);
    const whole = a.expectOne("BNDUPD");
    expect(told([whole])).toEqual([[33, FREE_BACKUP]]);
    a.acceptsUpdates = true;
    a.send("BNDREPLY", refusal(whole), { id: whole.transactionId });
    a.run(1_000);
    const singles = told(a.takeAll("BNDUPD"));
    expect(singles).toHaveLength(64);
    expect(new Set(singles.map(String))).toEqual(new Set([`56,${FREE_BACKUP}`]));
    a.run(3 * WAIT);
    expect(told(a.takeAll("BNDUPD"))).toEqual([]);
    expect(balanceOf(a.host)).toMatchObject([{ secondary: 64, moving: 0 }]);
  });

  it("4.2.2 single prefixes of another implementation become few blocks here (A-42, F-031)", () => {
    const b = new ScriptedPartner("b").start().reach("NORMAL", "NORMAL");
    for (let n = 0; n < 128; n++) {
      const start = b.time();
      const options = [
        option("LQ_BASE_TIME", { value: start }),
        option("F_BINDING_STATUS", { value: FREE_BACKUP }),
        option("F_START_TIME_OF_STATE", { value: start }),
      ];
      const prefix = ip(`2001:db8:8000:${(0x8000 + n * 256).toString(16)}::`);
      b.send("BNDUPD", [
        option("IAPREFIX", {
          preferredLifetime: 0,
          validLifetime: 0,
          prefixLength: 56,
          prefix,
          options,
        }),
      ]);
    }
    expect(blocksOf(b.host)).toEqual([`${ip("2001:db8:8000:8000::")}/49`]);
  });

  it("4.2.2 a pool with many records is counted some at a time (F-039, F-042)", () => {
    const a = primary();
    const { blocks, table } = a.host.up.state;
    const pool = { prefix: { address: ip("2001:db8:8000::"), length: 40 }, delegatedLength: 56 };
    for (let n = 0; n < 2_500; n++) {
      const group = (0x8000 + (n >> 8)).toString(16);
      const address = ip(`2001:db8:${group}:${((n & 255) << 8).toString(16)}::`);
      const key = { kind: "prefix", address, length: 56 } as const;
      table.put({ ...freshLease(key, "lan"), ...active(a, "::", n + 1), ...key });
    }
    const census = new PoolCensus(pool, blocks);
    for (let step = 0; step < 2; step++)
      expect(census.step(table, 1_000)).toEqual({ looked: 1_000, count: undefined });
    const { looked, count } = census.step(table, 1_000);
    expect([looked, count?.inUse, count?.primary]).toEqual([500, 2_500n, 65_536n - 2_500n]);
    expect(count?.parts.primary.length).toBeLessThan(200);
    expect(count?.parts.primary.map(({ length }) => length)).toContain(41);
  });
});
