// Layouts of single options: RFC 8415 §21, 4580, 4649, 4704, 5007, 5908, 5970, 6603, 6939, 8115, 8947, 9463, 9527.
// Every one as octets by hand, at its shortest, and broken.

import { describe, expect, it } from "vitest";
import { CLIENT, hex, ip, join, labels, opt, u16, u32 } from "../unit/core/wire/bytes.ts";
import { A, addresses, B, fault, one } from "./option-layout.ts";

describe("RFC 8415 §21.2 to §21.8", () => {
  it("D-255, D-042: identifiers are a DUID of 3 to 130 octets and nothing else", () => {
    expect(one(1, CLIENT)).toEqual({ type: "CLIENTID", code: 1, duid: "00030001020000000001" });
    expect(one(2, hex("ffff01"))).toEqual({ type: "SERVERID", code: 2, duid: "ffff01" });
    for (const size of [0, 2, 131])
      expect(fault(1, new Uint8Array(size))).toBe("DUID not of 3 to 130 octets");
    expect(fault(2, new Uint8Array(130))).toBeUndefined();
  });

  it("D-256, D-275, D-022: IA_NA and IA_PD have twelve octets and options", () => {
    expect(one(3, u32(1), u32(0xffffffff), u32(3), opt(13, u16(2)))).toEqual({
      type: "IA_NA",
      code: 3,
      iaid: 1,
      t1: 0xffffffff,
      t2: 3,
      options: [{ type: "STATUS_CODE", code: 13, status: 2, message: "" }],
    });
    expect(one(25, u32(1), u32(2), u32(3))).toEqual({
      type: "IA_PD",
      code: 25,
      iaid: 1,
      t1: 2,
      t2: 3,
      options: [],
    });
    for (const code of [3, 25]) expect(fault(code, new Uint8Array(11))).toBe("too short");
  });

  it("D-257: IA_TA has four octets and options", () => {
    expect(one(4, u32(9))).toEqual({ type: "IA_TA", code: 4, iaid: 9, options: [] });
    expect(fault(4, [1, 2, 3])).toBe("too short");
  });

  it("D-258: IAADDR has 24 octets and options", () => {
    expect(one(5, ip("2001:db8::1"), u32(1), u32(2))).toEqual({
      type: "IAADDR",
      code: 5,
      address: A,
      preferredLifetime: 1,
      validLifetime: 2,
      options: [],
    });
    expect(fault(5, new Uint8Array(23))).toBe("too short");
  });

  it("D-259, D-080: the ORO is a list of codes; an odd length is malformed", () => {
    expect(one(6, u16(23), u16(24))).toEqual({ type: "ORO", code: 6, codes: [23, 24] });
    expect(one(6)).toEqual({ type: "ORO", code: 6, codes: [] });
    expect(fault(6, u16(23), [0])).toBe("too short");
  });

  it("D-260, D-261, D-266, D-273, D-274: fixed lengths", () => {
    expect(one(7, [255])).toEqual({ type: "PREFERENCE", code: 7, value: 255 });
    expect(one(8, u16(0xffff))).toEqual({ type: "ELAPSED_TIME", code: 8, value: 0xffff });
    expect(one(14)).toEqual({ type: "RAPID_COMMIT", code: 14 });
    expect(one(19, [5])).toEqual({ type: "RECONF_MSG", code: 19, value: 5 });
    expect(one(20)).toEqual({ type: "RECONF_ACCEPT", code: 20 });
    for (const code of [14, 20]) expect(fault(code, [0])).toBe("too long");
    for (const code of [7, 19])
      expect([fault(code), fault(code, u16(1))]).toEqual(["too short", "too long"]);
    expect([fault(8, [1]), fault(8, [1, 2, 3])]).toEqual(["too short", "too long"]);
  });
});

