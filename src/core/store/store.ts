// The store: the append log as a pure machine over the port `disk` (DESIGN §5). It takes whole after-images, says when
// they are durable, and keeps the disk bounded by snapshots. It does no I/O: requests go out by `poll`, results come
// back by `complete`.

import type { Crc32, DiskRequest, DiskResult } from "../../ports/disk.ts";
import type { Change } from "../model/change.ts";
import { assert } from "../model/unreachable.ts";
import { snapshotName } from "./file-names.ts";
import { GROUP_ALIGNMENT, GROUP_MAX_BYTES, paddedLength, sealGroup } from "./group.ts";
import { GroupQueue, type PendingGroup } from "./group-queue.ts";
import { Head } from "./head.ts";
import type { ResumePoint } from "./resume.ts";
import { Segments } from "./segments.ts";
import { type SnapshotKept, type SnapshotSource, Snapshotter } from "./snapshotter.ts";

export type { SnapshotSource } from "./snapshotter.ts";

export interface StoreOptions {
  readonly crc32: Crc32;
  /** 32 hex digits, drawn at random: the id of a new store. A store that exists keeps its own. */
  readonly storeId: string;
  readonly source: SnapshotSource;
  /** From `replay`; absent on a disk without any file of a store. */
  readonly resume?: ResumePoint | undefined;
  /** Octets of a segment, a multiple of 4,096. */
  readonly segmentBytes?: number;
  /** Octets of log after which a snapshot is taken (at least the size of the last one). */
  readonly snapshotAfterBytes?: number;
}

export interface StoreStats {
  readonly groups: number;
  readonly records: number;
  /** Octets written to the log, padding included. */
  readonly logBytes: number;
  readonly largestGroupRecords: number;
  readonly segments: number;
  readonly snapshots: number;
  readonly snapshotBytes: number;
  readonly removeFailures: number;
}

export interface Store {
  readonly storeId: string;
  /** Sequence of the last appended record. */
  readonly lastSequence: number;
  /** The sequence that the next append gets: the `version` of the lease or block in it. */
  readonly nextSequence: number;
  /** All records up to here are durable. */
  readonly durableSequence: number;
  /** Why no write will ever succeed again: an error on an open segment is final, the process must end. */
  readonly failed: string | undefined;
  /** T-08: why no further segment or snapshot can be made (disk full); nothing is lost, and `retry` tries again. */
  readonly trouble: string | undefined;
  /** T-08: no further segment could be made. */
  readonly isOutOfSpace: boolean;
  /** T-08: records wait and there is no segment to write them to. */
  readonly starved: boolean;
  /** The last record that asks for a write of its own or was given to one. */
  readonly urgentSequence: number;
  /** Every appended record is durable. */
  readonly idle: boolean;
  /** What `note` asked for is done. */
  readonly isNoted: boolean;
  readonly stats: StoreStats;
  /** Appends a whole after-image; returns its sequence (53 bits, never used again). One that `rides` starts no write of its
   * own: nothing would be wrong without it. */
  append(change: Change, rides?: boolean): number;
  /** Emits the requests to start now. Their octets stay valid until their result. `all`: what rides is written too. */
  poll(emit: (request: DiskRequest) => void, all?: boolean): void;
  /** The result of a request. */
  complete(result: DiskResult): void;
  /** After `trouble`: makes what could not be made, from the next `poll` on. */
  retry(): void;
  /** Takes a snapshot as soon as none is running. */
  requestSnapshot(): void;
  /** Notes how far the log is durable, at the next `poll`: a loss of what is there then does not pass for a crash. */
  note(): void;
}

export const DEFAULT_SEGMENT_BYTES = 16_777_216;
export const DEFAULT_SNAPSHOT_AFTER_BYTES = 67_108_864;
const SEGMENT_MIN_BYTES = 65_536;
const SEGMENT_MAX_BYTES = 1_073_741_824;

