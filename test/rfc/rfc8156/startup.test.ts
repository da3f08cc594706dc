// RFC 8156 §8.2, §8.3: what a start finds, and the way out of STARTUP.

import { describe, expect, it } from "vitest";
import type { ServerState } from "../../../src/core/model/endpoint-record.ts";
import { firstOption } from "../../../src/core/wire/options.ts";
import { CONFIG, Pair } from "../../support/pair.ts";
import { FLAG, ScriptedPartner } from "../../support/scripted-partner.ts";

type Recorded = Exclude<ServerState, "STARTUP">;

/** A server that was in a state, ran on for a while and was killed; then started again, 100 s later. */
function restarted(
  server: "a" | "b",
  state: Recorded,
  changes: object = {},
  text = CONFIG,
): ScriptedPartner {
  const partner = new ScriptedPartner(server, text).start();
  partner.put("COMMUNICATIONS-INTERRUPTED");
  partner.run(5_000, false);
  partner.put(state, changes);
  partner.host.kill();
  partner.link = 0;
  partner.now += 100_000;
  return partner.start();
}

const FLAGS_STARTING = FLAG.startup | FLAG.communicated;

describe("§8.2 what is stored", () => {
  it("8.2 state, previous state, begin, the partner's state and its begin, the last message: restored (F-367, F-368, F-534, F-365, F-531)", () => {
    const b = new ScriptedPartner("b")
      .start()
      .reach("PARTNER-DOWN", "RECOVER", { previousState: "NORMAL" });
    const { record } = b.endpoint;
    expect(record).toMatchObject({
      state: "PARTNER-DOWN",
      previousState: "NORMAL",
      partnerState: "RECOVER",
    });
    expect(record.partnerLastContact).toBe(b.time());
    b.host.kill();
    b.host.start(b.now);
    const { aloneSince: _, ...again } = b.endpoint.record;
    expect(again).toMatchObject({
      state: record.state,
      previousState: record.previousState,
      startTimeOfState: record.startTimeOfState,
      partnerState: record.partnerState,
      partnerStartTimeOfState: record.partnerStartTimeOfState,
      partnerLastContact: record.partnerLastContact,
    });
  });

  it("8.3.2 without a record: RECOVER on both, the time of failure unknown (F-369, F-377, A-01)", () => {
    for (const server of ["a", "b"] as const) {
      const { endpoint } = new ScriptedPartner(server).start();
      expect(endpoint.record).toMatchObject({
        state: "RECOVER",
        previousState: undefined,
        partnerState: undefined,
        communicated: false,
      });
      expect(endpoint.failureTimes.lastOperation).toBe(0);
    }
  });

  it("8.3.2 the time of failure is the last heartbeat and its interval; none is written while no client may be answered (F-375, F-376, F-542, A-36)", () => {
    const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
    a.run(5_000, false);
    const { lastHeartbeat } = a.host.up.state;
    expect(a.now - lastHeartbeat).toBeLessThanOrEqual(2_000);
    a.put("RECOVER");
    a.run(5_000, false);
    expect(a.host.up.state.lastHeartbeat).toBe(lastHeartbeat);
  });

  it("8.3.2 the first heartbeat is written before the first client can be answered (F-376)", () => {
    const a = restarted("a", "COMMUNICATIONS-INTERRUPTED");
    while (a.state === "STARTUP") a.run(250, false);
    expect(a.state).toBe("COMMUNICATIONS-INTERRUPTED");
    expect(a.host.up.state.lastHeartbeat).toBe(a.now);
  });
});

