// A message as lines of text for `tandem decode`. Shows what it can of a broken message and never throws.

import { BINDING_STATUS } from "../model/binding-status.ts";
import { SERVER_STATE } from "../model/endpoint-record.ts";
import { formatIpv6, ipv6FromBytes } from "../model/ipv6.ts";
import { LIMITS } from "../model/limits.ts";
import { u16At, u24At, u32At } from "./cursor.ts";
import { DecodeError } from "./decode-error.ts";
import {
  FAILOVER_HEADER,
  FAILOVER_TYPE,
  smallestSize,
  TLS_HEADER,
  TLS_TYPE,
} from "./failover-messages.ts";
import { FrameParser } from "./framing.ts";
import { hexText } from "./hex.ts";
import { messageTypeOf, statusName } from "./messages.ts";
import { codecOf, decodeOptions, definitionOf, type KnownOption, type Option } from "./options.ts";
import { isRelayMessage, RELAY_HEADER, RELAY_TYPE } from "./relay.ts";
import { timeText } from "./time-text.ts";

/** Octets shown of what has no text form of its own. */
const HEX_SHOWN = 256;
const INDENT = "  ";

/**
 * Lines without line ends. `failover`: a message of the failover connection, alone or as one or more whole
 * frames (then one after another).
 */
export function describeMessage(bytes: Uint8Array, transport: "udp" | "failover"): string[] {
  const lines: string[] = [];
  if (transport === "udp") describeDatagram(lines, bytes, { indent: "", depth: 0 });
  else for (const message of framesOf(bytes)) describeFailover(lines, message);
  return lines;
}

interface Place {
  readonly indent: string;
  /** Relay levels around. */
  readonly depth: number;
}

function framesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const parser = new FrameParser();
  const { messages, error } = parser.push(bytes);
  return error === undefined && parser.pending === 0 && messages.length > 0 ? messages : [bytes];
}

function describeDatagram(lines: string[], bytes: Uint8Array, place: Place): void {
  const { indent } = place;
  if (isRelayMessage(bytes)) {
    describeRelay(lines, bytes, place);
    return;
  }
  const type = messageTypeOf(bytes[0] ?? 0);
  if (bytes.length < 4) lines.push(`${indent}! too short for a message: ${octets(bytes)}`);
  else if (type === undefined)
    lines.push(`${indent}unknown message type ${bytes[0]}: ${octets(bytes.subarray(1))}`);
  else {
    lines.push(`${indent}${type} xid ${xid(bytes)}`);
    describeOptions(lines, bytes.subarray(4), place);
  }
}

function describeRelay(lines: string[], bytes: Uint8Array, place: Place): void {
  const name = bytes[0] === RELAY_TYPE["RELAY-FORW"] ? "RELAY-FORW" : "RELAY-REPL";
  if (bytes.length < RELAY_HEADER) {
    lines.push(`${place.indent}! too short for a ${name}: ${octets(bytes)}`);
    return;
  }
  const link = formatIpv6(ipv6FromBytes(bytes, 2));
  const peer = formatIpv6(ipv6FromBytes(bytes, 18));
  lines.push(
    `${place.indent}${name} hop-count ${bytes[1]} link-address ${link} peer-address ${peer}`,
  );
  describeOptions(lines, bytes.subarray(RELAY_HEADER), place);
}

const FAILOVER_NAME: ReadonlyMap<number, string> = new Map(
  Object.entries({ ...FAILOVER_TYPE, ...TLS_TYPE }).map(([name, code]) => [code, name]),
);

function describeFailover(lines: string[], bytes: Uint8Array): void {
  const code = bytes[0] ?? 0;
  const name = FAILOVER_NAME.get(code);
  const place: Place = { indent: "", depth: 0 };
  if (bytes.length < smallestSize(code))
    lines.push(`! too short for a failover message: ${octets(bytes)}`);
  else if (name === undefined)
    lines.push(`unknown failover message type ${code}: ${octets(bytes.subarray(1))}`);
  else if (smallestSize(code) === TLS_HEADER) {
    lines.push(`${name} xid ${xid(bytes)}`);
    describeOptions(lines, bytes.subarray(TLS_HEADER), place);
  } else {
    lines.push(`${name} xid ${xid(bytes)} sent-time ${timeText(u32At(bytes, 4))}`);
    describeOptions(lines, bytes.subarray(FAILOVER_HEADER), place);
  }
}

