// RFC 8156 §8: the transition matrix cell by cell, on the pure function and on a real endpoint.

import { describe, expect, it } from "vitest";
import { transitionOf } from "../../../src/core/failover/endpoint/transitions.ts";
import { SERVER_STATE, type ServerState } from "../../../src/core/model/endpoint-record.ts";
import { Pair } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const SHORT = {
  NO: "NORMAL",
  CI: "COMMUNICATIONS-INTERRUPTED",
  PD: "PARTNER-DOWN",
  PC: "POTENTIAL-CONFLICT",
  RE: "RECOVER",
  RW: "RECOVER-WAIT",
  RD: "RECOVER-DONE",
  RI: "RESOLUTION-INTERRUPTED",
  CD: "CONFLICT-DONE",
} as const;
type Short = keyof typeof SHORT;
const PARTNERS: readonly Short[] = ["NO", "CI", "PD", "PC", "RE", "RW", "RD", "RI", "CD"];
const ROLES = ["primary", "secondary"] as const;
type Role = (typeof ROLES)[number];

/** Where the machine comes to rest; columns as in PARTNERS. "/" parts primary and secondary. */
const MATRIX: Readonly<Record<Short, string>> = {
  NO: "NO NO PC PC CI CI NO PC PC/NO",
  CI: "NO NO PC PC CI CI NO PC PC",
  PD: "PC PC PC PC PD PD NO PC PC",
  PC: "PC PC PC PC PC PC PC PC PC",
  RE: "RE RE RE PC RE RE RE PC PC",
  RW: "RW RW RW RW RW RW RW RW RW",
  RD: "NO RD RD PC CI CI NO PC PC",
  RI: "PC PC PC PC PC PC PC PC PC",
  CD: "NO CD PC CD CD CD CD CD CD",
};

function cell(own: Short, partner: Short, role: Role): Short {
  const text = MATRIX[own].split(" ")[PARTNERS.indexOf(partner)] as string;
  const [primary, secondary = primary] = text.split("/");
  return (role === "primary" ? primary : secondary) as Short;
}

/** The secondary is never in CONFLICT-DONE (F-488), so its partner is never a secondary in it. */
function exists(own: Short, partner: Short, role: Role): boolean {
  return role === "primary" ? partner !== "CD" || own === "NO" : own !== "CD";
}

/** Follows the pure function; PARTNER-DOWN and RECOVER-DONE of the partner: as soon as the open updates are answered. */
function rest(own: ServerState, partner: ServerState, role: Role): ServerState {
  let state = own;
  for (let i = 0; i < 5; i++) {
    const next =
      transitionOf(state, "partner-state", role, partner) ??
      transitionOf(state, "updates-answered", role, partner);
    if (next === undefined) return state;
    state = next.to;
    // A second step is for what was unexpected in NORMAL only.
    if (own !== "NORMAL" || state === "NORMAL") return state;
  }
  return state;
}

describe("§8 the matrix", () => {
  for (const own of PARTNERS) {
    it(`8 ${SHORT[own]}: every state of the partner, both roles (F-489, F-366, F-402, F-403, F-404, F-411, F-429, F-430, F-431, F-433, F-443, F-445, F-458, F-459, F-460, F-461, F-462, F-481, F-485, A-34, A-35, A-39, A-40)`, () => {
      for (const partner of PARTNERS) {
        for (const role of ROLES) {
          if (own === "CD" && role === "secondary") continue; // F-488
          const expected = SHORT[cell(own, partner, role)];
          expect([own, partner, role, rest(SHORT[own], SHORT[partner], role)]).toEqual([
            own,
            partner,
            role,
            expected,
          ]);
        }
      }
    });
  }

  it("8 communications fail: NORMAL and POTENTIAL-CONFLICT move, all others stay (F-489, F-416, F-424, F-432, F-442, F-467, F-475, F-484)", () => {
    for (const state of Object.keys(SERVER_STATE) as ServerState[]) {
      for (const role of ROLES) {
        const to = transitionOf(state, "communications-failed", role, undefined)?.to;
        const expected =
          state === "NORMAL" ? SHORT.CI : state === "POTENTIAL-CONFLICT" ? SHORT.RI : undefined;
        expect([state, to]).toEqual([state, expected]);
      }
    }
  });

  it("8 the operator's word: to PARTNER-DOWN from all but POTENTIAL-CONFLICT and itself (F-389, F-440, F-457, F-480, F-487, A-72)", () => {
    for (const state of Object.keys(SERVER_STATE) as ServerState[]) {
      const to = transitionOf(state, "operator-partner-down", "primary", undefined)?.to;
      const none = state === "POTENTIAL-CONFLICT" || state === "PARTNER-DOWN";
      expect([state, to]).toEqual([state, none ? undefined : "PARTNER-DOWN"]);
    }
  });

  it("8.9.2 auto-partner-down acts in COMMUNICATIONS-INTERRUPTED only (F-456, A-65)", () => {
    for (const state of Object.keys(SERVER_STATE) as ServerState[]) {
      const to = transitionOf(state, "auto-partner-down", "primary", undefined)?.to;
      expect([state, to]).toEqual([state, state === SHORT.CI ? "PARTNER-DOWN" : undefined]);
    }
  });

  it("8 UPDDONE: RECOVER goes to RECOVER-WAIT, POTENTIAL-CONFLICT to CONFLICT-DONE or NORMAL by role, nothing else moves (F-415, F-468, F-469, F-482, F-488)", () => {
    for (const state of Object.keys(SERVER_STATE) as ServerState[]) {
      for (const role of ROLES) {
        const done = role === "primary" ? "CONFLICT-DONE" : "NORMAL";
        const expected =
          state === "RECOVER" ? "RECOVER-WAIT" : state === "POTENTIAL-CONFLICT" ? done : undefined;
        expect([state, role, transitionOf(state, "update-done", role, undefined)?.to]).toEqual([
          state,
          role,
          expected,
        ]);
      }
    }
  });

  it("8.12 no way leads a secondary to CONFLICT-DONE (F-488)", () => {
    const events = [
      "partner-state",
      "communications-failed",
      "operator-partner-down",
      "auto-partner-down",
      "update-done",
      "wait-over",
      "updates-answered",
    ] as const;
    for (const from of Object.keys(SERVER_STATE) as ServerState[])
      for (const event of events)
        for (const partner of Object.keys(SERVER_STATE) as ServerState[])
          expect(transitionOf(from, event, "secondary", partner)?.to).not.toBe("CONFLICT-DONE");
  });
});