describe("RFC 8415 §21.10 to §21.25", () => {
  it("D-262, D-272: a relayed message and an Interface-Id are octets", () => {
    expect(one(9, [1, 2])).toEqual({ type: "RELAY_MSG", code: 9, message: Uint8Array.of(1, 2) });
    expect(one(18)).toEqual({ type: "INTERFACE_ID", code: 18, value: new Uint8Array(0) });
  });

  it("D-218: AUTH has 11 octets and information", () => {
    expect(one(11, [3, 1, 0], u32(1), u32(2), [1, 9])).toEqual({
      type: "AUTH",
      code: 11,
      protocol: 3,
      algorithm: 1,
      rdm: 0,
      replayDetection: hex("0000000100000002"),
      information: hex("0109"),
    });
    expect(fault(11, new Uint8Array(10))).toBe("too short");
  });

  it("D-263: UNICAST is one address", () => {
    expect(one(12, ip("2001:db8::1"))).toEqual({ type: "UNICAST", code: 12, address: A });
    expect([fault(12, new Uint8Array(15)), fault(12, new Uint8Array(17))]).toEqual([
      "too short",
      "too long",
    ]);
  });

  it("D-264: a status is a code and UTF-8 without NUL", () => {
    expect(one(13, u16(4), hex("c3a7"))).toEqual({
      type: "STATUS_CODE",
      code: 13,
      status: 4,
      message: "ç",
    });
    expect(fault(13, [0])).toBe("too short");
    expect(fault(13, u16(0), [0])).toBe("NUL in a text");
  });

  it("D-267: user classes are one or more, their lengths within the option", () => {
    expect(one(15, u16(2), [1, 2], u16(0))).toEqual({
      type: "USER_CLASS",
      code: 15,
      classes: [hex("0102"), hex("")],
    });
    expect([fault(15), fault(15, u16(2), [1]), fault(15, [0])]).toEqual([
      "empty list",
      "too short",
      "too short",
    ]);
  });

  it("D-268: a vendor class has an enterprise number and a list", () => {
    expect(one(16, u32(9), u16(1), [7])).toEqual({
      type: "VENDOR_CLASS",
      code: 16,
      enterprise: 9,
      classes: [hex("07")],
    });
    expect([fault(16, [0, 0, 0]), fault(16, u32(9), u16(9))]).toEqual(["too short", "too short"]);
  });

  it("D-269: vendor options have codes and lengths of their own, within the option", () => {
    expect(one(17, u32(4491), u16(32), u16(1), [7], u16(33), u16(0))).toEqual({
      type: "VENDOR_OPTS",
      code: 17,
      enterprise: 4491,
      suboptions: [
        { code: 32, data: hex("07") },
        { code: 33, data: hex("") },
      ],
    });
    expect([fault(17, u32(1), u16(1), u16(2), [1]), fault(17, u32(1), u16(1))]).toEqual([
      "too short",
      "too short",
    ]);
  });

  it("D-276, D-241: IAPREFIX has 25 octets and options, its length is 128 at most", () => {
    const prefix = (length: number): readonly number[] =>
      Array.from(join(u32(1), u32(2), [length], ip("2001:db8::")));
    expect(one(26, prefix(56))).toEqual({
      type: "IAPREFIX",
      code: 26,
      preferredLifetime: 1,
      validLifetime: 2,
      prefixLength: 56,
      prefix: "20010db8000000000000000000000000",
      options: [],
    });
    expect(fault(26, prefix(129))).toBe("prefix length over 128");
    expect(fault(26, new Uint8Array(24))).toBe("too short");
  });

  it("D-278, D-279, D-280: refresh time and longest pauses have four octets", () => {
    for (const [code, type] of [
      [32, "INFORMATION_REFRESH_TIME"],
      [82, "SOL_MAX_RT"],
      [83, "INF_MAX_RT"],
    ] as const) {
      expect(one(code, u32(600))).toEqual({ type, code, value: 600 });
      expect([fault(code, [1, 2, 3]), fault(code, new Uint8Array(5))]).toEqual([
        "too short",
        "too long",
      ]);
    }
  });

  it("D-282, X-252: addresses and names are whole and at least one", () => {
    expect(one(23, addresses)).toEqual({ type: "DNS_SERVERS", code: 23, addresses: [A, B] });
    expect([fault(23), fault(23, addresses.slice(0, 31))]).toEqual(["no address", "too short"]);
    expect(one(24, labels("a"), labels("b", "C"))).toEqual({
      type: "DOMAIN_LIST",
      code: 24,
      names: ["a.", "b.C."],
    });
    expect(fault(24)).toBe("no name");
  });
});

