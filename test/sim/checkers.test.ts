// Each checker of the simulator fails on a bad history made by hand, and lets a good one pass.

import { describe, expect, it } from "vitest";
import { FrameReader, PartnerReader } from "../../sim/checkers/decode-partner.ts";
import { durability } from "../../sim/checkers/durability.ts";
import { lifetimes } from "../../sim/checkers/lifetimes.ts";
import type { LeaseImage, Observation, Report } from "../../sim/checkers/observation.ts";
import { twoHolders } from "../../sim/checkers/two-holders.ts";
import { address, DUID, message, relayed, update } from "./bytes.ts";
import { accepted, BEGIN, framed, judged, LEASE, sentByClient, serverTime } from "./histories.ts";

describe("two holders (R7031-46, R7031-47, R7031-06, T-01, T-04, T-06)", () => {
  it("fails when a second client takes an address that the first holds", () => {
    const history = [accepted(0, "one", {}), accepted(50_000, "two", {})];
    expect(judged(twoHolders, history)).toEqual([
      "2001:db8::11 given to two is held by one (2001:db8::11) for 50.0 s more",
    ]);
  });

  it("fails when a prefix is delegated inside another's", () => {
    const history = [
      accepted(0, "one", { leases: [{ tail: "aa00", length: 40, valid: 100 }] }),
      accepted(1, "two", { leases: [{ tail: "aa0011", length: 56, valid: 100 }] }),
    ];
    expect(judged(twoHolders, history)).toHaveLength(1);
  });

  it("ends an interval at RELEASE, at DECLINE, at lifetime 0 and at expiry by the client's own clock", () => {
    const released = [
      accepted(0, "one", {}),
      sentByClient(10, "one", "RELEASE"),
      accepted(20, "two", {}),
    ];
    const declined = [
      accepted(0, "one", {}),
      sentByClient(10, "one", "DECLINE"),
      accepted(20, "two", {}),
    ];
    const ended = [
      accepted(0, "one", {}),
      accepted(5, "one", { leases: [{ tail: "11", valid: 0 }] }),
      accepted(20, "two", {}),
    ];
    const expired = [accepted(0, "one", {}), accepted(100_000, "two", {})];
    for (const history of [released, declined, ended, expired])
      expect(judged(twoHolders, history)).toEqual([]);
    const slow = [accepted(0, "one", { rate: 0.99 }), accepted(100_500, "two", {})];
    expect(judged(twoHolders, slow)).toHaveLength(1);
  });

  it("counts a lease that came late from its REPLY's arrival, and a vanished client to its end", () => {
    const history = [
      accepted(0, "one", {}),
      sentByClient(50_000, "one", "SOLICIT"),
      accepted(99_000, "two", {}),
    ];
    expect(judged(twoHolders, history)).toHaveLength(1);
  });
});

describe("lifetimes (F-052, F-054, F-063, F-064, F-437, F-453, F-059, T-01)", () => {
  const sent = (at: number, valid: number, type: "REPLY" | "ADVERTISE" = "REPLY"): Observation => {
    const bytes = relayed(message({ type, duid: DUID.one, leases: [{ tail: "11", valid }] }));
    return { type: "server-sent", at, server: "a", serverTime: serverTime(at), bytes };
  };
  const ackedUntil = (at: number, until: number, error?: number): Observation => {
    const messages = framed({
      type: "BNDREPLY",
      duid: DUID.one,
      lease: LEASE,
      status: "ACTIVE",
      partnerLifetimeSent: until,
      ...(error === undefined ? {} : { error }),
    });
    return {
      type: "link-received",
      at,
      server: "a",
      serverTime: serverTime(at),
      link: 1,
      messages,
    };
  };
  const checker = (report: Report) => lifetimes(60, report);

  it("fails when a first lease exceeds the MCLT, in a REPLY and in an ADVERTISE", () => {
    expect(judged(checker, [sent(0, 60)])).toEqual([]);
    expect(judged(checker, [sent(0, 70)])).toHaveLength(1);
    expect(judged(checker, [sent(0, 70, "ADVERTISE")])).toHaveLength(1);
  });

  it("allows the MCLT beyond what the partner has acknowledged, for that client and lease only", () => {
    const acknowledged = ackedUntil(0, BEGIN + 200);
    expect(judged(checker, [acknowledged, sent(10_000, 250)])).toEqual([]);
    expect(judged(checker, [acknowledged, sent(10_000, 260)])).toHaveLength(1);
    expect(judged(checker, [ackedUntil(0, BEGIN + 200, 19), sent(10_000, 250)])).toHaveLength(1);
  });

  it("counts nothing that was acknowledged before a database was lost (A-32)", () => {
    const where = { server: "a", serverTime: serverTime(1), link: 1 } as const;
    const acknowledged = ackedUntil(0, BEGIN + 200);
    const messages = new FrameReader().push(Uint8Array.of(0, 8, 29, 0, 0, 9, 0, 0, 0, 0));
    const asked: Observation = { type: "link-received", at: 1, ...where, messages };
    const done = new FrameReader().push(Uint8Array.of(0, 8, 30, 0, 0, 9, 0, 0, 0, 0));
    const answered: Observation = { type: "link-sent", at: 1, ...where, messages: done };
    const all = [asked, answered];
    // The connection may have ended before the server saw it.
    expect(judged(checker, [acknowledged, asked, sent(10_000, 250)])).toEqual([]);
    // An answer that was made before may leave after.
    expect(judged(checker, [acknowledged, ...all, sent(2_000, 250)])).toEqual([]);
    expect(judged(checker, [acknowledged, ...all, sent(10_000, 250)])).toHaveLength(1);
    expect(judged(checker, [asked, acknowledged, answered, sent(10_000, 250)])).toEqual([]);
    const empty: Observation = {
      type: "started",
      at: 1,
      server: "a",
      serverTime: serverTime(1),
      diskKept: false,
      isOlder: false,
      leases: [],
    };
    expect(judged(checker, [acknowledged, empty, sent(2_000, 250)])).toHaveLength(1);
  });

  it("reads frames however they are cut (F-070, F-071)", () => {
    const given = { type: "BNDREPLY", duid: DUID.one, lease: LEASE, status: "ACTIVE" } as const;
    const bytes = update({ ...given, partnerLifetimeSent: BEGIN + 200 });
    const reader = new PartnerReader();
    const pieces = [...bytes].flatMap((octet) => reader.read("a", Uint8Array.of(octet)));
    expect(pieces).toEqual(reader.read("b", bytes));
    expect(pieces).toMatchObject([
      { type: 25, leases: [{ partnerLifetimeSent: BEGIN + 200, error: 0 }] },
    ]);
  });
});