describe("§8 the matrix on a real endpoint", () => {
  for (const own of PARTNERS) {
    it(`8 ${SHORT[own]}: the STATE of a partner moves it as the matrix says, and each move is told (F-198, F-405, F-489, F-192, F-363, F-364, F-193)`, () => {
      for (const partner of PARTNERS) {
        for (const role of ROLES) {
          if (!exists(own, partner, role)) continue;
          const server = new ScriptedPartner(role === "primary" ? "a" : "b").start();
          // In contact first with a partner that leaves it where it is.
          server.put(SHORT[own], { recoverWaitUntil: 0x7fff_ffff });
          server.open().connect();
          server.tell(SHORT[partner]);
          server.run(1_000);
          const expected = SHORT[cell(own, partner, role)];
          expect([own, partner, role, server.state]).toEqual([own, partner, role, expected]);
          // A duplicate changes nothing.
          if (expected !== "POTENTIAL-CONFLICT" || own === "PC") continue;
          server.tell(SHORT[partner]);
          expect(server.state).toBe(expected);
        }
      }
    });
  }

  it("8 contact fails in every state (F-210, F-416, F-424, F-432, F-442, F-467, F-475, F-484)", () => {
    const partners: Readonly<Record<Short, Short>> = {
      NO: "NO",
      CI: "RE",
      PD: "RE",
      PC: "PC",
      RE: "PD",
      RW: "PD",
      RD: "PD",
      RI: "PC",
      CD: "PC",
    };
    for (const own of PARTNERS) {
      const server = new ScriptedPartner("a")
        .start()
        .reach(SHORT[own], SHORT[partners[own]], { recoverWaitUntil: 0x7fff_ffff });
      const before = server.state;
      server.drop();
      const expected =
        before === "NORMAL" ? SHORT.CI : before === "POTENTIAL-CONFLICT" ? SHORT.RI : before;
      expect([own, server.state]).toEqual([own, expected]);
    }
  });

  it("8.8.2 DISCONNECT is lost contact (F-444, A-63)", () => {
    const b = new ScriptedPartner("b").start().reach("NORMAL", "NORMAL");
    b.send("DISCONNECT");
    expect([b.state, b.closed]).toEqual(["COMMUNICATIONS-INTERRUPTED", true]);
  });

  it("8.9 and 8.11 entering raises an alarm (F-448, F-476)", () => {
    const b = new ScriptedPartner("b").start().reach("NORMAL", "NORMAL");
    b.drop();
    expect(b.logged("FAILOVER_ALARM").join()).toContain("no contact with the partner");
    const a = new ScriptedPartner("a").start().reach("POTENTIAL-CONFLICT", "POTENTIAL-CONFLICT");
    a.drop();
    expect(a.logged("FAILOVER_ALARM").join()).toContain("while differences were being settled");
  });
});

describe("§8 no dead end (T-13)", () => {
  const recorded = PARTNERS.filter((state) => state !== "CD");
  for (const a of PARTNERS) {
    it(`8 a primary in ${SHORT[a]} and a secondary in any state come to NORMAL by themselves once in contact (T-13, F-474)`, () => {
      for (const b of recorded) {
        const pair = new Pair();
        pair.startBoth();
        pair.cut = true;
        for (const [host, state] of [
          [pair.a, a],
          [pair.b, b],
        ] as const) {
          const [endpoint] = host.up.failover.endpoints;
          if (endpoint === undefined) throw new Error("no relationship");
          endpoint.stay = { ...endpoint.stay, starting: false };
          endpoint.update({
            state: SHORT[state],
            communicated: true,
            startTimeOfState: 848_000_000,
          });
        }
        pair.run(1_000);
        pair.cut = false;
        pair.run(200_000);
        expect([a, b, pair.states]).toEqual([a, b, "NORMAL NORMAL"]);
      }
    });
  }
});
