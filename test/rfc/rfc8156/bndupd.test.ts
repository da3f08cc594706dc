// RFC 8156 §7.2 to §7.5.3: what a BNDUPD says of a lease, and what a received one must have.

import { describe, expect, it } from "vitest";
import { clientUpdate } from "../../../src/core/failover/updates/bndupd-build.ts";
import { readUpdate } from "../../../src/core/failover/updates/bndupd-read.ts";
import type { ReadUpdate } from "../../../src/core/failover/updates/update.ts";
import {
  BINDING_STATUS,
  type BindingStatus,
  bindingStatusOf,
} from "../../../src/core/model/binding-status.ts";
import { duidFromBytes } from "../../../src/core/model/duid.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { freshLease } from "../../../src/core/model/lease-status.ts";
import { ByteWriter } from "../../../src/core/wire/cursor.ts";
import {
  allOptions,
  decodeOptions,
  encodeOptions,
  firstOption,
  type Option,
  option,
} from "../../../src/core/wire/options.ts";
import { ip } from "../../support/pair.ts";

const DUID = duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1));
const BASE = 848_000_000;
const STATUSES = Object.keys(BINDING_STATUS) as BindingStatus[];

function lease(changes: Partial<Lease> = {}): Lease {
  const {
    kind = "address",
    address = ip("2001:db8:1::1:1"),
    length = kind === "address" ? 128 : 56,
  } = changes;
  return {
    ...freshLease({ kind, address, length }, "lan"),
    duid: DUID,
    iaid: 7,
    status: "ACTIVE",
    validLifetime: 300,
    preferredLifetime: 200,
    t1: 100,
    t2: 160,
    startTimeOfState: BASE - 50,
    stateExpirationTime: BASE + 290,
    clientExpiry: BASE + 290,
    partnerLifetime: BASE + 390,
    clientLastTransactionTime: BASE - 10,
    ...changes,
  };
}

/** Over the wire, as the partner sees it. */
function sent(leases: readonly Lease[]): readonly Option[] {
  const out = new ByteWriter(65_535);
  encodeOptions(out, clientUpdate(DUID, leases, BASE));
  return decodeOptions(out.finish());
}

function data(leases: readonly Lease[]): readonly Option[] {
  const [only, ...rest] = sent(leases);
  expect(rest).toEqual([]);
  return only?.type === "CLIENT_DATA" ? only.options : [];
}

function details(changes: Partial<Lease>): readonly Option[] {
  const [ia] = allOptions(data([lease(changes)]), "IA_NA");
  return firstOption(ia?.options ?? [], "IAADDR")?.options ?? [];
}

const value = (
  options: readonly Option[],
  type:
    | "F_BINDING_STATUS"
    | "F_START_TIME_OF_STATE"
    | "F_STATE_EXPIRATION_TIME"
    | "CLT_TIME"
    | "F_PARTNER_LIFETIME"
    | "F_PARTNER_RAW_CLT_TIME"
    | "F_EXPIRATION_TIME",
) => firstOption(options, type)?.value;

