// RFC 8156 §8.4 and §8.9 with T-01, T-02: the server that works alone gives nobody what another may still hold.

import { describe, expect, it } from "vitest";
import { lowBit } from "../../../src/core/model/ipv6.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { freshLease } from "../../../src/core/model/lease-status.ts";
import { acquire, iaNa, iaPd, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, EPOCH, type Host, ip, Pair } from "../../support/pair.ts";
import { FLAG, ScriptedPartner } from "../../support/scripted-partner.ts";

const SMALL = CONFIG.replace("pool: 2001:db8:1::1:0/112", "pool: 2001:db8:1::1:0/124").replace(
  "delegated-len: 56",
  "delegated-len: 52",
);
const DAY = 86_400_000;

/** Asks for an address and a prefix; what was given, in one line. */
function wants(
  host: Host,
  number: number,
  now: number,
): { address: Lease["address"] | undefined; prefix: Lease["address"] | undefined } {
  const held = acquire(new TestClient(host, number), host, now);
  return {
    address: held.find((lease) => lease.kind === "address")?.address,
    prefix: held.find((lease) => lease.kind === "prefix")?.address,
  };
}

/** All that new clients get until nothing is left. */
function empty(
  host: Host,
  now: number,
  from: number,
): { addresses: Lease["address"][]; prefixes: Lease["address"][] } {
  const addresses: Lease["address"][] = [];
  const prefixes: Lease["address"][] = [];
  for (let number = from; number < from + 60; number++) {
    const { address, prefix } = wants(host, number, now);
    if (address !== undefined) addresses.push(address);
    if (prefix !== undefined) prefixes.push(prefix);
  }
  return { addresses, prefixes };
}

