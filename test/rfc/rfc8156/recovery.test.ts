// RFC 8156 §8.5 to §8.7, §8.10 to §8.12: recovery, and the way through POTENTIAL-CONFLICT.

import { describe, expect, it } from "vitest";
import { SimDisk } from "../../../sim/disk.ts";
import { mcltWait } from "../../../src/core/failover/updates/mclt.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { acquire, iaNa, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, configFor, Host, ip, Pair } from "../../support/pair.ts";
import { FLAG, ScriptedPartner } from "../../support/scripted-partner.ts";

/** 60 s, grace, skew and heartbeat. */
const WAIT = mcltWait(60, 2_000) * 1000;
const fresh = (server: "a" | "b" = "b", text = CONFIG) => new ScriptedPartner(server, text).start();

function finish(partner: ScriptedPartner, type: "UPDREQ" | "UPDREQALL" = "UPDREQ"): void {
  partner.send("UPDDONE", [], { id: partner.expectOne(type).transactionId });
}

describe("§8.5 RECOVER", () => {
  it("8.5.2 asks for what it missed, and waits when it has it (F-408, F-412, F-414, F-415)", () => {
    for (const state of [
      "NORMAL",
      "COMMUNICATIONS-INTERRUPTED",
      "PARTNER-DOWN",
      "RECOVER",
      "RECOVER-WAIT",
      "RECOVER-DONE",
    ] as const) {
      const b = fresh().put("RECOVER").open().connect();
      b.received = [];
      b.tell(state);
      expect(b.take("UPDREQALL")).toBeUndefined();
      finish(b);
      expect([state, b.state]).toEqual([state, "RECOVER-WAIT"]);
    }
  });

  it("8.5.2 no record of the partner, and it knows us: the database was lost, UPDREQALL (F-413, A-61)", () => {
    const b = fresh().open().connect();
    b.tell("PARTNER-DOWN", { flags: FLAG.communicated });
    expect(b.endpoint.record.updateAllNeeded).toBe(true);
    expect([b.take("UPDREQALL") !== undefined, b.take("UPDREQ")]).toEqual([true, undefined]);
  });

  it("8.5.2 decided by the first STATE of the connection: two new servers ask for changes only (A-61, F-422, F-423)", () => {
    const b = fresh().open().connect();
    b.tell("RECOVER", { flags: 0 });
    b.tell("RECOVER", { flags: FLAG.communicated });
    expect([b.endpoint.record.updateAllNeeded, b.take("UPDREQALL")]).toEqual([false, undefined]);
    finish(b);
    // Through RECOVER-WAIT and RECOVER-DONE without a wait; the partner is still in RECOVER.
    expect(b.state).toBe("COMMUNICATIONS-INTERRUPTED");
  });

  it("8.5.2 the need for everything is on disk before COMMUNICATED is, and outlives a crash until its UPDDONE (F-566, F-544, F-416, A-61)", () => {
    const b = fresh().open().connect();
    b.tell("PARTNER-DOWN");
    b.expectOne("UPDREQALL");
    b.host.kill();
    b.host.start(b.now);
    expect(b.endpoint.record).toMatchObject({ communicated: true, updateAllNeeded: true });
    b.open().connect();
    b.tell("PARTNER-DOWN");
    expect(b.take("UPDREQ")).toBeUndefined();
    b.drop();
    expect(b.state).toBe("RECOVER");
    b.open().connect();
    b.tell("PARTNER-DOWN");
    finish(b, "UPDREQALL");
    expect(b.endpoint.record.updateAllNeeded).toBe(false);
  });

  it("8.10.2 only the UPDDONE of the outstanding request counts (A-38, F-106)", () => {
    const b = fresh().reach("RECOVER", "PARTNER-DOWN");
    const id = b.endpoint.stay.outstanding?.transactionId ?? 0;
    b.send("UPDDONE", [], { id: (id + 1) & 0xff_ffff });
    expect(b.state).toBe("RECOVER");
    b.send("UPDDONE", [], { id });
    expect(b.state).toBe("RECOVER-WAIT");
    const other = fresh().reach("RECOVER", "PARTNER-DOWN");
    const asked = other.endpoint.stay.outstanding?.transactionId ?? 0;
    other.tell("POTENTIAL-CONFLICT");
    // What RECOVER asked does not end POTENTIAL-CONFLICT.
    other.send("UPDDONE", [], { id: asked });
    expect(other.state).toBe("POTENTIAL-CONFLICT");
  });

  it("8.5 both in RECOVER: each asks and each answers (F-418)", () => {
    const pair = new Pair();
    pair.startBoth();
    for (const host of [pair.a, pair.b])
      host.up.failover.endpoints[0]?.update({ state: "RECOVER", communicated: true });
    pair.run(5_000);
    expect(pair.states).toBe("RECOVER-WAIT RECOVER-WAIT");
    pair.run(WAIT);
    expect(pair.states).toBe("NORMAL NORMAL");
  });
});

