// Walks the log at a start. Each group says where the one before it ended, so the walk follows a chain; where the chain
// ends, nothing valid may follow, or there is a hole in the log (R7031-62, DESIGN §5).

import type { Crc32, DiskReader } from "../../ports/disk.ts";
import type { Change } from "../model/change.ts";
import { ByteReader, StoredFormatError } from "./bytes.ts";
import { segmentName } from "./file-names.ts";
import { FileWindow } from "./file-window.ts";
import {
  GROUP_ALIGNMENT,
  GROUP_HEADER_BYTES,
  type GroupHeader,
  type LogPosition,
  paddedLength,
  readHeader,
  recordsAreWhole,
} from "./group.ts";
import { cutWriteAt } from "./log-tail.ts";
import { decodeRecord } from "./record.ts";
import { CorruptStoreError, type TornGroup } from "./resume.ts";

export interface LogWalkOptions {
  readonly reader: DiskReader;
  readonly crc32: Crc32;
  /** Ids of the segments on the disk, ascending. */
  readonly segments: readonly number[];
  /** Undefined: whatever the first group says. */
  readonly storeId: string | undefined;
  /** Octets of a segment. */
  readonly segmentBytes: number;
  readonly apply: (change: Change, sequence: number) => void;
}

export interface LogEnd {
  readonly storeId: string | undefined;
  readonly position: LogPosition;
  readonly torn: TornGroup | undefined;
  /** Whether the last group's segment is all zero behind it. */
  readonly clean: boolean;
  /** Sequences that a torn group may have used. */
  readonly lostSequences: number;
  readonly groups: number;
  readonly records: number;
  readonly bytes: number;
}

type Found =
  | { readonly type: "group"; readonly header: GroupHeader; readonly bytes: Uint8Array }
  /** No whole group; its header if that is whole, and the version if it is one that we cannot read. */
  | {
      readonly type: "none";
      readonly header: GroupHeader | undefined;
      readonly newer: number | undefined;
    };

/** Applies all groups from `position` on. Throws CorruptStoreError. */
export function walkLog(options: LogWalkOptions, position: LogPosition): LogEnd {
  return new LogWalk(options, position).run();
}

class LogWalk {
  private readonly options: LogWalkOptions;
  private storeId: string | undefined;
  private position: LogPosition;
  private groups = 0;
  private records = 0;
  private bytes = 0;

  constructor(options: LogWalkOptions, position: LogPosition) {
    this.options = options;
    this.position = position;
    this.storeId = options.storeId;
  }

  run(): LogEnd {
    for (const segment of this.options.segments) {
      if (segment < this.position.segment) continue;
      this.refuseSize(segment);
      this.walkSegment(segment);
    }
    this.refuseLaterGroups();
    const { storeId, position, groups, records, bytes } = this;
    return { storeId, position, groups, records, bytes, ...this.tail() };
  }

  /** A segment gets its name when it is whole: a shorter one was cut, and what stood there is unknown. */
  private refuseSize(segment: number): void {
    const { file, size } = this.window(segment);
    const { segmentBytes } = this.options;
    if (size === segmentBytes) return;
    throw new CorruptStoreError(
      file,
      Math.min(size, segmentBytes),
      `the file has ${size} octets, a segment has ${segmentBytes}`,
    );
  }

  /** Follows the chain through a segment as far as it goes; elsewhere it may go on only in a later one. */
  private walkSegment(segment: number): void {
    const window = this.window(segment);
    let offset = segment === this.position.segment ? this.position.end : 0;
    for (;;) {
      const found = this.groupAt(window, segment, offset);
      if (found.type === "none") {
        this.refuseNewer(found.newer, window.file, offset);
        return;
      }
      const { header } = found;
      this.checkChain(header, window.file, offset);
      this.applyGroup(found.header, found.bytes, window.file, offset);
      offset += paddedLength(header.length);
      this.position = { segment, end: offset, sequence: header.firstSequence + header.count - 1 };
    }
  }

  private checkChain(header: GroupHeader, file: string, offset: number): void {
    const { previous } = header;
    const { position } = this;
    if (this.storeId !== undefined && header.storeId !== this.storeId) {
      throw new CorruptStoreError(
        file,
        offset,
        `this group belongs to another store (${header.storeId})`,
      );
    }
    if (
      previous.segment === position.segment &&
      previous.end === position.end &&
      previous.sequence === position.sequence
    ) {
      return;
    }
    // A hole: a group that was durable, and perhaps promised to a client or the partner, cannot be read.
    const wanted =
      previous.segment === 0
        ? "is the first of the log"
        : `follows what ended in ${segmentName(previous.segment)} at ${previous.end}`;
    throw this.hole(`the group in ${file} at ${offset} ${wanted}, which cannot be read`);
  }

