// RFC 8156 §5.1 to §5.6: frames, header, message types and options of the failover protocol.

import { describe, expect, it } from "vitest";
import { bindingStatusOf } from "../../src/core/model/binding-status.ts";
import { SERVER_STATE } from "../../src/core/model/endpoint-record.ts";
import { DecodeError } from "../../src/core/wire/decode-error.ts";
import {
  decodeFailoverMessage,
  encodeFailoverMessage,
  encodeFrame,
  FAILOVER_TYPE,
  type FailoverType,
  patchSentTime,
} from "../../src/core/wire/failover-messages.ts";
import { FrameParser } from "../../src/core/wire/framing.ts";
import { findMalformed, type Option, option } from "../../src/core/wire/options.ts";
import {
  ascii,
  failover,
  hex,
  ip,
  join,
  labels,
  opt,
  toHex,
  u16,
  u32,
} from "../unit/core/wire/bytes.ts";

const TIME = 0x31000000;

/** The only option of a CONTACT that holds it. */
function decoded(bytes: Uint8Array): Option {
  const message = decodeFailoverMessage(failover(35, bytes));
  if (message.type === "unknown") throw new Error("unknown message");
  expect(message.options).toHaveLength(1);
  const again = encodeFailoverMessage(message);
  expect(toHex(again)).toBe(toHex(failover(35, bytes)));
  return message.options[0] as Option;
}

const framed = (message: Uint8Array): Uint8Array => join(u16(message.length), message);

function code(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DecodeError) return error.code;
    throw error;
  }
  return "decoded";
}

