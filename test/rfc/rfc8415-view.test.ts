// RFC 8415 §21: what the view makes of a client's options, and of the options of its relays.

import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/core/model/limits.ts";
import { viewRequest } from "../../src/core/wire/request-view.ts";
import type { RequestView } from "../../src/core/wire/view.ts";
import { goldenPackets } from "../golden/golden-file.ts";
import {
  ascii,
  CLIENT,
  hex,
  ip,
  join,
  labels,
  msg,
  opt,
  relayForw,
  u16,
  u32,
} from "../unit/core/wire/bytes.ts";

function view(bytes: Uint8Array): RequestView {
  const got = viewRequest(bytes);
  if (got.type === "discard") throw new Error(got.reason);
  return got;
}

const solicit = (...options: readonly Uint8Array[]): RequestView =>
  view(msg(1, opt(1, CLIENT), ...options));
const iaNa = (iaid: number, ...inner: readonly Uint8Array[]): Uint8Array =>
  opt(3, u32(iaid), u32(1), u32(2), ...inner);
const iaPd = (iaid: number, ...inner: readonly Uint8Array[]): Uint8Array =>
  opt(25, u32(iaid), u32(1), u32(2), ...inner);
const iaAddr = (address: string): Uint8Array => opt(5, ip(address), u32(3), u32(4));
const iaPrefix = (address: string, length: number): Uint8Array =>
  opt(26, u32(3), u32(4), [length], ip(address));
const A = "20010db8000000000000000000000001";

describe("§21.4, §21.21 IAs", () => {
  // covers D-050, D-256, D-275, D-089, D-090
  it("come in order, with what they ask for and without lifetimes", () => {
    const { ias } = solicit(
      iaPd(9, iaPrefix("2001:db8:1::", 56)),
      iaNa(7, iaAddr("2001:db8::1"), iaAddr("2001:db8::2")),
    );
    expect(ias).toEqual([
      {
        kind: "prefix",
        iaid: 9,
        leases: [{ address: "20010db8000100000000000000000000", length: 56 }],
        lengthHint: undefined,
      },
      {
        kind: "address",
        iaid: 7,
        leases: [
          { address: A, length: 128 },
          { address: "20010db8000000000000000000000002", length: 128 },
        ],
        lengthHint: undefined,
      },
    ]);
  });

  it("D-051: of the same type and IAID twice the first counts; the types have IAIDs of their own", () => {
    const { ias } = solicit(
      iaNa(7, iaAddr("2001:db8::1")),
      iaNa(7, iaAddr("2001:db8::2")),
      iaPd(7),
      iaNa(8),
    );
    expect(ias.map((ia) => `${ia.kind} ${ia.iaid} ${ia.leases.length}`)).toEqual([
      "address 7 1",
      "prefix 7 0",
      "address 8 0",
    ]);
  });

  it("D-256, D-275: an IA shorter than its header is as if absent", () => {
    expect(solicit(opt(3, new Uint8Array(11)), opt(25, new Uint8Array(11))).ias).toEqual([]);
  });

  it("takes no more IAs than the limit", () => {
    const many = Array.from({ length: LIMITS.iasPerMessage + 5 }, (_, i) => iaNa(i));
    const { ias, refusedIas } = solicit(...many, iaNa(LIMITS.iasPerMessage), iaNa(3));
    expect(ias).toHaveLength(LIMITS.iasPerMessage);
    const beyond = [0, 1, 2, 3, 4].map((i) => ({
      kind: "address",
      iaid: LIMITS.iasPerMessage + i,
    }));
    expect(refusedIas).toEqual(beyond);
  });

  it("D-258, D-276: IAADDR counts in IA_NA only, IAPREFIX in IA_PD only", () => {
    const { ias } = solicit(iaNa(1, iaPrefix("2001:db8::", 56)), iaPd(1, iaAddr("2001:db8::1")));
    expect(ias.map((ia) => ia.leases)).toEqual([[], []]);
  });

  it("D-241: a prefix-length over 128 or a short option is left out, the rest is served", () => {
    const { ias } = solicit(
      iaPd(
        1,
        iaPrefix("2001:db8::", 129),
        iaPrefix("2001:db8::", 128),
        opt(26, new Uint8Array(24)),
      ),
      iaNa(1, opt(5, new Uint8Array(23)), iaAddr("2001:db8::1")),
    );
    expect(ias[0]?.leases).toEqual([{ address: "20010db8000000000000000000000000", length: 128 }]);
    expect(ias[1]?.leases).toEqual([{ address: A, length: 128 }]);
  });

  it("D-069: `::` and `::/0` are no hint", () => {
    const { ias } = solicit(iaNa(1, iaAddr("::")), iaPd(1, iaPrefix("::", 0)));
    expect(ias.map(({ leases, lengthHint }) => ({ leases, lengthHint }))).toEqual([
      { leases: [], lengthHint: undefined },
      { leases: [], lengthHint: undefined },
    ]);
  });

  it("D-233, RFC 8168 §3.2: `::/n` is a length, beside a prefix and in any order", () => {
    const prefix = iaPrefix("2001:db8:1::", 56);
    const length = iaPrefix("::", 60);
    const [first] = solicit(iaPd(1, prefix, length)).ias;
    const [second] = solicit(iaPd(1, length, prefix)).ias;
    expect(first).toEqual({
      kind: "prefix",
      iaid: 1,
      leases: [{ address: "20010db8000100000000000000000000", length: 56 }],
      lengthHint: 60,
    });
    expect(second).toEqual(first);
  });

  it("D-277: bits beyond the prefix-length are ignored, `::1/64` is a length", () => {
    const [ia] = solicit(iaPd(1, iaPrefix("2001:db8:1:ffff::1", 52), iaPrefix("::1", 64))).ias;
    expect(ia).toMatchObject({
      leases: [{ address: "20010db80001f0000000000000000000", length: 52 }],
      lengthHint: 64,
    });
  });
});

