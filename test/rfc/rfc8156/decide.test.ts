// RFC 8156 §7.5.4: every cell of Figure 4, earlier, at the same time and later, at both roles, from a sender that knew
// of our last contact and from one that did not.
import { describe, expect, it } from "vitest";
import { cellOf } from "../../../src/core/failover/updates/bndupd-decide.ts";
import type { UpdatedLease } from "../../../src/core/failover/updates/update.ts";
import type { BindingStatus } from "../../../src/core/model/binding-status.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { decide } from "../../support/decide.ts";
import { at, duid, own, update, verdict } from "../../support/decisions.ts";
import { EPOCH } from "../../support/pair.ts";

const STATUSES = [
  "ACTIVE",
  "EXPIRED",
  "RELEASED",
  "PENDING-FREE",
  "FREE",
  "FREE-BACKUP",
  "RESET",
  "ABANDONED",
] as const;
const ROLES = ["primary", "secondary"] as const;
const [OUTDATED, IN_USE] = [19, 16] as const;

const ORDERS = {
  earlier: -6,
  "earlier within the skew": -5,
  equal: 0,
  "later within the skew": 5,
  later: 6,
} as const;

/** What A-17 says of a tie when the sender did not know our last contact. */
function tie(ours: BindingStatus, received: BindingStatus): "accept" | number {
  if (ours === "ACTIVE") return received === "ABANDONED" ? "accept" : OUTDATED;
  return ours === "ABANDONED" && received === "ACTIVE" ? OUTDATED : "accept";
}

/** The table of F-311 to F-323 in other words than the source's. */
function expected(
  ours: BindingStatus,
  received: BindingStatus,
  offset: number,
  informed: boolean,
): "accept" | number {
  const ends = ["EXPIRED", "FREE", "FREE-BACKUP", "PENDING-FREE"];
  if (ours === "ACTIVE" && received === "ACTIVE") return "accept";
  if (ours === "ACTIVE" && ends.includes(received)) return OUTDATED;
  // T-13: free here and ended there is one opinion, whenever (simulator, seed 60226).
  if (ours.startsWith("FREE") && /EXPIRED|RELEASED|RESET/.test(received)) return "accept";
  // T-04: of a hold that was never heard of here.
  if (ours === "ACTIVE" && received === "RESET" && !informed) return OUTDATED;
  // time(2): the contact is later than the begin of RESET, 100 s before our contact.
  if (ours === "RESET" && received === "ACTIVE") return -100 + offset > -200 ? "accept" : OUTDATED;
  // T-04: a RELEASE may have crossed with what gave the lease again.
  const mayHaveCrossed = !informed && `${[ours, received].sort()}` === "ACTIVE,RELEASED";
  const apart = mayHaveCrossed ? 10 : 5;
  if (offset > apart) return "accept";
  if (offset < -apart) return OUTDATED;
  return informed ? "accept" : tie(ours, received);
}

describe("§7.5.4 Figure 4, the same client", () => {
  for (const ours of STATUSES) {
    it(`7.5.4 ${ours} here: every received status, earlier, equal and later, either role, informed or not (F-311, F-312, F-314, F-315, F-316, F-317, F-323, F-328, A-17, A-18)`, () => {
      for (const received of STATUSES) {
        for (const [name, offset] of Object.entries(ORDERS)) {
          for (const informed of [true, false]) {
            for (const role of ROLES) {
              const raw = informed ? at(-100) : at(-101);
              const decision = decide(
                own(ours),
                update(received, offset, { partnerRawCltTime: raw }),
                role,
                EPOCH,
              );
              const where = `${ours} x ${received}, ${name}, informed ${informed}, ${role}`;
              expect([where, verdict(decision)]).toEqual([
                where,
                expected(ours, received, offset, informed),
              ]);
            }
          }
        }
      }
    });
  }

  it("7.5.4 the cells are those of the figure (F-318, F-319, F-320, F-328)", () => {
    const cells = STATUSES.map((ours) =>
      STATUSES.map((received) => cellOf(ours, received)[0]).join(""),
    );
    // a accept, b both active, e ended by time, c contact after reset.
    expect(cells).toEqual([
      "beaeeeaa",
      "aaaaaaaa",
      "aaaaaaaa",
      "aaaaaaaa",
      "aaaaaaaa",
      "aaaaaaaa",
      "caaaaaaa",
      "aaaaaaaa",
    ]);
  });

  it("7.5.4 accepts what is not recorded here (A-18)", () => {
    for (const received of STATUSES)
      for (const role of ROLES)
        expect(verdict(decide(undefined, update(received, 0), role, EPOCH))).toBe("accept");
  });
});

