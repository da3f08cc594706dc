// RFC 8156 §7.5.2, §7.5.5, §7.6, §7.8: the answer to a BNDUPD, and what an accepted one stores.

import { describe, expect, it } from "vitest";
import { BINDING_STATUS, type BindingStatus } from "../../../src/core/model/binding-status.ts";
import { duidFromBytes } from "../../../src/core/model/duid.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { allOptions, firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { ip } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const DUID = duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1));
const OTHER = duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 2));
const ODD = ip("2001:db8:1::1:1");
const EVEN = ip("2001:db8:1::1:2");
const FAR = ip("2001:db8:99::1");

interface Told {
  readonly address?: Lease["address"];
  readonly status?: BindingStatus;
  readonly start?: number;
  readonly end?: number;
  readonly lifetime?: number;
  readonly expiration?: number;
  readonly raw?: number;
  /** Seconds before the base. */
  readonly clt?: number;
}

function leaseOption(told: Told, base: number): Option {
  const { status = "ACTIVE", address = ODD } = told;
  const timed = status === "ACTIVE" || status === "ABANDONED";
  const options: Option[] = [
    option("F_BINDING_STATUS", { value: BINDING_STATUS[status] }),
    option("F_START_TIME_OF_STATE", { value: told.start ?? base - 50 }),
    ...(timed
      ? [
          option("F_STATE_EXPIRATION_TIME", { value: told.end ?? base + 290 }),
          option("F_PARTNER_LIFETIME", { value: told.lifetime ?? base + 390 }),
          option("F_EXPIRATION_TIME", { value: told.expiration ?? 0 }),
        ]
      : []),
    ...(told.clt === undefined ? [] : [option("CLT_TIME", { value: told.clt })]),
    ...(told.raw === undefined ? [] : [option("F_PARTNER_RAW_CLT_TIME", { value: told.raw })]),
  ];
  return option("IAADDR", { address, preferredLifetime: 200, validLifetime: 300, options });
}

function bndupd(
  partner: ScriptedPartner,
  leases: readonly Told[],
  how: { duid?: typeof DUID; base?: number; extra?: Option[] } = {},
): Option[] {
  const base = how.base ?? partner.time();
  const ia = option("IA_NA", {
    iaid: 7,
    t1: 100,
    t2: 160,
    options: leases.map((told) => leaseOption(told, base)),
  });
  const client = [
    option("CLIENTID", { duid: how.duid ?? DUID }),
    option("LQ_BASE_TIME", { value: base }),
    ...(how.extra ?? []),
  ];
  return [option("CLIENT_DATA", { options: [...client, ia] })];
}

/** Sends a BNDUPD and returns the options inside each IAADDR of the answer. */
function tell(partner: ScriptedPartner, leases: readonly Told[], how = {}): (readonly Option[])[] {
  const id = partner.send("BNDUPD", bndupd(partner, leases, how));
  const reply = partner.expectOne("BNDREPLY");
  expect(reply.transactionId).toBe(id);
  const data = firstOption(reply.options, "CLIENT_DATA");
  const [ia] = allOptions(data?.options ?? [], "IA_NA");
  return allOptions(ia?.options ?? [], "IAADDR").map((each) => each.options);
}

const status = (options: readonly Option[] | undefined) =>
  firstOption(options ?? [], "STATUS_CODE")?.status;
const normal = (server: "a" | "b" = "b") =>
  new ScriptedPartner(server).start().reach("NORMAL", "NORMAL");