describe("§8.3 in STARTUP", () => {
  it("8.3.2 communications were OK: a start begins where they have failed; other states stay (F-379, F-483)", () => {
    const begins: Record<string, string> = {
      NORMAL: "COMMUNICATIONS-INTERRUPTED",
      "POTENTIAL-CONFLICT": "RESOLUTION-INTERRUPTED",
    };
    const states: Recorded[] = [
      "NORMAL",
      "COMMUNICATIONS-INTERRUPTED",
      "PARTNER-DOWN",
      "POTENTIAL-CONFLICT",
      "RECOVER",
      "RECOVER-WAIT",
      "RECOVER-DONE",
      "RESOLUTION-INTERRUPTED",
      "CONFLICT-DONE",
    ];
    for (const state of states) {
      const { endpoint } = restarted("a", state, { recoverWaitUntil: 0x7fff_ffff });
      expect([state, endpoint.state, endpoint.record.state]).toEqual([
        state,
        "STARTUP",
        begins[state] ?? state,
      ]);
    }
    // Only a change of roles leaves the primary's state in a secondary's record.
    const { endpoint } = restarted("b", "CONFLICT-DONE");
    expect(endpoint.record.state).toBe("RESOLUTION-INTERRUPTED");
  });

  it("8.3.1 a STATE has the STARTUP flag and the recorded state, never STARTUP (F-374, F-132, F-135)", () => {
    const b = restarted("b", "PARTNER-DOWN").open().connect();
    const { options } = b.expectOne("STATE");
    expect(firstOption(options, "F_SERVER_STATE")?.value).toBe(4);
    expect(firstOption(options, "F_SERVER_FLAGS")?.value).toBe(FLAGS_STARTING);
  });

  it("8.3.2 the startup time is configurable and ends in the previous state (F-380, F-386)", () => {
    const a = restarted("a", "NORMAL");
    a.tick();
    a.run(9_750, false);
    expect(a.state).toBe("STARTUP");
    a.run(250, false);
    expect(a.state).toBe("COMMUNICATIONS-INTERRUPTED");
    const quick = restarted(
      "a",
      "NORMAL",
      {},
      CONFIG.replace("startup-time: 10s", "startup-time: 2s"),
    );
    quick.tick();
    quick.run(2_000, false);
    expect(quick.state).toBe("COMMUNICATIONS-INTERRUPTED");
  });

  it("8.3.2 the startup time begins when the sockets are open: replaying a long log does not use it up (F-380, F-386)", () => {
    const b = restarted("b", "NORMAL");
    b.now += 60_000;
    b.tick();
    expect(b.state).toBe("STARTUP");
    expect(b.host.up.nextTick(b.now)).toBeLessThanOrEqual(b.now + 1_000);
    b.run(9_750, false);
    expect(b.state).toBe("STARTUP");
    b.run(250, false);
    expect(b.state).toBe("COMMUNICATIONS-INTERRUPTED");
    // A partner in PARTNER-DOWN that is met within it is told RECOVER and not POTENTIAL-CONFLICT.
    const late = restarted("b", "NORMAL");
    const since = late.time(-50);
    late.now += 60_000;
    late.tick();
    late.run(5_000, false);
    late.open().connect().tell("PARTNER-DOWN", { since });
    expect(late.state).toBe("RECOVER");
  });

  it("8.3.2 a new server without its partner waits, or goes to PARTNER-DOWN where the configuration says so (F-378, A-01)", () => {
    const waits = new ScriptedPartner("a").start();
    waits.run(20_000, false);
    expect(waits.state).toBe("RECOVER");
    const goes = new ScriptedPartner(
      "a",
      CONFIG.replace("connect-retry: 1s", "connect-retry: 1s\n      partner-down-when-new: true"),
    ).start();
    goes.run(20_000, false);
    expect(goes.state).toBe("PARTNER-DOWN");
  });

  it("8.3.2 contact: the flag goes, the previous state is entered, then its transition for the partner's state (F-382, F-385)", () => {
    const a = restarted("a", "NORMAL").open().connect();
    a.received = [];
    a.tell("COMMUNICATIONS-INTERRUPTED");
    const states = a
      .takeAll("STATE")
      .map(({ options }) => [
        firstOption(options, "F_SERVER_STATE")?.value,
        firstOption(options, "F_SERVER_FLAGS")?.value,
      ]);
    expect(states).toEqual([
      [3, FLAG.communicated],
      [2, FLAG.communicated],
    ]);
    expect(a.state).toBe("NORMAL");
  });
});

describe("§8.3.2 step 5: the partner is in PARTNER-DOWN", () => {
  const SERVING: Recorded[] = [
    "NORMAL",
    "COMMUNICATIONS-INTERRUPTED",
    "PARTNER-DOWN",
    "POTENTIAL-CONFLICT",
    "RESOLUTION-INTERRUPTED",
    "CONFLICT-DONE",
  ];
  const meets = (state: Recorded, seconds: number) => {
    const b = restarted("b", state).open().connect();
    const last = Math.floor(b.host.up.state.lastHeartbeat / 1000) * 1000;
    b.tell("PARTNER-DOWN", { since: b.time((last - b.now) / 1000 + seconds) });
    return b.state;
  };

  it("8.3.2 since later than our last operation: RECOVER (F-383)", () => {
    for (const state of SERVING) expect([state, meets(state, 1)]).toEqual([state, "RECOVER"]);
  });

  it("8.3.2 since earlier, or in the same second: POTENTIAL-CONFLICT (F-384, A-36)", () => {
    for (const state of SERVING) {
      expect([state, meets(state, -1)]).toEqual([state, "POTENTIAL-CONFLICT"]);
      expect([state, meets(state, 0)]).toEqual([state, "POTENTIAL-CONFLICT"]);
    }
  });

  it("8.3.2 a server that restarts in its own recovery goes on with it (A-36)", () => {
    for (const state of ["RECOVER", "RECOVER-WAIT", "RECOVER-DONE"] as const) {
      const b = restarted("b", state, { recoverWaitUntil: 0x7fff_ffff }).open().connect();
      b.tell("PARTNER-DOWN", { since: b.time(-1_000) });
      expect(b.state).toBe(state);
    }
  });
});

