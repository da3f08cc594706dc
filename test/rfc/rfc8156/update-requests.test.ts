// RFC 8156 §5.3.5 to §5.3.7: UPDREQ, UPDREQALL and UPDDONE; §6.1.2: how many updates are open; §7.7, §8.8: what is sent
// unasked.

import { describe, expect, it } from "vitest";
import { duidFromBytes } from "../../../src/core/model/duid.ts";
import { lowBit } from "../../../src/core/model/ipv6.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import type { FailoverMessage } from "../../../src/core/wire/failover-messages.ts";
import { allOptions, firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { acquire, iaNa, pairWithLease, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, ip } from "../../support/pair.ts";
import { accepted, ScriptedPartner } from "../../support/scripted-partner.ts";

const duid = (number: number) =>
  duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, number >> 8, number & 255));

/** Lease number n, of client n. */
function give(partner: ScriptedPartner, number: number, changes: Partial<Lease> = {}): Lease {
  const address = ip(`2001:db8:1::1:${(number + 0x100).toString(16)}`);
  return partner.lease({
    address,
    status: "ACTIVE",
    duid: duid(number),
    iaid: 1,
    stateExpirationTime: partner.time(200),
    clientExpiry: partner.time(200),
    clientLastTransactionTime: partner.time(),
    ...changes,
  });
}

function named(update: FailoverMessage): string[] {
  const data = firstOption(update.options, "CLIENT_DATA");
  const lone = firstOption(update.options, "IAPREFIX");
  if (lone !== undefined) return [`${lone.prefix}/${lone.prefixLength}`];
  return allOptions(data?.options ?? [], "IA_NA").flatMap((ia) =>
    allOptions(ia.options, "IAADDR").map((each) => each.address),
  );
}

function answer(partner: ScriptedPartner, update: FailoverMessage, status?: number): void {
  const options = accepted(update.options);
  const [outer] = options;
  const refused =
    status === undefined || outer === undefined || !("options" in outer)
      ? options
      : [
          {
            ...outer,
            options: [option("STATUS_CODE", { status, message: "" }), ...outer.options],
          } as Option,
        ];
  partner.send("BNDREPLY", refused, { id: update.transactionId });
}

/** A primary that sends nothing unasked: in COMMUNICATIONS-INTERRUPTED with a partner in RECOVER. */
function quiet(maxUnacked = 100): ScriptedPartner {
  const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
  a.open().connect({ maxUnacked });
  a.tell("RECOVER");
  a.received = [];
  return a;
}