  /** The first place at or after the chain's end where something is that is no group. */
  private hole(reason: string): CorruptStoreError {
    const places = this.options.segments
      .filter((segment) => segment >= this.position.segment)
      .map((segment) => ({
        window: this.window(segment),
        offset: segment === this.position.segment ? this.position.end : 0,
      }));
    const isBad = ({ window, offset }: { window: FileWindow; offset: number }) =>
      window.bytes(offset, GROUP_HEADER_BYTES).some((octet) => octet !== 0);
    const place = places.find(isBad) ?? places[0];
    const { segment, end } = this.position;
    return place === undefined
      ? new CorruptStoreError(segmentName(segment), end, reason)
      : new CorruptStoreError(place.window.file, place.offset, reason);
  }

  private applyGroup(header: GroupHeader, bytes: Uint8Array, file: string, offset: number): void {
    const from = new ByteReader(bytes, GROUP_HEADER_BYTES);
    this.storeId = header.storeId;
    this.groups += 1;
    this.records += header.count;
    this.bytes += paddedLength(header.length);
    for (let i = 0; i < header.count; i++) {
      this.options.apply(this.decode(from, file, offset), header.firstSequence + i);
    }
    if (from.at !== from.end)
      throw new CorruptStoreError(file, offset, "a group is longer than its records");
  }

  private decode(from: ByteReader, file: string, offset: number): Change {
    try {
      return decodeRecord(from);
    } catch (error) {
      if (error instanceof StoredFormatError)
        throw new CorruptStoreError(file, offset, error.message);
      throw error;
    }
  }

  /** One write is outstanding at a time, so only the last group may be torn: a valid group behind a bad place means
   * that something durable was lost. Groups begin at multiples of 4,096 only. */
  private refuseLaterGroups(): void {
    const { segment: last, end } = this.position;
    for (const segment of this.options.segments) {
      if (segment < last) continue;
      const window = this.window(segment);
      const from = segment === last ? end : 0;
      for (let offset = from; offset < window.size; offset += GROUP_ALIGNMENT) {
        const found = this.groupAt(window, segment, offset);
        if (found.type === "none" || !this.mayFollow(found.header)) continue;
        throw this.hole(
          `the group here cannot be read, but a later one in ${window.file} at ${offset} can`,
        );
      }
    }
  }

  /** Octets of a torn group may look like a group, as clients choose some of them; they do not know the store's id. */
  private mayFollow(header: GroupHeader): boolean {
    const isOurs = this.storeId === undefined || header.storeId === this.storeId;
    return isOurs && header.firstSequence > this.position.sequence;
  }

  private refuseNewer(version: number | undefined, file: string, offset: number): void {
    if (version === undefined) return;
    const reason = `format version ${version} of the log is newer than this program knows`;
    throw new CorruptStoreError(file, offset, reason);
  }

  /** What the last write left behind the last group. */
  private tail(): { torn: TornGroup | undefined; clean: boolean; lostSequences: number } {
    const { segment: lastSegment, end, sequence } = this.position;
    let torn: TornGroup | undefined;
    let clean = true;
    let lostSequences = 0;
    for (const segment of this.options.segments) {
      if (segment < lastSegment) continue;
      const window = this.window(segment);
      const from = segment === lastSegment ? end : 0;
      const found = this.groupAt(window, segment, from);
      const header = found.type === "none" ? found.header : undefined;
      const lost = cutWriteAt({ window, from, header, sequence });
      if (lost === undefined) continue;
      torn ??= { file: window.file, offset: from };
      if (segment === lastSegment) clean = false;
      lostSequences += lost;
    }
    return { torn, clean, lostSequences };
  }

  private groupAt(window: FileWindow, segment: number, offset: number): Found {
    const { crc32 } = this.options;
    const check = readHeader(window.bytes(offset, GROUP_HEADER_BYTES), crc32);
    if (check.type === "newer") return { type: "none", header: undefined, newer: check.version };
    const none: Found = { type: "none", header: undefined, newer: undefined };
    if (check.type === "bad" || check.header.segment !== segment) return none;
    const { header, recordsCrc } = check;
    const bytes = window.bytes(offset, header.length);
    const isWhole = bytes.length === header.length && recordsAreWhole(bytes, recordsCrc, crc32);
    return isWhole ? { type: "group", header, bytes } : { ...none, header };
  }

  private window(segment: number): FileWindow {
    return new FileWindow(this.options.reader, segmentName(segment));
  }
}
