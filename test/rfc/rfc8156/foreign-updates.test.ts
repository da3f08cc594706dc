// RFC 8156 §7.4 to §7.6: what another implementation may send in a BNDUPD that Tandem itself does not.

import { describe, expect, it } from "vitest";
import { BINDING_STATUS, type BindingStatus } from "../../../src/core/model/binding-status.ts";
import { duidFromBytes } from "../../../src/core/model/duid.ts";
import {
  firstOption,
  type Option,
  type OptionByType,
  option,
} from "../../../src/core/wire/options.ts";
import { ip } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const DUID = duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1));
const ODD = ip("2001:db8:1::1:1");
const EVEN = ip("2001:db8:1::1:2");
const YEAR = 31_556_952;
const INFINITE = 0xffff_ffff;

interface Told {
  readonly address?: typeof ODD;
  readonly status?: BindingStatus;
  readonly start?: number;
  /** undefined: not sent. */
  readonly end?: number | undefined;
  readonly raw?: number;
  readonly clt?: number;
  readonly valid?: number;
}

function details(b: ScriptedPartner, told: Told): Option[] {
  const { status = "ACTIVE" } = told;
  const end = "end" in told ? told.end : b.time(290);
  const of = (type: "CLT_TIME" | "F_PARTNER_RAW_CLT_TIME", value: number | undefined) =>
    value === undefined ? [] : [option(type, { value })];
  return [
    option("F_BINDING_STATUS", { value: BINDING_STATUS[status] }),
    option("F_START_TIME_OF_STATE", { value: told.start ?? b.time(-50) }),
    ...(end === undefined ? [] : [option("F_STATE_EXPIRATION_TIME", { value: end })]),
    option("F_PARTNER_LIFETIME", { value: end ?? b.time(390) }),
    ...of("CLT_TIME", told.clt),
    ...of("F_PARTNER_RAW_CLT_TIME", told.raw),
  ];
}

function address(b: ScriptedPartner, told: Told = {}): Option {
  const { valid = 300 } = told;
  return option("IAADDR", {
    address: told.address ?? ODD,
    preferredLifetime: Math.min(200, valid),
    validLifetime: valid,
    options: details(b, told),
  });
}

const prefix = (b: ScriptedPartner): Option =>
  option("IAPREFIX", {
    prefix: ip("2001:db8:8000:100::"),
    prefixLength: 56,
    preferredLifetime: 200,
    validLifetime: 300,
    options: details(b, {}),
  });

const na = (...options: Option[]): Option =>
  option("IA_NA", { iaid: 7, t1: 100, t2: 160, options });

/** Sends a client's BNDUPD; returns what the CLIENT_DATA of the answer has. */
function tell(b: ScriptedPartner, ...content: Option[]): readonly Option[] {
  const client = [option("CLIENTID", { duid: DUID }), option("LQ_BASE_TIME", { value: b.time() })];
  b.send("BNDUPD", [option("CLIENT_DATA", { options: [...client, ...content] })]);
  return firstOption(b.expectOne("BNDREPLY").options, "CLIENT_DATA")?.options ?? [];
}

const statusIn = (options: readonly Option[] | undefined) =>
  firstOption(options ?? [], "STATUS_CODE")?.status;

/** The status of each lease in the answer, by its IA. */
function statuses(answer: readonly Option[]): string[] {
  const ias = answer.filter(
    (each): each is OptionByType<"IA_NA" | "IA_TA" | "IA_PD"> =>
      each.type === "IA_NA" || each.type === "IA_TA" || each.type === "IA_PD",
  );
  return ias.flatMap((ia) =>
    ia.options.flatMap((each) =>
      each.type === "IAADDR" || each.type === "IAPREFIX"
        ? [`${ia.type} ${each.type} ${statusIn(each.options) ?? "taken"}`]
        : [],
    ),
  );
}

const normal = () => new ScriptedPartner("b").start().reach("NORMAL", "NORMAL");
const stored = (b: ScriptedPartner) => b.stored({ address: ODD });

describe("§7.4 the last contact with the client", () => {
  it("7.4 stands with the client, as RFC 5007 §4.1.2.3 has it (A-28, F-283)", () => {
    const b = normal();
    const answer = tell(b, option("CLT_TIME", { value: 20 }), na(address(b)));
    expect(statuses(answer)).toEqual(["IA_NA IAADDR taken"]);
    expect(stored(b)?.partnerRawCltTime).toBe(b.time(-20));
  });

  it("7.4 that of the lease goes before that of the client (A-28, A-29)", () => {
    const b = normal();
    tell(b, option("CLT_TIME", { value: 20 }), na(address(b, { clt: 3 })));
    expect(stored(b)?.partnerRawCltTime).toBe(b.time(-3));
  });

  it("7.5.4 and is what decides: an older contact of the client is outdated (F-311, F-314, A-28)", () => {
    const b = normal();
    tell(b, na(address(b, { clt: 3 })));
    const answer = tell(
      b,
      option("CLT_TIME", { value: 90 }),
      na(address(b, { status: "RELEASED", end: undefined, start: b.time() })),
    );
    expect(statuses(answer)).toEqual(["IA_NA IAADDR 19"]);
  });
});