describe("§7.6 BNDREPLY built", () => {
  it("7.6 mirrors client and leases, with status, end and the partner-lifetime bit by bit, and no status code (F-307, F-309, F-340, F-341, F-346, F-347, F-348, F-122, A-22)", () => {
    const b = normal();
    const id = b.send("BNDUPD", bndupd(b, [{ lifetime: 0xdead_beef, end: b.time(290), clt: 3 }]));
    const reply = b.expectOne("BNDREPLY");
    expect([reply.transactionId, reply.options.length]).toEqual([id, 1]);
    const data = firstOption(reply.options, "CLIENT_DATA")?.options ?? [];
    expect(data.map((each) => each.type)).toEqual(["CLIENTID", "IA_NA"]);
    expect(firstOption(data, "CLIENTID")?.duid).toBe(DUID);
    const address = firstOption(firstOption(data, "IA_NA")?.options ?? [], "IAADDR");
    expect(address).toMatchObject({ address: ODD, preferredLifetime: 200, validLifetime: 300 });
    expect(address?.options).toMatchObject([
      { type: "F_BINDING_STATUS", value: 1 },
      { type: "F_STATE_EXPIRATION_TIME", value: b.time(290) },
      { type: "F_PARTNER_LIFETIME_SENT", value: 0xdead_beef },
    ]);
  });

  it("7.6 leaves out what the BNDUPD had not (F-348)", () => {
    const b = normal();
    const [released] = tell(b, [{ status: "RELEASED", clt: 3 }]);
    expect(released?.map((each) => each.type)).toEqual(["F_BINDING_STATUS"]);
  });

  it("7.6 one refused lease does not refuse the others: they are stored and count (F-343, F-344, F-306, F-345)", () => {
    const b = normal();
    const [first, far, third] = tell(b, [
      { address: ODD, clt: 3 },
      { address: FAR, clt: 3 },
      { address: EVEN, clt: 3 },
    ]);
    expect([status(first), status(far), status(third)]).toEqual([undefined, 17, undefined]);
    expect([
      b.stored({ address: ODD })?.status,
      b.stored({ address: FAR }),
      b.stored({ address: EVEN })?.status,
    ]).toEqual(["ACTIVE", undefined, "ACTIVE"]);
    expect(firstOption(far ?? [], "F_PARTNER_LIFETIME_SENT")).toBeDefined();
  });

  it("7.6 a whole refusal stands in the outermost option, the list of contents holds as well (F-342, F-345, F-350, F-304, F-305, A-57)", () => {
    const b = normal();
    const vss = option("VSS", { value: Uint8Array.of(0, 0x61) });
    b.send("BNDUPD", bndupd(b, [{ clt: 3 }], { extra: [vss] }));
    const data = firstOption(b.expectOne("BNDREPLY").options, "CLIENT_DATA")?.options ?? [];
    expect(status(data)).toBe(17);
    expect(data.map((each) => each.type)).toEqual(["STATUS_CODE", "CLIENTID", "VSS", "IA_NA"]);
    const lease = firstOption(firstOption(data, "IA_NA")?.options ?? [], "IAADDR")?.options ?? [];
    expect(lease.map((each) => each.type)).toEqual([
      "F_BINDING_STATUS",
      "F_STATE_EXPIRATION_TIME",
      "F_PARTNER_LIFETIME_SENT",
    ]);
    expect(b.stored({ address: ODD })).toBeUndefined();
    b.send("BNDUPD", []);
    expect(status(firstOption(b.expectOne("BNDREPLY").options, "CLIENT_DATA")?.options)).toBe(18);
  });

  it("7.6 a refused lone prefix has status, 114, 134 and 124 likewise (F-340, F-342, F-349)", () => {
    const b = normal();
    const options = [
      option("F_BINDING_STATUS", { value: 6 }),
      option("F_STATE_EXPIRATION_TIME", { value: 5 }),
      option("F_PARTNER_LIFETIME", { value: 6 }),
    ];
    b.send("BNDUPD", [
      option("IAPREFIX", {
        preferredLifetime: 0,
        validLifetime: 0,
        prefixLength: 56,
        prefix: ip("2001:db8:8000::"),
        options,
      }),
    ]);
    const reply = b.expectOne("BNDREPLY").options;
    expect(reply).toMatchObject([
      { type: "IAPREFIX", prefixLength: 56, prefix: ip("2001:db8:8000::") },
    ]);
    expect(firstOption(reply, "IAPREFIX")?.options).toMatchObject([
      { type: "STATUS_CODE", status: 18 },
      { type: "F_BINDING_STATUS", value: 6 },
      { type: "F_STATE_EXPIRATION_TIME", value: 5 },
      { type: "F_PARTNER_LIFETIME_SENT", value: 6 },
    ]);
  });

  it("7.5.2 leaves when the record is on disk, not before (F-308, F-439, F-530)", () => {
    const b = normal();
    b.host.holdDisk = true;
    b.send("BNDUPD", bndupd(b, [{ clt: 3 }]));
    expect(b.stored({ address: ODD })?.status).toBe("ACTIVE");
    expect(b.take("BNDREPLY")).toBeUndefined();
    b.host.flushDisk(b.now);
    b.tick();
    expect(b.take("BNDREPLY")).toBeDefined();
  });

  it("7.5.3 is given in every state that has a connection, also when nothing changes (F-307, F-309, A-33)", () => {
    for (const state of [
      "NORMAL",
      "RECOVER",
      "RECOVER-WAIT",
      "RECOVER-DONE",
      "PARTNER-DOWN",
      "POTENTIAL-CONFLICT",
      "CONFLICT-DONE",
    ] as const) {
      const a = new ScriptedPartner("a")
        .start()
        .reach(
          state,
          state === "POTENTIAL-CONFLICT" ? state : state === "NORMAL" ? "NORMAL" : "RECOVER",
          { recoverWaitUntil: 0x7fff_ffff },
        );
      const told: Told = { clt: 3, start: a.time(-50), end: a.time(290), lifetime: a.time(390) };
      for (let i = 0; i < 2; i++)
        expect(tell(a, [told], { base: a.time() }).map(status)).toEqual([undefined]);
    }
  });
});

