// Writes snapshots in slices beside the log: one file at a time, one request outstanding. A snapshot is published only
// when the log is durable past its end; then the one before the previous goes, with the segments that only it needed.

import type { Crc32 } from "../../ports/disk.ts";
import type { Change } from "../model/change.ts";
import { ByteWriter } from "./bytes.ts";
import { snapshotName, unfinishedName } from "./file-names.ts";
import type { LogPosition } from "./group.ts";
import { encodeRecord } from "./record.ts";
import {
  type ChunkKind,
  SLICE_RECORDS,
  sealChunk,
  startChunk,
  writeBegin,
  writeEnd,
} from "./snapshot-format.ts";

/** Walks the present state for a snapshot: cursor 0 starts, `next` undefined ends. Everything that exists during the
 * whole walk must come at least once: leases, blocks, endpoints, the last heartbeat. */
export interface SnapshotSource {
  slice(
    cursor: number,
    limit: number,
  ): { readonly changes: readonly Change[]; readonly next: number | undefined };
}

/** A snapshot on the disk: its id and the segment from which its replay needs the log. */
export interface SnapshotKept {
  readonly id: number;
  readonly segment: number;
}

export interface SnapshotterOptions {
  readonly crc32: Crc32;
  readonly storeId: string;
  readonly source: SnapshotSource;
  readonly nextId: number;
}

/** What the snapshotter wants from the disk next. */
export type SnapshotStep =
  | { readonly type: "append"; readonly file: string; readonly bytes: Uint8Array }
  | { readonly type: "publish"; readonly file: string; readonly to: string };

interface Running {
  readonly id: number;
  readonly position: LogPosition;
  cursor: number | undefined;
  chunks: number;
  records: number;
  bytes: number;
  /** Set when the last slice was taken. */
  endSequence: number | undefined;
}

export class Snapshotter {
  private readonly options: SnapshotterOptions;
  private readonly buffer = new ByteWriter(65_536);
  private running: Running | undefined;
  private outstanding = false;
  private nextId: number;

  constructor(options: SnapshotterOptions) {
    this.options = options;
    this.nextId = options.nextId;
  }

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** Begins a snapshot of the state after the log's `sequence`; the log from `position` on completes it. */
  start(position: LogPosition): void {
    const id = this.nextId++;
    this.running = {
      id,
      position,
      cursor: 0,
      chunks: 0,
      records: 0,
      bytes: 0,
      endSequence: undefined,
    };
  }

  /** The next request, if there is one to make now. */
  step(lastSequence: number, durableSequence: number): SnapshotStep | undefined {
    const running = this.running;
    if (running === undefined || this.outstanding) return undefined;
    if (running.endSequence === undefined) {
      this.outstanding = true;
      return {
        type: "append",
        file: unfinishedName(running.id),
        bytes: this.slice(running, lastSequence),
      };
    }
    // A fuzzy snapshot may hold changes that are not durable yet: it must not outlive them.
    if (durableSequence < running.endSequence) return undefined;
    this.outstanding = true;
    return { type: "publish", file: unfinishedName(running.id), to: snapshotName(running.id) };
  }

  /** A slice is written. */
  appended(): void {
    this.outstanding = false;
  }

  /** The snapshot is in place. */
  published(): SnapshotKept & { readonly bytes: number } {
    const { id, position, bytes } = this.running as Running;
    this.outstanding = false;
    this.running = undefined;
    return { id, segment: position.segment, bytes };
  }

  /** Gives the running snapshot up; returns the files that may exist of it. */
  abandon(): readonly string[] {
    const running = this.running;
    this.running = undefined;
    this.outstanding = false;
    return running === undefined ? [] : [unfinishedName(running.id), snapshotName(running.id)];
  }

  private slice(running: Running, lastSequence: number): Uint8Array {
    const buffer = this.buffer;
    buffer.length = 0;
    if (running.chunks === 0) {
      this.chunk(running, "begin", 0, () =>
        writeBegin({ position: running.position, sequence: lastSequence }, buffer),
      );
    }
    const { changes, next } = this.options.source.slice(running.cursor as number, SLICE_RECORDS);
    if (changes.length > 0) {
      this.chunk(running, "records", changes.length, () => {
        for (const change of changes) encodeRecord(change, buffer);
      });
    }
    running.records += changes.length;
    running.cursor = next;
    if (next === undefined) {
      running.endSequence = lastSequence;
      this.chunk(running, "end", 0, () =>
        writeEnd({ sequence: lastSequence, records: running.records }, buffer),
      );
    }
    running.bytes += buffer.length;
    return buffer.bytes.subarray(0, buffer.length);
  }

  private chunk(running: Running, kind: ChunkKind, count: number, body: () => void): void {
    const start = startChunk(this.buffer);
    body();
    const { storeId, crc32 } = this.options;
    sealChunk(
      this.buffer,
      start,
      { kind, storeId, snapshot: running.id, number: running.chunks, count },
      crc32,
    );
    running.chunks += 1;
  }
}
