// RFC 8156 §7.7, §8.4.2 with: a partner that refuses very many updates (a link is missing in its
// configuration) neither holds the pair up for ever nor lets it go on too early.

import { describe, expect, it } from "vitest";
import { duidFromBytes } from "../../../src/core/model/duid.ts";
import { freshLease } from "../../../src/core/model/lease-status.ts";
import { LIMITS } from "../../../src/core/model/limits.ts";
import type { FailoverMessage } from "../../../src/core/wire/failover-messages.ts";
import { option } from "../../../src/core/wire/options.ts";
import { CONFIG, ip } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const CONFLICT = 17;
const WIDE = CONFIG.replace("2001:db8:1::1:0/112", "2001:db8:1::/96");

const client = (number: number) =>
  duidFromBytes(
    Uint8Array.of(0, 3, 0, 1, 2, 0, 0, number >> 16, (number >> 8) & 255, number & 255),
  );

/** Marked leases with these numbers, each of a client of its own. */
function give(partner: ScriptedPartner, first: number, count: number): void {
  const { state, config } = partner.host.up;
  for (let number = first; number < first + count; number++) {
    const address = ip(`2001:db8:1::${(number >> 16) + 1}:${(number & 0xffff).toString(16)}`);
    state.save({
      ...freshLease({ kind: "address", address, length: 128 }, config.links[0]?.name ?? ""),
      status: "ACTIVE",
      duid: client(number),
      iaid: 1,
      stateExpirationTime: partner.time(20_000),
      clientExpiry: partner.time(20_000),
      clientLastTransactionTime: partner.time(),
      marked: true,
    });
  }
}

function refuse(partner: ScriptedPartner, updates: readonly FailoverMessage[], status: number) {
  const refusal = [
    option("CLIENT_DATA", { options: [option("STATUS_CODE", { status, message: "" })] }),
  ];
  for (const { transactionId } of updates) partner.send("BNDREPLY", refusal, { id: transactionId });
}

describe("§7.7 many refusals", () => {
  it("8.4.2 NORMAL comes with the last answer, however many were refusals (F-404, A-31, A-79)", () => {
    const a = new ScriptedPartner("a", WIDE).start();
    give(a, 1, 10_100);
    a.reach("PARTNER-DOWN", "PARTNER-DOWN", { partnerState: "RECOVER" });
    a.put("PARTNER-DOWN").tell("RECOVER-DONE");
    let last: FailoverMessage | undefined;
    for (let seen = 0, round = 0; seen < 10_100 && round < 300; round++) {
      a.tick();
      const updates = a.takeAll("BNDUPD");
      seen += updates.length;
      if (seen === 10_100) last = updates.pop();
      refuse(a, updates, CONFLICT);
    }
    a.tick();
    expect(a.state).toBe("PARTNER-DOWN");
    refuse(a, last === undefined ? [] : [last], CONFLICT);
    a.tick();
    expect(a.state).toBe("NORMAL");
  }, 30_000);

  it("7.7 what was refused often does not keep waiting what was refused once (F-300, A-30)", () => {
    const a = new ScriptedPartner("a", WIDE).start().reach("NORMAL", "NORMAL");
    give(a, 1, 100);
    for (let at = 0; at < 320; at++) {
      a.run(1_000);
      refuse(a, a.takeAll("BNDUPD"), CONFLICT);
    }
    give(a, 1_000, 1);
    a.tick();
    const first = a.takeAll("BNDUPD");
    expect(first).toHaveLength(1);
    refuse(a, first, CONFLICT);
    a.run(12_000);
    expect(a.takeAll("BNDUPD").map(({ options }) => options)).toContainEqual(
      expect.arrayContaining([
        expect.objectContaining({
          options: expect.arrayContaining([option("CLIENTID", { duid: client(1_000) })]),
        }),
      ]),
    );
  });

  it("5.3.5 a partner that asks again and again is answered as often as there is room for (A-32)", () => {
    const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
    a.open().connect({ maxUnacked: 1 }).tell("RECOVER");
    give(a, 1, 2);
    for (let i = 0; i < 1_000; i++) a.send(i % 2 === 0 ? "UPDREQALL" : "UPDREQ");
    a.acceptsUpdates = true;
    refuse(a, a.takeAll("BNDUPD"), CONFLICT);
    for (let i = 0; i < 1_100; i++) a.tick();
    const done = a.takeAll("UPDDONE").length;
    expect(done).toBeGreaterThan(1);
    expect(done).toBeLessThanOrEqual(LIMITS.updateRequests);
  });
});
