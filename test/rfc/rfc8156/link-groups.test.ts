// RFC 8156 §4 and RFC 7031 §4.4: what waits on the links of one relationship keeps nothing else waiting: neither its marks
// nor what housekeeping may not end yet.

import { describe, expect, it } from "vitest";
import { duidFromBytes } from "../../../src/core/model/duid.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { freshLease } from "../../../src/core/model/lease-status.ts";
import { LIMITS } from "../../../src/core/model/limits.ts";
import { CONFIG, ip } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

/** Link 1 is the pair's, link 2 the server's alone. */
const TWO_LINKS = `${CONFIG.replace("connect-retry: 1s", 'connect-retry: 1s\n      links: ["2001:db8:1::/64"]')}
  - subnet: 2001:db8:2::/64
    server: a
    interface: wan
    pools:
      - pool: 2001:db8:2::1:0/112
`;

const MORE_THAN_A_BATCH = LIMITS.expiriesPerTick + 76;

function give(partner: ScriptedPartner, link: 1 | 2, count: number, values: Partial<Lease>): void {
  const { state } = partner.host.up;
  for (let number = 1; number <= count; number++) {
    const address = ip(`2001:db8:${link}::1:${number.toString(16)}`);
    state.save({
      ...freshLease({ kind: "address", address, length: 128 }, `2001:db8:${link}::/64`),
      duid: duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, link, number >> 8, number & 255)),
      iaid: 1,
      ...values,
    });
  }
}

function statuses(partner: ScriptedPartner, link: 1 | 2): Record<string, number> {
  const counts: Record<string, number> = {};
  const { leases } = partner.host.up.state.table.slice(0, LIMITS.rowsPerStep);
  for (const lease of leases.filter((one) => one.link === `2001:db8:${link}::/64`))
    counts[lease.status] = (counts[lease.status] ?? 0) + 1;
  return counts;
}

describe("§4.4 m-to-1 and links without a partner", () => {
  it("8.7 more leases than a batch that may not be ended yet do not keep those of another link from it (R7031-24)", () => {
    const a = new ScriptedPartner("a", TWO_LINKS).start().put("RECOVER-DONE");
    const over = { status: "ACTIVE", stateExpirationTime: a.time(-60) } as const;
    give(a, 1, MORE_THAN_A_BATCH, over);
    give(a, 2, 9, over);
    a.tick();
    expect(statuses(a, 2)).toEqual({ FREE: 9 });
    const { lastSequence } = a.host.up.state.store;
    for (let i = 0; i < 5; i++) a.tick();
    expect(statuses(a, 1)).toEqual({ ACTIVE: MORE_THAN_A_BATCH });
    // They are not written again and again either.
    expect(a.host.up.state.store.lastSequence).toBe(lastSequence);
  });

  it("7.2 declined addresses that wait for contact do not keep other leases from ending (F-254)", () => {
    const a = new ScriptedPartner("a", TWO_LINKS).start().put("COMMUNICATIONS-INTERRUPTED");
    give(a, 1, MORE_THAN_A_BATCH + 9, { status: "ABANDONED", stateExpirationTime: a.time(-90) });
    give(a, 1, 9, { status: "ACTIVE", stateExpirationTime: a.time(-60) });
    a.tick();
    expect(statuses(a, 1)).toEqual({ ABANDONED: MORE_THAN_A_BATCH, EXPIRED: 9 });
    a.reach("NORMAL", "NORMAL");
    a.run(7_000);
    expect(statuses(a, 1).ABANDONED).toBeUndefined();
  });

  it("8.7 a full batch of one link leaves every other its share (R7031-24)", () => {
    const a = new ScriptedPartner("a", TWO_LINKS).start().put("COMMUNICATIONS-INTERRUPTED");
    give(a, 1, MORE_THAN_A_BATCH, { status: "ACTIVE", stateExpirationTime: a.time(-90) });
    give(a, 2, MORE_THAN_A_BATCH, { status: "ACTIVE", stateExpirationTime: a.time(-60) });
    a.tick();
    const half = LIMITS.expiriesPerTick / 2;
    expect([statuses(a, 1).EXPIRED, statuses(a, 2).FREE]).toEqual([half, half]);
  });

  it("7.5 a free lease of which the partner must hear is forgotten afterwards, and keeps nothing waiting", () => {
    const a = new ScriptedPartner("a", TWO_LINKS).start().put("COMMUNICATIONS-INTERRUPTED");
    give(a, 1, MORE_THAN_A_BATCH, {
      status: "FREE",
      marked: true,
      stateExpirationTime: a.time(-90),
    });
    give(a, 1, 9, { status: "ACTIVE", stateExpirationTime: a.time(-60) });
    a.tick();
    expect(statuses(a, 1).EXPIRED).toBe(9);
  });

  it("a hold that a former relationship left behind ends on a link without one", () => {
    const a = new ScriptedPartner("a", TWO_LINKS).start();
    give(a, 2, 3, { status: "EXPIRED", stateExpirationTime: a.time(-60) });
    a.tick();
    expect(statuses(a, 2)).toEqual({ FREE: 3 });
  });

  it("7.4 marks on a link of another relationship, or of none, are neither told nor counted (F-292, F-299)", () => {
    const a = new ScriptedPartner("a", TWO_LINKS).start();
    const running = { status: "ACTIVE", marked: true } as const;
    give(a, 2, 3, { ...running, stateExpirationTime: a.time(600) });
    a.reach("NORMAL", "NORMAL");
    a.tick();
    expect(a.takeAll("BNDUPD")).toEqual([]);
    expect(a.endpoint.stream.isAnsweredUpTo(a.host.up.state.store.lastSequence)).toBe(true);
    for (const request of ["UPDREQ", "UPDREQALL"] as const) {
      a.send(request);
      a.tick();
      expect(a.takeAll("UPDDONE")).toHaveLength(1);
    }
    expect(a.takeAll("BNDUPD")).toEqual([]);
  });
});
