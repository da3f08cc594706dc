// RFC 8415 §18.3, §18.3.6, §21.7, §21.23 to 21.25: options for clients, and INFORMATION-REQUEST.

import { describe, expect, it } from "vitest";
import { allOptions, firstOption, option } from "../../../src/core/wire/options.ts";
import { codesOf, iasOf } from "../../support/answers.ts";
import { fromClient, LINKS, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, oro, relayed } from "../../support/requests.ts";

const A = fromClient(1);

const OPTIONS = `
option-data:
  - { name: dns-servers, data: "2001:db8::1" }
  - { name: sntp-servers, data: "2001:db8::2", always-send: true }
  - { name: inf-max-rt, data: 7200, always-send: true }
  - { name: ntp-server, data: "2001:db8::3" }
  - { name: ntp-server, data: "2001:db8::4" }
  - { code: 60001, csv-format: false, data: "0a:0b" }
`;
const SUBNETS = `
subnet6:
  - { subnet: "2001:db8:1::/64", interface: lan, pools: [{ pool: "2001:db8:1::1:0/112" }], option-data: [{ name: dns-servers, data: "2001:db8::9" }] }
  - { subnet: "2001:db8:2::/64", interface: wan }
`;

const lone = () => new Lone(SUBNETS, OPTIONS);

describe("RFC 8415 §21.7 options that the client asks for", () => {
  it("§18.3 every option of the ORO that is configured, in its order; the nearest configuration wins (D-073)", () => {
    const reply = lone().answer("REQUEST", A, [OURS, na(1), oro(60_001, 23)]);
    expect(codesOf(reply)).toEqual([2, 1, 3, 60_001, 23, 31, 83]);
    expect(firstOption(reply.options, "DNS_SERVERS")?.addresses).toEqual([ip("2001:db8::9")]);
    expect(reply.options.find((each) => each.code === 60_001)).toMatchObject({
      data: Uint8Array.of(10, 11),
    });
  });

  it("§18.3 nothing unasked but what is configured so (D-074, D-075, D-176)", () => {
    expect(codesOf(lone().answer("REQUEST", A, [OURS, na(1)]))).toEqual([2, 1, 3, 31, 83]);
    expect(codesOf(lone().answer("INFORMATION-REQUEST", A))).toEqual([2, 1, 31, 83]);
  });

  it("§21.7, §24 codes that do not belong there, are unknown or come twice (D-076, D-077, N-002)", () => {
    const codes = [
      1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 18, 19, 20, 25, 26, 65_535, 0, 23, 23,
    ];
    expect(codesOf(lone().answer("REQUEST", A, [OURS, na(1), oro(...codes)]))).toEqual([
      2, 1, 3, 23, 31, 83,
    ]);
  });

  it("§21 several instances of an option that may have them, each alone (X-250, D-283, D-017)", () => {
    const reply = lone().answer("REQUEST", A, [OURS, na(1), oro(56)]);
    expect(allOptions(reply.options, "NTP_SERVER")).toHaveLength(2);
  });

  it("§18.3.9 a container that is asked for comes with its contents (D-078)", () => {
    const more =
      'option-data:\n  - { name: s46-cont-mape, data: "hex:005a001020010db8000000000000000000000001" }\n';
    const bytes = more.replace(
      'name: s46-cont-mape, data: "hex:',
      'code: 94, csv-format: false, data: "',
    );
    const reply = new Lone(SUBNETS, bytes).answer("REQUEST", A, [OURS, na(1), oro(94)]);
    expect(firstOption(reply.options, "S46_CONT_MAPE")?.options).toMatchObject([{ code: 90 }]);
  });

  it("§21.17 vendor options only where the client asks for them, and as configured (D-270)", () => {
    const more =
      'option-data:\n  - { code: 17, csv-format: false, data: "0000118b00200002aabb" }\n';
    const server = new Lone(SUBNETS, more);
    const vendor = option("VENDOR_OPTS", { enterprise: 7, suboptions: [] });
    expect(codesOf(server.answer("REQUEST", A, [OURS, na(1), vendor]))).toEqual([2, 1, 3]);
    const reply = server.answer("REQUEST", A, [OURS, na(1), vendor, oro(17)]);
    expect(allOptions(reply.options, "VENDOR_OPTS").map((each) => each.enterprise)).toEqual([4491]);
  });
});

