// A group: the records of one write. Its header says where it stands and where the group before it ended, so that a
// replay can tell the end of the log from a hole in it (DESIGN §5, T-07). Version 1 of the format:
//
//   0 magic  4 version, flags  8 segment id  16 store id  32 first sequence  40 previous sequence
//   48 previous segment  56 previous end  60 length  64 records  68 CRC of the records  72 CRC of octets 0 to 71
//
// Every later version keeps the places of magic, version and header CRC, so that an older program can tell a newer log
// from a damaged one. A group begins at a multiple of 4,096, so that a write never touches a sector in which another group lies: a torn
// write cannot harm what was durable before it.

import type { Crc32 } from "../../ports/disk.ts";
import { duidFromBytes } from "../model/duid.ts";
import { getU32, getU53, putU32, putU53 } from "./bytes.ts";
import { RECORD_MIN_BYTES } from "./record.ts";

export const GROUP_HEADER_BYTES = 76;
export const GROUP_ALIGNMENT = 4_096;
/** The most octets of one write: bounds the memory of a replay and how long one write takes. */
export const GROUP_MAX_BYTES = 1_048_576;

const MAGIC = 0x54444d47;
const FORMAT_VERSION = 1;
const HEADER_CRC_AT = 72;

/** Where the log stands after a group: nothing before the first one. */
export interface LogPosition {
  /** Segment of the last group, 0 when there is none. */
  readonly segment: number;
  /** Where that group's room ends. */
  readonly end: number;
  /** Its last sequence. */
  readonly sequence: number;
}

export const LOG_START: LogPosition = { segment: 0, end: 0, sequence: 0 };

export interface GroupHeader {
  readonly segment: number;
  /** 32 hex digits. */
  readonly storeId: string;
  readonly firstSequence: number;
  readonly previous: LogPosition;
  /** Octets of header and records. */
  readonly length: number;
  readonly count: number;
}

/** The room that `length` octets take. */
export function paddedLength(length: number): number {
  return Math.ceil(length / GROUP_ALIGNMENT) * GROUP_ALIGNMENT;
}

/** Writes the header into the first octets of `bytes`, whose records are in place up to `header.length`. */
export function sealGroup(header: GroupHeader, bytes: Uint8Array, crc32: Crc32): void {
  putU32(bytes, 0, MAGIC);
  putU32(bytes, 4, FORMAT_VERSION << 16);
  putU53(bytes, 8, header.segment);
  for (let i = 0; i < 16; i++)
    bytes[16 + i] = Number.parseInt(header.storeId.slice(i * 2, i * 2 + 2), 16);
  putU53(bytes, 32, header.firstSequence);
  putU53(bytes, 40, header.previous.sequence);
  putU53(bytes, 48, header.previous.segment);
  putU32(bytes, 56, header.previous.end);
  putU32(bytes, 60, header.length);
  putU32(bytes, 64, header.count);
  putU32(bytes, 68, crc32(bytes.subarray(GROUP_HEADER_BYTES, header.length)) >>> 0);
  putU32(bytes, HEADER_CRC_AT, crc32(bytes.subarray(0, HEADER_CRC_AT)) >>> 0);
}

export type HeaderCheck =
  | { readonly type: "ok"; readonly header: GroupHeader; readonly recordsCrc: number }
  /** Nothing that this version can call a header. */
  | { readonly type: "bad"; readonly reason: string }
  /** A later version of the format: never taken for a torn write. */
  | { readonly type: "newer"; readonly version: number };

/** Reads a group's header. */
export function readHeader(bytes: Uint8Array, crc32: Crc32): HeaderCheck {
  if (bytes.length < GROUP_HEADER_BYTES) return { type: "bad", reason: "the file ends here" };
  if (getU32(bytes, 0) !== MAGIC) return { type: "bad", reason: "no group begins here" };
  const crc = crc32(bytes.subarray(0, HEADER_CRC_AT)) >>> 0;
  if (getU32(bytes, HEADER_CRC_AT) !== crc) {
    return { type: "bad", reason: "the checksum of the group's header is wrong" };
  }
  const version = getU32(bytes, 4) >>> 16;
  if (version > FORMAT_VERSION) return { type: "newer", version };
  const header: GroupHeader = {
    segment: getU53(bytes, 8),
    storeId: duidFromBytes(bytes, 16, 32),
    firstSequence: getU53(bytes, 32),
    previous: { sequence: getU53(bytes, 40), segment: getU53(bytes, 48), end: getU32(bytes, 56) },
    length: getU32(bytes, 60),
    count: getU32(bytes, 64),
  };
  if (!isSane(header, version))
    return { type: "bad", reason: "the group's header contradicts itself" };
  return { type: "ok", header, recordsCrc: getU32(bytes, 68) };
}

function isSane(header: GroupHeader, version: number): boolean {
  const room = header.length - GROUP_HEADER_BYTES;
  return (
    version === FORMAT_VERSION &&
    header.count > 0 &&
    header.length <= GROUP_MAX_BYTES &&
    room >= header.count * RECORD_MIN_BYTES &&
    header.firstSequence > header.previous.sequence &&
    Number.isSafeInteger(header.firstSequence + header.count)
  );
}

/** Whether the records of a group are what its header says. */
export function recordsAreWhole(group: Uint8Array, recordsCrc: number, crc32: Crc32): boolean {
  return crc32(group.subarray(GROUP_HEADER_BYTES)) >>> 0 === recordsCrc;
}
