// RFC 8156 §7.7: BNDREPLY read, and what it changes.

import { describe, expect, it } from "vitest";
import { readReply } from "../../../src/core/failover/updates/bndreply-read.ts";
import { clientUpdate } from "../../../src/core/failover/updates/bndupd-build.ts";
import { BINDING_STATUS } from "../../../src/core/model/binding-status.ts";
import { duidFromBytes } from "../../../src/core/model/duid.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { leaseKeyText } from "../../../src/core/model/lease.ts";
import { type Option, option } from "../../../src/core/wire/options.ts";
import { ip } from "../../support/pair.ts";
import { accepted, ScriptedPartner } from "../../support/scripted-partner.ts";

const DUID = duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1));
const OTHER = duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 2));
const ODD = ip("2001:db8:1::1:1");
const normal = (server: "a" | "b") => new ScriptedPartner(server).start().reach("NORMAL", "NORMAL");

describe("§7.7 BNDREPLY received", () => {
  const key = leaseKeyText({ kind: "address", address: ODD, length: 128 });
  const reply = (levels: { outer?: number; ia?: number; lease?: number }) => {
    const at = (code: number | undefined) =>
      code === undefined ? [] : [option("STATUS_CODE", { status: code, message: "" })];
    const address = option("IAADDR", {
      address: ODD,
      preferredLifetime: 0,
      validLifetime: 0,
      options: [...at(levels.lease), option("F_PARTNER_LIFETIME_SENT", { value: 77 })],
    });
    return readReply([
      option("CLIENT_DATA", {
        options: [
          ...at(levels.outer),
          option("IA_NA", { iaid: 7, t1: 0, t2: 0, options: [...at(levels.ia), address] }),
        ],
      }),
    ]);
  };

  it("7.7 an error at any of three levels refuses all within it (F-351, F-352, F-353, A-23)", () => {
    expect(reply({}).leases.get(key)).toMatchObject({ status: 0, partnerLifetimeSent: 77 });
    expect(reply({ lease: 19 }).leases.get(key)?.status).toBe(19);
    expect(reply({ ia: 17, lease: 19 }).leases.get(key)?.status).toBe(17);
    expect(reply({ outer: 18, ia: 17 })).toMatchObject({ status: 18 });
    expect(reply({ outer: 18 }).leases.get(key)?.status).toBe(18);
  });

  it("7.7 Success at any level says nothing (F-354)", () => {
    expect(reply({ outer: 0, ia: 0, lease: 0 }).leases.get(key)?.status).toBe(0);
    expect(reply({ outer: 0, ia: 0, lease: 19 }).leases.get(key)?.status).toBe(19);
  });
});

/** A lease of ours that the partner has been told and not answered. */
function open(changes: Partial<Lease> = {}): {
  a: ScriptedPartner;
  update: { transactionId: number; options: readonly Option[] };
} {
  const a = normal("a");
  a.lease({
    address: ODD,
    status: "ACTIVE",
    duid: DUID,
    iaid: 7,
    startTimeOfState: a.time(-10),
    stateExpirationTime: a.time(100),
    clientExpiry: a.time(100),
    partnerLifetime: a.time(390),
    clientLastTransactionTime: a.time(-5),
    marked: true,
    ...changes,
  });
  return { a, update: a.expectOne("BNDUPD") };
}

