// Relay messages (RFC 8415 §9): msg-type, hop-count, link-address, peer-address, options with RELAY_MSG.

import { type Ipv6Address, ipv6FromBytes } from "../model/ipv6.ts";
import { LIMITS } from "../model/limits.ts";
import { assert } from "../model/unreachable.ts";
import { ByteWriter } from "./cursor.ts";
import { DecodeError } from "./decode-error.ts";
import { writeAddress } from "./fields/addresses.ts";
import { decodeOptions, encodeOptions, firstOption, type Option, option } from "./options.ts";

/** D-012 */
export const RELAY_TYPE = { "RELAY-FORW": 12, "RELAY-REPL": 13 } as const;
export type RelayType = keyof typeof RELAY_TYPE;

/** D-009, D-011: octets before the options. */
export const RELAY_HEADER = 34;

export interface RelayMessage {
  readonly type: RelayType;
  readonly hopCount: number;
  readonly linkAddress: Ipv6Address;
  readonly peerAddress: Ipv6Address;
  readonly options: readonly Option[];
}

/** Whether the bytes begin like a relay message. */
export function isRelayMessage(bytes: Uint8Array): boolean {
  return bytes[0] === RELAY_TYPE["RELAY-FORW"] || bytes[0] === RELAY_TYPE["RELAY-REPL"];
}

/** D-011: one level; the relayed message stays as octets in RELAY_MSG. Throws DecodeError only. */
export function decodeRelay(bytes: Uint8Array): RelayMessage {
  if (bytes.length < RELAY_HEADER || !isRelayMessage(bytes))
    throw new DecodeError("too-short", bytes.length);
  return {
    type: bytes[0] === RELAY_TYPE["RELAY-FORW"] ? "RELAY-FORW" : "RELAY-REPL",
    hopCount: bytes[1] as number,
    linkAddress: ipv6FromBytes(bytes, 2),
    peerAddress: ipv6FromBytes(bytes, 18),
    options: decodeOptions(bytes, RELAY_HEADER),
  };
}

/** One level. */
export function encodeRelay(message: RelayMessage): Uint8Array {
  const out = new ByteWriter();
  out.u8(RELAY_TYPE[message.type]);
  out.u8(message.hopCount);
  writeAddress(out, message.linkAddress);
  writeAddress(out, message.peerAddress);
  encodeOptions(out, message.options);
  assert(!out.overflow, "every option has at most 65,535 octets");
  return out.finish();
}

/**
 * D-181, D-182: all levels, outermost first, and the message inside. Throws DecodeError when a level has no
 * RELAY_MSG or there are more than LIMITS.relayLevels.
 */
export function unwrapRelay(bytes: Uint8Array): {
  readonly levels: readonly RelayMessage[];
  readonly message: Uint8Array;
} {
  const levels: RelayMessage[] = [];
  let message = bytes;
  while (isRelayMessage(message)) {
    if (levels.length === LIMITS.relayLevels) throw new DecodeError("too-many-relays", 0);
    const level = decodeRelay(message);
    const inner = firstOption(level.options, "RELAY_MSG");
    if (inner === undefined) throw new DecodeError("relay-without-message", 0);
    levels.push(level);
    message = inner.message;
  }
  return { levels, message };
}

/** Puts a message into relay levels, outermost first; RELAY_MSG comes after the options given. */
export function wrapRelay(levels: readonly RelayMessage[], message: Uint8Array): Uint8Array {
  return levels.reduceRight<Uint8Array>(
    (inner, level) =>
      encodeRelay({
        ...level,
        options: [...level.options, option("RELAY_MSG", { message: inner })],
      }),
    message,
  );
}