describe("RFC 1035 §3.1 names, RFC 8415 §10", () => {
  it("D-023: no compression, no label over 63, no name over 255, no missing root", () => {
    expect(fault(64, hex("0161c000"))).toBe("compressed name");
    expect(fault(64, [64], new Uint8Array(64).fill(97), [0])).toBe("label over 63 octets");
    expect(fault(64, hex("0161"))).toBe("too short");
    expect(fault(64, hex("0561620000"))).toBe("too short");
    expect(fault(64, labels("a"), [1])).toBe("too long");
    const label = join([63], new Uint8Array(63).fill(97));
    expect(fault(64, label, label, label, [61], new Uint8Array(61).fill(98), [0])).toBeUndefined();
    expect(fault(64, label, label, label, [62], new Uint8Array(62).fill(98), [0])).toBe(
      "name over 255 octets",
    );
  });

  it("D-023: any octet may stand in a label and keeps its value", () => {
    expect(one(64, [4, 0x2e, 0x5c, 0x2c, 0xff, 0])).toMatchObject({ name: "\\.\\\\\\044\\255." });
    expect(one(64, [0])).toMatchObject({ name: "." });
  });
});

describe("RFC 4704 §4", () => {
  it("X-089, X-090: flags, then a complete, partial or empty name", () => {
    expect(one(39, [1], hex("027063"))).toEqual({
      type: "CLIENT_FQDN",
      code: 39,
      flags: 1,
      name: hex("027063"),
    });
    expect(one(39, [4])).toEqual({ type: "CLIENT_FQDN", code: 39, flags: 4, name: hex("") });
  });

  it("X-111: a malformed name makes the option malformed", () => {
    expect([
      fault(39),
      fault(39, [0], hex("c00c")),
      fault(39, [0], hex("0361")),
      fault(39, [0], hex("0000")),
    ]).toEqual(["too short", "compressed name", "label passes the end", "octets after the root"]);
  });
});

describe("options of relays", () => {
  it("X-162: link-layer type and address", () => {
    expect(one(79, u16(1), hex("020000000001"))).toEqual({
      type: "CLIENT_LINKLAYER_ADDR",
      code: 79,
      linkLayerType: 1,
      address: hex("020000000001"),
    });
    expect(fault(79, [1])).toBe("too short");
  });

  it("X-174, X-176: a Remote-ID has at least five octets, a Subscriber-ID one", () => {
    expect(one(37, u32(9), [7])).toEqual({
      type: "REMOTE_ID",
      code: 37,
      enterprise: 9,
      value: hex("07"),
    });
    expect([fault(37, u32(9)), fault(38)]).toEqual(["no octets", "no octets"]);
    expect(one(38, [7])).toEqual({ type: "SUBSCRIBER_ID", code: 38, value: hex("07") });
  });

  it("D-192, D-196: a relay's port has two octets, the Echo Request is a list of codes", () => {
    expect(one(135, u16(1000))).toEqual({ type: "RELAY_PORT", code: 135, value: 1000 });
    expect(fault(135, [1])).toBe("too short");
    expect(one(43, u16(37), u16(38))).toEqual({ type: "ERO", code: 43, codes: [37, 38] });
  });

  it("X-179, X-247: RSOO holds options, VSS is octets", () => {
    expect(one(66, opt(65, labels("a")))).toMatchObject({
      type: "RSOO",
      options: [{ type: "ERP_LOCAL_DOMAIN_NAME", name: "a." }],
    });
    expect(one(68, [0, 1])).toEqual({ type: "VSS", code: 68, value: hex("0001") });
  });
});

describe("RFC 5007 and 7653: leasequery options that failover uses", () => {
  it("X-006, X-009, X-010: client data, time of the client, relay data, base time", () => {
    expect(one(45, opt(46, u32(7)))).toEqual({
      type: "CLIENT_DATA",
      code: 45,
      options: [{ type: "CLT_TIME", code: 46, value: 7 }],
    });
    expect(one(47, ip("2001:db8::1"), [12])).toEqual({
      type: "LQ_RELAY_DATA",
      code: 47,
      peerAddress: A,
      message: hex("0c"),
    });
    expect(fault(47, new Uint8Array(15))).toBe("too short");
    expect(one(100, u32(9))).toEqual({ type: "LQ_BASE_TIME", code: 100, value: 9 });
    expect(one(48, addresses)).toEqual({ type: "LQ_CLIENT_LINK", code: 48, addresses: [A, B] });
    expect(one(44, [1], ip("::"), opt(1, CLIENT))).toMatchObject({
      type: "LQ_QUERY",
      queryType: 1,
      options: [{ type: "CLIENTID" }],
    });
  });
});