describe("§7.5.4 a refusal marks what is known better", () => {
  const ours = (b: ScriptedPartner, changes: Partial<Lease> = {}) =>
    b.lease({
      address: ODD,
      status: "ACTIVE",
      duid: DUID,
      iaid: 7,
      clientLastTransactionTime: b.time(-5),
      startTimeOfState: b.time(-100),
      stateExpirationTime: b.time(100),
      clientExpiry: b.time(100),
      ...changes,
    });

  it("7.5.4 OutdatedBindingInformation: marked, and our own update follows the answer (F-324, F-326, F-144)", () => {
    const b = normal();
    ours(b);
    b.received = [];
    b.send("BNDUPD", bndupd(b, [{ status: "EXPIRED", clt: 60 }]));
    expect(b.received.map((message) => message.type)).toEqual(["BNDREPLY", "BNDUPD"]);
  });

  it("7.5.4 what is marked already waits for its turn (F-327)", () => {
    const b = normal();
    const before = ours(b, { marked: true });
    b.expectOne("BNDUPD");
    tell(b, [{ status: "EXPIRED", clt: 60 }]);
    expect(b.stored({ address: ODD })?.version).toBe(before.version);
    expect(b.take("BNDUPD")).toBeUndefined();
  });

  it("7.5.4 other refusals leave the mark alone, AddressInUse sets it and raises an alarm (F-325, A-75, F-322)", () => {
    const a = normal("a");
    ours(a);
    const [first] = tell(a, [{ clt: 300, end: a.time(100) }], { duid: OTHER });
    expect(status(first)).toBe(16);
    expect(a.stored({ address: ODD })).toMatchObject({ duid: DUID, marked: true });
    expect(a.logged("FAILOVER_CONFLICT")).toHaveLength(1);
    const b = normal();
    ours(b);
    b.send("BNDUPD", [option("CLIENT_DATA", { options: [option("CLIENTID", { duid: DUID })] })]);
    expect(b.stored({ address: ODD })?.marked).toBe(false);
  });
});

