// Each checker must fail on a bad history and pass on a good one: statuses, states, causes, service, settled pairs.

import { describe, expect, it } from "vitest";
import { bindingTransitions } from "../../sim/checkers/binding-transitions.ts";
import { causes } from "../../sim/checkers/causes.ts";
import { endpointTransitions } from "../../sim/checkers/endpoint-transitions.ts";
import type {
  BlockImage,
  LeaseImage,
  Observation,
  Report,
} from "../../sim/checkers/observation.ts";
import { service } from "../../sim/checkers/service.ts";
import { settled } from "../../sim/checkers/settled.ts";
import { address, DUID, message, prefix, SERVER, type TestLease } from "./bytes.ts";
import { accepted, BEGIN, framed, judged, LEASE, sentByClient, serverTime } from "./histories.ts";

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

describe("binding-statuses (F-249 to F-262: F-249, F-250, F-251, F-252, F-253, F-255, F-257, F-258, F-261, F-262)", () => {
  const written = (at: number, ...leases: LeaseImage[]): Observation => ({
    type: "written",
    at,
    server: "a",
    serverTime: serverTime(at),
    leases,
  });
  const heard = (
    at: number,
    type: "BNDUPD" | "BNDREPLY",
    status: "ACTIVE" | "EXPIRED" | "RELEASED" | "FREE",
  ): Observation => ({
    type: "link-received",
    at,
    server: "a",
    serverTime: serverTime(at),
    link: 1,
    messages: framed({ type, duid: DUID.one, lease: LEASE, status }),
  });
  const released = { ...IMAGE, status: "RELEASED" };
  const free = { ...IMAGE, status: "FREE" };
  const other = { ...IMAGE, duid: DUID.two };
  const checker = (report: Report) => bindingTransitions(true, report);

  it("lets a lease be granted, released, freed by the acknowledgement and granted again", () => {
    const history = [
      written(0, IMAGE, released),
      heard(1, "BNDREPLY", "RELEASED"),
      written(2, free, other),
    ];
    expect(judged(checker, history)).toEqual([]);
  });

  it("fails when a released lease becomes free without acknowledgement, or goes to another client", () => {
    expect(judged(checker, [written(0, IMAGE, released, free)])).toHaveLength(1);
    expect(judged(checker, [written(0, IMAGE, released, other)])).toHaveLength(1);
    expect(judged(checker, [written(0, IMAGE, other)])).toHaveLength(1);
  });

  it("lets an update of the partner do what only the partner knows", () => {
    expect(
      judged(checker, [written(0, IMAGE), heard(1, "BNDUPD", "RELEASED"), written(2, free)]),
    ).toEqual([]);
    expect(judged(checker, [written(0, IMAGE), written(2, free)])).toHaveLength(1);
  });

  it("fails when the primary begins with an address of the secondary's half (F-016, F-017, F-451)", () => {
    expect(judged(checker, [written(0, { ...IMAGE, address: address("12") })])).toHaveLength(1);
  });

  it("lets PARTNER-DOWN reuse only what nobody else ever knew (T-01)", () => {
    const down: Observation = {
      type: "endpoint",
      at: 0,
      server: "a",
      from: "STARTUP",
      to: "PARTNER-DOWN",
      reason: "",
    };
    expect(judged(checker, [down, written(1, IMAGE, released, other)])).toEqual([]);
    const messages = framed({ type: "BNDUPD", duid: DUID.one, lease: LEASE, status: "ACTIVE" });
    const told: Observation = {
      type: "link-sent",
      at: 2,
      server: "a",
      serverTime: serverTime(2),
      link: 1,
      messages,
    };
    expect(
      judged(checker, [down, written(1, IMAGE), told, written(3, released, other)]),
    ).toHaveLength(1);
  });
});