function together(text = SMALL): Pair {
  const pair = new Pair(text);
  pair.startBoth();
  pair.run(30_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  return pair;
}

function declare(pair: Pair, host: Host, force = false) {
  return host.command({ type: "partner-down", relationship: undefined, force }, pair.now);
}

describe("§8.4 the way there", () => {
  it("8.8.2 and 8.9.2 by the operator's word, at once; in POTENTIAL-CONFLICT it is refused, in recovery it needs --force (F-389, F-390, F-440, F-457, A-72, T-13)", () => {
    const pair = together();
    pair.kill(pair.b);
    pair.tick();
    expect(declare(pair, pair.a).ok).toBe(true);
    expect(pair.states).toBe("PARTNER-DOWN down");
    expect(declare(pair, pair.a)).toMatchObject({ ok: true });
    const conflict = new ScriptedPartner("a")
      .start()
      .reach("POTENTIAL-CONFLICT", "POTENTIAL-CONFLICT");
    expect(conflict.endpoint.partnerDown(true, conflict.now).ok).toBe(false);
    for (const state of ["RECOVER", "RECOVER-WAIT", "RECOVER-DONE"] as const) {
      const b = new ScriptedPartner("b").start().put(state, { recoverWaitUntil: 0x7fff_ffff });
      const refused = b.endpoint.partnerDown(false, b.now);
      expect([refused.ok, refused.message]).toEqual([false, expect.stringContaining("--force")]);
      expect(b.endpoint.partnerDown(true, b.now).ok).toBe(true);
      expect(b.state).toBe("PARTNER-DOWN");
    }
  });

  it("8.9.2 by a timer only where it is configured, only without contact, anew after a restart (F-389, F-447, F-456, A-65, R7031-19)", () => {
    const text = CONFIG.replace(
      "connect-retry: 1s",
      "connect-retry: 1s\n      auto-partner-down: 60s",
    );
    const a = new ScriptedPartner("a", text).start().put("COMMUNICATIONS-INTERRUPTED");
    a.run(50_000, false);
    a.host.kill();
    a.link = 0;
    a.start();
    a.run(59_000, false);
    expect(a.state).toBe("COMMUNICATIONS-INTERRUPTED");
    a.run(11_500, false);
    expect(a.state).toBe("PARTNER-DOWN");
    const b = new ScriptedPartner("b", text)
      .start()
      .put("COMMUNICATIONS-INTERRUPTED")
      .open()
      .connect();
    b.tell("RECOVER");
    b.run(120_000);
    expect(b.state).toBe("COMMUNICATIONS-INTERRUPTED");
    const never = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
    never.run(300_000, false);
    expect(never.state).toBe("COMMUNICATIONS-INTERRUPTED");
  });
});

describe("§8.4.1 in PARTNER-DOWN (T-01)", () => {
  it("8.4.1 new clients get the own half and the own prefixes, never the partner's, however long it lasts (T-01, F-021, F-023, F-391, F-393, F-395, F-396, F-397, F-400, F-243, F-244, A-05)", () => {
    for (const survivor of ["a", "b"] as const) {
      const pair = together();
      const host = pair[survivor];
      pair.kill(survivor === "a" ? pair.b : pair.a);
      pair.tick();
      declare(pair, host);
      pair.now += 2 * DAY;
      pair.tick();
      const { addresses, prefixes } = empty(host, pair.now, 100);
      expect(addresses).toHaveLength(8);
      expect(addresses.every((address) => lowBit(address) === (survivor === "a" ? 1 : 0))).toBe(
        true,
      );
      expect(prefixes).toHaveLength(8);
      expect(
        prefixes.every((prefix) => prefix >= ip("2001:db8:8000:8000::") === (survivor === "b")),
      ).toBe(true);
    }
  });

  it("8.4.1 known leases are renewed, within the MCLT bound, whoever gave them (T-01, F-392, F-062, F-399)", () => {
    const pair = together();
    const client = new TestClient(pair.a, 1);
    const [lease] = acquire(client, pair.a, pair.now);
    if (lease === undefined) throw new Error("no lease");
    pair.run(1_000);
    pair.kill(pair.a);
    pair.tick();
    declare(pair, pair.b);
    const answer = client.send(
      "RENEW",
      [serverId(pair.a.config.server.duid), iaNa(1, lease.address)],
      pair.now,
      { host: pair.b },
    );
    expect(answer?.leases).toMatchObject([{ address: lease.address, valid: 60 }]);
  });

  it("8.4.1 what ended goes to nobody else until the partner has acknowledged it (T-01, F-044, F-256, F-398, F-407, F-262)", () => {
    const pair = together();
    const [lease] = acquire(new TestClient(pair.a, 1), pair.a, pair.now).filter(
      (each) => each.kind === "address",
    );
    if (lease === undefined) throw new Error("no lease");
    pair.run(1_000);
    pair.kill(pair.b);
    pair.tick();
    declare(pair, pair.a);
    pair.now += 2 * DAY;
    pair.run(1_000);
    const { addresses } = empty(pair.a, pair.now, 100);
    expect(addresses).not.toContain(lease.address);
    expect(
      pair.a.up.state.table.get({ kind: "address", address: lease.address, length: 128 })?.status,
    ).toBe("EXPIRED");
    // The partner returns, accepts the ending, and the address is free for the next client.
    pair.b.start(pair.now);
    pair.run(200_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    pair.run(400_000);
    expect(empty(pair.a, pair.now, 200).addresses).toContain(lease.address);
  });

  it("8.4.1 what only this server ever knew, and what was free in its own pool, it gives again (T-01)", () => {
    const pair = together();
    pair.cut = true;
    pair.run(15_000);
    const first = empty(pair.a, pair.now, 100).addresses;
    expect(first).toHaveLength(8);
    declare(pair, pair.a);
    expect(empty(pair.a, pair.now, 200).addresses).toEqual([]);
    pair.run(400_000);
    expect(empty(pair.a, pair.now, 300).addresses.sort()).toEqual(first.sort());
  });

  it("8.4 a wrong word, on one side or on both, gives nothing to two clients (T-01, F-446)", () => {
    for (const wrong of [["a"], ["b"], ["a", "b"]] as const) {
      const pair = together();
      pair.cut = true;
      pair.run(15_000);
      for (const name of wrong) declare(pair, pair[name]);
      const [a, b] = [empty(pair.a, pair.now, 100), empty(pair.b, pair.now, 100)];
      pair.now += 400_000;
      pair.tick();
      const [later, other] = [empty(pair.a, pair.now, 300), empty(pair.b, pair.now, 300)];
      const mine = new Set([...a.addresses, ...later.addresses, ...a.prefixes, ...later.prefixes]);
      const both = [...b.addresses, ...other.addresses, ...b.prefixes, ...other.prefixes].filter(
        (each) => mine.has(each),
      );
      expect([wrong, both]).toEqual([wrong, []]);
      pair.cut = false;
      pair.run(400_000);
      expect(pair.states).toBe("NORMAL NORMAL");
    }
  });
});

describe("§8.4.2 the partner returns (A-79)", () => {
  const returning = () => new ScriptedPartner("a").start().reach("PARTNER-DOWN", "RECOVER");

  it("8.4 while it recovers this server acts as in NORMAL: updates flow, the bound holds (F-567, F-406, A-33, A-79)", () => {
    for (const state of ["RECOVER", "RECOVER-WAIT"] as const) {
      const a = returning();
      a.tell(state);
      // T-04: in RECOVER its request comes first.
      if (state === "RECOVER") a.send("UPDREQ");
      const [lease] = acquire(new TestClient(a.host, 1), a.host, a.now);
      expect(lease?.valid).toBe(60);
      a.tick();
      expect(a.expectOne("BNDUPD")).toBeDefined();
      expect(a.state).toBe("PARTNER-DOWN");
    }
  });

  it("8.4.2 on RECOVER-DONE NORMAL follows as soon as the open updates are answered, refused ones too (F-404, F-567, A-79, A-31)", () => {
    const a = returning();
    acquire(new TestClient(a.host, 1), a.host, a.now);
    a.tick();
    a.received.length = 1;
    const update = a.received[0];
    a.tell("RECOVER-DONE");
    a.run(5_000);
    expect(a.state).toBe("PARTNER-DOWN");
    a.send("BNDREPLY", [], { id: update?.transactionId ?? 0 });
    for (const more of a.takeAll("BNDUPD")) a.send("BNDREPLY", [], { id: more.transactionId });
    a.tick();
    expect(a.state).toBe("NORMAL");
  });

  it("8.4.2 thousands of refused updates do not keep it from NORMAL (A-31, T-13)", () => {
    const a = returning();
    const { state } = a.host.up;
    const link = a.host.config.links[0]?.name ?? "";
    for (let i = 0; i < 10_100; i++) {
      const address = ip(`2001:db8:1::1:${(i * 2 + 1).toString(16)}`);
      const fresh = freshLease({ kind: "address", address, length: 128 }, link);
      const { duid } = new TestClient(a.host, i);
      state.save({ ...fresh, status: "ABANDONED", duid, marked: true });
    }
    a.tell("RECOVER-DONE");
    for (let i = 0; i < 400 && a.state !== "NORMAL"; i++) {
      a.tick();
      for (const { transactionId } of a.takeAll("BNDUPD"))
        a.send("BNDREPLY", [], { id: transactionId });
    }
    expect(a.state).toBe("NORMAL");
  });

  it("8.4.2 not on one with the STARTUP flag; contact lost: PARTNER-DOWN as before (F-401, A-79)", () => {
    const a = returning();
    a.tell("RECOVER-DONE", { flags: FLAG.startup });
    a.run(2_000);
    expect(a.state).toBe("PARTNER-DOWN");
    a.drop();
    expect(a.state).toBe("PARTNER-DOWN");
  });
});

describe("§4.2.2.1 an ended lease and its client", () => {
  it("4.2.2.1 the same client gets it back while the partner has not been told; told, it waits for the answer (F-048, F-049, F-438, F-559, A-77)", () => {
    const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
    const client = new TestClient(a.host, 1);
    const own = serverId(a.host.config.server.duid);
    const [lease] = acquire(client, a.host, a.now);
    if (lease === undefined) throw new Error("no lease");
    client.send("RELEASE", [own, iaNa(1, lease.address)], a.now);
    expect(a.stored(lease)?.status).toBe("RELEASED");
    const back = client.send("REQUEST", [own, iaNa(1, lease.address)], a.now);
    expect(back?.leases[0]?.address).toBe(lease.address);
    // In contact the update about the ending leaves at once.
    a.open().connect();
    a.tell("NORMAL");
    a.tick();
    client.send("RELEASE", [own, iaNa(1, lease.address)], a.now);
    expect(a.stored(lease)).toMatchObject({ status: "RELEASED", endingSent: true });
    const other = client.send("REQUEST", [own, iaNa(1, lease.address)], a.now);
    expect(other?.leases[0]?.address).not.toBe(lease.address);
    a.host.kill();
    a.host.start(a.now);
    expect(a.stored(lease)?.endingSent).toBe(true);
  });

  it("4.2.1 an ended address of the partner's half waits for contact, for its own client too (F-021, F-048)", () => {
    const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
    const client = new TestClient(a.host, 1);
    const address = ip("2001:db8:1::1:100");
    a.lease({ address, status: "RELEASED", duid: client.duid, iaid: 1, marked: true });
    const answer = client.send(
      "REQUEST",
      [serverId(a.host.config.server.duid), iaNa(1, address)],
      a.now,
    );
    expect(answer?.leases[0]?.address).not.toBe(address);
  });
});

describe("§8.3.2 a server that starts alone (A-83)", () => {
  it("8.3.2 after the MCLT it delegates nothing and gives no ended lease back, until it has contact (F-571, A-83)", () => {
    const a = new ScriptedPartner("a", SMALL).start().put("NORMAL");
    const client = new TestClient(a.host, 1);
    const address = ip("2001:db8:1::1:5");
    a.lease({ address, status: "EXPIRED", duid: client.duid, iaid: 1, marked: true });
    a.run(5_000, false);
    a.host.kill();
    a.link = 0;
    a.start();
    a.run(30_000, false);
    expect(a.state).toBe("COMMUNICATIONS-INTERRUPTED");
    const prefix = (number: number) =>
      new TestClient(a.host, number).send(
        "REQUEST",
        [serverId(a.host.config.server.duid), iaPd(1)],
        a.now,
      )?.leases ?? [];
    expect(prefix(10)).toHaveLength(1);
    a.run(90_000, false);
    expect(prefix(11)).toEqual([]);
    const back = client.send(
      "REQUEST",
      [serverId(a.host.config.server.duid), iaNa(1, address)],
      a.now,
    );
    expect(back?.leases[0]?.address).not.toBe(address);
    expect(back?.leases).toHaveLength(1);
    a.open().connect();
    a.tell("NORMAL");
    a.run(2_000);
    expect(prefix(12)).toHaveLength(1);
  });

  it("8.4.1 in PARTNER-DOWN after such a start no prefix is delegated at all (A-83, T-01)", () => {
    const a = new ScriptedPartner("a", SMALL).start().put("NORMAL");
    a.run(5_000, false);
    a.host.kill();
    a.link = 0;
    a.start();
    a.run(11_000, false);
    a.endpoint.partnerDown(false, a.now);
    const { addresses, prefixes } = empty(a.host, a.now, 1);
    expect([addresses.length, prefixes.length]).toEqual([8, 0]);
    expect(a.now).toBeGreaterThan(EPOCH);
  });
});