describe("§5.3.5 UPDREQ", () => {
  it("5.3.5 brings what the partner has not accepted since its last change, and nothing else (F-085, F-490, F-406, A-30)", () => {
    const a = quiet();
    give(a, 1, { marked: true });
    give(a, 2);
    give(a, 3, { marked: true, status: "RELEASED", stateExpirationTime: 0 });
    expect(a.types).toBe("");
    const id = a.send("UPDREQ");
    const updates = a.takeAll("BNDUPD");
    expect(updates.flatMap(named)).toEqual([ip("2001:db8:1::1:101"), ip("2001:db8:1::1:103")]);
    expect(a.take("UPDDONE")).toBeUndefined();
    for (const update of updates) answer(a, update);
    expect(a.expectOne("UPDDONE").transactionId).toBe(id);
  });

  it("5.3.7 UPDDONE waits for the last answer; a refusal is one (F-087, F-492, A-31)", () => {
    const a = quiet();
    give(a, 1, { marked: true });
    give(a, 2, { marked: true });
    a.send("UPDREQ");
    const [first, second] = a.takeAll("BNDUPD") as [FailoverMessage, FailoverMessage];
    answer(a, second, 17);
    expect(a.take("UPDDONE")).toBeUndefined();
    answer(a, first);
    expect(a.take("UPDDONE")).toBeDefined();
    // It stays unconfirmed and goes out for the next request.
    a.send("UPDREQ");
    expect(a.takeAll("BNDUPD").flatMap(named)).toEqual([ip("2001:db8:1::1:102")]);
  });

  it("5.3.7 comes at once when there is nothing to send (F-493, F-103)", () => {
    const a = quiet();
    for (const type of ["UPDREQ", "UPDREQALL"] as const) {
      const id = a.send(type);
      expect(a.expectOne("UPDDONE").transactionId).toBe(id);
      expect(a.types).toBe("");
    }
  });

  it("5.3.5 is answered in every state (F-490, A-33)", () => {
    for (const state of [
      "NORMAL",
      "RECOVER",
      "RECOVER-WAIT",
      "RECOVER-DONE",
      "PARTNER-DOWN",
      "POTENTIAL-CONFLICT",
      "CONFLICT-DONE",
    ] as const) {
      const partner = state === "POTENTIAL-CONFLICT" || state === "NORMAL" ? state : "RECOVER-WAIT";
      const a = new ScriptedPartner("a")
        .start()
        .reach(state, partner, { recoverWaitUntil: 0x7fff_ffff });
      a.received = [];
      a.send("UPDREQ");
      expect([state, a.take("UPDDONE") !== undefined]).toEqual([state, true]);
    }
  });

  it("5.3.5 two requests are both answered, in order, each with its id (F-494, A-32)", () => {
    const a = quiet();
    give(a, 1, { marked: true });
    const first = a.send("UPDREQ");
    const second = a.send("UPDREQ");
    const updates = a.takeAll("BNDUPD");
    expect(updates).toHaveLength(1);
    for (const update of updates) answer(a, update);
    expect(a.takeAll("UPDDONE").map((done) => done.transactionId)).toEqual([first, second]);
  });

  it("5.3.5 changes during the scan go along, and do not put off its end for ever (F-495)", () => {
    const a = quiet(1);
    give(a, 1, { marked: true });
    const id = a.send("UPDREQ");
    let rounds = 0;
    while (a.take("UPDDONE")?.transactionId !== id) {
      // With every answer another lease changes.
      give(a, 100 + rounds, { marked: true });
      const update = a.take("BNDUPD");
      if (update !== undefined) answer(a, update);
      expect(++rounds).toBeLessThan(10);
    }
  });
});