describe("endpoint states (F-489, F-488, A-34, A-39, A-72)", () => {
  const step = (from: string, to: string, server: "a" | "b" = "a"): Observation => {
    return { type: "endpoint", at: 0, server, from, to, reason: "" };
  };

  it("lets the arrows of the figure pass and fails on any other", () => {
    expect(judged(endpointTransitions, [step("NORMAL", "COMMUNICATIONS-INTERRUPTED")])).toEqual([]);
    expect(judged(endpointTransitions, [step("NORMAL", "POTENTIAL-CONFLICT")])).toHaveLength(1);
    expect(judged(endpointTransitions, [step("RECOVER", "NORMAL")])).toHaveLength(1);
  });

  it("keeps CONFLICT-DONE to the primary", () => {
    expect(judged(endpointTransitions, [step("POTENTIAL-CONFLICT", "CONFLICT-DONE", "a")])).toEqual(
      [],
    );
    expect(
      judged(endpointTransitions, [step("POTENTIAL-CONFLICT", "CONFLICT-DONE", "b")]),
    ).toHaveLength(1);
  });

  it("fails when a server leaves a state in which it was not", () => {
    const history = [step("STARTUP", "RECOVER"), step("NORMAL", "PARTNER-DOWN")];
    expect(judged(endpointTransitions, history)).toHaveLength(1);
  });
});

describe("causes of a lost lease (R7031-05, R7031-06, R7031-51, T-02)", () => {
  const servers = { [SERVER.a]: "a", [SERVER.b]: "b" } as const;
  const checker = (report: Report) => causes(servers, report);
  const renewed = { answered: "RENEW" };

  it("fails when a running lease is denied, ended or replaced", () => {
    expect(
      judged(checker, [
        accepted(0, "one", {}),
        accepted(9, "one", { ...renewed, leases: [], denied: 3 }),
      ]),
    ).toHaveLength(1);
    expect(
      judged(checker, [
        accepted(0, "one", {}),
        accepted(9, "one", { ...renewed, leases: [{ tail: "11", valid: 0 }] }),
      ]),
    ).toHaveLength(1);
    expect(
      judged(checker, [
        accepted(0, "one", {}),
        accepted(9, "one", { ...renewed, leases: [{ tail: "22", valid: 50 }] }),
      ]),
    ).toHaveLength(1);
  });

  it("lets a lease be left out, renewed, released, or replaced after its end", () => {
    const second: TestLease = { tail: "22", valid: 100 };
    expect(
      judged(checker, [
        accepted(0, "one", { leases: [LEASE, second] }),
        accepted(9, "one", { ...renewed, leases: [second] }),
      ]),
    ).toEqual([]);
    expect(judged(checker, [accepted(0, "one", {}), accepted(9, "one", renewed)])).toEqual([]);
    expect(
      judged(checker, [
        accepted(0, "one", {}),
        sentByClient(5, "one", "RELEASE"),
        accepted(9, "one", { leases: [second] }),
      ]),
    ).toEqual([]);
    expect(
      judged(checker, [accepted(0, "one", {}), accepted(100_000, "one", { leases: [second] })]),
    ).toEqual([]);
  });

  it("takes a lost disk as a cause only while the partner had not acknowledged the lease", () => {
    const wiped: Observation = {
      type: "started",
      at: 5,
      server: "a",
      serverTime: serverTime(5),
      diskKept: false,
      isOlder: false,
      leases: [],
    };
    const denied = accepted(9, "one", { ...renewed, leases: [], denied: 3 });
    const until = { stateExpirationTime: BEGIN + 100 };
    const messages = framed({
      type: "BNDREPLY",
      duid: DUID.one,
      lease: LEASE,
      status: "ACTIVE",
      ...until,
    });
    const sent: Observation = {
      type: "server-sent",
      at: 0,
      server: "a",
      serverTime: serverTime(0),
      bytes: message({ type: "REPLY", duid: DUID.one, leases: [LEASE] }),
    };
    const acked: Observation = {
      type: "link-received",
      at: 2,
      server: "a",
      serverTime: serverTime(2),
      link: 1,
      messages,
    };
    expect(judged(checker, [sent, accepted(0, "one", {}), wiped, denied])).toEqual([]);
    expect(judged(checker, [sent, accepted(0, "one", {}), acked, wiped, denied])).toHaveLength(1);
  });

  it("lets a client that moved lose its lease", () => {
    const moved: Observation = { type: "client-moved", at: 5, client: "one" };
    expect(
      judged(checker, [
        accepted(0, "one", {}),
        moved,
        accepted(9, "one", { ...renewed, leases: [], denied: 3 }),
      ]),
    ).toEqual([]);
  });
});

