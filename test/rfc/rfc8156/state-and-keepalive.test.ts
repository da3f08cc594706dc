// RFC 8156 §6.3 to §6.6, §7.1, §7.5.1: STATE, keepalive, the clocks; §5.1 to §5.4: what does not belong on the link.

import { describe, expect, it } from "vitest";
import type { ServerState } from "../../../src/core/model/endpoint-record.ts";
import { encodeFrame } from "../../../src/core/wire/failover-messages.ts";
import { firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { CONFIG, configFor, Pair } from "../../support/pair.ts";
import { FLAG, ScriptedPartner } from "../../support/scripted-partner.ts";

type Recorded = Exclude<ServerState, "STARTUP">;

function normal(server: "a" | "b" = "b"): ScriptedPartner {
  return new ScriptedPartner(server).start().reach("NORMAL", "NORMAL");
}

describe("§6.3 STATE sent", () => {
  it("6.3 has state, flags and the begin of the state; the time of PARTNER-DOWN only there (F-194, F-195, F-196, F-133, F-134, F-136, A-02)", () => {
    const partners: Readonly<Record<string, ServerState>> = {
      "PARTNER-DOWN": "RECOVER",
      "RECOVER-WAIT": "PARTNER-DOWN",
      "RECOVER-DONE": "PARTNER-DOWN",
    };
    for (const state of ["NORMAL", "PARTNER-DOWN", "RECOVER-WAIT", "RECOVER-DONE"] as Recorded[]) {
      const since = 848_000_000;
      const b = new ScriptedPartner("b")
        .start()
        .put(state, { startTimeOfState: since, recoverWaitUntil: 0x7fff_ffff });
      b.open().connect();
      const { options } = b.expectOne("STATE");
      expect(options.map((each) => each.type)).toEqual([
        "F_SERVER_STATE",
        "F_SERVER_FLAGS",
        "F_START_TIME_OF_STATE",
        ...(state === "PARTNER-DOWN" ? ["F_PARTNER_DOWN_TIME"] : []),
      ]);
      expect(firstOption(options, "F_SERVER_FLAGS")?.value).toBe(FLAG.communicated);
      expect(firstOption(options, "F_START_TIME_OF_STATE")?.value).toBe(since);
      expect(firstOption(options, "F_PARTNER_DOWN_TIME")?.value).toBe(
        state === "PARTNER-DOWN" ? since : undefined,
      );
      expect(partners[state] ?? "NORMAL").toBeDefined();
    }
  });

  it("6.3 every change of state is told, with the time of the change (F-192, F-364, F-365)", () => {
    const b = normal();
    b.run(2_000);
    b.received = [];
    b.tell("RECOVER");
    const [state] = b.takeAll("STATE");
    expect(firstOption(state?.options ?? [], "F_SERVER_STATE")?.value).toBe(3);
    expect(firstOption(state?.options ?? [], "F_START_TIME_OF_STATE")?.value).toBe(b.time());
    expect(b.endpoint.record).toMatchObject({
      state: "COMMUNICATIONS-INTERRUPTED",
      previousState: "NORMAL",
      partnerState: "RECOVER",
    });
  });

  it("6.3 leaves only when the record is on disk (F-197, F-532, F-531)", () => {
    const b = normal();
    b.host.holdDisk = true;
    b.tell("RECOVER");
    expect([b.state, b.types]).toEqual(["COMMUNICATIONS-INTERRUPTED", ""]);
    b.host.holdDisk = false;
    b.host.flushDisk(b.now);
    b.tick();
    expect(b.types).toContain("STATE");
  });

  it("5.5.15 C is set once they have ever talked, and stays over a restart (F-133, F-544)", () => {
    const b = new ScriptedPartner("b").start().open().connect();
    expect(firstOption(b.expectOne("STATE").options, "F_SERVER_FLAGS")?.value).toBe(FLAG.startup);
    b.tell("RECOVER", { flags: 0 });
    expect(firstOption(b.expectOne("STATE").options, "F_SERVER_FLAGS")?.value).toBe(
      FLAG.communicated,
    );
    b.host.kill();
    b.host.start(b.now);
    b.open().connect();
    expect(firstOption(b.expectOne("STATE").options, "F_SERVER_FLAGS")?.value).toBe(
      FLAG.startup | FLAG.communicated,
    );
  });

  it("5.4 STATE, CONTACT and DISCONNECT take their ids from one counter; none that is open is used again (F-102, F-104, F-105, A-44)", () => {
    const b = normal();
    b.tell("RECOVER");
    b.run(6_000);
    const ids = b.received.map((message) => message.transactionId);
    expect(new Set(ids).size).toBe(ids.length);
    const outstanding = new ScriptedPartner("b").start().reach("RECOVER", "PARTNER-DOWN");
    const open = outstanding.endpoint.stay.outstanding?.transactionId ?? -1;
    const used = new Uint8Array(0x100_0000);
    for (let i = 0; i < 0x100_0000; i++) used[outstanding.endpoint.nextTransactionId()] = 1;
    expect([open >= 0, used[open]]).toEqual([true, 0]);
  });
});

describe("§6.4 STATE received", () => {
  it("6.4 state, flags, begin and the time of PARTNER-DOWN are stored, and forgotten when it is over (F-199, F-200, F-201, F-202, F-533)", () => {
    const b = new ScriptedPartner("b").start().reach("RECOVER", "PARTNER-DOWN");
    b.tell("PARTNER-DOWN", { since: 848_000_123, flags: FLAG.communicated | FLAG.ack });
    const stored = () => b.host.up.state.records.get("campus");
    expect(stored()).toMatchObject({
      partnerState: "PARTNER-DOWN",
      partnerFlags: 5,
      partnerStartTimeOfState: 848_000_123,
      partnerDownTime: 848_000_123,
    });
    b.tell("NORMAL", { since: 848_000_200 });
    expect(stored()).toMatchObject({
      partnerState: "NORMAL",
      partnerFlags: 1,
      partnerStartTimeOfState: 848_000_200,
      partnerDownTime: 0,
    });
  });

  it("6.3 a duplicate is harmless (F-193)", () => {
    const b = normal();
    const before = b.endpoint.record;
    for (let i = 0; i < 3; i++) b.tell("NORMAL", { since: before.partnerStartTimeOfState });
    expect(b.endpoint.record).toEqual(before);
    expect(b.types).toBe("");
  });

  it("6.4 one that lacks an option, has a malformed one or an unknown state ends the connection with a reason (F-101, F-135, F-139, A-46)", () => {
    const value = (number: number) => option("F_SERVER_STATE", { value: number });
    const flags = option("F_SERVER_FLAGS", { value: 1 });
    const start = option("F_START_TIME_OF_STATE", { value: 1 });
    const malformed: Option = { type: "unknown", code: 133, data: Uint8Array.of(1, 2, 3) };
    for (const options of [
      [flags, start],
      [value(2), start],
      [value(2), flags],
      [value(1), flags, start],
      [value(0), flags, start],
      [value(11), flags, start],
      [value(2), flags, malformed],
    ]) {
      const b = normal();
      b.send("STATE", options);
      expect(firstOption(b.expectOne("DISCONNECT").options, "STATUS_CODE")?.status).toBe(1);
      expect([b.closed, b.state]).toEqual([true, "COMMUNICATIONS-INTERRUPTED"]);
    }
  });
});

describe("§6.5, §6.6 keepalive", () => {
  it("6.5 time and contacts in it are configured; the defaults stand in the manual (F-203, F-204, F-205)", () => {
    const text = CONFIG.replace("keepalive: 10s", "keepalive: 30s");
    expect(configFor("a", text).relationships[0]).toMatchObject({
      keepalive: 30_000,
      contactsPerKeepalive: 4,
    });
    expect(
      configFor("a", CONFIG.replace("      keepalive: 10s\n", "")).relationships[0]?.keepalive,
    ).toBe(10_000);
  });

  it("6.6 CONTACT goes after a quarter of the smaller keepalive time, and anything sent restarts it (F-098, F-099, F-205, F-206, F-171, F-188, A-03)", () => {
    for (const [keepalive, every] of [
      [10, 2_500],
      [60, 2_500],
      [4, 1_000],
    ] as const) {
      const b = new ScriptedPartner("b").start().put("NORMAL");
      b.open().connect({ keepalive });
      b.tell("NORMAL");
      b.run(20_000);
      b.received = [];
      b.run(20_000);
      expect(b.takeAll("CONTACT")).toHaveLength(20_000 / every);
      b.tick();
      b.received = [];
      // It has just sent something: the next comes a whole time later.
      b.send("UPDREQ");
      b.expectOne("UPDDONE");
      b.run(every - 250);
      expect(b.types).toBe("");
    }
  });

  it("6.6 before the partner's value is known its own counts, on every connection of its own (F-206, F-207, F-208)", () => {
    const b = new ScriptedPartner("b").start().put("NORMAL");
    b.open().connect({ keepalive: 4 });
    b.tell("NORMAL");
    const first = b.endpoint.channel;
    expect(first?.contactDue(b.endpoint.relationship)).toBe(b.now + 1_000);
    b.drop();
    b.open();
    expect(b.endpoint.channel).toBeUndefined();
    b.connect({ keepalive: 60 });
    expect(b.endpoint.channel?.contactDue(b.endpoint.relationship)).toBe(b.now + 2_500);
  });

  it("6.6 silence of the keepalive time is lost contact; any message restarts it; the own value counts (F-208, F-210, F-100, F-126, A-03)", () => {
    const b = new ScriptedPartner("b").start().put("NORMAL");
    b.open().connect({ keepalive: 60 });
    b.tell("NORMAL");
    b.run(9_750, false);
    expect(b.state).toBe("NORMAL");
    b.received = [];
    b.send("CONTACT");
    expect(b.types).toBe("");
    b.run(9_750, false);
    expect(b.state).toBe("NORMAL");
    b.run(250, false);
    expect([b.state, b.closed, b.endpoint.communicating]).toEqual([
      "COMMUNICATIONS-INTERRUPTED",
      true,
      false,
    ]);
  });

  it("6.6 a partner that takes nothing from its socket is silent all the same (F-212)", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(5_000);
    pair.cut = true;
    pair.run(7_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    pair.run(4_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED COMMUNICATIONS-INTERRUPTED");
  });

  it("8.9.1 the primary tries to reach the partner again as long as it is away (F-454, F-446)", () => {
    const a = normal("a");
    a.drop();
    const before = a.connects;
    a.run(60_000, false);
    expect(a.connects).toBeGreaterThan(before);
  });
});

describe("§7.1, §7.5.1 the clocks", () => {
  it("7.5.1 a message more than 5 s off ends the connection, with DISCONNECT and a line in the log (F-232, F-233, F-234, F-236, F-235, F-147, F-231, A-45)", () => {
    for (const skew of [-6, 6, 3_600]) {
      const b = normal();
      b.send("CONTACT", [], { skew });
      expect(firstOption(b.expectOne("DISCONNECT").options, "STATUS_CODE")?.status).toBe(22);
      expect([b.closed, b.state]).toEqual([true, "COMMUNICATIONS-INTERRUPTED"]);
      expect(b.logged("FAILOVER_ALARM").join()).toContain(`${skew} s`);
    }
    for (const skew of [-5, 5]) {
      const b = normal();
      b.send("CONTACT", [], { skew });
      expect([b.closed, b.endpoint.contact.clockOffset]).toEqual([false, skew]);
    }
  });

  it("7.1 a message that may have waited in a process that stood still says nothing of the clocks (F-077, T-06)", () => {
    const b = normal();
    b.isLate = true;
    b.send("CONTACT", [], { skew: -120 });
    expect([b.closed, b.state]).toEqual([false, "NORMAL"]);
    expect(b.endpoint.contact.clockOffset).not.toBe(-120);
  });

  it("7.1 sent-time is that of the moment in which the message leaves (F-075, F-076, T-06)", () => {
    const b = normal();
    b.host.holdDisk = true;
    b.tell("RECOVER");
    b.now += 4_000;
    b.host.holdDisk = false;
    b.host.flushDisk(b.now);
    b.tick();
    expect(b.expectOne("STATE").sentTime).toBe(b.time());
  });
});

describe("§5 what does not belong on the link", () => {
  it("5.1 garbage, frames too small and messages not consumed by their options: said, closed, clients notice nothing (F-073, F-555, F-556, A-46)", () => {
    const broken = [
      Uint8Array.of(0, 3, 35, 0, 0),
      Uint8Array.of(0, 0),
      Uint8Array.of(0, 10, 35, 0, 0, 1, 0x31, 0, 0, 0, 0, 1),
      Uint8Array.of(0, 14, 35, 0, 0, 1, 0x31, 0, 0, 0, 0, 13, 0, 99, 0, 0),
    ];
    for (const bytes of broken) {
      const b = normal();
      b.bytes(bytes);
      expect(firstOption(b.expectOne("DISCONNECT").options, "STATUS_CODE")?.status).toBe(1);
      expect([b.closed, b.state]).toEqual([true, "COMMUNICATIONS-INTERRUPTED"]);
    }
  });

  it("5.2 unknown message types and unknown options are passed over (F-079, F-080, A-46)", () => {
    const b = normal();
    b.bytes(Uint8Array.of(0, 8, 200, 0, 0, 1, 0, 0, 0, 0));
    const unknown: Option = { type: "unknown", code: 9_999, data: Uint8Array.of(1, 2, 3) };
    b.send("UPDREQ", [unknown]);
    expect([b.closed, b.types]).toEqual([false, "UPDDONE"]);
  });

  it("5.3 messages in the wrong direction are ignored (F-083, F-084, F-093)", () => {
    const b = normal();
    b.send("POOLREQ");
    expect([b.closed, b.types, b.state]).toEqual([false, "", "NORMAL"]);
    const a = normal("a");
    a.send("POOLRESP");
    expect([a.closed, a.types, a.state]).toEqual([false, "", "NORMAL"]);
  });

  it("5.4 answers to nothing are ignored (F-106)", () => {
    const b = normal();
    b.send("BNDREPLY", [], { id: 0x999 });
    b.send("UPDDONE", [], { id: 0x999 });
    expect([b.closed, b.types, b.state]).toEqual([false, "", "NORMAL"]);
  });

  it("10 octet by octet and in parts a message still comes whole; random octets change no state (F-071, F-555, F-556)", () => {
    const b = normal();
    const frame = encodeFrame({
      type: "UPDREQ",
      transactionId: 7,
      sentTime: b.time(),
      options: [],
    });
    for (const octet of frame) b.bytes(Uint8Array.of(octet));
    expect(b.expectOne("UPDDONE").transactionId).toBe(7);
    let seed = 1;
    for (let i = 0; i < 300; i++) {
      const victim = new ScriptedPartner("b").start().put("COMMUNICATIONS-INTERRUPTED").open();
      const bytes = Uint8Array.from({ length: 64 }, () => {
        seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
        return seed >> 16;
      });
      // A plausible size, so that the octets reach the decoder.
      bytes.set([0, 62, 24 + (i % 14)]);
      victim.bytes(bytes);
      expect([victim.state, victim.endpoint.communicating]).toEqual([
        "COMMUNICATIONS-INTERRUPTED",
        false,
      ]);
      expect(victim.host.up.state.table.size).toBe(0);
    }
  });

  it("10 the DHCPv6 authentication option plays no part (F-553)", () => {
    const b = normal();
    const auth: Option = { type: "unknown", code: 11, data: new Uint8Array(11) };
    b.send("UPDREQ", [auth]);
    expect(b.types).toBe("UPDDONE");
  });
});
