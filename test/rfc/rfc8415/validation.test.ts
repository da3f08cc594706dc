// RFC 8415 §16 and RFC 9915 §16: which messages are looked at, and where answers go (§7.2, §18.3.10).

import { describe, expect, it } from "vitest";
import type { Duid } from "../../../src/core/model/duid.ts";
import type { MessageType } from "../../../src/core/wire/messages.ts";
import { firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { addresses, iasOf, statusOf } from "../../support/answers.ts";
import { fromClient, LINKS, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, oro, pd, relayed, SERVER_DUID } from "../../support/requests.ts";

const A = fromClient(1);
const THEIRS = option("SERVERID", { duid: fromClient(99) });
const CLIENT_TYPES: readonly MessageType[] = [
  "SOLICIT",
  "REQUEST",
  "CONFIRM",
  "RENEW",
  "REBIND",
  "RELEASE",
  "DECLINE",
  "INFORMATION-REQUEST",
];

/** Why the message was discarded; undefined when it was answered. */
function reason(lone: Lone, ...request: Parameters<Lone["ask"]>): unknown {
  return lone.ask(...request) === undefined ? lone.lastDiscard : undefined;
}

describe("RFC 8415 §16 message validation", () => {
  it("§16.2, §16.5, §16.7 SOLICIT, CONFIRM and REBIND without a CLIENTID or with any SERVERID are discarded (D-024, D-027, D-029)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    for (const type of ["SOLICIT", "CONFIRM", "REBIND"] as const) {
      expect(reason(lone, type, undefined, [na(1, address)])).toBe("client-id-missing");
      for (const server of [OURS, THEIRS])
        expect(reason(lone, type, A, [server, na(1, address)])).toBe("server-id-present");
      expect(reason(lone, type, A, [na(1, address)])).toBeUndefined();
    }
  });

  it("§16.4, §16.6, §16.8, §16.9 REQUEST, RENEW, DECLINE and RELEASE need a CLIENTID and our SERVERID (D-026, D-028, D-030, D-031)", () => {
    for (const type of ["REQUEST", "RENEW", "DECLINE", "RELEASE"] as const) {
      const lone = new Lone();
      const { address } = lone.bind(A);
      expect(reason(lone, type, undefined, [OURS, na(1, address)])).toBe("client-id-missing");
      expect(reason(lone, type, A, [na(1, address)])).toBe("server-id-missing");
      expect(reason(lone, type, A, [THEIRS, na(1, address)])).toBe("server-id-mismatch");
      expect(lone.lease(address)?.status).toBe("ACTIVE");
      expect(reason(lone, type, A, [OURS, na(1, address)])).toBeUndefined();
    }
  });

  it("§16.12 INFORMATION-REQUEST with another's SERVERID or with an IA is discarded (D-034); IA_TA is none (N-001)", () => {
    const lone = new Lone();
    expect(reason(lone, "INFORMATION-REQUEST", A, [THEIRS])).toBe("server-id-mismatch");
    for (const ia of [na(1), pd(1)])
      expect(reason(lone, "INFORMATION-REQUEST", A, [ia])).toBe("ia-in-information-request");
    const ta = option("IA_TA", { iaid: 1, options: [] });
    for (const options of [[], [OURS], [ta]])
      expect(reason(lone, "INFORMATION-REQUEST", A, options)).toBeUndefined();
  });

  it("§16 what is discarded changes no lease, is counted and logged with its reason (D-013, N-005)", () => {
    const lone = new Lone();
    const before = lone.host.up.state.table.size;
    expect(lone.raw(Uint8Array.of(99, 0, 0, 1))).toEqual([]);
    expect(lone.lastDiscard).toBe("unknown-message-type");
    expect(lone.host.up.counters.get("discard-unknown-message-type")).toBe(1);
    expect(lone.host.up.state.table.size).toBe(before);
  });

  it("RFC 9915 §16 a client's message to a unicast address is discarded, a relay's is not (N-004, N-003); what ends a lease is taken on the link", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    for (const type of CLIENT_TYPES) {
      const server = type === "SOLICIT" || type === "CONFIRM" || type === "REBIND" ? [] : [OURS];
      const ias = type === "INFORMATION-REQUEST" ? [] : [na(1, address)];
      const sources = ["2001:db8:77::1", ...(/RELEASE|DECLINE/.test(type) ? [] : ["fe80::1"])];
      for (const source of sources)
        expect(
          reason(lone, type, A, [...server, ...ias], { multicast: false, source: ip(source) }),
        ).toBe("unicast-from-client");
    }
    expect(lone.lease(address)?.status).toBe("ACTIVE");
    const wrap = relayed("2001:db8:1::9", "fe80::1");
    expect(lone.ask("RENEW", A, [OURS, na(1, address)], { multicast: false, wrap })).toBeDefined();
    // udhcpc6 sends its only RELEASE so, from the address that it gives back.
    const where = { multicast: false, source: address };
    expect(lone.ask("RELEASE", A, [OURS, na(1, address)], where)).toBeDefined();
    expect(lone.lease(address)?.status).toBe("FREE");
    const other = lone.bind(A).address;
    lone.ask("DECLINE", A, [OURS, na(1, other)], { multicast: false, source: ip("fe80::1") });
    expect(lone.lease(other)?.status).toBe("ABANDONED");
  });

  it("RFC 9915 §21 options that are obsolete or out of place are ignored and the rest is served (N-001, N-002, N-007, N-008, D-019, D-020, D-021)", () => {
    const lone = new Lone();
    const odd: readonly Option[] = [
      option("IA_TA", { iaid: 9, options: [] }),
      option("UNICAST", { address: ip("2001:db8::1") }),
      option("STATUS_CODE", { status: 1, message: "" }),
      option("PREFERENCE", { value: 9 }),
      option("RECONF_ACCEPT", {}),
      { type: "unknown", code: 60_000, data: Uint8Array.of(1) },
    ];
    const advertise = lone.answer("SOLICIT", A, [...odd, na(1), oro(4, 12, 13)]);
    expect(addresses(advertise)).toHaveLength(1);
    expect(iasOf(advertise)).toHaveLength(1);
    // A CONFIRM with nothing but an IA_TA has no address to judge.
    const inner = option("IAADDR", {
      address: ip("2001:db8:1::5"),
      preferredLifetime: 0,
      validLifetime: 0,
      options: [],
    });
    expect(
      lone.ask("CONFIRM", A, [option("IA_TA", { iaid: 9, options: [inner] })]),
    ).toBeUndefined();
  });
});