/** Option by option, so that what stands before a broken frame is shown. */
function describeOptions(lines: string[], bytes: Uint8Array, place: Place): void {
  const inner = { ...place, indent: place.indent + INDENT };
  for (let offset = 0; offset < bytes.length; ) {
    const left = bytes.length - offset;
    const end = left < 4 ? bytes.length + 1 : offset + 4 + u16At(bytes, offset + 2);
    if (end > bytes.length) {
      lines.push(`${inner.indent}! broken option frame: ${octets(bytes.subarray(offset))}`);
      return;
    }
    for (const option of decodedOr(bytes, offset, end)) describeOption(lines, option, inner);
    offset = end;
  }
}

/** A container whose content is broken is shown as octets. */
function decodedOr(bytes: Uint8Array, start: number, end: number): readonly Option[] {
  try {
    return decodeOptions(bytes, start, end);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const code = u16At(bytes, start);
    return [
      {
        type: "malformed",
        code,
        offset: start + 4,
        reason: error.code,
        data: bytes.slice(start + 4, end),
      },
    ];
  }
}

function describeOption(lines: string[], option: Option, place: Place): void {
  const { indent } = place;
  const name = definitionOf(option.code)?.type ?? "option";
  if (option.type === "malformed") {
    lines.push(`${indent}${name} (${option.code}) ! ${option.reason}: ${octets(option.data)}`);
    return;
  }
  if (option.type === "unknown") {
    lines.push(`${indent}option (${option.code}): ${octets(option.data)}`);
    return;
  }
  const fields = fieldTexts(option).join(", ");
  lines.push(`${indent}${name} (${option.code})${fields === "" ? "" : `: ${fields}`}`);
  const inner: Place = { indent: indent + INDENT, depth: place.depth + 1 };
  if ("options" in option)
    for (const each of option.options)
      describeOption(lines, each, { ...place, indent: inner.indent });
  if (option.type === "RELAY_MSG" || option.type === "LQ_RELAY_DATA")
    describeInner(lines, option.message, inner);
}

function describeInner(lines: string[], message: Uint8Array, place: Place): void {
  // One level more than is served, so that a chain too long can be seen.
  if (place.depth > LIMITS.relayLevels + 1)
    lines.push(`${place.indent}! nested too deep: ${octets(message)}`);
  else describeDatagram(lines, message, place);
}

/** Numbers that have names. */
const NAMED: Readonly<Record<string, (value: number) => string>> = {
  "STATUS_CODE.status": statusName,
  "F_BINDING_STATUS.value": (value) => nameIn(BINDING_STATUS, value),
  "F_SERVER_STATE.value": (value) => nameIn(SERVER_STATE, value),
  "RECONF_MSG.value": (value) => messageTypeOf(value) ?? String(value),
  "ORO.codes": (value) => definitionOf(value)?.type ?? String(value),
  "ERO.codes": (value) => definitionOf(value)?.type ?? String(value),
};

function nameIn(names: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);
}

function fieldTexts(option: KnownOption): string[] {
  const definition = definitionOf(option.code);
  const values = option as unknown as Readonly<Record<string, unknown>>;
  const texts: string[] = [];
  for (const [field, kind] of Object.entries(definition?.fields ?? {})) {
    if (
      kind === "options" ||
      option.type === "RELAY_MSG" ||
      (kind === "message" && option.type === "LQ_RELAY_DATA")
    )
      continue;
    const value = values[field];
    const named = NAMED[`${option.type}.${field}`];
    if (named === undefined)
      texts.push(
        `${field} ${value instanceof Uint8Array && value.length > HEX_SHOWN ? octets(value) : codecOf(kind).text(value)}`,
      );
    else
      texts.push(
        `${field} ${(Array.isArray(value) ? (value as number[]) : [value as number]).map(named).join(",")}`,
      );
  }
  return texts;
}

function octets(bytes: Uint8Array): string {
  if (bytes.length === 0) return "(empty)";
  const shown = hexText(bytes.subarray(0, HEX_SHOWN));
  return bytes.length > HEX_SHOWN ? `${shown} … (${bytes.length} octets)` : shown;
}

function xid(bytes: Uint8Array): string {
  return `0x${u24At(bytes, 1).toString(16).padStart(6, "0")}`;
}