describe("§8.6 RECOVER-WAIT", () => {
  /** In RECOVER after a stop; the last heartbeat is `ago` old at the start. */
  function returned(ago: number): ScriptedPartner {
    const b = fresh().put("COMMUNICATIONS-INTERRUPTED");
    b.run(5_000, false);
    b.put("RECOVER");
    b.host.kill();
    b.link = 0;
    b.now += ago;
    return b.start();
  }

  it("8.6.2 lasts the MCLT from the failure where that is known, with margins (F-420, F-421, F-375, F-561, A-60, T-06)", () => {
    const b = returned(10_000);
    const failed = b.host.up.state.lastHeartbeat + 2_000;
    b.open().connect();
    b.tell("PARTNER-DOWN");
    finish(b);
    expect(b.state).toBe("RECOVER-WAIT");
    b.run(failed + WAIT - b.now - 1_500);
    expect(b.state).toBe("RECOVER-WAIT");
    b.run(3_000);
    expect(b.state).toBe("RECOVER-DONE");
  });

  it("8.6.2 is over at once when that is long past (F-421)", () => {
    const b = returned(1_000_000).open().connect();
    b.tell("PARTNER-DOWN");
    finish(b);
    expect(b.state).toBe("RECOVER-DONE");
  });

  it("8.6.2 counts from the start where the failure is unknown, never from 0 (F-377, F-420, A-60)", () => {
    const b = fresh().open().connect();
    const start = b.now;
    b.tell("PARTNER-DOWN");
    b.run(20_000);
    finish(b, "UPDREQALL");
    b.run(start + WAIT - b.now - 1_500);
    expect(b.state).toBe("RECOVER-WAIT");
    b.run(3_000);
    expect(b.state).toBe("RECOVER-DONE");
  });

  it("8.6.2 goes on without contact, and over a restart (F-424, F-420)", () => {
    const b = fresh().open().connect();
    const start = b.now;
    b.tell("PARTNER-DOWN");
    finish(b, "UPDREQALL");
    b.drop();
    expect(b.state).toBe("RECOVER-WAIT");
    b.host.kill();
    b.host.start(b.now);
    b.run(start + WAIT - b.now - 1_500, false);
    expect(b.state).toBe("RECOVER-WAIT");
    b.run(3_000, false);
    expect(b.state).toBe("RECOVER-DONE");
  });

  it("4.4 uses the largest MCLT of leases that may still run (F-560, T-10)", () => {
    const b = fresh().put("COMMUNICATIONS-INTERRUPTED", { mcltHighest: 600 });
    expect(b.endpoint.mcltWait).toBe(mcltWait(600, 2_000));
  });
});