describe("§21.7 to §21.20 single options", () => {
  it("D-077: a code that comes twice counts once, in the order of the first; unknown ones stay", () => {
    expect(
      solicit(opt(6, u16(24), u16(23), u16(24), u16(65_000), u16(23))).requestedOptions,
    ).toEqual([24, 23, 65_000]);
    expect(solicit().requestedOptions).toEqual([]);
    expect(solicit(opt(6)).requestedOptions).toEqual([]);
  });

  it("D-080: an odd octet at the end of the ORO is ignored", () => {
    expect(solicit(opt(6, u16(23), [0])).requestedOptions).toEqual([23]);
    expect(solicit(opt(6, [0])).requestedOptions).toEqual([]);
  });

  it("D-266, D-274, D-261: Rapid Commit and Reconfigure Accept are empty, elapsed-time has two octets", () => {
    expect(solicit(opt(14), opt(20), opt(8, u16(0xffff)))).toMatchObject({
      rapidCommit: true,
      reconfigureAccept: true,
      elapsedTime: 0xffff,
    });
    expect(solicit(opt(14, [1]), opt(20, [1]), opt(8, [1]))).toMatchObject({
      rapidCommit: false,
      reconfigureAccept: false,
      elapsedTime: undefined,
    });
    expect(solicit()).toMatchObject({
      rapidCommit: false,
      reconfigureAccept: false,
      elapsedTime: undefined,
    });
  });
});

describe("RFC 4704 §4 Client FQDN", () => {
  it("X-089, X-090: flags and a complete, partial or empty name", () => {
    const full = labels("pc", "example");
    expect(solicit(opt(39, [5], full)).fqdn).toEqual({
      flags: 5,
      name: full,
      data: join([5], full),
    });
    expect(solicit(opt(39, [1], [2, 0x70, 0x63])).fqdn?.name).toEqual(hex("027063"));
    expect(solicit(opt(39, [0])).fqdn).toEqual({
      flags: 0,
      name: new Uint8Array(0),
      data: Uint8Array.of(0),
    });
  });

  it("X-111: a malformed name is as if the option were absent", () => {
    const longest = join(
      ...Array.from({ length: 4 }, () => join([63], new Uint8Array(63).fill(97))),
    );
    const bad = [
      hex("c00c"),
      join([64], new Uint8Array(64)),
      hex("0561"),
      join(longest, [0]),
      hex("016100ff"),
      hex("4001"),
    ];
    for (const name of bad) expect(solicit(opt(39, [1], name)).fqdn).toBeUndefined();
    expect(solicit(opt(39)).fqdn).toBeUndefined();
  });
});

describe("options of relays", () => {
  const relayed = (...options: readonly Uint8Array[]): RequestView["relays"][number] => {
    const { relays } = view(
      relayForw(2, "2001:db8::1", "fe80::9", ...options, opt(9, msg(1, opt(1, CLIENT)))),
    );
    return relays[0] as RequestView["relays"][number];
  };

  it("D-181, D-272, X-162, X-174, X-176: each level has what its relay said", () => {
    const level = relayed(
      opt(18, ascii("eth0")),
      opt(79, u16(1), [2, 0, 0, 0, 0, 1]),
      opt(37, u32(9), [7]),
      opt(38, [8]),
      opt(43, u16(37), u16(38)),
    );
    expect(level).toMatchObject({
      hopCount: 2,
      linkAddress: A,
      peerAddress: "fe800000000000000000000000000009",
      interfaceId: ascii("eth0"),
      clientLinkLayerAddress: hex("0001020000000001"),
      remoteId: hex("0000000907"),
      subscriberId: hex("08"),
      echoRequest: [37, 38],
      relaySourcePort: undefined,
    });
    expect(level.options.map((each) => each.code)).toEqual([18, 79, 37, 38, 43]);
  });

  it("X-174, X-176: a Remote-ID under five octets and an empty Subscriber-ID do not count", () => {
    expect(relayed(opt(37, u32(9)), opt(38))).toMatchObject({
      remoteId: undefined,
      subscriberId: undefined,
    });
  });

  it("RFC 8357 §4.2, D-192: the Relay Source Port has two octets", () => {
    expect(relayed(opt(135, u16(0))).relaySourcePort).toBe(0);
    expect(relayed(opt(135, u16(1000))).relaySourcePort).toBe(1000);
    expect(relayed(opt(135, [1])).relaySourcePort).toBeUndefined();
  });

  it("X-164, D-195: in a client's own message options of relays are ignored", () => {
    expect(solicit(opt(79, u16(1), [1, 2, 3, 4, 5, 6]), opt(135, u16(9)), opt(18, [1]))).toEqual(
      solicit(),
    );
  });
});

describe("captured clients", () => {
  it("are viewed", () => {
    const captured = goldenPackets().filter((each) => /dhclient|dhcpcd/.test(each.name));
    expect(
      captured.map(({ name, bytes }) => `${name} ${view(bytes).type} ${view(bytes).ias.length}`),
    ).toEqual([
      "information-request-dhclient INFORMATION-REQUEST 0",
      "solicit-dhclient SOLICIT 2",
      "solicit-dhcpcd SOLICIT 2",
    ]);
  });
});
