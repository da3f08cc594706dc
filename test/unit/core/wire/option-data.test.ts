// `option-data` of the configuration: names and values to octets.

import { describe, expect, it } from "vitest";
import type { OptionInput } from "../../../../src/core/wire/fields/kinds.ts";
import {
  definitionByName,
  encodeOptionData,
  encodeRawOption,
  encodeWithDefinition,
} from "../../../../src/core/wire/option-data.ts";
import { optionDefinitions } from "../../../../src/core/wire/options.ts";
import { ascii, hex, ip, join, labels, opt, toHex, u16, u32 } from "./bytes.ts";

function data(name: string | number, value: OptionInput): string {
  const encoded = encodeOptionData(name, value);
  return encoded.type === "option" ? toHex(encoded.data) : encoded.reason;
}

const is = (
  name: string | number,
  value: OptionInput,
  ...wanted: readonly (Uint8Array | readonly number[])[]
): void => expect(data(name, value)).toBe(toHex(join(...wanted)));

describe("the option table", () => {
  it("D-282, X-249: has every code, type and name once", () => {
    for (const key of ["code", "type", "name"] as const) {
      expect(new Set(optionDefinitions.map((each) => each[key])).size).toBe(
        optionDefinitions.length,
      );
    }
    expect(
      optionDefinitions.every((each) => /^RFC \d+ §/.test(each.source) && each.help.endsWith(".")),
    ).toBe(true);
  });

  it("X-249: has every option of the list of configuration options under its name", () => {
    const list =
      `21 sip-server-dns 22 sip-server-addr 23 dns-servers 24 domain-search 27 nis-servers 28 nisp-servers 29 nis-domain-name
      30 nisp-domain-name 31 sntp-servers 32 information-refresh-time 33 bcmcs-server-dns 34 bcmcs-server-addr 36 geoconf-civic 40 pana-agent
      41 new-posix-timezone 42 new-tzdb-timezone 51 v6-lost 52 capwap-ac-v6 56 ntp-server 57 v6-access-domain 58 sip-ua-cs-list 59 bootfile-url
      60 bootfile-param 61 client-arch-type 62 nii 64 aftr-name 65 erp-local-domain-name 74 rdnss-selection 82 solmax-rt 83 inf-max-rt 84 addrsel
      86 v6-pcp-server 88 dhcp4o6-server-addr 89 s46-rule 90 s46-br 91 s46-dmr 92 s46-v4v6bind 93 s46-portparams 94 s46-cont-mape 95 s46-cont-mapt
      96 s46-cont-lw 97 4rd 103 v6-captive-portal 104 mpl-parameters 111 s46-priority 113 v6-prefix64 136 v6-sztp-redirect 137 s46-bind-ipv6-prefix
      141 v6-dots-ri 142 v6-dots-address 143 ipv6-address-andsf 144 v6-dnr 145 registered-domain 146 forward-dist-manager 147 reverse-dist-manager
      148 addr-reg-enable`.split(/\s+/);
    for (let i = 0; i < list.length; i += 2) {
      expect(definitionByName(list[i + 1] as string)).toMatchObject({
        code: Number(list[i]),
        configurable: true,
      });
    }
  });
});