describe("§7.5.4 which times are compared", () => {
  const notInformed = { partnerRawCltTime: 0 };

  it("7.5.4 ACTIVE, EXPIRED and RELEASED: the client's contact, else the start of the status (F-311)", () => {
    for (const status of ["ACTIVE", "EXPIRED", "RELEASED"] as const) {
      // The start of the status is much later and does not count.
      const byContact = update(status, -50, { ...notInformed, startTimeOfState: at(0) });
      expect(verdict(decide(own("RELEASED"), byContact, "primary", EPOCH))).toBe(OUTDATED);
      const byStart = update(status, 0, {
        ...notInformed,
        clientTransactionTime: 0,
        startTimeOfState: at(-50),
      });
      expect(verdict(decide(own("RELEASED"), byStart, "primary", EPOCH))).toBe("accept");
    }
  });

  it("7.5.4 other statuses: the later of the two (F-312)", () => {
    for (const status of ["FREE", "FREE-BACKUP", "RESET", "ABANDONED"] as const) {
      const started = update(status, -50, { ...notInformed, startTimeOfState: at(0) });
      expect(verdict(decide(own("RELEASED"), started, "primary", EPOCH))).toBe("accept");
      const old = update(status, -50, notInformed);
      expect(verdict(decide(own("RELEASED"), old, "primary", EPOCH))).toBe(OUTDATED);
    }
  });

  it("7.5.4 here: the last contact of either server that is known, else the start of the status (F-313, A-19)", () => {
    const byPartner = own("EXPIRED", {
      clientLastTransactionTime: at(-1000),
      partnerRawCltTime: at(-100),
    });
    expect(verdict(decide(byPartner, update("ACTIVE", -50), "primary", EPOCH))).toBe(OUTDATED);
    expect(verdict(decide(byPartner, update("ACTIVE", 50), "primary", EPOCH))).toBe("accept");
    const none = own("EXPIRED", { clientLastTransactionTime: 0, startTimeOfState: at(-100) });
    expect(verdict(decide(none, update("ACTIVE", -50), "primary", EPOCH))).toBe(OUTDATED);
    expect(verdict(decide(none, update("ACTIVE", 50), "primary", EPOCH))).toBe("accept");
  });

  it("7.5.1 five seconds are the same time, six are not (F-235, A-45)", () => {
    const orders = [-6, -5, 0, 5, 6].map(
      (offset) => decide(own("EXPIRED"), update("RELEASED", offset), "primary", EPOCH).order,
    );
    expect(orders).toEqual(["earlier", "equal", "equal", "equal", "later"]);
  });

  it("7.5.4 a RELEASE after all that its sender told ends the lease, though our last contact was never told: it is of the lease's life before (T-13; simulator, seed 820019 with both habits)", () => {
    // The client was served here 40 s before the partner gave it the lease anew, and was told; 7 s later comes its RELEASE.
    const held = own("ACTIVE", {
      clientLastTransactionTime: at(-140),
      partnerRawCltTime: at(-100),
    });
    for (const marked of [false, true])
      expect(verdict(decide({ ...held, marked }, update("RELEASED", 7), "secondary", EPOCH))).toBe(
        "accept",
      );
    // Not so where our contact is as young, or what the sender told is younger.
    const here = { ...held, clientLastTransactionTime: at(-98) };
    expect(verdict(decide(here, update("RELEASED", 7), "secondary", EPOCH))).toBe(OUTDATED);
    const told = { ...held, partnerRawCltTime: at(-92) };
    expect(verdict(decide(told, update("RELEASED", 7), "secondary", EPOCH))).toBe(OUTDATED);
  });

  it("3 compares over the wrap of the 32 bits (F-012, F-013, A-58)", () => {
    const wrapped = own("EXPIRED", { clientLastTransactionTime: 0xffff_fff0 });
    expect(
      decide(wrapped, update("RELEASED", 0, { clientTransactionTime: 16 }), "primary", EPOCH).order,
    ).toBe("later");
    const before = own("EXPIRED", { clientLastTransactionTime: 16 });
    expect(
      decide(
        before,
        update("RELEASED", 0, { clientTransactionTime: 0xffff_fff0 }),
        "primary",
        EPOCH,
      ).order,
    ).toBe("earlier");
  });
});

