// A partner that keeps the connection alive and does not do its part (T-13; RFC 8156 §8.5, §8.7, §8.10): it does not
// silence this server for ever, and the operator has a command.

import { describe, expect, it } from "vitest";
import type { AlarmResult } from "../../../src/api/alarms.ts";
import { iaNa, TestClient } from "../../support/client.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const NAMES = ["a", "b"] as const;

function answers(server: ScriptedPartner): boolean {
  return new TestClient(server.host, 9).send("SOLICIT", [iaNa(1)], server.now) !== undefined;
}

function alarms(server: ScriptedPartner): readonly AlarmResult[] {
  return server.host.up.alarms.shown(server.now);
}

/** In POTENTIAL-CONFLICT with a partner that says so too, and nothing else but CONTACT. */
const settling = (name: "a" | "b") =>
  new ScriptedPartner(name).start().reach("RESOLUTION-INTERRUPTED", "POTENTIAL-CONFLICT");

/** Meets the server again, as soon as it dials or at once. */
function meetAgain(server: ScriptedPartner): void {
  server.open();
  server.connect();
}

describe("§8.10 POTENTIAL-CONFLICT with a partner that only keeps contact", () => {
  for (const name of NAMES) {
    it(`8.10.2 ${name}: after a minute the connection is closed and everybody is served (T-13, F-467)`, () => {
      const server = settling(name);
      expect([server.state, answers(server)]).toEqual(["POTENTIAL-CONFLICT", false]);
      server.run(40_000, true);
      expect(server.state).toBe("POTENTIAL-CONFLICT");
      expect(alarms(server)).toMatchObject([
        { id: "NOBODY_SERVES" },
        {
          id: "PARTNER_STANDS_STILL",
          text: expect.stringContaining("settling"),
          whatToDo: expect.stringContaining("partner-down --force"),
        },
      ]);
      server.run(21_000, true);
      expect([server.state, answers(server)]).toEqual(["RESOLUTION-INTERRUPTED", true]);
      expect(server.received.at(-1)?.type).toBe("DISCONNECT");
      expect(alarms(server).map(({ id }) => id)).toEqual(["NO_CONTACT", "CONTACT_PAUSED"]);
    });
  }

  it("8.10 b: it is not met again before the pause is over, and then anew; pauses grow (T-13, F-151)", () => {
    const b = settling("b");
    b.run(61_000, true);
    const pauses: number[] = [];
    for (let i = 0; i < 5; i++) {
      const since = b.now;
      for (meetAgain(b); b.closed; meetAgain(b)) b.run(5_000, false);
      pauses.push(Math.round((b.now - since) / 60_000));
      b.tell("RESOLUTION-INTERRUPTED");
      expect(b.state).toBe("POTENTIAL-CONFLICT");
      b.run(61_000, true);
      expect(b.state).toBe("RESOLUTION-INTERRUPTED");
    }
    expect(pauses).toEqual([1, 2, 4, 8, 10]);
  });

  it("8.10 a: the primary does not dial during the pause (T-13)", () => {
    const a = settling("a");
    a.run(61_000, true);
    const before = a.connects;
    a.run(50_000, false);
    expect(a.connects).toBe(before);
    a.run(20_000, false);
    expect(a.connects).toBeGreaterThan(before);
  });

  it("8.10 a partner that goes on, however slowly, is waited for", () => {
    const b = settling("b");
    for (let i = 0; i < 4; i++) {
      b.run(50_000, true);
      b.send("UPDREQ");
    }
    expect(b.state).toBe("POTENTIAL-CONFLICT");
  });

  it("8.10 after NORMAL the next pause is short again", () => {
    const a = settling("a");
    a.run(61_000, true);
    expect(a.endpoint.pause.until).toBeGreaterThan(a.now);
    a.run(70_000, false);
    a.open().connect();
    a.put("COMMUNICATIONS-INTERRUPTED");
    a.tell("NORMAL");
    a.tick();
    expect([a.state, a.endpoint.pause.until]).toEqual(["NORMAL", 0]);
  });
});

describe("§8.4 the operator gives a partner up that is in contact (A-72, T-13)", () => {
  it("8.10 in POTENTIAL-CONFLICT by force, not before it has lasted a minute", () => {
    const b = settling("b");
    expect(b.endpoint.partnerDown(true, b.now)).toMatchObject({ ok: false });
    // It trickles, so that nothing ends by itself.
    for (let i = 0; i < 3; i++) {
      b.run(25_000, true);
      b.send("UPDREQ");
    }
    const refused = b.endpoint.partnerDown(false, b.now);
    expect([refused.ok, refused.message]).toEqual([false, expect.stringContaining("--force")]);
    expect(b.endpoint.partnerDown(true, b.now)).toMatchObject({ ok: true });
    expect([b.state, b.endpoint.communicating, answers(b)]).toEqual(["PARTNER-DOWN", false, true]);
    b.run(590_000, false);
    b.open().connect();
    expect(b.closed).toBe(true);
    expect(b.state).toBe("PARTNER-DOWN");
  });

  for (const [state, partner] of [
    ["RECOVER", "NORMAL"],
    ["RECOVER-DONE", "PARTNER-DOWN"],
  ] as const) {
    it(`8.5 in ${state} by force: a partner that is met again at once would silence this server again`, () => {
      const b = new ScriptedPartner("b").start().reach(state, partner);
      const since = b.time();
      b.run(40_000, true);
      expect([b.state, alarms(b)[0]?.id]).toEqual([state, "PARTNER_STANDS_STILL"]);
      b.run(25_000, true);
      // F-417: the connection of an UPDREQ without an answer ends, and the partner makes another one.
      if (b.closed) b.open().connect().tell(partner, { since });
      expect([b.state, b.endpoint.communicating]).toEqual([state, true]);
      expect(b.endpoint.partnerDown(true, b.now)).toMatchObject({ ok: true });
      expect([b.state, b.endpoint.communicating, answers(b)]).toEqual([
        "PARTNER-DOWN",
        false,
        true,
      ]);
    });
  }
});