describe("RFC 8415 §21.24, §21.25 SOL_MAX_RT and INF_MAX_RT", () => {
  it("§21.24 SOL_MAX_RT in every answer that is asked for it, failures too (D-116, D-281)", () => {
    const server = new Lone();
    for (const [type, options] of [
      ["SOLICIT", [na(1)]],
      ["REQUEST", [OURS, na(1, "2001:db8:9::1")]],
      ["INFORMATION-REQUEST", []],
    ] as const) {
      const reply = server.answer(type, A, [...options, oro(82)]);
      expect(firstOption(reply.options, "SOL_MAX_RT")?.value).toBe(3600);
    }
  });

  it("§21.25 INF_MAX_RT in a REPLY, never in an ADVERTISE, asked for or always sent (D-180)", () => {
    expect(codesOf(lone().answer("INFORMATION-REQUEST", A, [oro(83)]))).toContain(83);
    for (const options of [[na(1)], [na(1), oro(83)]])
      expect(codesOf(lone().answer("SOLICIT", A, options))).not.toContain(83);
  });
});

describe("RFC 8415 §18.3.6 INFORMATION-REQUEST", () => {
  it("§18.3.6 configuration only: no lease, no record; SERVERID, and CLIENTID as it came (D-173, D-174)", () => {
    const server = lone();
    const reply = server.answer("INFORMATION-REQUEST", A, [oro(23)]);
    expect(codesOf(reply)).toEqual([2, 1, 23, 31, 83]);
    expect(iasOf(reply)).toEqual([]);
    expect(server.host.up.state.table.size).toBe(0);
  });

  it("§18.3.6 without a CLIENTID: all that does not depend on it (D-175, D-071)", () => {
    const reply = lone().answer("INFORMATION-REQUEST", undefined, [oro(23)]);
    expect(codesOf(reply)).toEqual([2, 23, 31, 83]);
  });

  it("§18.3.6 from a link that is not known: the global options (D-175, D-057)", () => {
    const wrap = relayed("2001:db8:eeee::1", "fe80::1");
    const reply = lone().answer("INFORMATION-REQUEST", A, [oro(23)], { wrap });
    expect(firstOption(reply.options, "DNS_SERVERS")?.addresses).toEqual([ip("2001:db8::1")]);
  });

  it("§21.23 the Information Refresh Time if asked for, and in no other answer (D-177, D-178, D-179)", () => {
    const server = new Lone(LINKS, "information-refresh-time: 600\n");
    expect(
      firstOption(
        server.answer("INFORMATION-REQUEST", A, [oro(32)]).options,
        "INFORMATION_REFRESH_TIME",
      )?.value,
    ).toBe(600);
    expect(codesOf(server.answer("INFORMATION-REQUEST", A))).not.toContain(32);
    for (const [type, server_] of [
      ["SOLICIT", []],
      ["REQUEST", [OURS]],
      ["RENEW", [OURS]],
      ["REBIND", []],
    ] as const) {
      expect(codesOf(server.answer(type, A, [...server_, na(1), oro(32)]))).not.toContain(32);
    }
    expect(() => new Lone(LINKS, "information-refresh-time: 599\n")).toThrow("too short");
    const never = new Lone(LINKS, "information-refresh-time: infinity\n");
    expect(
      firstOption(
        never.answer("INFORMATION-REQUEST", A, [oro(32)]).options,
        "INFORMATION_REFRESH_TIME",
      )?.value,
    ).toBe(0xffffffff);
  });

  it("§18.3.6 each answer has all that is configured, each time (D-307)", () => {
    const server = lone();
    const first = server.answer("INFORMATION-REQUEST", A, [oro(23, 31)]);
    expect(codesOf(server.answer("INFORMATION-REQUEST", A, [oro(23, 31)]))).toEqual(codesOf(first));
  });
});