describe("§5.3.6 UPDREQALL", () => {
  it("5.3.6 brings everything, accepted before or not, blocks first (F-086, F-491)", () => {
    const a = quiet();
    for (let number = 1; number <= 5; number++) give(a, number, { marked: number === 3 });
    give(a, 6, { status: "FREE", stateExpirationTime: 0 });
    a.host.up.state.giveBlock({
      address: ip("2001:db8:8000:8000::"),
      length: 49,
      status: "FREE-BACKUP",
      link: "",
      startTimeOfState: a.time(),
      marked: false,
    });
    const id = a.send("UPDREQALL");
    const updates = a.takeAll("BNDUPD");
    expect(updates.flatMap(named)[0]).toBe(`${ip("2001:db8:8000:8000::")}/49`);
    expect(updates.flatMap(named)).toHaveLength(7);
    for (const update of updates) answer(a, update);
    expect(a.expectOne("UPDDONE").transactionId).toBe(id);
  });

  it("5.3.6 not what is on a link that has no partner (F-292, T-10)", () => {
    const alone =
      "\n  - subnet: 2001:db8:2::/64\n    interface: alone\n    server: a\n    pools:\n      - pool: 2001:db8:2::1:0/112\n";
    const a = new ScriptedPartner("a", CONFIG.replace(/\n$/, alone)).start();
    a.put("COMMUNICATIONS-INTERRUPTED").open().connect();
    a.tell("RECOVER");
    give(a, 1);
    const other = a.host.config.links.find((link) => link.relationship === undefined)?.name ?? "?";
    a.lease({
      address: ip("2001:db8:2::1:1"),
      link: other,
      status: "ACTIVE",
      duid: duid(9),
      stateExpirationTime: a.time(200),
    });
    a.send("UPDREQALL");
    expect(a.takeAll("BNDUPD").flatMap(named)).toEqual([ip("2001:db8:1::1:101")]);
  });

  it("5.3.7 UPDDONE waits for a block that was under way before (F-492, F-087)", () => {
    const a = new ScriptedPartner("a").start().reach("PARTNER-DOWN", "RECOVER");
    a.send("UPDREQ");
    expect(a.expectOne("UPDDONE")).toBeDefined();
    a.host.up.state.giveBlock({
      address: ip("2001:db8:8000:8000::"),
      length: 49,
      status: "FREE-BACKUP",
      link: "",
      startTimeOfState: a.time(),
      marked: true,
    });
    a.tick();
    const block = a.expectOne("BNDUPD");
    const id = a.send("UPDREQALL");
    expect(a.types).toBe("");
    answer(a, block);
    expect(a.expectOne("UPDDONE").transactionId).toBe(id);
  });

  it("5.3.6 all earlier acknowledgements are void, and broken off it is answered again as such (F-568, A-32)", () => {
    const a = quiet();
    give(a, 1, { ackedPartnerLifetime: a.time(500), ackEpoch: a.endpoint.record.ackEpoch });
    a.send("UPDREQALL");
    expect(a.stored({ address: ip("2001:db8:1::1:101") })?.ackEpoch).toBeLessThan(
      a.endpoint.record.ackEpoch,
    );
    a.drop();
    a.host.kill();
    a.link = 0;
    a.host.start(a.now);
    a.put("COMMUNICATIONS-INTERRUPTED").open().connect();
    a.tell("RECOVER");
    a.received = [];
    a.send("UPDREQ");
    const updates = a.takeAll("BNDUPD");
    expect(updates).toHaveLength(1);
    for (const update of updates) answer(a, update);
    expect(a.take("UPDDONE")).toBeDefined();
    // Done: from now on only changes.
    a.send("UPDREQ");
    expect(a.types).toBe("UPDDONE");
  });
});

describe("§6.1.2 no more open updates than the partner takes", () => {
  it("6.1.2 live, for a request and for blocks; other messages flow all the same (F-172, F-189, F-213, F-496, F-119)", () => {
    const a = quiet(4);
    for (let number = 1; number <= 20; number++) give(a, number, { marked: number % 2 === 0 });
    for (let i = 0; i < 8; i++) {
      const address = ip(`2001:db8:8000:${(0x8000 + i * 0x100).toString(16)}::`);
      a.host.up.state.giveBlock({
        address,
        length: 56,
        status: "FREE-BACKUP",
        link: "",
        startTimeOfState: a.time(),
        marked: true,
      });
    }
    a.send("UPDREQALL");
    let seen = 0;
    const open: FailoverMessage[] = [];
    for (let i = 0; i < 200 && a.take("UPDDONE") === undefined; i++) {
      open.push(...a.takeAll("BNDUPD"));
      expect(open.length).toBeLessThanOrEqual(4);
      const [next] = open.splice(0, 1);
      if (next === undefined) continue;
      seen++;
      answer(a, next);
    }
    expect(seen).toBe(28);
    const b = new ScriptedPartner("b").start().put("NORMAL");
    b.open().connect({ maxUnacked: 2 });
    b.tell("NORMAL");
    for (let number = 1; number <= 9; number++) give(b, number, { marked: true });
    expect(b.takeAll("BNDUPD")).toHaveLength(2);
    b.run(3_000);
    expect(b.take("CONTACT")).toBeDefined();
    expect(b.take("BNDUPD")).toBeUndefined();
  });

  it("6.1.2 live changes go first, a quarter of the window is kept for a request (F-495, F-496)", () => {
    const a = new ScriptedPartner("a").start().put("PARTNER-DOWN");
    a.open().connect({ maxUnacked: 8 });
    a.tell("RECOVER");
    for (let number = 1; number <= 30; number++) give(a, number);
    a.received = [];
    a.send("UPDREQALL");
    expect(a.takeAll("BNDUPD")).toHaveLength(8);
  });
});