describe("service (R7031-77)", () => {
  const served = (holding: number): Observation => {
    return { type: "served", at: 0, wanting: 20, holding, capacity: 12 };
  };

  it("fails when a healed pair gives hardly anybody a lease", () => {
    expect(judged(service, [served(12)])).toEqual([]);
    expect(judged(service, [served(3)])).toHaveLength(1);
  });
});

describe("a settled pair (R7031-11, R7031-12, R7031-13, R7031-47, F-360, F-299, F-434)", () => {
  const at = { state: "NORMAL", unacknowledged: 0 };
  const mirrored = { ...IMAGE, clientLastTransactionTime: 0, partnerRawCltTime: BEGIN };
  const look = (
    a: readonly LeaseImage[],
    b: readonly LeaseImage[],
    state = "NORMAL",
  ): Extract<Observation, { type: "looked" }> => ({
    type: "looked",
    at: 0,
    last: true,
    status: { a: at, b: { ...at, state } },
    tables: { a, b },
    blocks: { a: [], b: [] },
  });

  it("has both in NORMAL, no marks, and mirrored tables in which no record means free", () => {
    expect(judged(settled, [look([IMAGE], [mirrored])])).toEqual([]);
    expect(judged(settled, [look([{ ...IMAGE, status: "FREE" }], [])])).toEqual([]);
  });

  it("is not settled in another state, with a mark, or with different tables", () => {
    expect(judged(settled, [look([], [], "COMMUNICATIONS-INTERRUPTED")])).toHaveLength(1);
    expect(judged(settled, [look([{ ...IMAGE, marked: true }], [mirrored])])).toHaveLength(1);
    expect(judged(settled, [look([IMAGE], [])])).toHaveLength(1);
    expect(judged(settled, [look([IMAGE], [{ ...mirrored, duid: DUID.two }])])).toHaveLength(1);
    expect(
      judged(settled, [look([IMAGE], [{ ...mirrored, clientExpiry: BEGIN + 99 }])]),
    ).toHaveLength(1);
    expect(
      judged(settled, [look([IMAGE], [{ ...mirrored, partnerRawCltTime: BEGIN - 9 }])]),
    ).toHaveLength(1);
    const prefixLease: LeaseImage = {
      ...IMAGE,
      kind: "prefix",
      address: prefix("aa"),
      length: 56,
      status: "FREE",
    };
    expect(
      judged(settled, [look([prefixLease], [{ ...prefixLease, status: "FREE-BACKUP" }])]),
    ).toHaveLength(1);
  });

  it("has the same blocks on both sides, however they are cut", () => {
    const blocks = (a: BlockImage[], b: BlockImage[]): Observation => ({
      ...look([], []),
      blocks: { a, b },
    });
    const half = (address: string, length: number) => ({
      address: prefix(address),
      length,
      givenAt: 7,
    });
    const whole = half("8000", 49);
    const halves = [half("8000", 50), half("80004000", 50)];
    expect(judged(settled, [blocks([whole], halves)])).toEqual([]);
    expect(judged(settled, [blocks([whole], halves.slice(1))])).toHaveLength(1);
  });

  it("knows on both sides whose a free prefix is (F-028, F-031)", () => {
    const given = { address: prefix("8000"), length: 49, givenAt: 7 };
    const free = (primarySince: number): LeaseImage => {
      const key = { kind: "prefix", address: prefix("80000100"), length: 56 } as const;
      return { ...IMAGE, ...key, status: "FREE", primarySince };
    };
    const worlds = (a: LeaseImage[], b: LeaseImage[]) =>
      judged(settled, [{ ...look(a, b), blocks: { a: [given], b: [given] } }]);
    expect(worlds([free(8)], [free(9)])).toEqual([]);
    expect(worlds([free(0)], [])).toEqual([]);
    expect(worlds([free(8)], [free(0)])).toHaveLength(1);
    expect(worlds([free(8)], [])).toHaveLength(1);
  });
});