describe("§7.5.3 what cannot be processed is MissingBindingInformation", () => {
  it("7.6 an IA without a lease has nowhere to carry a reason: the whole is refused, and nothing stored (F-304, F-342, F-345)", () => {
    const b = normal();
    for (const ias of [
      [na()],
      [na(), na(address(b))],
      [option("IA_TA", { iaid: 1, options: [] })],
    ]) {
      expect(statusIn(tell(b, ...ias))).toBe(18);
    }
    expect(stored(b)).toBeUndefined();
  });

  it("7.6 a lease of the wrong kind is refused, and only it (F-304, F-343, F-344)", () => {
    const b = normal();
    const pd = option("IA_PD", { iaid: 7, t1: 0, t2: 0, options: [address(b, { address: EVEN })] });
    const answer = tell(b, na(prefix(b), address(b)), pd);
    expect(statuses(answer)).toEqual([
      "IA_NA IAPREFIX 18",
      "IA_NA IAADDR taken",
      "IA_PD IAADDR 18",
    ]);
    expect(stored(b)?.status).toBe("ACTIVE");
    expect(b.stored({ address: EVEN })).toBeUndefined();
  });

  it("7.6 temporary addresses are not served here: ConfigurationConflict, each (F-306, F-277)", () => {
    const b = normal();
    const ta = option("IA_TA", { iaid: 9, options: [address(b, { address: EVEN })] });
    expect(statuses(tell(b, ta, na(address(b))))).toEqual([
      "IA_TA IAADDR 17",
      "IA_NA IAADDR taken",
    ]);
  });
});

describe("§3 times modulo 2^32 (A-58, A-59)", () => {
  const ends: readonly (readonly [years: string, end: (b: ScriptedPartner) => number])[] = [
    ["33", (b) => b.time(33 * YEAR)],
    ["35", (b) => b.time(35 * YEAR)],
    ["67", (b) => b.time(67 * YEAR)],
    ["69", (b) => b.time(69 * YEAR)],
    ["infinitely many", () => INFINITE],
  ];
  for (const [years, end] of ends) {
    it(`7.4 a lease that ends in ${years} years is taken, runs, and follows what comes later`, () => {
      const b = normal();
      const [first] = statuses(tell(b, na(address(b, { clt: 3, end: end(b) }))));
      expect(first).toBe("IA_NA IAADDR taken");
      b.run(60_000);
      expect(stored(b)?.status).toBe("ACTIVE");
      const released = address(b, { status: "RELEASED", clt: 0, end: undefined, start: b.time() });
      expect(statuses(tell(b, na(released)))).toEqual(["IA_NA IAADDR taken"]);
      expect(stored(b)?.status).toBe("FREE");
    });
  }

  it("7.4 an infinite lease has no timeout to tell (A-59, F-282)", () => {
    const b = normal();
    const infinite = { clt: 3, end: undefined, valid: INFINITE };
    expect(statuses(tell(b, na(address(b, infinite))))).toEqual(["IA_NA IAADDR taken"]);
    b.run(60_000);
    expect(stored(b)?.status).toBe("ACTIVE");
    // What ends has an end.
    const finite = address(b, { address: EVEN, clt: 3, end: undefined });
    expect(statuses(tell(b, na(finite)))).toEqual(["IA_NA IAADDR 18"]);
  });

  it("7.6 what is echoed is what came (F-122, F-348)", () => {
    const b = normal();
    const answer = tell(b, na(address(b, { clt: 3, end: INFINITE })));
    const lease = firstOption(firstOption(answer, "IA_NA")?.options ?? [], "IAADDR");
    const echoed = lease?.options.map((each) => ("value" in each ? each.value : each.type));
    expect(echoed).toEqual([1, INFINITE, INFINITE]);
  });

  const ahead: readonly (readonly [what: string, told: (b: ScriptedPartner) => Told])[] = [
    ["a contact 69 years ago", () => ({ clt: 69 * YEAR })],
    ["a contact 100 years ago", () => ({ clt: 100 * YEAR })],
    ["our contact, in 35 years", (b) => ({ clt: 3, raw: b.time(35 * YEAR) })],
    ["a status that begins in 35 years", (b) => ({ start: b.time(35 * YEAR) })],
  ];
  for (const [what, told] of ahead) {
    it(`7.5.4 ${what} does not beat what comes later (F-235)`, () => {
      const b = normal();
      expect(statuses(tell(b, na(address(b, told(b)))))).toEqual(["IA_NA IAADDR taken"]);
      b.run(15_000);
      const released = address(b, { status: "RELEASED", clt: 0, end: undefined, start: b.time() });
      expect(statuses(tell(b, na(released)))).toEqual(["IA_NA IAADDR taken"]);
    });
  }
});