describe("values as text", () => {
  it("X-249: addresses, names, numbers and texts", () => {
    is("dns-servers", "2001:db8::1, 2001:db8::2", ip("2001:db8::1"), ip("2001:db8::2"));
    is(23, "2001:db8::1", ip("2001:db8::1"));
    is(
      "domain-search",
      "example.org, lab.example.org.",
      labels("example", "org"),
      labels("lab", "example", "org"),
    );
    is("information-refresh-time", 86_400, u32(86_400));
    is("bootfile-url", "tftp://[2001:db8::1]/a,b", ascii("tftp://[2001:db8::1]/a,b"));
    is("new-posix-timezone", "EST5EDT4\\,M3.2.0", ascii("EST5EDT4,M3.2.0"));
    is("client-arch-type", "7, 9", u16(7), u16(9));
    is("nii", "1, 3, 16", [1, 3, 16]);
    is(
      "rdnss-selection",
      "2001:db8::1, 0, corp.example",
      ip("2001:db8::1"),
      [0],
      labels("corp", "example"),
    );
    is("bootfile-param", "a\\,b, 0x0102", u16(3), ascii("a,b"), u16(2), [1, 2]);
    is("dhcp4o6-server-addr", "");
    is("addr-reg-enable", "");
    is(
      "s46-rule",
      "1, 16, 24, 192.0.2.0, 2001:db8::/40",
      [1, 16, 24, 192, 0, 2, 0, 40],
      hex("20010db800"),
    );
    is("geoconf-civic", "1, 0x4742, 0a0b", [1, 0x47, 0x42, 10, 11]);
    is("krb-realm-name", "'EXAMPLE.ORG'", ascii("EXAMPLE.ORG"));
  });

  it("X-250: one time source an instance", () => {
    is("ntp-server", "2001:db8::1", u16(1), u16(16), ip("2001:db8::1"));
    is("ntp-server", "ff05::101", u16(2), u16(16), ip("ff05::101"));
    is("ntp-server", "ntp.example", u16(3), u16(13), labels("ntp", "example"));
    expect(data("ntp-server", "2001:db8::1, 2001:db8::2")).toBe("more values than ntp-server has");
  });

  it("X-254: an encrypted resolver", () => {
    const adn = labels("dot", "example");
    is("v6-dnr", "1, dot.example", u16(1), u16(adn.length), adn);
    is(
      "v6-dnr",
      "1, dot.example, 2001:db8::1, 0x00010004",
      u16(1),
      u16(adn.length),
      adn,
      u16(16),
      ip("2001:db8::1"),
      [0, 1, 0, 4],
    );
    expect(data("v6-dnr", "1, dot.example, 0x00010004")).toMatch(/^resolver: expected/);
  });

  it("says which value is wrong and what is expected", () => {
    expect(data("dns-servers", "2001:db8::1, nowhere")).toBe(
      "addresses: expected one or more IPv6 addresses",
    );
    expect(data("dns-servers", "")).toBe("addresses: expected one or more IPv6 addresses");
    expect(data("aftr-name", "a..b")).toBe("name: expected a domain name");
    expect(data("aftr-name", `${"a".repeat(64)}.b`)).toBe("name: expected a domain name");
    expect(data("bootfile-url", "")).toBe("url: expected a text");
    expect(data("nii", "1, 256, 0")).toBe("major: expected a number from 0 to 255");
    expect(data("s46-bind-ipv6-prefix", "2001:db8::1/64")).toBe(
      "prefix: expected a prefix, ADDRESS/LENGTH",
    );
    expect(data("no-such-option", "1")).toBe('there is no option "no-such-option"');
    expect(data("addr-reg-enable", "1")).toBe("more values than addr-reg-enable has");
  });

  it("D-178, D-279, D-280: numbers that clients would refuse are refused here", () => {
    for (const name of ["solmax-rt", "inf-max-rt"]) {
      expect([59, 60, 86_400, 86_401].map((value) => data(name, value))).toEqual([
        "the value must be from 60 to 86400",
        "0000003c",
        "00015180",
        "the value must be from 60 to 86400",
      ]);
    }
    expect(data("information-refresh-time", 599)).toBe("the value must be from 600 to 4294967295");
  });

  it("X-253, X-255: a URI of 255 octets at most, a transport with its first bit", () => {
    expect(data("v6-captive-portal", "h".repeat(255))).toHaveLength(510);
    expect(data("v6-captive-portal", "h".repeat(256))).toBe("at most 255 octets");
    is("forward-dist-manager", "1, dm.example", u16(1), labels("dm", "example"));
    expect(data("reverse-dist-manager", "2, dm.example")).toBe(
      "the first value must have bit 1 set",
    );
  });
});

describe("values as lists", () => {
  it("X-251: containers hold options by name or code", () => {
    const value = [
      {
        name: "s46-rule",
        data: [
          1,
          16,
          24,
          "192.0.2.0",
          "2001:db8::/40",
          { name: "s46-portparams", data: "6, 8, 13312" },
        ],
      },
      { code: 90, data: "2001:db8::1" },
      "0x005a001020010db8000000000000000000000002",
    ];
    const rule = opt(
      89,
      [1, 16, 24, 192, 0, 2, 0, 40],
      hex("20010db800"),
      opt(93, [6, 8], u16(13_312)),
    );
    is("s46-cont-mape", value, rule, opt(90, ip("2001:db8::1")), opt(90, ip("2001:db8::2")));
    expect(data("s46-cont-mape", [{ name: "s46-br", data: "x" }])).toBe(
      "options: address: expected an IPv6 address",
    );
    expect(data("s46-cont-mape", "0x005a0010")).toBe(
      "options: option-overrun at octet 0 in option 90",
    );
    expect(data("s46-cont-mape", "s46-br")).toMatch(/^options: expected options/);
  });

  it("D-269: vendor options hold codes with hex or text", () => {
    is(
      "vendor-opts",
      [4491, { code: 32, data: "0x0102" }, { code: 33, data: "é" }],
      u32(4491),
      u16(32),
      u16(2),
      [1, 2],
      u16(33),
      u16(2),
      [0xc3, 0xa9],
    );
    expect(data("vendor-opts", [4491, { name: "x", data: "1" }])).toMatch(/^suboptions: expected/);
  });
});

describe("X-256: what the table does not have", () => {
  it("is given by code and hex", () => {
    is(60_000, "0x01:02 03", [1, 2, 3]);
    expect(data(60_000, "xyz")).toBe("data is hex digits, two an octet");
    expect(data(0, "01")).toBe("an option code is a number from 1 to 65535");
    expect(data(60_000, "00".repeat(65_536))).toBe("an option has at most 65535 octets");
  });

  it("a known option in hex must have its layout", () => {
    expect(encodeRawOption(23, "0102")).toEqual({ type: "error", reason: "option 23: too short" });
    expect(encodeRawOption(96, "0102")).toEqual({
      type: "error",
      reason: "trailing-octets at octet 4",
    });
    expect(encodeRawOption(7, "05")).toEqual({ type: "option", code: 7, data: Uint8Array.of(5) });
  });

  it("or by a definition of its own", () => {
    const definition = {
      code: 60_001,
      type: "CUSTOM",
      name: "custom",
      fields: { level: "u8", servers: "ip6+" },
      source: "",
      help: "",
    } as const;
    expect(encodeWithDefinition(definition, "3, 2001:db8::1")).toEqual({
      type: "option",
      code: 60_001,
      data: join([3], ip("2001:db8::1")),
    });
  });
});