/** A store that goes on where `options.resume` says. */
export function createStore(options: StoreOptions): Store {
  return new LogStore(options);
}

type Done = (error: string | undefined) => void;

class LogStore implements Store {
  readonly storeId: string;
  nextSequence: number;
  durableSequence: number;
  failed: string | undefined;
  trouble: string | undefined;
  private readonly crc32: Crc32;
  private readonly queue: GroupQueue;
  private readonly segments: Segments;
  private readonly snapshotter: Snapshotter;
  private readonly snapshotAfterBytes: number;
  private readonly head: Head;
  /** The newest snapshot on the disk; those in `staleSnapshots` are older or damaged and go with the next. */
  private snapshot: SnapshotKept | undefined;
  /** The one before it, 0 when there is none. */
  private olderSnapshot: number;
  private staleSnapshots: readonly string[];
  private readonly removals: string[];
  /** These go when the head names them no longer. */
  private laterRemovals: string[] = [];
  /** Segment of the last durable group that the head knows of. */
  private headSegment: number;
  private readonly waiting = new Map<number, Done>();
  private lastRequest = 0;
  private writing = false;
  isOutOfSpace = false;
  /** The last record that asks for a write, and the last one that was given to one. */
  urgentSequence = 0;
  private startedSequence = 0;
  /** The last record that was appended, and the last durable one: those of a torn group (T-07) are behind them. */
  private appendedRecord: number;
  private durableRecord: number;
  /** The oldest group found no room. */
  private placeless = false;
  private removing = false;
  private snapshotWanted = false;
  private bytesSinceSnapshot: number;
  private readonly counts = {
    groups: 0,
    records: 0,
    logBytes: 0,
    largestGroupRecords: 0,
    snapshots: 0,
    snapshotBytes: 0,
    removeFailures: 0,
  };

  constructor(options: StoreOptions) {
    const { resume, segmentBytes = DEFAULT_SEGMENT_BYTES } = options;
    assert(/^[0-9a-f]{32}$/.test(options.storeId), "a store id is 32 lower-case hex digits");
    assert(segmentBytes % GROUP_ALIGNMENT === 0, "a segment's size is a multiple of 4,096");
    assert(
      segmentBytes >= SEGMENT_MIN_BYTES && segmentBytes <= SEGMENT_MAX_BYTES,
      "a segment has 64 KiB to 1 GiB",
    );
    this.crc32 = options.crc32;
    this.storeId = resume?.storeId ?? options.storeId;
    // T-07: the sequence goes on behind everything that was ever given out, a torn group included.
    this.nextSequence = resume?.nextSequence ?? 1;
    this.durableSequence = this.nextSequence - 1;
    this.durableRecord = resume?.segments.position.sequence ?? 0;
    this.appendedRecord = this.durableRecord;
    this.snapshotAfterBytes = options.snapshotAfterBytes ?? DEFAULT_SNAPSHOT_AFTER_BYTES;
    this.bytesSinceSnapshot = resume?.logBytes ?? 0;
    this.counts.snapshotBytes = resume?.snapshotBytes ?? 0;
    this.queue = new GroupQueue(Math.min(GROUP_MAX_BYTES, segmentBytes));
    this.segments = new Segments({ segmentBytes, ...resume?.segments });
    const nextId = resume?.nextSnapshotId ?? 1;
    this.snapshotter = new Snapshotter({
      crc32: this.crc32,
      storeId: this.storeId,
      source: options.source,
      nextId,
    });
    this.snapshot = resume?.snapshot;
    this.staleSnapshots = resume?.staleSnapshots ?? [];
    this.olderSnapshot = resume?.olderSnapshot ?? 0;
    this.head = new Head(this.crc32, resume?.head);
    this.headSegment = resume?.segments.position.segment ?? 0;
    if (resume?.storeId !== undefined && resume.head.damage !== undefined) this.head.want();
    this.removals = [...(resume?.garbage ?? [])];
  }

