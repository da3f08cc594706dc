// RFC 8156 §4.2.2: whose delegable prefixes are; POOLREQ, POOLRESP and the first split (§5.3.3, §5.3.4, §8.8).

import { describe, expect, it } from "vitest";
import { vendorOption } from "../../../src/core/failover/link/extensions.ts";
import { prefixOwner } from "../../../src/core/model/prefix-owner.ts";
import { firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { acquire, iaPd, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, ip, Pair } from "../../support/pair.ts";
import { accepted, ScriptedPartner, terms } from "../../support/scripted-partner.ts";

const FREE = 5;
const FREE_BACKUP = 6;
const POOL = "2001:db8:8000::";
const UPPER = "2001:db8:8000:8000::";
/** A pool of sixteen prefixes. */
const SMALL = CONFIG.replace("delegated-len: 56", "delegated-len: 52");

/** BNDUPD of a block without a client. */
function block(prefix: string, length: number, status: number, start = 848_000_000): Option[] {
  const options = [
    option("LQ_BASE_TIME", { value: start }),
    option("F_BINDING_STATUS", { value: status }),
    option("F_START_TIME_OF_STATE", { value: start }),
  ];
  return [
    option("IAPREFIX", {
      preferredLifetime: 0,
      validLifetime: 0,
      prefixLength: length,
      prefix: ip(prefix),
      options,
    }),
  ];
}

function answerTo(partner: ScriptedPartner, options: readonly Option[]): number | undefined {
  const id = partner.send("BNDUPD", options);
  const reply = partner.expectOne("BNDREPLY");
  expect(reply.transactionId).toBe(id);
  const outer = firstOption(reply.options, "IAPREFIX");
  return firstOption(outer?.options ?? [], "STATUS_CODE")?.status;
}

function secondary(text = CONFIG): ScriptedPartner {
  return new ScriptedPartner("b", text).start().reach("NORMAL", "NORMAL");
}

function blocksOf(partner: ScriptedPartner): string[] {
  return partner.host.up.state.blocks.all().map(({ address, length }) => `${address}/${length}`);
}

/** Every prefix that the secondary gives to new clients now, until its pool is empty. */
function drain(partner: ScriptedPartner): string[] {
  const given: string[] = [];
  for (let number = 100; number < 200; number++) {
    const client = new TestClient(partner.host, number);
    const [held] =
      client.send("REQUEST", [serverId(partner.host.config.server.duid), iaPd(1)], partner.now)
        ?.leases ?? [];
    if (held === undefined) return given.sort();
    given.push(held.address);
  }
  throw new Error("the pool has no end");
}

describe("§4.2.2 delegable prefixes: proportional allocation", () => {
  it("4.2.2 all of a pool is the primary's at first, by record or by none (F-014, F-026, F-027, F-031)", () => {
    expect(prefixOwner(undefined, undefined)).toBe("FREE");
    const b = secondary(SMALL);
    expect(drain(b)).toEqual([]);
    const a = new ScriptedPartner("a", SMALL)
      .start()
      .reach("COMMUNICATIONS-INTERRUPTED", "RECOVER");
    expect(drain(a)).toHaveLength(16);
  });

  it("8.8 the secondary asks when its updates are answered; the primary answers and gives half of each pool (F-025, F-032, F-037, F-038, F-435, F-497, F-499, F-084)", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(10_000);
    for (const host of [pair.a, pair.b])
      expect(host.up.state.blocks.all()).toMatchObject([
        { address: ip(UPPER), length: 49, status: "FREE-BACKUP", marked: false },
      ]);
  });

  it("8.8 POOLREQ comes after the open updates, and is repeated once a minute while there is nothing (F-434, F-435, F-501, A-41)", () => {
    const b = new ScriptedPartner("b").start();
    b.lease({
      address: ip("2001:db8:1::1:2"),
      status: "ACTIVE",
      duid: new TestClient(b.host, 1).duid,
      stateExpirationTime: b.time(100),
      clientExpiry: b.time(100),
      marked: true,
    });
    b.reach("COMMUNICATIONS-INTERRUPTED", "NORMAL");
    b.run(2_000);
    b.tell("NORMAL");
    expect([b.state, b.take("POOLREQ")]).toEqual(["NORMAL", undefined]);
    const fresh = new ScriptedPartner("b").start();
    fresh.lease({
      address: ip("2001:db8:1::1:2"),
      status: "ACTIVE",
      duid: new TestClient(fresh.host, 1).duid,
      stateExpirationTime: fresh.time(100),
      clientExpiry: fresh.time(100),
      marked: true,
    });
    fresh.put("COMMUNICATIONS-INTERRUPTED").open().connect();
    fresh.tell("NORMAL");
    fresh.run(1_000);
    const update = fresh.expectOne("BNDUPD");
    expect(fresh.take("POOLREQ")).toBeUndefined();
    fresh.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
    fresh.tick();
    expect(fresh.takeAll("POOLREQ")).toHaveLength(1);
    fresh.run(59_000);
    expect(fresh.takeAll("POOLREQ")).toHaveLength(0);
    fresh.run(2_000);
    expect(fresh.takeAll("POOLREQ")).toHaveLength(1);
  });

  it("5.3.4 the primary answers each POOLREQ at any time, with its id; a second gives nothing more (F-038, F-103, F-498, F-499, F-500, F-501)", () => {
    const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
    for (let i = 0; i < 3; i++) {
      const id = a.send("POOLREQ");
      expect(a.expectOne("POOLRESP").transactionId).toBe(id);
    }
    a.tick();
    expect(a.takeAll("BNDUPD")).toHaveLength(1);
    const unresponsive = new ScriptedPartner("a").start().reach("RECOVER", "PARTNER-DOWN");
    unresponsive.send("POOLREQ");
    expect(unresponsive.expectOne("POOLRESP")).toBeDefined();
    unresponsive.tick();
    expect(unresponsive.take("BNDUPD")).toBeUndefined();
  });

  it("4.2.2 the block is one BNDUPD with a lone IAPREFIX, FREE-BACKUP, without what is not listed for it (F-032, F-095, F-293, F-294, F-295, F-296, F-297, A-43)", () => {
    const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
    a.send("POOLREQ");
    a.tick();
    const [prefix, ...rest] = a.expectOne("BNDUPD").options;
    expect(rest).toEqual([]);
    expect(prefix).toMatchObject({
      type: "IAPREFIX",
      prefix: ip(UPPER),
      prefixLength: 49,
      preferredLifetime: 0,
      validLifetime: 0,
    });
    const inner = prefix?.type === "IAPREFIX" ? prefix.options : [];
    expect(inner.map((each) => each.type)).toEqual([
      "LQ_BASE_TIME",
      "F_BINDING_STATUS",
      "F_START_TIME_OF_STATE",
    ]);
    expect(firstOption(inner, "F_BINDING_STATUS")?.value).toBe(FREE_BACKUP);
    expect(firstOption(inner, "LQ_BASE_TIME")?.value).toBe(a.time());
  });

  it("4.2.2 from then on the primary gives nothing of it, answered or not, over a restart too (F-033, F-535)", () => {
    const a = new ScriptedPartner("a", SMALL).start().reach("NORMAL", "NORMAL");
    a.host.holdDisk = true;
    a.send("POOLREQ");
    a.tick();
    // It leaves only when it is stored.
    expect(a.take("BNDUPD")).toBeUndefined();
    a.host.holdDisk = false;
    a.host.flushDisk(a.now);
    a.tick();
    expect(a.take("BNDUPD")).toBeDefined();
    a.host.kill();
    a.host.start(a.now);
    a.put("COMMUNICATIONS-INTERRUPTED");
    const given = drain(a);
    expect(given).toHaveLength(8);
    expect(given.every((address) => address < ip(UPPER))).toBe(true);
  });

  it("4.2.2 the secondary gives of it as soon as it has it, and only of it (F-029, F-046, F-242, F-250, F-450, F-478)", () => {
    const b = secondary(SMALL);
    expect(answerTo(b, block(UPPER, 49, FREE_BACKUP))).toBeUndefined();
    b.put("COMMUNICATIONS-INTERRUPTED");
    const given = drain(b);
    expect(given).toHaveLength(8);
    expect(given.every((address) => address >= ip(UPPER))).toBe(true);
  });

  it("4.2.2 a block with prefixes in use is refused whole; the primary offers its halves (F-035, F-144, A-42)", () => {
    const b = secondary(SMALL);
    const client = new TestClient(b.host, 1).duid;
    const inUse = {
      kind: "prefix",
      address: ip("2001:db8:8000:9000::"),
      length: 52,
      status: "ACTIVE",
      duid: client,
      stateExpirationTime: b.time(100),
    } as const;
    b.lease(inUse);
    expect(answerTo(b, block(UPPER, 49, FREE_BACKUP))).toBe(19);
    expect(b.stored({ kind: "prefix", address: inUse.address, length: 52 })?.marked).toBe(true);
    const a = new ScriptedPartner("a", SMALL).start().put("COMMUNICATIONS-INTERRUPTED").open();
    // A partner of another kind gets single prefixes then (prefix-balance.test.ts).
    const { transactionId } = a.expectOne("CONNECT");
    a.send("CONNECTREPLY", [...terms(), vendorOption([])], { id: transactionId });
    a.tell("NORMAL");
    a.send("POOLREQ");
    a.tick();
    const offered = a.expectOne("BNDUPD");
    const refused = [
      option("IAPREFIX", {
        preferredLifetime: 0,
        validLifetime: 0,
        prefixLength: 49,
        prefix: ip(UPPER),
        options: [option("STATUS_CODE", { status: 19, message: "in use" })],
      }),
    ];
    a.send("BNDREPLY", refused, { id: offered.transactionId });
    a.tick();
    const halves = a
      .takeAll("BNDUPD")
      .map(({ options }) => firstOption(options, "IAPREFIX")?.prefixLength);
    expect(halves).toEqual([50, 50]);
  });

  it("4.2.2 a block outside the pools is a conflict of configuration (F-142, F-306)", () => {
    const b = secondary();
    expect(answerTo(b, block("2001:db8:9000::", 48, FREE_BACKUP))).toBe(17);
    expect(answerTo(b, block("2001:db8::", 32, FREE_BACKUP))).toBe(17);
    expect(answerTo(b, block(UPPER, 57, FREE_BACKUP))).toBe(17);
  });
});