describe("§7.4, §8.8 sent unasked", () => {
  it("7.4 one client's open leases go in one BNDUPD, sixteen at most (F-271, F-290, A-25)", () => {
    const b = new ScriptedPartner("b").start().put("COMMUNICATIONS-INTERRUPTED");
    for (let number = 1; number <= 20; number++)
      give(b, number, { duid: duid(1), marked: number !== 7 });
    b.open().connect();
    b.tell("NORMAL");
    b.tick();
    expect(b.takeAll("BNDUPD").map((update) => named(update).length)).toEqual([16, 3]);
  });

  it("8.8 on entry into NORMAL all open updates are sent (F-434, F-455, F-298, F-299, F-540)", () => {
    const b = new ScriptedPartner("b").start().put("COMMUNICATIONS-INTERRUPTED");
    for (let number = 1; number <= 5; number++) give(b, number, { marked: true });
    b.run(5_000, false);
    b.host.kill();
    b.host.start(b.now);
    b.open().connect();
    b.tell("COMMUNICATIONS-INTERRUPTED");
    b.tick();
    expect([b.state, b.takeAll("BNDUPD").length]).toEqual(["NORMAL", 5]);
  });

  it("4.3 a client is answered without waiting for the partner; the update follows (F-050, F-051, F-298)", () => {
    const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
    const client = new TestClient(a.host, 1);
    const [lease] = acquire(client, a.host, a.now);
    expect(lease).toBeDefined();
    a.tick();
    expect(a.expectOne("BNDUPD")).toBeDefined();
    // Renewed, released: each its own update.
    if (lease === undefined || lowBit(lease.address) !== 1)
      throw new Error("no lease of the own half");
    const own = serverId(a.host.config.server.duid);
    client.send("RENEW", [own, iaNa(1, lease.address)], a.now);
    a.tick();
    expect(a.expectOne("BNDUPD")).toBeDefined();
    // Not yet in step, a RELEASE soon after a contact may be a late copy.
    a.run(12_000);
    a.takeAll("BNDUPD");
    client.send("RELEASE", [own, iaNa(1, lease.address)], a.now);
    a.tick();
    expect(a.expectOne("BNDUPD")).toBeDefined();
  });

  it("8.5.2 neither UPDDONE nor updates for a time: the connection is dropped (F-417)", () => {
    const b = new ScriptedPartner("b").start().reach("RECOVER", "PARTNER-DOWN");
    b.run(59_000);
    expect(b.closed).toBe(false);
    b.run(2_000);
    expect(b.closed).toBe(true);
    expect(b.state).toBe("RECOVER");
  });

  it("7.5.4 for any order of contacts both end with the lease of the last client (F-360)", () => {
    const { pair, client, held: lease } = pairWithLease(1_000);
    pair.cut = true;
    pair.run(15_000);
    for (const host of [pair.a, pair.b, pair.a]) {
      client.send("RENEW", [serverId(host.config.server.duid), iaNa(1, lease.address)], pair.now, {
        host,
      });
      pair.run(2_000);
    }
    pair.cut = false;
    pair.run(15_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    const [a, b] = [pair.a, pair.b].map((host) =>
      host.up.state.table.get({ kind: "address", address: lease.address, length: 128 }),
    );
    expect(a?.status).toBe("ACTIVE");
    expect([b?.status, b?.clientExpiry, b?.duid]).toEqual([a?.status, a?.clientExpiry, a?.duid]);
    expect([a?.marked, b?.marked]).toEqual([false, false]);
    expect(a?.clientLastTransactionTime).toBe(b?.partnerRawCltTime);
    expect(b?.clientLastTransactionTime).toBe(a?.partnerRawCltTime);
  });
});
