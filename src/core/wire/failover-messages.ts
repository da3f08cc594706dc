// Failover messages (RFC 8156 §5.2, §5.3): msg-type, transaction-id, sent-time, options, each message in a
// frame with a 2-octet length (RFC 5460 §5.1). STARTTLS and the REPLY to it have the DHCPv6 header.

import { LIMITS } from "../model/limits.ts";
import type { DhcpTime } from "../model/time.ts";
import { assert } from "../model/unreachable.ts";
import { ByteWriter, u24At, u32At } from "./cursor.ts";
import { DecodeError } from "./decode-error.ts";
import { decodeOptions, encodeOptions, type Option } from "./options.ts";

/** F-081, F-082, F-083, F-084, F-085, F-086, F-087, F-088, F-089, F-090, F-091, F-092: RFC 8156 §11. */
export const FAILOVER_TYPE = {
  BNDUPD: 24,
  BNDREPLY: 25,
  POOLREQ: 26,
  POOLRESP: 27,
  UPDREQ: 28,
  UPDREQALL: 29,
  UPDDONE: 30,
  CONNECT: 31,
  CONNECTREPLY: 32,
  DISCONNECT: 33,
  STATE: 34,
  CONTACT: 35,
} as const;

export type FailoverType = keyof typeof FAILOVER_TYPE;

/** F-230, A-09: no sent-time in these two. */
export const TLS_TYPE = { REPLY: 7, STARTTLS: 23 } as const;

/** F-074: octets before the options. */
export const FAILOVER_HEADER = 8;
/** F-230: octets before the options of STARTTLS and REPLY. */
export const TLS_HEADER = 4;

export interface FailoverMessage {
  readonly type: FailoverType;
  /** 24 bits. */
  readonly transactionId: number;
  readonly sentTime: DhcpTime;
  readonly options: readonly Option[];
}

export interface TlsMessage {
  readonly type: keyof typeof TLS_TYPE;
  readonly transactionId: number;
  readonly options: readonly Option[];
}

/** F-080, A-46: framing keeps the stream in step; the message is logged and skipped. */
export interface UnknownFailoverMessage {
  readonly type: "unknown";
  readonly code: number;
  /** Everything after the type octet. */
  readonly data: Uint8Array;
}

export type AnyFailoverMessage = FailoverMessage | TlsMessage | UnknownFailoverMessage;

const NAMES: ReadonlyMap<number, FailoverType> = new Map(
  Object.entries(FAILOVER_TYPE).map(([name, code]) => [code, name as FailoverType]),
);

/** F-073: octets that a message of this type has at least. */
export function smallestSize(code: number): number {
  return code === TLS_TYPE.REPLY || code === TLS_TYPE.STARTTLS ? TLS_HEADER : FAILOVER_HEADER;
}

/**
 * Decodes one message without its frame. Unknown options are kept and ignored by the reader (F-079).
 * Throws DecodeError: too short, or not consumed exactly by its options (F-073).
 */
export function decodeFailoverMessage(bytes: Uint8Array): AnyFailoverMessage {
  const code = bytes[0];
  if (code === undefined || bytes.length < smallestSize(code))
    throw new DecodeError("too-short", bytes.length);
  if (code === TLS_TYPE.REPLY || code === TLS_TYPE.STARTTLS) {
    const type = code === TLS_TYPE.REPLY ? "REPLY" : "STARTTLS";
    return { type, transactionId: u24At(bytes, 1), options: decodeOptions(bytes, TLS_HEADER) };
  }
  const type = NAMES.get(code);
  if (type === undefined) return { type: "unknown", code, data: bytes.slice(1) };
  // F-074, F-078: the options are those of DHCPv6.
  const options = decodeOptions(bytes, FAILOVER_HEADER);
  return { type, transactionId: u24At(bytes, 1), sentTime: u32At(bytes, 4), options };
}

/** One message without its frame; at most 65,535 octets, more is a bug of the caller.
 * @testonly */
export function encodeFailoverMessage(message: FailoverMessage | TlsMessage): Uint8Array {
  const out = new ByteWriter();
  writeMessage(out, message);
  assert(!out.overflow && out.length <= LIMITS.frameBytes, "a failover message fits in a frame");
  return out.finish();
}

/** F-070: the message after its 2-octet size, which does not count itself. */
export function encodeFrame(message: FailoverMessage | TlsMessage): Uint8Array {
  const out = new ByteWriter();
  const mark = out.beginLength();
  writeMessage(out, message);
  out.endLength(mark);
  assert(!out.overflow, "a failover message fits in a frame");
  return out.finish();
}

function writeMessage(out: ByteWriter, message: FailoverMessage | TlsMessage): void {
  out.u8("sentTime" in message ? FAILOVER_TYPE[message.type] : TLS_TYPE[message.type]);
  out.u24(message.transactionId);
  if ("sentTime" in message) out.u32(message.sentTime);
  encodeOptions(out, message.options);
}

/** F-075, F-076: sets the sent-time of a framed message just before it leaves; STARTTLS and REPLY have none. */
export function patchSentTime(frame: Uint8Array, time: DhcpTime): void {
  const code = frame[2] as number;
  if (code === TLS_TYPE.REPLY || code === TLS_TYPE.STARTTLS) return;
  assert(frame.length >= 2 + FAILOVER_HEADER, "a frame holds a whole message");
  frame[6] = time >>> 24;
  frame[7] = (time >>> 16) & 0xff;
  frame[8] = (time >>> 8) & 0xff;
  frame[9] = time & 0xff;
}
