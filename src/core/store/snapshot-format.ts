// A snapshot file: chunks of a header and a body. First a "begin" chunk, then records, last an "end" chunk; without a
// valid end it is no snapshot. Version 1 of the format:
//
//   0 magic  4 version, kind  8 store id  24 snapshot id  32 number of the chunk  36 length  40 records
//   44 CRC of the body  48 CRC of octets 0 to 47
//
// It is fuzzy: taken in slices while the log goes on. State = its records, then the log from `begin.position` on; it is
// whole only if that log reaches `end.sequence`.

import type { Crc32 } from "../../ports/disk.ts";
import { duidFromBytes } from "../model/duid.ts";
import {
  type ByteReader,
  type ByteWriter,
  getU32,
  getU53,
  putU32,
  putU53,
  StoredFormatError,
} from "./bytes.ts";
import type { LogPosition } from "./group.ts";

export const CHUNK_HEADER_BYTES = 52;
/** 256 records of at most 16 KiB, with a margin. */
export const CHUNK_MAX_BYTES = 4_194_304 + 65_536;
/** Records of one slice: a step stays short. */
export const SLICE_RECORDS = 256;

const MAGIC = 0x54444d53;
const FORMAT_VERSION = 1;
const HEADER_CRC_AT = 48;

const KINDS = ["begin", "records", "end"] as const;
export type ChunkKind = (typeof KINDS)[number];

export interface ChunkHeader {
  readonly kind: ChunkKind;
  readonly storeId: string;
  readonly snapshot: number;
  readonly number: number;
  /** Octets of header and body. */
  readonly length: number;
  readonly count: number;
  readonly bodyCrc: number;
}

/** Where a replay goes on after the snapshot, and the last sequence appended when it began. */
export interface SnapshotBegin {
  readonly position: LogPosition;
  readonly sequence: number;
}

/** The last sequence appended when its last slice was taken, and how many records it has. */
export interface SnapshotEnd {
  readonly sequence: number;
  readonly records: number;
}

/** Starts a chunk: its body is appended to the writer, then `sealChunk`. Returns where the chunk begins. */
export function startChunk(into: ByteWriter): number {
  const start = into.length;
  into.octets(new Uint8Array(CHUNK_HEADER_BYTES));
  return start;
}

export function sealChunk(
  into: ByteWriter,
  start: number,
  header: Omit<ChunkHeader, "length" | "bodyCrc">,
  crc32: Crc32,
): void {
  const bytes = into.bytes.subarray(start, into.length);
  putU32(bytes, 0, MAGIC);
  putU32(bytes, 4, (FORMAT_VERSION << 16) | KINDS.indexOf(header.kind));
  for (let i = 0; i < 16; i++)
    bytes[8 + i] = Number.parseInt(header.storeId.slice(i * 2, i * 2 + 2), 16);
  putU53(bytes, 24, header.snapshot);
  putU32(bytes, 32, header.number);
  putU32(bytes, 36, bytes.length);
  putU32(bytes, 40, header.count);
  putU32(bytes, 44, crc32(bytes.subarray(CHUNK_HEADER_BYTES)) >>> 0);
  putU32(bytes, HEADER_CRC_AT, crc32(bytes.subarray(0, HEADER_CRC_AT)) >>> 0);
}

/** A chunk's header, or why it is none. Throws StoredFormatError for a later version of the format, which keeps the
 * places of magic, version and header CRC. */
export function readChunkHeader(bytes: Uint8Array, crc32: Crc32): ChunkHeader | string {
  if (bytes.length < CHUNK_HEADER_BYTES) return "the file ends inside a chunk";
  if (getU32(bytes, 0) !== MAGIC) return "no chunk begins here";
  const crc = crc32(bytes.subarray(0, HEADER_CRC_AT)) >>> 0;
  if (getU32(bytes, HEADER_CRC_AT) !== crc) return "the checksum of a chunk's header is wrong";
  const version = getU32(bytes, 4) >>> 16;
  if (version > FORMAT_VERSION) {
    throw new StoredFormatError(
      `format version ${version} of the snapshot is newer than this program knows`,
    );
  }
  const kind = KINDS[getU32(bytes, 4) & 0xffff];
  if (kind === undefined) return "a chunk is of no known kind";
  const length = getU32(bytes, 36);
  if (length < CHUNK_HEADER_BYTES || length > CHUNK_MAX_BYTES)
    return "a chunk's length is out of range";
  return {
    kind,
    storeId: duidFromBytes(bytes, 8, 24),
    snapshot: getU53(bytes, 24),
    number: getU32(bytes, 32),
    length,
    count: getU32(bytes, 40),
    bodyCrc: getU32(bytes, 44),
  };
}

export function writeBegin(begin: SnapshotBegin, into: ByteWriter): void {
  into.u53(begin.position.segment);
  into.u32(begin.position.end);
  into.u53(begin.position.sequence);
  into.u53(begin.sequence);
}

export function readBegin(from: ByteReader): SnapshotBegin {
  const position = { segment: from.u53(), end: from.u32(), sequence: from.u53() };
  return { position, sequence: from.u53() };
}

export function writeEnd(end: SnapshotEnd, into: ByteWriter): void {
  into.u53(end.sequence);
  into.u53(end.records);
}

export function readEnd(from: ByteReader): SnapshotEnd {
  return { sequence: from.u53(), records: from.u53() };
}