describe("§7.5.5 what an accepted update stores (Figure 5)", () => {
  it("7.5.5 every field, at its place (F-329, F-330, F-331, F-332, F-333, F-334, F-335, F-336, F-339, F-361, F-267, F-263, F-266, F-268, F-269, A-24, A-76)", () => {
    const b = normal();
    b.lease({
      address: ODD,
      status: "ACTIVE",
      duid: DUID,
      iaid: 7,
      startTimeOfState: b.time(-500),
      stateExpirationTime: b.time(10),
      clientExpiry: b.time(10),
      clientLastTransactionTime: b.time(-400),
      partnerLifetime: b.time(50),
      partnerLifetimeHighest: b.time(50),
    });
    tell(b, [
      {
        start: b.time(-77),
        end: b.time(290),
        lifetime: b.time(390),
        expiration: b.time(60),
        raw: b.time(-350),
        clt: 3,
      },
    ]);
    expect(b.stored({ address: ODD })).toMatchObject({
      status: "ACTIVE",
      startTimeOfState: b.time(-77),
      stateExpirationTime: b.time(290),
      clientExpiry: b.time(290),
      expirationTime: b.time(390),
      partnerRawCltTime: b.time(-3),
      clientLastTransactionTime: b.time(-350),
      partnerLifetime: b.time(60),
      partnerLifetimeHighest: b.time(60),
      t1: 100,
      t2: 160,
      preferredLifetime: 200,
      validLifetime: 300,
      marked: false,
    });
  });

  it("7.5.5 120 and 126 only raise what is there (F-335, F-336)", () => {
    const b = normal();
    b.lease({
      address: ODD,
      status: "ACTIVE",
      duid: DUID,
      iaid: 7,
      stateExpirationTime: b.time(10),
      clientExpiry: b.time(10),
      clientLastTransactionTime: b.time(-40),
      partnerLifetime: b.time(500),
    });
    tell(b, [{ end: b.time(290), expiration: b.time(60), raw: b.time(-350), clt: 3 }]);
    expect(b.stored({ address: ODD })).toMatchObject({
      clientLastTransactionTime: b.time(-40),
      partnerLifetime: b.time(500),
    });
  });

  it("7.5.5 a status without a timeout has none afterwards (F-338)", () => {
    const b = normal();
    tell(b, [{ status: "ABANDONED", end: b.time(500), clt: 3 }]);
    expect(b.stored({ address: ODD })?.stateExpirationTime).toBe(b.time(500));
    tell(b, [{ status: "RELEASED", clt: 0, raw: b.time() }], { base: b.time(10) });
    expect(b.stored({ address: ODD })).toMatchObject({
      status: "FREE",
      expirationTime: 0,
      partnerLifetime: 0,
      ackedPartnerLifetime: 0,
    });
  });

  it("4.4 same client: no earlier end than either server told it, and the other hears of the later one (T-04, F-320, F-558, A-17)", () => {
    const b = normal();
    b.lease({
      address: ODD,
      status: "ACTIVE",
      duid: DUID,
      iaid: 7,
      startTimeOfState: b.time(-100),
      stateExpirationTime: b.time(290),
      clientExpiry: b.time(290),
      clientLastTransactionTime: b.time(-5),
    });
    tell(b, [{ end: b.time(100), clt: 60 }]);
    expect(b.stored({ address: ODD })).toMatchObject({
      stateExpirationTime: b.time(290),
      clientExpiry: b.time(290),
      marked: true,
    });
    b.tick();
    const [ia] = allOptions(
      firstOption(b.expectOne("BNDUPD").options, "CLIENT_DATA")?.options ?? [],
      "IA_NA",
    );
    const [lease] = allOptions(ia?.options ?? [], "IAADDR");
    expect(firstOption(lease?.options ?? [], "F_STATE_EXPIRATION_TIME")?.value).toBe(b.time(290));
  });

  it("7.2 an accepted ending is free at once for whom its pool belongs to (A-20, F-019, F-240, F-257, F-258, F-260)", () => {
    for (const ending of ["EXPIRED", "RELEASED", "RESET", "PENDING-FREE"] as const) {
      for (const [address, free] of [
        [ODD, "FREE"],
        [EVEN, "FREE-BACKUP"],
      ] as const) {
        const b = normal();
        tell(b, [{ address, status: ending, clt: 3 }]);
        expect(b.stored({ address })).toMatchObject({ status: free, duid: DUID, marked: false });
      }
    }
  });
});