const IMAGE: LeaseImage = {
  kind: "address",
  address: address("11"),
  length: 128,
  duid: DUID.one,
  iaid: 7,
  status: "ACTIVE",
  clientExpiry: BEGIN + 100,
  clientLastTransactionTime: BEGIN,
  partnerRawCltTime: 0,
  expirationTime: 0,
  primarySince: 0,
  marked: false,
};

describe("durability (R7031-62, R7031-63, F-530, F-538, F-308)", () => {
  const replied: Observation = {
    type: "server-sent",
    at: 0,
    server: "a",
    serverTime: serverTime(0),
    bytes: message({ type: "REPLY", duid: DUID.one, leases: [LEASE] }),
  };
  const found = (leases: readonly LeaseImage[], diskKept = true): Observation => ({
    type: "started",
    at: 5_000,
    server: "a",
    serverTime: serverTime(5_000),
    diskKept,
    isOlder: false,
    leases,
  });

  it("fails when a lease that was told is not found after a crash, or is found shorter", () => {
    expect(judged(durability, [replied, found([IMAGE])])).toEqual([]);
    expect(judged(durability, [replied, found([])])).toHaveLength(1);
    expect(
      judged(durability, [replied, found([{ ...IMAGE, clientExpiry: BEGIN + 50 }])]),
    ).toHaveLength(1);
    expect(judged(durability, [replied, found([{ ...IMAGE, duid: DUID.two }])])).toHaveLength(1);
  });

  it("asks nothing of an empty disk, nor of what was released or accepted as ended", () => {
    expect(judged(durability, [replied, found([], false), found([])])).toEqual([]);
    const bytes = message({ type: "RELEASE", duid: DUID.one, leases: [LEASE] });
    const released: Observation = {
      type: "server-received",
      at: 1,
      server: "a",
      serverTime: serverTime(1),
      waited: 0,
      bytes,
    };
    expect(judged(durability, [replied, released, found([])])).toEqual([]);
  });

  it("fails when a BNDREPLY accepted a lease that is not on the disk", () => {
    const until = { stateExpirationTime: BEGIN + 100 };
    const asked = framed({
      type: "BNDUPD",
      duid: DUID.one,
      lease: LEASE,
      status: "ACTIVE",
      ...until,
    });
    const answer = framed({
      type: "BNDREPLY",
      duid: DUID.one,
      lease: LEASE,
      status: "ACTIVE",
      ...until,
    });
    const where = { server: "a", serverTime: serverTime(0), link: 1 } as const;
    const history: Observation[] = [
      { type: "link-received", at: 0, ...where, messages: asked },
      { type: "link-sent", at: 1, ...where, messages: answer },
    ];
    expect(judged(durability, [...history, found([IMAGE])])).toEqual([]);
    expect(judged(durability, [...history, found([])])).toHaveLength(1);
  });

  it("fails when a BNDREPLY accepted an ending that is not on the disk", () => {
    const about = { duid: DUID.one, lease: LEASE, status: "RELEASED" } as const;
    const where = { server: "a", serverTime: serverTime(0), link: 1 } as const;
    const asked = framed({ type: "BNDUPD", ...about });
    const answer = framed({ type: "BNDREPLY", ...about });
    const history: Observation[] = [
      { type: "link-received", at: 0, ...where, messages: asked },
      { type: "link-sent", at: 1, ...where, messages: answer },
    ];
    expect(judged(durability, [...history, found([])])).toEqual([]);
    expect(judged(durability, [...history, found([IMAGE])])).toHaveLength(1);
    // The client got it again meanwhile.
    const again: Observation = { type: "written", at: 2, ...where, leases: [IMAGE] };
    expect(judged(durability, [...history, again, found([IMAGE])])).toEqual([]);
  });
});