describe("§7.5.4 time(1): what is ACTIVE here ends by its own time", () => {
  it("7.5.4 EXPIRED, FREE and FREE-BACKUP are refused before it, however late they are (F-318, F-035)", () => {
    for (const status of ["EXPIRED", "FREE", "FREE-BACKUP"] as const)
      for (const offset of [-50, 0, 50, 100])
        expect(verdict(decide(own("ACTIVE"), update(status, offset), "secondary", EPOCH))).toBe(
          OUTDATED,
        );
  });

  it("7.5.4 a sender that knew our last contact, its clock ahead, is believed when no client can hold it any more (F-318, T-06)", () => {
    const past = own("ACTIVE", { stateExpirationTime: at(0) });
    const informed = update("EXPIRED", -50, { partnerRawCltTime: at(-100) });
    expect(verdict(decide(past, informed, "primary", EPOCH + 7_000))).toBe(OUTDATED);
    expect(verdict(decide(past, informed, "primary", EPOCH + 8_000))).toBe("accept");
  });

  it("7.5.4 a sender that did not know our last contact is believed only after the grace of our client (F-318, T-06, T-04)", () => {
    const stale = update("EXPIRED", -50, { partnerRawCltTime: at(-150) });
    const ours = own("ACTIVE", { stateExpirationTime: at(0), marked: true });
    expect(verdict(decide(ours, stale, "primary", EPOCH))).toBe(OUTDATED);
    expect(verdict(decide(ours, stale, "primary", EPOCH + 9_000))).toBe(OUTDATED);
    expect(verdict(decide(ours, stale, "primary", EPOCH + 10_000))).toBe("accept");
  });
});

describe("§7.5.4 time(2): RESET here", () => {
  it("7.5.4 ACTIVE is accepted only with a contact after the begin of RESET (F-319)", () => {
    const reset = own("RESET", { startTimeOfState: at(-100) });
    expect(verdict(decide(reset, update("ACTIVE", -1), "primary", EPOCH))).toBe(OUTDATED);
    expect(verdict(decide(reset, update("ACTIVE", 0), "primary", EPOCH))).toBe(OUTDATED);
    expect(verdict(decide(reset, update("ACTIVE", 1), "primary", EPOCH))).toBe("accept");
    const withoutContact = update("ACTIVE", 50, { clientTransactionTime: 0 });
    expect(verdict(decide(reset, withoutContact, "primary", EPOCH))).toBe(OUTDATED);
  });
});

describe("§7.5.4 accept(3): ACTIVE here and there", () => {
  const other = { duid: duid(2) };

  it("7.5.4 of the same client is accepted, whatever the times (F-320)", () => {
    for (const offset of [-1000, 0, 1000])
      for (const role of ROLES)
        expect(verdict(decide(own("ACTIVE"), update("ACTIVE", offset), role, EPOCH))).toBe(
          "accept",
        );
  });

  it("7.5.4 of another client: the secondary always yields (F-321, F-473, A-74)", () => {
    for (const offset of [-1000, 0, 1000])
      expect(
        verdict(decide(own("ACTIVE"), update("ACTIVE", offset, other), "secondary", EPOCH)),
      ).toBe("accept");
  });

  it("7.5.4 of another client: the primary yields only to a contact after the begin of its own, else AddressInUse (F-321, F-322, F-141, F-473)", () => {
    // Our ACTIVE began 200 s ago.
    expect(verdict(decide(own("ACTIVE"), update("ACTIVE", -100, other), "primary", EPOCH))).toBe(
      IN_USE,
    );
    expect(verdict(decide(own("ACTIVE"), update("ACTIVE", -101, other), "primary", EPOCH))).toBe(
      IN_USE,
    );
    expect(verdict(decide(own("ACTIVE"), update("ACTIVE", -99, other), "primary", EPOCH))).toBe(
      "accept",
    );
    const withoutContact = update("ACTIVE", 50, { ...other, clientTransactionTime: 0 });
    expect(verdict(decide(own("ACTIVE"), withoutContact, "primary", EPOCH))).toBe(IN_USE);
  });

  it("5.6 another IAID is another client (F-141)", () => {
    expect(
      verdict(decide(own("ACTIVE"), update("ACTIVE", -101, { iaid: 2 }), "primary", EPOCH)),
    ).toBe(IN_USE);
  });
});