describe("§4.2.2 the primary takes prefixes back", () => {
  const given = () => {
    const b = secondary(SMALL);
    expect(answerTo(b, block(UPPER, 49, FREE_BACKUP))).toBeUndefined();
    return b;
  };

  it("4.2.2 what was accepted as FREE has left the secondary's pool before the answer leaves (F-034, F-036, F-536, F-259)", () => {
    const b = given();
    b.host.holdDisk = true;
    b.send("BNDUPD", block(UPPER, 49, FREE));
    expect(b.take("BNDREPLY")).toBeUndefined();
    b.host.holdDisk = false;
    b.host.flushDisk(b.now);
    b.tick();
    expect(b.expectOne("BNDREPLY")).toBeDefined();
    b.put("COMMUNICATIONS-INTERRUPTED");
    expect(drain(b)).toEqual([]);
  });

  it("4.2.2 a part of a block: only the rest stays the secondary's (F-036, A-42)", () => {
    const b = given();
    expect(answerTo(b, block("2001:db8:8000:a000::", 51, FREE))).toBeUndefined();
    b.put("COMMUNICATIONS-INTERRUPTED");
    const rest = drain(b);
    expect(rest).toHaveLength(6);
    expect(rest).not.toContain(ip("2001:db8:8000:a000::"));
    expect(rest).not.toContain(ip("2001:db8:8000:b000::"));
  });

  it("4.2.2 more than a block: all that lies within leaves (F-036, A-42)", () => {
    const b = secondary(SMALL);
    expect(answerTo(b, block(UPPER, 50, FREE_BACKUP))).toBeUndefined();
    expect(answerTo(b, block("2001:db8:8000:c000::", 50, FREE_BACKUP))).toBeUndefined();
    // Two halves are one.
    expect(blocksOf(b)).toEqual([`${ip(UPPER)}/49`]);
    expect(answerTo(b, block(UPPER, 49, FREE))).toBeUndefined();
    b.put("COMMUNICATIONS-INTERRUPTED");
    expect(drain(b)).toEqual([]);
  });

  it("4.2.2 a prefix that was told as FREE-BACKUP by itself is taken back by itself (F-036, F-337, F-357)", () => {
    const b = secondary(SMALL);
    expect(answerTo(b, block("2001:db8:8000:a000::", 52, FREE_BACKUP))).toBeUndefined();
    b.lease({
      kind: "prefix",
      address: ip("2001:db8:8000:b000::"),
      length: 52,
      status: "FREE-BACKUP",
      iaid: 1,
      duid: new TestClient(b.host, 1).duid,
    });
    expect(answerTo(b, block("2001:db8:8000:a000::", 52, FREE))).toBeUndefined();
    expect(answerTo(b, block("2001:db8:8000:b000::", 52, FREE))).toBeUndefined();
    b.put("COMMUNICATIONS-INTERRUPTED");
    expect(drain(b)).toEqual([]);
    const before = new TestClient(b.host, 1);
    expect(
      before.send("REQUEST", [serverId(b.host.config.server.duid), iaPd(1)], b.now)?.leases,
    ).toEqual([]);
  });

  it("4.2.2 not what the secondary has delegated, whether of its own block or not (F-035)", () => {
    const b = given();
    b.put("NORMAL");
    const client = new TestClient(b.host, 1).duid;
    for (const address of [ip("2001:db8:8000:9000::"), ip(POOL)]) {
      b.lease({
        kind: "prefix",
        address,
        length: 52,
        status: "ACTIVE",
        duid: client,
        stateExpirationTime: b.time(100),
      });
      b.received = [];
      const text = address === ip(POOL) ? POOL : "2001:db8:8000:9000::";
      expect([text, answerTo(b, block(text, 52, FREE))]).toEqual([text, 19]);
    }
    expect(answerTo(b, block(UPPER, 49, FREE))).toBe(19);
    expect(blocksOf(b)).toHaveLength(1);
  });
});