  get lastSequence(): number {
    return this.nextSequence - 1;
  }

  get starved(): boolean {
    return !this.writing && this.placeless && this.isOutOfSpace;
  }

  get idle(): boolean {
    return !this.writing && this.queue.isEmpty;
  }

  get isNoted(): boolean {
    return this.head.isSettled;
  }

  get stats(): StoreStats {
    return { ...this.counts, segments: this.segments.count };
  }

  append(change: Change, rides = false): number {
    const sequence = this.nextSequence;
    if (!rides) this.urgentSequence = sequence;
    // F-299: a version names one change for ever, or a late acknowledgement could clear a newer one; what the partner
    // need not hear (an acknowledgement) is stored under the old one.
    if (change.type === "lease")
      assert(
        change.lease.version <= sequence,
        "a version is the sequence of this record or of an earlier one",
      );
    if (change.type === "block")
      assert(
        change.block.version <= sequence,
        "a version is the sequence of this record or of an earlier one",
      );
    assert(sequence < Number.MAX_SAFE_INTEGER, "the log's sequence has 53 bits");
    this.queue.append(change, sequence);
    this.appendedRecord = sequence;
    this.nextSequence = sequence + 1;
    return sequence;
  }

  poll(emit: (request: DiskRequest) => void, all = true): void {
    if (this.failed !== undefined) return;
    // What a write under way leaves behind goes with the next one.
    if (all) this.urgentSequence = this.lastSequence;
    if (this.urgentSequence > this.startedSequence) this.writeGroup(emit);
    this.zeroAhead(emit);
    this.stepHead(emit);
    this.stepSnapshot(emit);
    this.removeNext(emit);
  }

  complete(result: DiskResult): void {
    const done = this.waiting.get(result.id);
    if (done === undefined) return;
    this.waiting.delete(result.id);
    if (this.failed !== undefined) return;
    done(result.type === "disk-failed" ? result.error : undefined);
  }

  retry(): void {
    this.trouble = undefined;
  }

  requestSnapshot(): void {
    this.snapshotWanted = true;
  }

  note(): void {
    this.head.want();
  }

  /** One write at a time: so only the last group may be torn, and all that came meanwhile shares the next write. */
  private writeGroup(emit: (request: DiskRequest) => void): void {
    const group = this.queue.head;
    if (this.writing || group === undefined) return;
    const { length } = group.records;
    const room = paddedLength(length);
    const lastSequence = group.firstSequence + group.count - 1;
    const place = this.segments.place(room, lastSequence);
    this.placeless = place === undefined;
    if (place === undefined) return;
    this.queue.take();
    const bytes = this.padded(group, room);
    const { segment, previous } = place;
    const { firstSequence, count } = group;
    sealGroup(
      { segment, storeId: this.storeId, firstSequence, previous, length, count },
      bytes,
      this.crc32,
    );
    this.writing = true;
    this.startedSequence = lastSequence;
    this.counts.groups += 1;
    this.counts.records += count;
    this.counts.logBytes += room;
    this.counts.largestGroupRecords = Math.max(this.counts.largestGroupRecords, count);
    this.bytesSinceSnapshot += room;
    const id = this.request((error) => {
      this.writing = false;
      if (error !== undefined) {
        // T-08: what the file holds now is unknown, and a second try could hide a lost page. Final.
        this.failed = `writing ${place.file} failed: ${error}`;
        return;
      }
      this.durableSequence = lastSequence; // R7031-63, F-530, F-538, F-545
      this.durableRecord = lastSequence;
      // From now on the segment cannot be lost unnoticed.
      if (segment !== this.headSegment) this.head.want();
      this.headSegment = segment;
      this.queue.recycle(group);
    });
    emit({ type: "write", id, file: place.file, offset: place.offset, bytes });
  }

