// RFC 8415 §8, §9, §11, §16, §21.1: what is a message, what is a client's message, what is discarded.

import { describe, expect, it } from "vitest";
import type { Duid } from "../../src/core/model/duid.ts";
import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import { LIMITS } from "../../src/core/model/limits.ts";
import { DecodeError } from "../../src/core/wire/decode-error.ts";
import {
  decodeMessage,
  encodeMessage,
  MESSAGE_TYPE,
  STATUS,
} from "../../src/core/wire/messages.ts";
import { allOptions, firstOption } from "../../src/core/wire/options.ts";
import { decodeRelay, encodeRelay, unwrapRelay } from "../../src/core/wire/relay.ts";
import { relayDataOf } from "../../src/core/wire/relay-data.ts";
import { viewRequest } from "../../src/core/wire/request-view.ts";
import type { RequestView } from "../../src/core/wire/view.ts";
import {
  ascii,
  CLIENT,
  hex,
  ip,
  join,
  msg,
  opt,
  relayForw,
  relayRepl,
  SERVER,
  toHex,
  u16,
  u32,
} from "../unit/core/wire/bytes.ts";

function view(bytes: Uint8Array): RequestView {
  const got = viewRequest(bytes);
  if (got.type === "discard") throw new Error(got.reason);
  return got;
}

function reason(bytes: Uint8Array): string {
  const got = viewRequest(bytes);
  return got.type === "discard" ? got.reason : "viewed";
}