describe("§7.7 what an answer changes", () => {
  it("7.7 accepted: 124 is acknowledged, nothing more is to be sent (F-356, F-264, F-265, F-299, F-056, F-537)", () => {
    const { a, update } = open();
    a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
    expect(a.stored({ address: ODD })).toMatchObject({
      ackedPartnerLifetime: a.time(390),
      marked: false,
    });
    a.run(5_000);
    expect(a.take("BNDUPD")).toBeUndefined();
  });

  it("7.7 refused: only remembered, sent again after a pause that grows (F-355, F-300, F-325, A-30)", () => {
    const { a, update } = open({ stateExpirationTime: 0 });
    const refuse = (message: { transactionId: number; options: readonly Option[] }) =>
      a.send(
        "BNDREPLY",
        [
          option("CLIENT_DATA", {
            options: [
              option("STATUS_CODE", { status: 17, message: "no such subnet" }),
              ...accepted(message.options),
            ],
          }),
        ],
        { id: message.transactionId },
      );
    const first = a.now;
    refuse(update);
    expect(a.stored({ address: ODD })).toMatchObject({ ackedPartnerLifetime: 0, marked: true });
    expect(a.logged("FAILOVER_REJECTED").join()).toContain("no such subnet");
    const pauses: number[] = [];
    let last = first;
    for (let i = 0; i < 3; i++) {
      for (;;) {
        a.run(250);
        const again = a.take("BNDUPD");
        if (again === undefined) continue;
        pauses.push(Math.round((a.now - last) / 1000));
        last = a.now;
        refuse(again);
        break;
      }
    }
    expect(pauses).toEqual([10, 20, 40]);
  });

  it("7.7 a partner that speaks of the lease itself is told again soon (A-30, A-75)", () => {
    const { a, update } = open({ stateExpirationTime: 0 });
    const refused = [option("STATUS_CODE", { status: 19, message: "not so" })];
    const refuse = ({ transactionId, options }: typeof update) => {
      const answer = option("CLIENT_DATA", { options: [...refused, ...accepted(options)] });
      a.send("BNDREPLY", [answer], { id: transactionId });
    };
    refuse(update);
    for (let i = 0; i < 3; i++) {
      a.run(75_000);
      for (const again of a.takeAll("BNDUPD")) refuse(again);
    }
    // The pause is more than half a minute now.
    a.run(15_000);
    expect(a.take("BNDUPD")).toBeUndefined();
    const stored = a.stored({ address: ODD }) as Lease;
    a.send("BNDUPD", clientUpdate(DUID, [{ ...stored, status: "EXPIRED" }], a.time()));
    a.run(11_000);
    expect(a.take("BNDUPD")).toBeDefined();
  });

  it("7.4 an answer to an older update stores its lifetime and leaves the mark of the newer change (F-301, F-359)", () => {
    const { a, update } = open();
    const before = a.stored({ address: ODD }) as Lease;
    a.lease({ ...before, partnerLifetime: a.time(900), clientLastTransactionTime: a.time() });
    const newer = a.expectOne("BNDUPD");
    a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
    expect(a.stored({ address: ODD })).toMatchObject({
      ackedPartnerLifetime: a.time(390),
      marked: true,
    });
    a.send("BNDREPLY", accepted(newer.options), { id: newer.transactionId });
    expect(a.stored({ address: ODD })).toMatchObject({
      ackedPartnerLifetime: a.time(900),
      marked: false,
    });
  });

  it("7.4 a late answer about an ending frees no lease that has begun anew, nor one of another client (F-301, F-359)", () => {
    const { a, update } = open({ status: "RELEASED", stateExpirationTime: 0 });
    const before = a.stored({ address: ODD }) as Lease;
    a.lease({
      ...before,
      status: "ACTIVE",
      duid: OTHER,
      stateExpirationTime: a.time(100),
      marked: true,
    });
    a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
    expect(a.stored({ address: ODD })).toMatchObject({
      status: "ACTIVE",
      duid: OTHER,
      marked: true,
      ackedPartnerLifetime: 0,
    });
  });

  it("7.2 an acknowledged ending is free, whatever status the answer shows (F-255, F-358, F-045, F-047, A-21)", () => {
    for (const status of ["EXPIRED", "RELEASED", "RESET"] as const) {
      for (const shown of [BINDING_STATUS[status], 5, 6]) {
        const { a, update } = open({ status, stateExpirationTime: 0 });
        const answer = JSON.parse(JSON.stringify(accepted(update.options)), (name, value) =>
          name === "options" && Array.isArray(value)
            ? value.map((each) =>
                each.type === "F_BINDING_STATUS" ? { ...each, value: shown } : each,
              )
            : value,
        ) as Option[];
        a.send("BNDREPLY", answer, { id: update.transactionId });
        expect(a.stored({ address: ODD })).toMatchObject({
          status: "FREE",
          duid: DUID,
          marked: false,
        });
      }
    }
  });

  it("7.6 what the answer does not name is not accepted (F-355)", () => {
    const { a, update } = open();
    a.send("BNDREPLY", [option("CLIENT_DATA", { options: [option("CLIENTID", { duid: DUID })] })], {
      id: update.transactionId,
    });
    expect(a.stored({ address: ODD })).toMatchObject({ ackedPartnerLifetime: 0, marked: true });
  });

  it("7.6 with the connection all open updates are open again, under new ids (F-302)", () => {
    const { a, update } = open();
    a.drop();
    a.open().connect();
    a.tell("NORMAL");
    a.run(1_000);
    const again = a.expectOne("BNDUPD");
    expect(again.transactionId).not.toBe(update.transactionId);
    a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
    expect(a.stored({ address: ODD })?.marked).toBe(true);
  });

  it("8.8.1 the partner-lifetime never shrinks while the client keeps the lease, and what leaves is on disk first (A-08, F-539, A-76)", () => {
    const { a } = open();
    expect(a.stored({ address: ODD })).toMatchObject({
      partnerLifetimeSent: a.time(390),
      everSent: true,
    });
    const ended = open({ status: "EXPIRED", stateExpirationTime: 0 });
    expect(ended.a.stored({ address: ODD })?.endingSent).toBe(true); // F-559
  });
});