describe("§8.10, §8.12 POTENTIAL-CONFLICT and CONFLICT-DONE", () => {
  it("8.10 the primary asks on entry, the secondary waits until the primary is in CONFLICT-DONE (F-464, F-465, F-470, F-471, F-472, A-37)", () => {
    const a = fresh("a").reach("COMMUNICATIONS-INTERRUPTED", "PARTNER-DOWN");
    expect([a.state, a.endpoint.stay.outstanding?.all]).toEqual(["POTENTIAL-CONFLICT", false]);
    const b = fresh().reach("COMMUNICATIONS-INTERRUPTED", "POTENTIAL-CONFLICT");
    expect([b.state, b.endpoint.stay.outstanding]).toEqual(["POTENTIAL-CONFLICT", undefined]);
    b.tell("CONFLICT-DONE");
    finish(b);
    expect(b.state).toBe("NORMAL");
    const late = fresh().put("RESOLUTION-INTERRUPTED").open().connect();
    late.tell("CONFLICT-DONE");
    expect(late.state).toBe("POTENTIAL-CONFLICT");
    expect(late.take("UPDREQ")).toBeDefined();
  });

  it("8.10.2 what the secondary asked is void when the primary goes back to POTENTIAL-CONFLICT (F-472, A-37, A-38)", () => {
    const b = fresh().reach("PARTNER-DOWN", "CONFLICT-DONE");
    const id = b.endpoint.stay.outstanding?.transactionId ?? 0;
    b.tell("POTENTIAL-CONFLICT");
    b.send("UPDDONE", [], { id });
    expect(b.state).toBe("POTENTIAL-CONFLICT");
    b.tell("CONFLICT-DONE");
    finish(b);
    expect(b.state).toBe("NORMAL");
  });

  it("8.12 sent to PARTNER-DOWN in contact by the operator, the primary asks again: the secondary waits for it (A-72, T-13; simulator, seed 115723)", () => {
    const a = fresh("a").put("CONFLICT-DONE");
    a.open().connect().tell("POTENTIAL-CONFLICT");
    a.received = [];
    expect(a.endpoint.partnerDown(false, a.now).ok).toBe(true);
    a.tick();
    expect(a.state).toBe("POTENTIAL-CONFLICT");
    expect(a.take("UPDREQ")).toBeDefined();
  });

  it("8.10.2 the primary goes to CONFLICT-DONE, stays through lost contact, answers the secondary and follows it to NORMAL (F-468, F-482, F-483, F-484, F-485, F-486, A-37, A-39)", () => {
    const a = fresh("a").reach("POTENTIAL-CONFLICT", "POTENTIAL-CONFLICT");
    a.send("UPDDONE", [], { id: a.endpoint.stay.outstanding?.transactionId ?? 0 });
    expect(a.state).toBe("CONFLICT-DONE");
    a.drop();
    expect(a.state).toBe("CONFLICT-DONE");
    a.open().connect();
    a.received = [];
    a.tell("RESOLUTION-INTERRUPTED");
    a.tell("POTENTIAL-CONFLICT");
    // Told again, for a partner that waits for the change.
    expect(a.takeAll("STATE")).toHaveLength(1);
    a.send("UPDREQ");
    expect(a.take("UPDDONE")).toBeDefined();
    a.tell("NORMAL");
    expect(a.state).toBe("NORMAL");
  });

  it("8.5.2 past the wait with a lost database: UPDREQALL, and no new lease before its end and before the MCLT (F-411, F-565, A-80)", () => {
    const a = fresh("a").open().connect();
    const start = a.now;
    a.tell("CONFLICT-DONE");
    expect(a.state).toBe("POTENTIAL-CONFLICT");
    const client = new TestClient(a.host, 1);
    finish(a, "UPDREQALL");
    expect(a.state).toBe("CONFLICT-DONE");
    a.tell("NORMAL");
    expect([a.state, a.endpoint.record.updateAllNeeded]).toEqual(["NORMAL", false]);
    expect(acquire(client, a.host, a.now)).toEqual([]);
    a.send("POOLREQ");
    a.tick();
    expect(a.take("BNDUPD")).toBeUndefined();
    a.run(start + WAIT - a.now - 1_500);
    expect(acquire(client, a.host, a.now)).toEqual([]);
    a.run(3_000);
    expect(acquire(client, a.host, a.now)).toHaveLength(2);
  });

  it("8.5.2 a secondary with a lost database asks for everything there too (F-565, A-80)", () => {
    const b = fresh().open().connect();
    b.tell("POTENTIAL-CONFLICT");
    expect([b.state, b.take("UPDREQALL"), b.take("UPDREQ")]).toEqual([
      "POTENTIAL-CONFLICT",
      undefined,
      undefined,
    ]);
    b.tell("CONFLICT-DONE");
    expect(b.take("UPDREQALL")).toBeDefined();
  });
});

