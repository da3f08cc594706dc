// Reads snapshots at a start: verifies one from end to end before any of it is applied.

import type { Crc32, DiskReader } from "../../ports/disk.ts";
import type { Change } from "../model/change.ts";
import { ByteReader } from "./bytes.ts";
import { FileWindow } from "./file-window.ts";
import { decodeRecord } from "./record.ts";
import {
  CHUNK_HEADER_BYTES,
  type ChunkHeader,
  readBegin,
  readChunkHeader,
  readEnd,
  type SnapshotBegin,
  type SnapshotEnd,
} from "./snapshot-format.ts";

export interface SnapshotFound {
  readonly id: number;
  readonly file: string;
  readonly storeId: string;
  readonly begin: SnapshotBegin;
  readonly end: SnapshotEnd;
  readonly bytes: number;
}

/** Why a file is no whole snapshot. */
export interface SnapshotDamage {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
}

export interface SnapshotFile {
  readonly id: number;
  readonly file: string;
}

interface Chunk {
  readonly header: ChunkHeader;
  readonly body: ByteReader;
}

/** Checks every octet of a snapshot. */
export function verifySnapshot(
  reader: DiskReader,
  { id, file }: SnapshotFile,
  crc32: Crc32,
): SnapshotFound | SnapshotDamage {
  const window = new FileWindow(reader, file);
  let begin: SnapshotBegin | undefined;
  let storeId = "";
  let records = 0;
  let offset = 0;
  for (let number = 0; ; number++) {
    const chunk = chunkAt(window, offset, crc32);
    if (typeof chunk === "string") return { file, offset, reason: chunk };
    const { header, body } = chunk;
    if (number === 0) storeId = header.storeId;
    const isOrdered = header.number === number && (header.kind === "begin") === (number === 0);
    if (!isOrdered || header.snapshot !== id || header.storeId !== storeId) {
      return { file, offset, reason: "a chunk is not where it belongs" };
    }
    if (header.kind === "begin") begin = readBegin(body);
    records += header.count;
    offset += header.length;
    if (header.kind !== "end") continue;
    const end = readEnd(body);
    if (begin === undefined || end.records !== records || offset !== window.size) {
      return { file, offset, reason: "the snapshot is not as long as its end says" };
    }
    return { id, file, storeId, begin, end, bytes: offset };
  }
}

/** Applies the records of a snapshot that was verified. */
export function applySnapshot(
  reader: DiskReader,
  found: SnapshotFound,
  crc32: Crc32,
  apply: (change: Change, sequence: number) => void,
): void {
  const window = new FileWindow(reader, found.file);
  for (let offset = 0; offset < found.bytes; ) {
    const chunk = chunkAt(window, offset, crc32);
    if (typeof chunk === "string")
      throw new Error(`${found.file} changed while it was read: ${chunk}`);
    for (let i = 0; i < chunk.header.count; i++)
      apply(decodeRecord(chunk.body), found.begin.sequence);
    offset += chunk.header.length;
  }
}

function chunkAt(window: FileWindow, offset: number, crc32: Crc32): Chunk | string {
  const header = readChunkHeader(window.bytes(offset, CHUNK_HEADER_BYTES), crc32);
  if (typeof header === "string") return header;
  const bytes = window.bytes(offset, header.length);
  if (bytes.length < header.length) return "the file ends inside a chunk";
  if (crc32(bytes.subarray(CHUNK_HEADER_BYTES)) >>> 0 !== header.bodyCrc)
    return "the checksum of a chunk is wrong";
  return { header, body: new ByteReader(bytes, CHUNK_HEADER_BYTES) };
}