describe("§7.4 a BNDUPD of a client", () => {
  it("7.4 is one CLIENT_DATA with the client's identifier and the base time (F-094, F-270, F-271, F-272, F-273, A-25)", () => {
    const options = data([lease(), lease({ address: ip("2001:db8:1::1:3"), iaid: 8 })]);
    expect(firstOption(options, "CLIENTID")?.duid).toBe(DUID);
    expect(firstOption(options, "LQ_BASE_TIME")?.value).toBe(BASE);
    expect(firstOption(options, "VSS")).toBeUndefined(); // F-274
  });

  it("7.4 has an IA for each kind and IAID with T1 and T2 as told, and in it the leases with their lifetimes (F-277, F-278, F-279, F-339)", () => {
    const prefix = { kind: "prefix", address: ip("2001:db8:8000:100::"), length: 56 } as const;
    const options = data([
      lease(),
      lease({ address: ip("2001:db8:1::1:3") }),
      lease({ iaid: 8, address: ip("2001:db8:1::1:5") }),
      lease(prefix),
    ]);
    expect(
      allOptions(options, "IA_NA").map((ia) => [ia.iaid, ia.t1, ia.t2, ia.options.length]),
    ).toEqual([
      [7, 100, 160, 2],
      [8, 100, 160, 1],
    ]);
    expect(firstOption(allOptions(options, "IA_NA")[0]?.options ?? [], "IAADDR")).toMatchObject({
      preferredLifetime: 200,
      validLifetime: 300,
    });
    const [pd] = allOptions(options, "IA_PD");
    expect(pd).toMatchObject({ iaid: 7, t1: 100, t2: 160 });
    expect(firstOption(pd?.options ?? [], "IAPREFIX")).toMatchObject({
      prefix: prefix.address,
      prefixLength: 56,
      preferredLifetime: 200,
      validLifetime: 300,
    });
  });

  it("7.4 each lease has status and its begin; with a timeout the three absolute times, without one none of them (F-280, F-281, F-282, F-285, F-287, F-138, A-27, A-73)", () => {
    for (const status of STATUSES) {
      const timed = details({ status });
      expect(value(timed, "F_BINDING_STATUS")).toBe(BINDING_STATUS[status]);
      expect(value(timed, "F_START_TIME_OF_STATE")).toBe(BASE - 50);
      const free = status === "FREE" || status === "FREE-BACKUP";
      expect([status, value(timed, "F_STATE_EXPIRATION_TIME")]).toEqual([
        status,
        free ? undefined : BASE + 290,
      ]);
      expect([status, value(timed, "F_PARTNER_LIFETIME")]).toEqual([
        status,
        free ? undefined : BASE + 390,
      ]);
      // 0 as long as nothing was acknowledged.
      expect([status, value(timed, "F_EXPIRATION_TIME")]).toEqual([status, free ? undefined : 0]);
      const untimed = details({ status, stateExpirationTime: 0 });
      for (const type of [
        "F_STATE_EXPIRATION_TIME",
        "F_PARTNER_LIFETIME",
        "F_EXPIRATION_TIME",
      ] as const)
        expect(value(untimed, type)).toBeUndefined();
    }
  });

  it("7.4 the client's time counts back from the base, made anew for each transmission, and only contact counts (F-283, F-284, A-29)", () => {
    expect(value(details({}), "CLT_TIME")).toBe(10);
    expect(value(details({ clientLastTransactionTime: BASE + 3 }), "CLT_TIME")).toBe(0);
    expect(
      value(
        details({ clientLastTransactionTime: 0, startTimeOfState: BASE - 1, status: "EXPIRED" }),
        "CLT_TIME",
      ),
    ).toBeUndefined();
    const later = clientUpdate(DUID, [lease()], BASE + 100);
    const [ia] = allOptions(firstOption(later, "CLIENT_DATA")?.options ?? [], "IA_NA");
    expect(value(firstOption(ia?.options ?? [], "IAADDR")?.options ?? [], "CLT_TIME")).toBe(110);
  });

  it("7.4 the partner's time goes back as it came, if it is known (F-286, F-267)", () => {
    expect(value(details({ partnerRawCltTime: BASE - 12_345 }), "F_PARTNER_RAW_CLT_TIME")).toBe(
      BASE - 12_345,
    );
    expect(value(details({}), "F_PARTNER_RAW_CLT_TIME")).toBeUndefined();
  });

  it("7.4 relay data, key and name of the client go along where there are any (F-275, F-276, F-288, F-526)", () => {
    const relayData = Uint8Array.from({ length: 20 }, (_, index) => index);
    const reconfigureData = Uint8Array.of(0x31, 0, 0, 0, 9, 9, 9, 9);
    const fqdn = Uint8Array.of(1, 1, 0x61, 0);
    const options = data([lease({ relayData, reconfigureData, fqdn })]);
    expect(firstOption(options, "LQ_RELAY_DATA")).toMatchObject({
      peerAddress: ip("1:203:405:607:809:a0b:c0d:e0f"),
      message: Uint8Array.of(16, 17, 18, 19),
    });
    expect(firstOption(options, "F_RECONFIGURE_DATA")).toMatchObject({
      time: 0x31000000,
      key: Uint8Array.of(9, 9, 9, 9),
    });
    expect(firstOption(details({ fqdn }), "CLIENT_FQDN")).toBeDefined();
    const none = data([lease()]);
    expect([firstOption(none, "LQ_RELAY_DATA"), firstOption(none, "F_RECONFIGURE_DATA")]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

/** The parts of a sound update, each to be left out or spoiled. */
function update(
  changes: { client?: readonly Option[]; ia?: readonly Option[]; lease?: readonly Option[] } = {},
): Option[] {
  const inner = changes.lease ?? [
    option("F_BINDING_STATUS", { value: 1 }),
    option("F_START_TIME_OF_STATE", { value: BASE }),
    option("F_STATE_EXPIRATION_TIME", { value: BASE + 100 }),
    option("CLT_TIME", { value: 3 }),
  ];
  const address = option("IAADDR", {
    address: ip("2001:db8:1::1:1"),
    preferredLifetime: 200,
    validLifetime: 300,
    options: inner,
  });
  const ia = changes.ia ?? [option("IA_NA", { iaid: 7, t1: 1, t2: 2, options: [address] })];
  const client = changes.client ?? [
    option("CLIENTID", { duid: DUID }),
    option("LQ_BASE_TIME", { value: BASE }),
  ];
  return [option("CLIENT_DATA", { options: [...client, ...ia] })];
}

function reason(read: ReadUpdate): number | string {
  if (read.type === "bad") return read.status;
  if (read.type === "block") return "block";
  const [first] = read.ias[0]?.leases ?? [];
  return first === undefined
    ? "no lease"
    : first.read.type === "bad"
      ? `lease ${first.read.status}`
      : "sound";
}

describe("§7.5.3 a BNDUPD received", () => {
  const without = (type: string, options: readonly Option[]) =>
    options.filter((each) => each.type !== type);
  const [whole] = update();
  const outer = whole?.type === "CLIENT_DATA" ? whole.options : [];
  const inner = firstOption(firstOption(outer, "IA_NA")?.options ?? [], "IAADDR")?.options ?? [];

  it("7.5.3 has exactly one CLIENT_DATA or exactly one IAPREFIX (F-303, F-143, A-57)", () => {
    const prefix = option("IAPREFIX", {
      preferredLifetime: 0,
      validLifetime: 0,
      prefixLength: 56,
      prefix: ip("2001:db8:8000::"),
      options: [
        option("LQ_BASE_TIME", { value: 1 }),
        option("F_BINDING_STATUS", { value: 6 }),
        option("F_START_TIME_OF_STATE", { value: 1 }),
      ],
    });
    expect(reason(readUpdate(update()))).toBe("sound");
    expect(reason(readUpdate([prefix]))).toBe("block");
    for (const wrong of [[], [...update(), ...update()], [prefix, prefix], [...update(), prefix]])
      expect(reason(readUpdate(wrong))).toBe(18);
  });

  it("7.5.3 lacks nothing that is needed: client, base time, IA (F-304)", () => {
    expect(reason(readUpdate(update({ client: without("CLIENTID", outer.slice(0, 2)) })))).toBe(18);
    expect(reason(readUpdate(update({ client: without("LQ_BASE_TIME", outer.slice(0, 2)) })))).toBe(
      18,
    );
    expect(reason(readUpdate(update({ ia: [] })))).toBe(18);
  });

  it("7.5.3 nor does a lease: status, begin, the end of ACTIVE; only it is refused (F-304, F-237, F-344)", () => {
    expect(reason(readUpdate(update({ lease: without("F_BINDING_STATUS", inner) })))).toBe(
      "lease 18",
    );
    expect(reason(readUpdate(update({ lease: without("F_START_TIME_OF_STATE", inner) })))).toBe(
      "lease 18",
    );
    expect(reason(readUpdate(update({ lease: without("F_STATE_EXPIRATION_TIME", inner) })))).toBe(
      "lease 18",
    );
    const zero = [
      ...without("F_STATE_EXPIRATION_TIME", inner),
      option("F_STATE_EXPIRATION_TIME", { value: 0 }),
    ];
    expect(reason(readUpdate(update({ lease: zero })))).toBe("lease 18");
    expect(reason(readUpdate(update({ lease: without("CLT_TIME", inner) })))).toBe("sound");
  });

  it("5.5.1 a status of 0 or above 8, or a malformed option, makes the lease unusable (F-108, F-139)", () => {
    for (const number of [0, 9, 255]) {
      const status = [
        option("F_BINDING_STATUS", { value: number }),
        ...without("F_BINDING_STATUS", inner),
      ];
      expect(reason(readUpdate(update({ lease: status })))).toBe("lease 18");
    }
    const malformed: Option = {
      type: "malformed",
      code: 123,
      offset: 0,
      reason: "too short",
      data: Uint8Array.of(1),
    };
    expect(reason(readUpdate(update({ lease: [...inner, malformed] })))).toBe("lease 18");
  });

  it("7.5.4 a VPN is not configured here: ConfigurationConflict for the whole (F-305, F-142, F-274)", () => {
    const vss: Option = option("VSS", { value: Uint8Array.of(0, 0x61) });
    expect(reason(readUpdate(update({ client: [...outer.slice(0, 2), vss] })))).toBe(17);
  });

  it("7.4 a lone prefix has status, begin and base time, and is FREE or FREE-BACKUP (F-293, F-294, F-295, F-304)", () => {
    const sound = [
      option("LQ_BASE_TIME", { value: 1 }),
      option("F_BINDING_STATUS", { value: 5 }),
      option("F_START_TIME_OF_STATE", { value: 1 }),
    ];
    const lone = (options: readonly Option[]) =>
      readUpdate([
        option("IAPREFIX", {
          preferredLifetime: 5,
          validLifetime: 5,
          prefixLength: 50,
          prefix: ip("2001:db8:8000:4000::"),
          options,
        }),
      ]);
    expect(lone(sound)).toMatchObject({
      type: "block",
      block: { length: 50, status: "FREE", startTimeOfState: 1 },
    });
    for (const type of ["LQ_BASE_TIME", "F_BINDING_STATUS", "F_START_TIME_OF_STATE"])
      expect(reason(lone(without(type, sound)))).toBe(18);
    for (const status of [1, 2, 3, 4, 7, 8])
      expect(
        reason(
          lone([
            ...without("F_BINDING_STATUS", sound),
            option("F_BINDING_STATUS", { value: status }),
          ]),
        ),
      ).toBe(18);
  });

  it("7.5.4 the client's time is the base less the interval, not corrected (F-334, A-28, A-29)", () => {
    const read = readUpdate(update());
    const [first] = read.type === "client" ? (read.ias[0]?.leases ?? []) : [];
    expect(first?.read).toMatchObject({
      type: "lease",
      update: {
        clientTransactionTime: BASE - 3,
        partnerRawCltTime: 0,
        expirationTime: 0,
        partnerLifetime: 0,
      },
    });
  });

  it("7.4 what is built is read as it was: a round trip of every status (F-248, F-247, F-107, F-237, F-238, F-239)", () => {
    for (const status of STATUSES) {
      expect(bindingStatusOf(BINDING_STATUS[status])).toBe(status);
      const record = lease({ status, partnerRawCltTime: BASE - 99, expirationTime: BASE + 77 });
      const read = readUpdate(sent([record]));
      const [first] = read.type === "client" ? (read.ias[0]?.leases ?? []) : [];
      const free = status === "FREE" || status === "FREE-BACKUP";
      expect(first?.read).toMatchObject({
        type: "lease",
        update: {
          address: record.address,
          duid: DUID,
          iaid: 7,
          t1: 100,
          t2: 160,
          preferredLifetime: 200,
          validLifetime: 300,
          status,
          startTimeOfState: BASE - 50,
          clientTransactionTime: BASE - 10,
          partnerRawCltTime: BASE - 99,
          stateExpirationTime: free ? 0 : BASE + 290,
          partnerLifetime: free ? 0 : BASE + 390,
          expirationTime: free ? 0 : BASE + 77,
        },
      });
    }
  });
});