describe("a lost database and an operator (A-72, A-80, A-83)", () => {
  it("8.5 forced to PARTNER-DOWN it gives no new lease before what was given earlier has ended (A-72, A-83, T-01)", () => {
    const a = fresh("a");
    a.run(11_000, false);
    expect(a.endpoint.partnerDown(true, a.now).ok).toBe(true);
    const client = new TestClient(a.host, 1);
    expect(acquire(client, a.host, a.now)).toEqual([]);
    // The longest lease of the configuration: 300 s.
    a.run(290_000, false);
    expect(acquire(client, a.host, a.now)).toEqual([]);
    a.run(40_000, false);
    expect(acquire(client, a.host, a.now).filter((lease) => lease.kind === "address")).toHaveLength(
      1,
    );
  });

  it("8.5 when the partner returns after all, it fetches everything (A-80, T-13)", () => {
    const b = fresh().open().connect();
    b.tell("PARTNER-DOWN");
    b.drop();
    b.endpoint.partnerDown(true, b.now);
    expect(b.state).toBe("PARTNER-DOWN");
    b.open().connect();
    b.tell("RECOVER");
    expect(b.take("UPDREQALL")).toBeDefined();
  });
});

describe("an existing server gains a partner (T-10)", () => {
  const LONE = CONFIG.replace(/failover:[\s\S]*?servers:/, "servers:").replace(/ {2}b: .*\n/, "");

  function grown(): { pair: Pair; leases: readonly Lease["address"][] } {
    const host = new Host("a", configFor("a", LONE));
    const pair = new Pair();
    host.start(pair.now);
    const leases = [1, 2, 3, 4].flatMap((number) =>
      acquire(new TestClient(host, number), host, pair.now).map((lease) => lease.address),
    );
    host.kill();
    pair.a.disk = host.disk;
    return { pair, leases };
  }

  it("8.3.2 goes on serving: PARTNER-DOWN, not RECOVER (T-10)", () => {
    const { pair } = grown();
    pair.a.start(pair.now);
    pair.run(15_000);
    expect(pair.states).toBe("PARTNER-DOWN down");
  });

  it("8.5.2 the new partner gets all leases that were given before (T-10, F-490)", () => {
    const { pair, leases } = grown();
    pair.startBoth();
    pair.run(30_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    for (const address of leases) {
      const kind = address.startsWith("20010db88000") ? "prefix" : "address";
      expect(
        pair.b.up.state.table.get({ kind, address, length: kind === "prefix" ? 56 : 128 })?.status,
      ).toBe("ACTIVE");
    }
  });
});

describe("the whole way, two servers", () => {
  it("8.5 to 8.8: a secondary that comes back with an empty disk has everything again and keeps its clients (F-408, F-413, F-420, F-429, F-491)", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(30_000);
    const client = new TestClient(pair.a, 1);
    const held = acquire(client, pair.a, pair.now);
    pair.run(1_000);
    pair.kill(pair.b);
    pair.b.disk = new SimDisk();
    pair.run(20_000);
    pair.b.start(pair.now);
    pair.run(20_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED RECOVER-WAIT");
    for (const lease of held) expect(pair.b.up.state.table.get(lease)?.status).toBe("ACTIVE");
    const address = held.find((lease) => lease.kind === "address")?.address ?? ip("::");
    expect(
      client.send("RENEW", [serverId(pair.a.config.server.duid), iaNa(1, address)], pair.now)
        ?.leases,
    ).toHaveLength(1);
    pair.run(WAIT);
    expect(pair.states).toBe("NORMAL NORMAL");
    expect(pair.b.up.state.blocks.all()).toEqual(
      pair.a.up.state.blocks.all().map((block) => ({
        ...block,
        // Both count in the own log.
        version: expect.any(Number),
        givenAt: expect.any(Number),
        link: expect.any(String),
      })),
    );
  });
});