describe("§4.2.2 a prefix that its client gives back", () => {
  it("4.2.2 is the primary's on both servers, a hole in the secondary's block (F-019, F-028, F-047, F-241)", () => {
    const pair = new Pair(SMALL);
    pair.startBoth();
    pair.run(10_000);
    pair.kill(pair.a);
    pair.run(2_000);
    const client = new TestClient(pair.b, 1);
    const [prefix] = acquire(client, pair.b, pair.now).filter((lease) => lease.kind === "prefix");
    if (prefix === undefined) throw new Error("no prefix");
    expect(prefix.address >= ip(UPPER)).toBe(true);
    pair.a.start(pair.now);
    pair.run(30_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    client.send("RELEASE", [serverId(pair.b.config.server.duid), iaPd(1, prefix)], pair.now, {
      host: pair.b,
    });
    pair.run(5_000);
    for (const host of [pair.a, pair.b]) {
      const lease = host.up.state.table.get({
        kind: "prefix",
        address: prefix.address,
        length: 52,
      });
      const around = host.up.state.blocks.containing(prefix.address, 52);
      expect([lease?.status, prefixOwner(lease, around)]).toEqual(["FREE", "FREE"]);
    }
  });

  it("7.5.4 a stale word about a prefix of the secondary's block does not make it the primary's (F-324, F-029)", () => {
    const a = new ScriptedPartner("a", SMALL).start().reach("NORMAL", "NORMAL");
    const key = { kind: "prefix", address: ip("2001:db8:8000:9000::"), length: 52 } as const;
    const client = new TestClient(a.host, 1).duid;
    a.lease({
      ...key,
      status: "FREE",
      duid: client,
      iaid: 1,
      clientLastTransactionTime: a.time(-10),
    });
    a.send("POOLREQ");
    a.tick();
    const offered = a.expectOne("BNDUPD");
    a.send("BNDREPLY", accepted(offered.options), { id: offered.transactionId });
    const { blocks } = a.host.up.state;
    expect(prefixOwner(a.stored(key), blocks.containing(key.address, 52))).toBe("FREE-BACKUP");
    const stale = [
      option("F_BINDING_STATUS", { value: 1 }),
      option("F_START_TIME_OF_STATE", { value: a.time(-100) }),
      option("F_STATE_EXPIRATION_TIME", { value: a.time(100) }),
      option("CLT_TIME", { value: 100 }),
    ];
    const lease = option("IAPREFIX", {
      preferredLifetime: 1,
      validLifetime: 1,
      prefixLength: 52,
      prefix: key.address,
      options: stale,
    });
    a.send("BNDUPD", [
      option("CLIENT_DATA", {
        options: [
          option("CLIENTID", { duid: client }),
          option("LQ_BASE_TIME", { value: a.time() }),
          option("IA_PD", { iaid: 1, t1: 0, t2: 0, options: [lease] }),
        ],
      }),
    ]);
    expect(a.expectOne("BNDREPLY")).toBeDefined();
    expect(a.stored(key)).toMatchObject({ status: "FREE", marked: true });
    expect(prefixOwner(a.stored(key), blocks.containing(key.address, 52))).toBe("FREE-BACKUP");
  });
});