describe("§5.1 frames", () => {
  it("F-070: two octets of size that do not count themselves", () => {
    const frame = encodeFrame({
      type: "CONTACT",
      transactionId: 0x123456,
      sentTime: TIME,
      options: [],
    });
    expect(toHex(frame)).toBe("00082312345631000000");
    expect(new FrameParser().push(frame).messages.map(toHex)).toEqual(["2312345631000000"]);
  });

  it("F-071: come whole however they arrive, octet by octet or many at once", () => {
    const messages = [
      failover(35),
      failover(34, opt(132, [2]), opt(131, [1])),
      hex("17000001"),
      failover(24, opt(26, new Uint8Array(25))),
    ];
    const stream = join(...messages.map(framed));
    const single = new FrameParser();
    const got = Array.from(stream).flatMap((octet) =>
      single.push(Uint8Array.of(octet)).messages.map(toHex),
    );
    expect(got).toEqual(messages.map(toHex));
    for (let cut = 0; cut <= stream.length; cut++) {
      const parser = new FrameParser();
      const pieces = [stream.slice(0, cut), stream.slice(cut)].flatMap((piece) =>
        parser.push(piece).messages.map(toHex),
      );
      expect(pieces).toEqual(messages.map(toHex));
      expect(parser.pending).toBe(0);
    }
  });

  it("F-071: a part of a frame waits for the rest, and is counted", () => {
    const parser = new FrameParser();
    expect(parser.push(hex("00")).messages).toEqual([]);
    expect(parser.pending).toBe(1);
    expect(parser.push(hex("082312345631")).messages).toEqual([]);
    expect(parser.pending).toBe(7);
    expect(parser.push(hex("00000000")).messages.map(toHex)).toEqual(["2312345631000000"]);
    expect(parser.pending).toBe(1);
  });

  it("the largest frame comes whole", () => {
    const message = failover(24, opt(60_000, new Uint8Array(65_535 - 12)));
    const parser = new FrameParser();
    const stream = framed(message);
    expect(parser.push(stream.slice(0, 40_000)).messages).toEqual([]);
    expect(parser.push(stream.slice(40_000)).messages[0]?.length).toBe(65_535);
  });

  it("F-073: a size below 8, below 4 for STARTTLS and REPLY, is an error; what came before is still given", () => {
    for (const bad of ["0000", "000123", "000723123456310000", "000317000000", "000307000000"]) {
      const parser = new FrameParser();
      const { messages, error } = parser.push(join(framed(failover(35)), hex(bad)));
      expect(messages).toHaveLength(1);
      expect(error).toEqual({
        code: "frame-too-small",
        size: Number.parseInt(bad.slice(0, 4), 16),
      });
      expect(parser.push(framed(failover(35)))).toEqual({ messages: [], error });
    }
    for (const good of ["000417000001", "000407000001"])
      expect(new FrameParser().push(hex(good)).messages).toHaveLength(1);
  });

  it("F-073: is an error octet by octet too", () => {
    const parser = new FrameParser();
    const errors = Array.from(
      hex("000317000000"),
      (octet) => parser.push(Uint8Array.of(octet)).error?.code,
    );
    expect(errors.at(4)).toBe("frame-too-small");
    expect(errors.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("F-073: a message that its options do not consume exactly is none", () => {
    expect(code(() => decodeFailoverMessage(failover(35, hex("0084"))))).toBe("trailing-octets");
    expect(code(() => decodeFailoverMessage(failover(35, hex("0084000201"))))).toBe(
      "option-overrun",
    );
    expect(code(() => decodeFailoverMessage(failover(35).slice(0, 7)))).toBe("too-short");
    expect(code(() => decodeFailoverMessage(new Uint8Array(0)))).toBe("too-short");
  });
});

describe("§5.2 header", () => {
  it("F-074, F-078: type, transaction-id, sent-time, then DHCPv6 options", () => {
    expect(decodeFailoverMessage(failover(34, opt(132, [4])))).toEqual({
      type: "STATE",
      transactionId: 0x123456,
      sentTime: TIME,
      options: [{ type: "F_SERVER_STATE", code: 132, value: 4 }],
    });
  });

  it("F-075, F-076: the sent-time is set in the finished frame", () => {
    const frame = encodeFrame({ type: "CONTACT", transactionId: 1, sentTime: 0, options: [] });
    patchSentTime(frame, 0xfedcba98);
    expect(decodeFailoverMessage(frame.subarray(2))).toMatchObject({
      sentTime: 0xfedcba98,
      transactionId: 1,
    });
  });

  it("F-230, A-09: STARTTLS and the REPLY to it have no sent-time, none is set", () => {
    for (const [type, number] of [
      ["STARTTLS", 23],
      ["REPLY", 7],
    ] as const) {
      const frame = encodeFrame({
        type,
        transactionId: 5,
        options: [option("STATUS_CODE", { status: 15, message: "no" })],
      });
      const before = toHex(frame);
      patchSentTime(frame, TIME);
      expect(toHex(frame)).toBe(before);
      expect(toHex(frame.subarray(2))).toBe(
        toHex(join([number, 0, 0, 5], opt(13, u16(15), ascii("no")))),
      );
      expect(decodeFailoverMessage(frame.subarray(2))).toMatchObject({ type, transactionId: 5 });
    }
  });

  it("F-079: unknown options are kept, the rest is read", () => {
    expect(decodeFailoverMessage(failover(35, opt(60_000, [1]), opt(131, [1])))).toMatchObject({
      options: [
        { type: "unknown", code: 60_000, data: Uint8Array.of(1) },
        { type: "F_SERVER_FLAGS", value: 1 },
      ],
    });
  });

  it("F-080, A-46: an unknown type is given as such, whatever it holds", () => {
    expect(decodeFailoverMessage(join([99, 1, 2, 3, 4, 5, 6, 7], [0xff]))).toMatchObject({
      type: "unknown",
      code: 99,
    });
  });
});

describe("§5.3 message types", () => {
  // covers F-081, F-082, F-083, F-084, F-085, F-086, F-087, F-088, F-089, F-090, F-091, F-092
  it("have the numbers of §11, F-081 to F-092", () => {
    const types: readonly FailoverType[] = [
      "BNDUPD",
      "BNDREPLY",
      "POOLREQ",
      "POOLRESP",
      "UPDREQ",
      "UPDREQALL",
      "UPDDONE",
      "CONNECT",
      "CONNECTREPLY",
      "DISCONNECT",
      "STATE",
      "CONTACT",
    ];
    for (const [index, type] of types.entries()) {
      expect(FAILOVER_TYPE[type]).toBe(24 + index);
      expect(decodeFailoverMessage(failover(24 + index))).toEqual({
        type,
        transactionId: 0x123456,
        sentTime: TIME,
        options: [],
      });
    }
  });
});

describe("§5.5 options", () => {
  const u32Options = [
    [120, "F_EXPIRATION_TIME"],
    [121, "F_MAX_UNACKED_BNDUPD"],
    [122, "F_MCLT"],
    [123, "F_PARTNER_LIFETIME"],
    [124, "F_PARTNER_LIFETIME_SENT"],
    [125, "F_PARTNER_DOWN_TIME"],
    [126, "F_PARTNER_RAW_CLT_TIME"],
    [128, "F_KEEPALIVE_TIME"],
    [133, "F_START_TIME_OF_STATE"],
    [134, "F_STATE_EXPIRATION_TIME"],
  ] as const;
  const octetOptions = [
    [114, "F_BINDING_STATUS"],
    [131, "F_SERVER_FLAGS"],
    [132, "F_SERVER_STATE"],
  ] as const;
  const u16Options = [
    [115, "F_CONNECT_FLAGS"],
    [119, "F_DNS_FLAGS"],
  ] as const;

  // covers F-118, F-119, F-120, F-121, F-122, F-123, F-124, F-126, F-136, F-137
  it("F-118 to F-124, F-126, F-136, F-137: four octets, all values", () => {
    for (const [number, type] of u32Options) {
      expect(decoded(opt(number, u32(0xfffffffe)))).toEqual({
        type,
        code: number,
        value: 0xfffffffe,
      });
    }
  });

  it("F-107, F-130, F-134: one octet", () => {
    for (const [number, type] of octetOptions)
      expect(decoded(opt(number, [0xa5]))).toEqual({ type, code: number, value: 0xa5 });
  });

  it("F-109, F-116: two octets; bits that must be zero are left to the reader", () => {
    for (const [number, type] of u16Options)
      expect(decoded(opt(number, u16(0xfff1)))).toEqual({ type, code: number, value: 0xfff1 });
  });

  it("F-125: a major and a minor version", () => {
    expect(decoded(opt(127, u16(1), u16(0)))).toEqual({
      type: "F_PROTOCOL_VERSION",
      code: 127,
      major: 1,
      minor: 0,
    });
  });

  it("F-127: creation time and key", () => {
    expect(decoded(opt(129, u32(TIME), [1, 2]))).toEqual({
      type: "F_RECONFIGURE_DATA",
      code: 129,
      time: TIME,
      key: Uint8Array.of(1, 2),
    });
  });

  it("F-113, F-114, F-115: removal data holds host name and zone in labels", () => {
    expect(
      decoded(
        opt(116, opt(117, labels("pc", "example")), opt(118, labels("example")), opt(119, u16(3))),
      ),
    ).toEqual({
      type: "F_DNS_REMOVAL_INFO",
      code: 116,
      options: [
        { type: "F_DNS_HOST_NAME", code: 117, name: "pc.example." },
        { type: "F_DNS_ZONE_NAME", code: 118, name: "example." },
        { type: "F_DNS_FLAGS", code: 119, value: 3 },
      ],
    });
  });

  it("F-128, F-129: the relationship's name is UTF-8 without NUL", () => {
    expect(decoded(opt(130, hex("63616d707573c3a9")))).toMatchObject({
      type: "F_RELATIONSHIP_NAME",
      name: "campusé",
    });
    expect(decoded(opt(130, ascii("campus\0")))).toMatchObject({
      type: "malformed",
      code: 130,
      reason: "NUL in a text",
    });
    expect(decoded(opt(130, [0xff]))).toMatchObject({ type: "malformed", reason: "not UTF-8" });
    expect(decoded(opt(130, hex("c080")))).toMatchObject({
      type: "malformed",
      reason: "not UTF-8",
    });
  });

  it("F-139: a fixed length that is another is malformed, and says what and where", () => {
    for (const [number, size] of [
      ...u32Options.map(([n]) => [n, 4]),
      ...octetOptions.map(([n]) => [n, 1]),
      ...u16Options.map(([n]) => [n, 2]),
      [127, 4],
    ] as [number, number][]) {
      expect(decoded(opt(number, new Uint8Array(size - 1)))).toEqual({
        type: "malformed",
        code: number,
        offset: 12,
        reason: "too short",
        data: new Uint8Array(size - 1),
      });
      expect(decoded(opt(number, new Uint8Array(size + 1)))).toEqual({
        type: "malformed",
        code: number,
        offset: 12,
        reason: "too long",
        data: new Uint8Array(size + 1),
      });
    }
    expect(decoded(opt(129, [1, 2, 3]))).toMatchObject({ type: "malformed", code: 129 });
  });

  it("F-139, A-46: a malformed option is found at any depth; what stands beside it is read", () => {
    const lease = opt(5, ip("2001:db8::1"), u32(1), u32(2), opt(114, [1]), opt(123, [1]));
    const message = decodeFailoverMessage(
      failover(24, opt(45, opt(1, [0, 3, 0]), opt(3, u32(7), u32(0), u32(0), lease))),
    );
    if (message.type === "unknown") throw new Error("unknown message");
    expect(findMalformed(message.options)).toMatchObject({ code: 123, reason: "too short" });
    expect(findMalformed(message.options.slice(1))).toBeUndefined();
    expect(message.options).toMatchObject([
      {
        options: [
          { type: "CLIENTID" },
          {
            options: [{ options: [{ type: "F_BINDING_STATUS", value: 1 }, { type: "malformed" }] }],
          },
        ],
      },
    ]);
  });

  it("A-46: options nested deeper than the limit are malformed, not read", () => {
    let nested = opt(131, [1]);
    for (let i = 0; i < 12; i++) nested = opt(45, nested);
    const message = decodeFailoverMessage(failover(24, nested));
    if (message.type === "unknown") throw new Error("unknown message");
    expect(findMalformed(message.options)).toMatchObject({
      code: 45,
      reason: "options nested too deep",
    });
    let broken = hex("000100");
    for (let i = 0; i < 4; i++) broken = opt(45, broken);
    expect(code(() => decodeFailoverMessage(failover(24, broken)))).toBe("trailing-octets");
  });

  it("F-107: eight binding-statuses, 0 and 9 are none", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(bindingStatusOf)).toEqual([
      undefined,
      "ACTIVE",
      "EXPIRED",
      "RELEASED",
      "PENDING-FREE",
      "FREE",
      "FREE-BACKUP",
      "ABANDONED",
      "RESET",
      undefined,
    ]);
  });

  it("F-134: ten states", () => {
    expect(Object.values(SERVER_STATE)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
