// One record of the log: type (1 octet), length of the body (3 octets), body. A record is a whole after-image keyed by
// what it describes (F-531, F-534, F-537, F-540, F-542): the rare endpoint record is JSON, all others are binary.

import { BINDING_STATUS, bindingStatusOf } from "../model/binding-status.ts";
import type { Block } from "../model/blocks.ts";
import type { Change } from "../model/change.ts";
import { type Duid, duidFromBytes } from "../model/duid.ts";
import { ipv6FromBytes } from "../model/ipv6.ts";
import type { Lease, LeaseKey } from "../model/lease.ts";
import { assert, unreachable } from "../model/unreachable.ts";
import { type ByteReader, type ByteWriter, StoredFormatError } from "./bytes.ts";
import { decodeEndpoint, encodeEndpoint } from "./endpoint-json.ts";

/** Type numbers are never used again for something else. */
const TYPE = {
  "lease-removed": 2,
  "block-removed": 4,
  endpoint: 5,
  heartbeat: 6,
  address: 1,
  prefix: 7,
  block: 8,
  clock: 9,
} as const;

/** Records of older versions: prefixes and blocks whose owner followed from the order of their versions. */
const OLD_TYPE = { prefix: TYPE.address, block: 3 } as const;

const PREFIX = 1;
const MARKED = 2;
const EVER_SENT = 4;
const ENDING_SENT = 8;
const HAS_DUID = 16;
const HAS_RELAY_DATA = 32;
const HAS_FQDN = 64;
const HAS_RECONFIGURE_DATA = 128;

/** The shortest record: a heartbeat. */
export const RECORD_MIN_BYTES = 12;
/** No record is longer: three kept octet strings of 2,048, a DUID, a link's name and the numbers are below 9,000. */
export const RECORD_MAX_BYTES = 16_384;

/** Appends a record; returns its length. */
export function encodeRecord(change: Change, into: ByteWriter): number {
  const start = into.length;
  into.u32(0);
  encodeBody(change, into);
  const length = into.length - start;
  assert(length <= RECORD_MAX_BYTES, "a record of the log has at most 16 KiB");
  into.bytes[start] = TYPE[change.type === "lease" ? change.lease.kind : change.type];
  into.bytes[start + 1] = (length - 4) >>> 16;
  into.bytes[start + 2] = (length - 4) >>> 8;
  into.bytes[start + 3] = length - 4;
  return length;
}

/** Reads the record at the reader's place. Throws StoredFormatError. */
export function decodeRecord(from: ByteReader): Change {
  const type = from.u8();
  const length = (from.u8() << 16) | from.u16();
  const end = from.at + length;
  if (end > from.end) throw new StoredFormatError("a record ends beyond its group");
  const change = decodeBody(type, from, length);
  if (from.at !== end) throw new StoredFormatError(`a record of type ${type} has the wrong length`);
  return change;
}

function encodeBody(change: Change, into: ByteWriter): void {
  switch (change.type) {
    case "lease":
      return encodeLease(change.lease, into);
    case "lease-removed":
      into.u8(change.key.kind === "prefix" ? PREFIX : 0);
      into.hex(change.key.address);
      return into.u8(change.key.length);
    case "block":
      return encodeBlock(change.block, into);
    case "block-removed":
      into.hex(change.prefix.address);
      return into.u8(change.prefix.length);
    case "endpoint":
      return encodeEndpoint(change.record, into);
    case "heartbeat":
      return into.u53(change.at);
    case "clock":
      encodeSigned(change.record.offset, into); // T-06 (1)
      return encodeSigned(change.record.shift, into);
    default:
      unreachable(change);
  }
}

function decodeBody(type: number, from: ByteReader, length: number): Change {
  switch (type) {
    case TYPE.address:
      return { type: "lease", lease: withOwner(decodeLease(from, 0)) };
    case TYPE.prefix:
      return { type: "lease", lease: decodeLease(from, from.u53()) };
    case TYPE["lease-removed"]:
      return { type: "lease-removed", key: decodeKey(from.u8(), from) };
    case OLD_TYPE.block:
    case TYPE.block:
      return { type: "block", block: decodeBlock(from, type) };
    case TYPE["block-removed"]:
      return {
        type: "block-removed",
        prefix: { address: ipv6FromBytes(from.bytes, from.take(16)), length: from.u8() },
      };
    case TYPE.endpoint:
      return { type: "endpoint", record: decodeEndpoint(from, length) };
    case TYPE.heartbeat:
      return { type: "heartbeat", at: from.u53() };
    case TYPE.clock:
      return { type: "clock", record: { offset: decodeSigned(from), shift: decodeSigned(from) } };
    default:
      throw new StoredFormatError(
        `record type ${type} is unknown: the log was written by a newer version`,
      );
  }
}

function encodeSigned(value: number, into: ByteWriter): void {
  into.u8(value < 0 ? 1 : 0);
  into.u53(Math.abs(value));
}

function decodeSigned(from: ByteReader): number {
  const isNegative = from.u8() !== 0;
  const size = from.u53();
  return isNegative ? -size : size;
}