describe("§8.3 a STATE with the STARTUP flag", () => {
  it("8.4.2 PARTNER-DOWN ignores it, answers with ACK_STARTUP and waits for the next (F-401, F-387, F-131, A-15, A-16)", () => {
    const a = new ScriptedPartner("a").start().reach("PARTNER-DOWN", "RECOVER");
    for (const state of ["NORMAL", "COMMUNICATIONS-INTERRUPTED", "PARTNER-DOWN"] as const) {
      a.tell(state, { flags: FLAGS_STARTING });
      expect(a.state).toBe("PARTNER-DOWN");
      expect(firstOption(a.expectOne("STATE").options, "F_SERVER_FLAGS")?.value).toBe(
        FLAG.ack | FLAG.communicated,
      );
      expect(a.types).toBe("");
    }
    a.tell("NORMAL");
    expect(a.state).toBe("POTENTIAL-CONFLICT");
    expect(firstOption(a.expectOne("STATE").options, "F_SERVER_FLAGS")?.value).toBe(
      FLAG.communicated,
    );
  });

  it("8.3.2 no other state moves on it either, and asks nothing (F-387, A-15)", () => {
    const states: Recorded[] = [
      "NORMAL",
      "COMMUNICATIONS-INTERRUPTED",
      "RECOVER",
      "RECOVER-WAIT",
      "RECOVER-DONE",
      "RESOLUTION-INTERRUPTED",
      "CONFLICT-DONE",
    ];
    for (const state of states) {
      const a = new ScriptedPartner("a").start().put(state, { recoverWaitUntil: 0x7fff_ffff });
      a.open().connect();
      a.received = [];
      a.tell("PARTNER-DOWN", { flags: FLAGS_STARTING });
      expect([state, a.state, a.endpoint.communicating, a.types]).toEqual([
        state,
        state,
        true,
        "STATE",
      ]);
    }
  });

  it("8.3.2 a server in STARTUP uses it for step 5 (F-387)", () => {
    const b = restarted("b", "NORMAL").open().connect();
    b.tell("PARTNER-DOWN", { since: b.time(-1), flags: FLAGS_STARTING });
    expect(b.state).toBe("RECOVER");
    expect(b.take("UPDREQ")).toBeUndefined();
    b.tell("PARTNER-DOWN", { since: b.time(-1) });
    expect(b.take("UPDREQ")).toBeDefined();
  });

  it("8.4.2 a server that leaves STARTUP into PARTNER-DOWN waits for the partner to leave it too (F-387, F-401)", () => {
    const a = restarted("a", "PARTNER-DOWN").open().connect();
    a.tell("COMMUNICATIONS-INTERRUPTED", { flags: FLAGS_STARTING });
    expect(a.state).toBe("PARTNER-DOWN");
    a.tell("RECOVER");
    expect(a.state).toBe("PARTNER-DOWN");
  });

  it("6.3 a state that is left between CONNECTREPLY and the partner's STATE is told all the same (F-192, F-364)", () => {
    const b = restarted("b", "RECOVER-DONE");
    b.tick();
    b.run(9_000, false);
    b.open().connect();
    b.received = [];
    b.run(1_000, false);
    expect(b.state).toBe("RECOVER-DONE");
    expect(firstOption(b.expectOne("STATE").options, "F_SERVER_FLAGS")?.value).toBe(
      FLAG.communicated,
    );
  });
});

describe("§8.3.2 two servers", () => {
  it("8.3.2 two new servers reach NORMAL at once, without a wait (F-388, F-422, F-423, F-418)", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(5_000);
    expect(pair.states).toBe("NORMAL NORMAL");
  });

  it("8.3.2 two that start again at the same time reach NORMAL; one that was in PARTNER-DOWN makes the other recover (F-387, F-388, F-474)", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(5_000);
    pair.kill(pair.a);
    pair.kill(pair.b);
    pair.startBoth();
    pair.run(5_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    pair.kill(pair.b);
    pair.run(10_000);
    pair.a.command({ type: "partner-down", relationship: undefined, force: false }, pair.now);
    pair.run(5_000);
    pair.kill(pair.a);
    pair.startBoth();
    pair.run(5_000);
    expect(pair.states).toBe("PARTNER-DOWN RECOVER-WAIT");
    pair.run(120_000);
    expect(pair.states).toBe("NORMAL NORMAL");
  });
});
