// Client and server messages (RFC 8415 §8): msg-type, transaction-id, options; big-endian, no padding.

import { assert } from "../model/unreachable.ts";
import { ByteWriter, u24At } from "./cursor.ts";
import { DecodeError } from "./decode-error.ts";
import { decodeOptions, encodeOptions, type Option } from "./options.ts";

/** D-012 (RELAY-FORW 12 and RELAY-REPL 13 have a header of their own: relay.ts). */
export const MESSAGE_TYPE = {
  SOLICIT: 1,
  ADVERTISE: 2,
  REQUEST: 3,
  CONFIRM: 4,
  RENEW: 5,
  REBIND: 6,
  REPLY: 7,
  RELEASE: 8,
  DECLINE: 9,
  RECONFIGURE: 10,
  "INFORMATION-REQUEST": 11,
} as const;

export type MessageType = keyof typeof MESSAGE_TYPE;

/** D-265, F-140: status codes by their RFC names. */
export const STATUS = {
  Success: 0,
  UnspecFail: 1,
  NoAddrsAvail: 2,
  NoBinding: 3,
  NotOnLink: 4,
  UseMulticast: 5, // N-003: known, never sent
  NoPrefixAvail: 6,
  UnknownQueryType: 7,
  MalformedQuery: 8,
  NotConfigured: 9,
  NotAllowed: 10,
  QueryTerminated: 11,
  DataMissing: 12,
  CatchUpComplete: 13,
  NotSupported: 14,
  TLSConnectionRefused: 15,
  AddressInUse: 16, // F-141
  ConfigurationConflict: 17,
  MissingBindingInformation: 18, // F-143
  OutdatedBindingInformation: 19, // F-144
  ServerShuttingDown: 20,
  DNSUpdateNotSupported: 21,
  ExcessiveTimeSkew: 22, // F-147
} as const;

const STATUS_NAME: ReadonlyMap<number, string> = new Map(
  Object.entries(STATUS).map(([name, code]) => [code, name]),
);

/** The RFC's name of a status code, else the number. */
export function statusName(code: number): string {
  return STATUS_NAME.get(code) ?? String(code);
}

export interface ClientServerMessage {
  readonly type: MessageType;
  /** 24 bits. */
  readonly transactionId: number;
  readonly options: readonly Option[];
}

/** D-013, D-014: types that are not known here, leasequery and failover types on UDP among them. */
export interface UnknownMessage {
  readonly type: "unknown";
  readonly code: number;
  /** Everything after the type octet. */
  readonly data: Uint8Array;
}

const NAMES: readonly (MessageType | undefined)[] = indexOf(MESSAGE_TYPE);

function indexOf(codes: Readonly<Record<MessageType, number>>): (MessageType | undefined)[] {
  const names: (MessageType | undefined)[] = [];
  for (const [name, code] of Object.entries(codes)) names[code] = name as MessageType;
  return names;
}

/** The name of a client or server message type. */
export function messageTypeOf(code: number): MessageType | undefined {
  return NAMES[code];
}

/** D-009, D-010: header of four octets. Throws DecodeError and nothing else. */
export function decodeMessage(bytes: Uint8Array): ClientServerMessage | UnknownMessage {
  const code = bytes[0];
  if (code === undefined) throw new DecodeError("too-short", 0);
  const type = messageTypeOf(code);
  if (type === undefined) return { type: "unknown", code, data: bytes.slice(1) };
  if (bytes.length < 4) throw new DecodeError("too-short", bytes.length);
  return { type, transactionId: u24At(bytes, 1), options: decodeOptions(bytes, 4) };
}

/** D-010. An option over 65,535 octets is a bug of the caller. */
export function encodeMessage(message: ClientServerMessage): Uint8Array {
  const out = new ByteWriter();
  out.u8(MESSAGE_TYPE[message.type]);
  out.u24(message.transactionId);
  encodeOptions(out, message.options);
  assert(!out.overflow, "every option has at most 65,535 octets");
  return out.finish();
}