describe("RFC 8415 §11 DUIDs", () => {
  it("§11 every type is a client like any other, compared octet by octet (D-039, D-040, D-044, D-046, D-047, D-048)", () => {
    const lone = new Lone();
    const duids = [
      "000100010a0b0c0d020000000001",
      "00020000000901",
      "00030001020000000001",
      `0004${"5a".repeat(16)}`,
      "ffff01",
      "00030001020000000002",
    ] as Duid[];
    const given = duids.map((duid) => lone.bind(duid).address);
    expect(new Set(given).size).toBe(duids.length);
    expect(duids.map((duid) => lone.bind(duid).address)).toEqual(given);
  });

  it("§11 the server's own is the file's, over restarts and whatever network cards there are (D-045, D-049, D-070)", () => {
    const lone = new Lone();
    const before = firstOption(lone.answer("SOLICIT", A, [na(1)]).options, "SERVERID")?.duid;
    lone.restartWith(LINKS.replace("interface: lan", "interface: [lan, lan2]"));
    expect(
      firstOption(lone.answer("SOLICIT", A, [na(1)], { interface: "lan2" }).options, "SERVERID")
        ?.duid,
    ).toBe(before);
    expect(before).toBe(SERVER_DUID);
  });

  it("RFC 7844 clients that hide who they are: another DUID-LL each time, no name, no CLIENTID for configuration (D-296)", () => {
    const lone = new Lone();
    const seen = new Set([1, 2, 3].map((number) => lone.bind(fromClient(40_000 + number)).address));
    expect(seen.size).toBe(3);
    expect(lone.ask("INFORMATION-REQUEST", undefined, [oro(23)])).toBeDefined();
  });
});

describe("RFC 8415 §18.3.10 where answers go", () => {
  it("§18.3.10 a client's answer goes to its source address, on the receiving interface, to port 546 (D-001, D-004, D-005, N-006)", () => {
    const lone = new Lone();
    for (const sourcePort of [546, 547, 40_000]) {
      const got = lone.ask("SOLICIT", A, [na(1)], {
        interface: "wan",
        source: ip("fe80::77"),
        sourcePort,
      });
      expect(got?.datagram).toMatchObject({
        interface: "wan",
        destination: ip("fe80::77"),
        port: 546,
      });
    }
  });

  it("§7.2 any source port is served (N-010), and so is a multicast message from a global address (N-011)", () => {
    const lone = new Lone();
    const got = lone.ask("SOLICIT", A, [na(1)], { source: ip("2001:db8:2::77"), sourcePort: 1 });
    // The receiving interface says the link, not the source address.
    expect(
      got !== undefined && addresses(got.message)[0]?.address.startsWith("20010db800010000"),
    ).toBe(true);
    expect(got?.datagram).toMatchObject({ destination: ip("2001:db8:2::77"), port: 546 });
  });

  it("§18.3.10 a relay's answer goes to the datagram's source on port 547, whether it came by multicast or not (D-006, D-201)", () => {
    const lone = new Lone();
    for (const multicast of [true, false]) {
      const wrap = relayed("2001:db8:1::9", "fe80::1");
      const got = lone.ask("SOLICIT", A, [na(1)], {
        interface: "wan",
        source: ip("2001:db8:f::9"),
        sourcePort: 1234,
        multicast,
        wrap,
      });
      expect(got?.datagram).toMatchObject({
        interface: "wan",
        destination: ip("2001:db8:f::9"),
        port: 547,
      });
    }
  });

  it("§18.3 an answer that would not fit into a datagram is not sent (D-008)", () => {
    const line = `      - { code: 60001, csv-format: false, data: "${"00".repeat(65_000)}" }\n      - { code: 60002, csv-format: false, data: "${"00".repeat(1_000)}" }\n`;
    const lone = new Lone(LINKS.replace("    option-data:\n", `    option-data:\n${line}`));
    expect(reason(lone, "INFORMATION-REQUEST", A, [oro(60_001, 60_002)])).toBe("answer-too-large");
    expect(reason(lone, "INFORMATION-REQUEST", A, [oro(60_001)])).toBeUndefined();
  });

  it("§18.3.1 policy that forbids an answer is silence: a client that sends too much (D-038, N-013)", () => {
    const lone = new Lone(LINKS, "max-messages-per-client: 3\n");
    for (let i = 0; i < 3; i++) expect(lone.ask("SOLICIT", A, [na(1)])).toBeDefined();
    expect(reason(lone, "SOLICIT", A, [na(1)])).toBe("client-rate");
    expect(reason(lone, "SOLICIT", fromClient(2), [na(1)])).toBeUndefined();
    lone.pass(10);
    expect(statusOf(lone.answer("SOLICIT", A, [na(1)]))).toBeUndefined();
  });
});