function fails(action: () => unknown): DecodeError {
  try {
    action();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const SOLICIT = msg(1, opt(1, CLIENT));

describe("§8 client and server messages", () => {
  it("D-010, D-012: have type, 24 bits of transaction-id and options; the eleven types have their codes", () => {
    const types = [
      "SOLICIT",
      "ADVERTISE",
      "REQUEST",
      "CONFIRM",
      "RENEW",
      "REBIND",
      "REPLY",
      "RELEASE",
      "DECLINE",
      "RECONFIGURE",
      "INFORMATION-REQUEST",
    ] as const;
    for (const [index, type] of types.entries()) {
      expect(MESSAGE_TYPE[type]).toBe(index + 1);
      expect(toHex(encodeMessage({ type, transactionId: 0xabcdef, options: [] }))).toBe(
        toHex(Uint8Array.from([index + 1, 0xab, 0xcd, 0xef])),
      );
      expect(decodeMessage(hex("01abcdef"))).toMatchObject({
        type: "SOLICIT",
        transactionId: 0xabcdef,
      });
    }
  });

  it("D-009: shorter than four octets are discarded", () => {
    for (const size of [0, 1, 2, 3]) expect(reason(SOLICIT.slice(0, size))).toBe("too-short");
    expect(fails(() => decodeMessage(hex("0100"))).code).toBe("too-short");
  });

  it("D-009: relay messages shorter than 34 octets are discarded", () => {
    const whole = relayForw(0, "::", "::", opt(9, SOLICIT));
    for (const size of [4, 33]) expect(reason(whole.slice(0, size))).toBe("too-short");
    expect(fails(() => decodeRelay(whole.slice(0, 33))).code).toBe("too-short");
  });
});

describe("§9 relay messages", () => {
  it("D-011: have type, hop-count, link-address, peer-address and options", () => {
    const bytes = relayForw(3, "2001:db8::1", "fe80::2", opt(18, ascii("eth0")), opt(9, SOLICIT));
    const relay = decodeRelay(bytes);
    expect(relay).toMatchObject({
      type: "RELAY-FORW",
      hopCount: 3,
      linkAddress: "20010db8000000000000000000000001",
      peerAddress: "fe800000000000000000000000000002",
    });
    expect(firstOption(relay.options, "RELAY_MSG")?.message).toEqual(SOLICIT);
    expect(encodeRelay(relay)).toEqual(bytes);
  });

  it("D-037: a RELAY-FORW without RELAY_MSG is discarded", () => {
    expect(reason(relayForw(0, "::", "::", opt(18, [1])))).toBe("relay-without-message");
    expect(fails(() => unwrapRelay(relayForw(0, "::", "::"))).code).toBe("relay-without-message");
  });

  it("D-181, D-182: nine levels are unwrapped, ten are discarded", () => {
    const wrap = (levels: number): Uint8Array => {
      let bytes = SOLICIT;
      for (let i = 0; i < levels; i++)
        bytes = relayForw(Math.min(i, 8), "::", `fe80::${i + 1}`, opt(9, bytes));
      return bytes;
    };
    const nine = view(wrap(9));
    expect(nine.relays).toHaveLength(LIMITS.relayLevels);
    // relays[0] is the outermost.
    expect(nine.relays.map((each) => each.peerAddress.at(-1))).toEqual([
      "9",
      "8",
      "7",
      "6",
      "5",
      "4",
      "3",
      "2",
      "1",
    ]);
    expect(unwrapRelay(wrap(9)).message).toEqual(SOLICIT);
    expect(reason(wrap(10))).toBe("too-many-relays");
    expect(fails(() => unwrapRelay(wrap(10))).code).toBe("too-many-relays");
  });

  it("D-183: hop-count 8 is served, 9 is discarded, at any level", () => {
    expect(reason(relayForw(8, "::", "::", opt(9, SOLICIT)))).toBe("viewed");
    expect(reason(relayForw(9, "::", "::", opt(9, SOLICIT)))).toBe("hop-count-too-large");
    expect(
      reason(relayForw(1, "::", "::", opt(9, relayForw(9, "::", "::", opt(9, SOLICIT))))),
    ).toBe("hop-count-too-large");
  });

  it("D-184: a RELAY-REPL or a server's message inside is discarded", () => {
    expect(
      reason(relayForw(0, "::", "::", opt(9, relayRepl(0, "::", "::", opt(9, SOLICIT))))),
    ).toBe("server-message");
    for (const type of [2, 7, 10])
      expect(reason(relayForw(0, "::", "::", opt(9, msg(type, opt(1, CLIENT)))))).toBe(
        "server-message",
      );
  });

  it("D-018: two RELAY_MSG in one level are discarded", () => {
    expect(reason(relayForw(0, "::", "::", opt(9, SOLICIT), opt(9, SOLICIT)))).toBe(
      "repeated-singleton",
    );
  });
});

describe("§11 DUIDs", () => {
  it("D-042, D-043: a CLIENTID of 3 and of 130 octets is taken, of 2 and 131 the message is discarded", () => {
    for (const size of [3, 130])
      expect(view(msg(1, opt(1, new Uint8Array(size).fill(7)))).clientId).toBe("07".repeat(size));
    for (const size of [0, 2, 131, 1000])
      expect(reason(msg(1, opt(1, new Uint8Array(size))))).toBe("client-id-length");
  });

  it("D-039, D-040: every type is octets that are only compared, unknown ones too", () => {
    for (const duid of [
      "0001000132981900020000000001",
      "0002000004d2aabb",
      "00030001020000000001",
      `0004${"5a".repeat(16)}`,
      "ffee0102",
      "000300010200000000FF",
    ]) {
      expect(view(msg(1, opt(1, hex(duid)))).clientId).toBe(duid.toLowerCase());
    }
  });

  it("a SERVERID of any length is there and is nobody's own", () => {
    expect(view(msg(1, opt(1, CLIENT), opt(2, [9]))).serverId).toBe("09" as Duid);
    expect(view(msg(1, opt(1, CLIENT), opt(2))).serverId).toBe("" as Duid);
    expect(view(msg(3, opt(1, CLIENT), opt(2, new Uint8Array(60_000)))).serverId).toHaveLength(262);
    expect(view(SOLICIT).serverId).toBeUndefined();
  });
});

describe("§16 what is no client's message", () => {
  it("D-025, D-032, D-033: ADVERTISE, REPLY and RECONFIGURE are discarded", () => {
    for (const type of [2, 7, 10])
      expect(reason(msg(type, opt(1, CLIENT), opt(2, SERVER)))).toBe("server-message");
  });

  it("D-035: a RELAY-REPL is discarded", () => {
    expect(reason(relayRepl(0, "::", "::", opt(9, SOLICIT)))).toBe("server-message");
  });

  it("D-013, D-014, N-005, X-248: unknown types and those of other protocols are discarded, relayed or not", () => {
    for (const type of [0, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 31, 36, 200, 255]) {
      expect(reason(msg(type, opt(1, CLIENT)))).toBe("unknown-message-type");
      expect(reason(relayForw(0, "::", "::", opt(9, msg(type, opt(1, CLIENT)))))).toBe(
        "unknown-message-type",
      );
      expect(decodeMessage(msg(type))).toMatchObject({ type: "unknown", code: type });
    }
  });

  it("D-019, N-002, N-007: unknown options and options out of place change nothing", () => {
    const plain = msg(3, opt(1, CLIENT), opt(2, SERVER));
    const odd = msg(
      3,
      opt(1, CLIENT),
      opt(60_000, [1, 2]),
      opt(2, SERVER),
      opt(13, [0, 0]),
      opt(7, [1]),
      opt(17, u32(99)),
      opt(12, ip("2001:db8::1")),
    );
    expect(view(odd)).toEqual(view(plain));
  });

  it("D-018: a repeated CLIENTID or SERVERID is discarded, of other singletons the first counts", () => {
    expect(reason(msg(1, opt(1, CLIENT), opt(1, CLIENT)))).toBe("repeated-singleton");
    expect(reason(msg(3, opt(1, CLIENT), opt(2, SERVER), opt(2, SERVER)))).toBe(
      "repeated-singleton",
    );
    const twice = view(
      msg(1, opt(1, CLIENT), opt(6, u16(23)), opt(6, u16(24)), opt(8, u16(5)), opt(8, u16(6))),
    );
    expect(twice.requestedOptions).toEqual([23]);
    expect(twice.elapsedTime).toBe(5);
  });

  it("N-001: IA_NA and IA_PD count as IA options, IA_TA is unknown", () => {
    expect(view(msg(11, opt(3, new Uint8Array(12)))).hasIa).toBe(true);
    expect(view(msg(11, opt(25, new Uint8Array(12)))).hasIa).toBe(true);
    expect(view(msg(11, opt(25, [1])))).toMatchObject({ hasIa: true, ias: [] });
    expect(view(msg(11, opt(4, u32(1))))).toMatchObject({ hasIa: false, ias: [] });
  });
});

describe("§21.1 the frame of options", () => {
  it("D-015, D-016: an option that passes its container's end discards the message", () => {
    expect(reason(join(SOLICIT, [0, 6, 0, 3, 1, 2]))).toBe("bad-option-frame");
    expect(reason(join(SOLICIT, [0, 6, 0xff, 0xff]))).toBe("bad-option-frame");
    expect(fails(() => decodeMessage(join(SOLICIT, [0, 6, 0, 3, 1, 2])))).toMatchObject({
      code: "option-overrun",
      offset: SOLICIT.length,
      option: 6,
    });
    // Within an IA, an IAADDR and an IAPREFIX.
    const ia = (inner: readonly number[]): Uint8Array =>
      msg(1, opt(1, CLIENT), opt(3, new Uint8Array(12), inner));
    expect(reason(ia([0, 5, 0, 200, 1]))).toBe("bad-option-frame");
    expect(fails(() => decodeMessage(ia([0, 5, 0, 200, 1]))).code).toBe("option-overrun");
    expect(reason(ia(Array.from(opt(5, new Uint8Array(24), [0, 1, 0, 9]))))).toBe(
      "bad-option-frame",
    );
    expect(
      reason(msg(1, opt(25, new Uint8Array(12), opt(26, new Uint8Array(25), [0, 1, 0, 9])))),
    ).toBe("bad-option-frame");
    expect(reason(relayForw(0, "::", "::", opt(9, SOLICIT), Uint8Array.from([0, 18, 0, 1])))).toBe(
      "bad-option-frame",
    );
  });

  it("D-016: octets left after the last option discard the message", () => {
    for (const rest of [[1], [0, 6], [0, 6, 0]]) {
      expect(reason(join(SOLICIT, rest))).toBe("trailing-octets");
      expect(fails(() => decodeMessage(join(SOLICIT, rest))).code).toBe("trailing-octets");
    }
  });

  it("D-021: zero octets left after the last option are passed over, in the message and in the relay's", () => {
    for (let count = 1; count <= 9; count++) {
      const zeros = new Uint8Array(count);
      expect(view(join(SOLICIT, zeros))).toEqual(view(SOLICIT));
      const padded = relayForw(0, "::", "::", opt(9, join(SOLICIT, zeros)), zeros);
      const relayed = view(padded) as RequestView;
      expect([count, relayed.type, relayed.relays.length]).toEqual([count, "SOLICIT", 1]);
      const bare = relayForw(0, "::", "::", opt(9, SOLICIT));
      const source = "20010db8".padEnd(32, "0") as Ipv6Address;
      if (count < 4)
        expect(relayDataOf(relayed, source, padded)).toEqual(
          relayDataOf(view(bare) as RequestView, source, bare),
        );
    }
  });

  it("D-017: instances of one option stand alone and in order", () => {
    const message = decodeMessage(
      msg(7, opt(16, u32(1), u16(1), [7]), opt(16, u32(2), u16(1), [8])),
    );
    if (message.type === "unknown") throw new Error("unknown");
    expect(allOptions(message.options, "VENDOR_CLASS").map((each) => each.enterprise)).toEqual([
      1, 2,
    ]);
  });

  it("D-265, F-140: status codes have their numbers", () => {
    expect(STATUS).toMatchObject({
      Success: 0,
      UnspecFail: 1,
      NoAddrsAvail: 2,
      NoBinding: 3,
      NotOnLink: 4,
      UseMulticast: 5,
      NoPrefixAvail: 6,
      NotSupported: 14,
      TLSConnectionRefused: 15,
    });
    expect(STATUS).toMatchObject({
      AddressInUse: 16,
      ConfigurationConflict: 17,
      MissingBindingInformation: 18,
      OutdatedBindingInformation: 19,
      ServerShuttingDown: 20,
      DNSUpdateNotSupported: 21,
      ExcessiveTimeSkew: 22,
    });
  });
});
