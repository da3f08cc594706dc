// Options of the configuration, byte by byte (RFC 8415 §24 and the RFCs of each option).

import { describe, expect, it } from "vitest";
import { hex, ip, join, labels, opt, u16, u32 } from "../unit/core/wire/bytes.ts";
import { A, addresses, B, fault, one } from "./option-layout.ts";

describe("options of the configuration", () => {
  it("X-250: NTP_SERVER has exactly one time source", () => {
    expect(one(56, u16(1), u16(16), ip("2001:db8::1"))).toMatchObject({
      type: "NTP_SERVER",
      source: { type: "address", address: A },
    });
    expect(one(56, u16(2), u16(16), ip("ff05::101"))).toMatchObject({
      source: { type: "multicast" },
    });
    expect(one(56, u16(3), u16(3), labels("a"))).toMatchObject({
      source: { type: "fqdn", name: "a." },
    });
    const address = join(u16(1), u16(16), ip("2001:db8::1"));
    expect([
      fault(56),
      fault(56, address, address),
      fault(56, u16(4), u16(1), [1]),
      fault(56, u16(3), u16(2), hex("0161")),
    ]).toEqual(["too short", "not exactly one time source", "unknown time source", "too short"]);
  });

  it("D-242, D-245: PD_EXCLUDE has a length and at least one octet", () => {
    expect(one(67, hex("4078"))).toEqual({
      type: "PD_EXCLUDE",
      code: 67,
      prefixLength: 64,
      subnetId: hex("78"),
    });
    expect([fault(67, [64]), fault(67, [129, 1])]).toEqual(["no octets", "prefix length over 128"]);
  });

  it("X-188, X-189, X-192: boot parameters, architectures, network interface", () => {
    expect(one(60, u16(1), [65], u16(0))).toMatchObject({
      type: "BOOTFILE_PARAM",
      parameters: [hex("41"), hex("")],
    });
    expect(one(61, u16(7), u16(9))).toMatchObject({
      type: "CLIENT_ARCH_TYPE",
      architectures: [7, 9],
    });
    expect([fault(61), fault(61, [1])]).toEqual(["empty list", "too short"]);
    expect(one(62, [1, 3, 16])).toMatchObject({
      type: "NII",
      interfaceType: 1,
      major: 3,
      minor: 16,
    });
  });

  it("X-251: softwire options nest, their prefixes have the octets they need", () => {
    const rule = opt(
      89,
      [1, 16, 24],
      [192, 0, 2, 0],
      [40],
      hex("20010db800"),
      opt(93, [6, 8], u16(0x3400)),
    );
    expect(one(94, rule, opt(90, ip("2001:db8::1")))).toMatchObject({
      type: "S46_CONT_MAPE",
      options: [
        {
          type: "S46_RULE",
          prefix4: "192.0.2.0",
          prefix6: { address: "20010db8000000000000000000000000", length: 40 },
          options: [{ type: "S46_PORTPARAMS", psid: 0x3400 }],
        },
        { type: "S46_BR", address: A },
      ],
    });
    expect([fault(91, [129]), fault(91, [9], [0]), fault(137, [8], [1, 2])]).toEqual([
      "prefix length over 128",
      "too short",
      "too long",
    ]);
    expect(one(137, [0])).toMatchObject({ prefix: { length: 0 } });
  });

  it("X-254: V6_DNR has a name with its length, then addresses and parameters or neither", () => {
    const adn = labels("dot", "example");
    const start = join(u16(1), u16(adn.length), adn);
    expect(one(144, start)).toMatchObject({
      priority: 1,
      resolver: { name: "dot.example.", addresses: [], parameters: hex("") },
    });
    expect(one(144, start, u16(32), addresses, [9])).toMatchObject({
      resolver: { addresses: [A, B], parameters: hex("09") },
    });
    expect([
      fault(144, u16(1), u16(99), adn),
      fault(144, u16(1), u16(adn.length + 1), adn, [0]),
      fault(144, start, u16(0)),
      fault(144, start, u16(15), new Uint8Array(15)),
    ]).toEqual([
      "name passes the end",
      "octets after the name",
      "bad length of the addresses",
      "bad length of the addresses",
    ]);
  });

  it("X-205, X-206: IA_LL and LLADDR", () => {
    const lladdr = opt(139, u16(1), u16(6), hex("020000000001"), u32(3), u32(4000));
    expect(one(138, u32(1), u32(2), u32(3), lladdr)).toMatchObject({
      type: "IA_LL",
      options: [
        {
          type: "LLADDR",
          linkLayerType: 1,
          address: hex("020000000001"),
          extraAddresses: 3,
          validLifetime: 4000,
        },
      ],
    });
  });

  it("X-255: transport with a name; an option without content", () => {
    expect(one(146, u16(1), labels("dm"))).toMatchObject({
      type: "FORWARD_DIST_MANAGER",
      transport: 1,
      name: "dm.",
    });
    expect(one(148)).toEqual({ type: "ADDR_REG_ENABLE", code: 148 });
    expect(
      one(
        113,
        [96],
        hex("ff3e00000000000000000000"),
        [96],
        hex("ff3e00000000000000000001"),
        [96],
        hex("20010db80000000000000000"),
      ),
    ).toMatchObject({ type: "V6_PREFIX64", unicast: { length: 96 } });
  });
});