describe("§7.5.4 ties, and what frees a lease (A-17, T-04)", () => {
  it("7.5.4 an update is informed when it knows our last contact, nothing of ours is open and it is not older than the last (A-17)", () => {
    const informed = (ours: Partial<Lease>, theirs: Partial<UpdatedLease>) =>
      verdict(
        decide(
          own("ACTIVE", ours),
          update("RELEASED", 0, { partnerRawCltTime: at(-100), ...theirs }),
          "primary",
          EPOCH,
        ),
      ) === "accept";
    expect(informed({}, {})).toBe(true);
    expect(informed({}, { partnerRawCltTime: at(-99) })).toBe(true);
    expect(informed({}, { partnerRawCltTime: at(-101) })).toBe(false);
    expect(informed({}, { partnerRawCltTime: 0 })).toBe(false);
    expect(informed({ marked: true }, {})).toBe(false);
    expect(informed({ partnerRawCltTime: at(-98) }, {})).toBe(false);
    expect(informed({ partnerRawCltTime: at(-100) }, {})).toBe(true);
    expect(
      informed(
        { clientLastTransactionTime: 0, partnerRawCltTime: at(-100) },
        { partnerRawCltTime: 0 },
      ),
    ).toBe(true);
  });

  it("7.5.4 a repeated update brings nothing new and is accepted (A-17, F-309)", () => {
    const ours = own("ABANDONED", {
      marked: true,
      partnerRawCltTime: at(-100),
      startTimeOfState: at(-100),
    });
    expect(verdict(decide(ours, update("ABANDONED", 0), "primary", EPOCH))).toBe("accept");
  });

  it("7.5.4 the ending of one client's lease does not end another's, however late it is (A-17, T-04)", () => {
    for (const status of ["RELEASED", "EXPIRED"] as const) {
      for (const offset of [-50, 0, 50]) {
        const foreign = update(status, offset, { duid: duid(2), partnerRawCltTime: at(-100) });
        for (const role of ROLES) {
          expect(verdict(decide(own("ACTIVE"), foreign, role, EPOCH))).toBe(OUTDATED);
          const ended = own("ACTIVE", { stateExpirationTime: at(-1000) });
          expect(
            verdict(decide(ended, { ...foreign, clientTransactionTime: at(0) }, role, EPOCH)),
          ).toBe("accept");
        }
      }
    }
  });

  it("7.5.4 a doubtful tie frees no lease: over all pairs, what is ACTIVE stays (T-04)", () => {
    for (const received of [
      "EXPIRED",
      "RELEASED",
      "PENDING-FREE",
      "FREE",
      "FREE-BACKUP",
      "RESET",
    ] as const) {
      for (let offset = -5; offset <= 5; offset++) {
        for (const marked of [true, false]) {
          const decision = decide(
            own("ACTIVE", { marked }),
            update(received, offset),
            "primary",
            EPOCH,
          );
          expect([received, offset, marked, verdict(decision)]).toEqual([
            received,
            offset,
            marked,
            OUTDATED,
          ]);
        }
      }
    }
  });

  it("7.5.4 a RELEASE that was under way for 5 s does not end what its client got meanwhile, nor does the pair argue (A-17, T-04, T-06)", () => {
    for (let offset = -10; offset <= 10; offset++) {
      const late = update("RELEASED", offset);
      expect([offset, verdict(decide(own("ACTIVE"), late, "primary", EPOCH))]).toEqual([
        offset,
        OUTDATED,
      ]);
      const again = update("ACTIVE", offset, { stateExpirationTime: at(50) });
      expect([offset, verdict(decide(own("RELEASED"), again, "primary", EPOCH))]).toEqual([
        offset,
        "accept",
      ]);
    }
    expect(verdict(decide(own("ACTIVE"), update("RELEASED", 11), "primary", EPOCH))).toBe("accept");
    const known = update("RELEASED", 9, { partnerRawCltTime: at(-100) });
    expect(verdict(decide(own("ACTIVE"), known, "primary", EPOCH))).toBe("accept");
  });
});