  private padded(group: PendingGroup, room: number): Uint8Array {
    const { records } = group;
    const { length } = records;
    records.grow(room);
    records.bytes.fill(0, length, room);
    return records.bytes.subarray(0, room);
  }

  private zeroAhead(emit: (request: DiskRequest) => void): void {
    if (this.trouble !== undefined || !this.segments.wantsZero) return;
    const { id: segment, file, size } = this.segments.startZero();
    const id = this.request((error) => {
      this.isOutOfSpace = error !== undefined;
      if (error === undefined) return this.segments.zeroDone(segment);
      this.segments.zeroFailed();
      this.removals.push(file);
      this.trouble = `making ${file} failed: ${error}`;
    });
    emit({ type: "zero", id, file, size });
  }

  private stepHead(emit: (request: DiskRequest) => void): void {
    if (this.trouble !== undefined && !this.head.isMade) return;
    const { durableRecord: sequence, olderSnapshot, snapshot, storeId } = this;
    const step = this.head.step(() => ({
      storeId,
      sequence,
      snapshots: [snapshot?.id ?? 0, olderSnapshot],
    }));
    if (step === undefined) return;
    const removals = this.laterRemovals;
    this.laterRemovals = [];
    const id = this.request((error) => {
      // Old files go even if the head cannot be made: that makes room for it.
      this.removals.push(...removals);
      this.head.done(error === undefined);
      if (error === undefined) return;
      if (step.type === "zero") this.trouble = `making ${step.file} failed: ${error}`;
      else this.failed = `writing ${step.file} failed: ${error}`;
    });
    emit({ ...step, id });
  }

  private stepSnapshot(emit: (request: DiskRequest) => void): void {
    if (this.trouble !== undefined) return;
    if (!this.snapshotter.isRunning && this.wantsSnapshot()) {
      this.snapshotWanted = false;
      this.bytesSinceSnapshot = 0;
      this.snapshotter.start(this.segments.position);
    }
    const step = this.snapshotter.step(this.appendedRecord, this.durableRecord);
    if (step === undefined) return;
    const publish = step.type === "publish";
    const id = this.request((error) => {
      if (error !== undefined) this.abandonSnapshot(`writing ${step.file} failed: ${error}`);
      else if (publish) this.published();
      else this.snapshotter.appended();
    });
    emit({ ...step, id });
  }

  private wantsSnapshot(): boolean {
    const after = Math.max(this.snapshotAfterBytes, this.counts.snapshotBytes);
    return this.snapshotWanted || this.bytesSinceSnapshot >= after;
  }

  /** The log is whole without it: not final. */
  private abandonSnapshot(reason: string): void {
    this.removals.push(...this.snapshotter.abandon());
    this.snapshotWanted = true;
    this.trouble = reason;
  }

  private published(): void {
    const { id, segment, bytes } = this.snapshotter.published();
    this.counts.snapshots += 1;
    this.counts.snapshotBytes = bytes;
    const previous = this.snapshot;
    // The previous one stays, with all segments it needs, until the next is published: the newest was never read back.
    this.laterRemovals.push(...this.staleSnapshots);
    this.staleSnapshots = previous === undefined ? [] : [snapshotName(previous.id)];
    this.olderSnapshot = previous?.id ?? 0;
    this.snapshot = { id, segment };
    if (previous !== undefined)
      this.laterRemovals.push(...this.segments.dropBelow(previous.segment));
    this.head.want();
  }

  private removeNext(emit: (request: DiskRequest) => void): void {
    const file = this.removing ? undefined : this.removals.shift();
    if (file === undefined) return;
    this.removing = true;
    const id = this.request((error) => {
      this.removing = false;
      if (error !== undefined) this.counts.removeFailures += 1;
    });
    emit({ type: "remove", id, file });
  }

  private request(done: Done): number {
    this.lastRequest += 1;
    this.waiting.set(this.lastRequest, done);
    return this.lastRequest;
  }
}