function encodeLease(lease: Lease, into: ByteWriter): void {
  if (lease.kind === "prefix") into.u53(lease.primarySince);
  into.u8(
    (lease.kind === "prefix" ? PREFIX : 0) |
      (lease.marked ? MARKED : 0) | // F-299, F-540: the mark is stored with the change
      (lease.everSent ? EVER_SENT : 0) |
      (lease.endingSent ? ENDING_SENT : 0) |
      (lease.duid === undefined ? 0 : HAS_DUID) |
      (lease.relayData === undefined ? 0 : HAS_RELAY_DATA) |
      (lease.fqdn === undefined ? 0 : HAS_FQDN) |
      (lease.reconfigureData === undefined ? 0 : HAS_RECONFIGURE_DATA),
  );
  into.hex(lease.address);
  into.u8(lease.length);
  into.u8(BINDING_STATUS[lease.status]);
  into.u53(lease.version);
  into.u32(lease.iaid);
  into.u32(lease.validLifetime);
  into.u32(lease.preferredLifetime);
  into.u32(lease.t1);
  into.u32(lease.t2);
  into.u32(lease.clientExpiry); // F-538
  into.u32(lease.expirationTime); // F-537: the seven times of RFC 8156 §7.3 (F-263 to F-269)
  into.u32(lease.ackedPartnerLifetime);
  into.u32(lease.partnerLifetime);
  into.u32(lease.clientLastTransactionTime);
  into.u32(lease.partnerRawCltTime);
  into.u32(lease.startTimeOfState);
  into.u32(lease.stateExpirationTime);
  into.u32(lease.partnerLifetimeSent); // F-539
  into.u32(lease.partnerLifetimeHighest);
  into.u32(lease.ackEpoch);
  into.text(lease.link ?? "");
  if (lease.duid !== undefined) {
    into.u16(lease.duid.length >> 1);
    into.hex(lease.duid);
  }
  for (const kept of [lease.relayData, lease.fqdn, lease.reconfigureData]) {
    if (kept === undefined) continue;
    into.u16(kept.length);
    into.octets(kept);
  }
}

function decodeLease(from: ByteReader, primarySince: number): Lease {
  const flags = from.u8();
  const { kind, address, length } = decodeKey(flags, from);
  const status = decodeStatus(from);
  const version = from.u53();
  // Written out, not spread: a start decodes a million of these. Fields are read in the order of `encodeLease`.
  return {
    kind,
    address,
    length,
    status,
    version,
    primarySince,
    iaid: from.u32(),
    validLifetime: from.u32(),
    preferredLifetime: from.u32(),
    t1: from.u32(),
    t2: from.u32(),
    clientExpiry: from.u32(),
    expirationTime: from.u32(),
    ackedPartnerLifetime: from.u32(),
    partnerLifetime: from.u32(),
    clientLastTransactionTime: from.u32(),
    partnerRawCltTime: from.u32(),
    startTimeOfState: from.u32(),
    stateExpirationTime: from.u32(),
    partnerLifetimeSent: from.u32(),
    partnerLifetimeHighest: from.u32(),
    ackEpoch: from.u32(),
    link: from.text(),
    duid: (flags & HAS_DUID) === 0 ? undefined : decodeDuid(from),
    marked: (flags & MARKED) !== 0,
    everSent: (flags & EVER_SENT) !== 0,
    endingSent: (flags & ENDING_SENT) !== 0,
    relayData: (flags & HAS_RELAY_DATA) === 0 ? undefined : from.octets(from.u16()),
    fqdn: (flags & HAS_FQDN) === 0 ? undefined : from.octets(from.u16()),
    reconfigureData: (flags & HAS_RECONFIGURE_DATA) === 0 ? undefined : from.octets(from.u16()),
  };
}

/** `OLD_TYPE.prefix`: a prefix that was freed after a block was given was a hole in it, and its version said so. */
function withOwner(lease: Lease): Lease {
  const isFree = lease.kind === "prefix" && lease.status === "FREE";
  return isFree ? { ...lease, primarySince: lease.version } : lease;
}

function decodeDuid(from: ByteReader): Duid {
  const length = from.u16();
  const at = from.take(length);
  return duidFromBytes(from.bytes, at, at + length);
}

function decodeKey(flags: number, from: ByteReader): LeaseKey {
  const address = ipv6FromBytes(from.bytes, from.take(16));
  return { kind: (flags & PREFIX) === 0 ? "address" : "prefix", address, length: from.u8() };
}

function decodeStatus(from: ByteReader): Lease["status"] {
  const status = bindingStatusOf(from.u8());
  if (status === undefined) throw new StoredFormatError("a stored binding-status is unknown");
  return status;
}

function encodeBlock(block: Block, into: ByteWriter): void {
  into.u8(block.marked ? MARKED : 0);
  into.hex(block.address);
  into.u8(block.length);
  into.u8(BINDING_STATUS[block.status]); // F-535, F-536
  into.u53(block.version);
  into.u53(block.givenAt);
  into.u32(block.startTimeOfState);
  into.text(block.link);
}

function decodeBlock(from: ByteReader, type: number): Block {
  const marked = (from.u8() & MARKED) !== 0;
  const address = ipv6FromBytes(from.bytes, from.take(16));
  const length = from.u8();
  const status = decodeStatus(from);
  if (status !== "FREE" && status !== "FREE-BACKUP")
    throw new StoredFormatError("a stored block is not available");
  const version = from.u53();
  return {
    address,
    length,
    status,
    marked,
    version,
    givenAt: type === OLD_TYPE.block ? version : from.u53(),
    startTimeOfState: from.u32(),
    link: from.text(),
  };
}
