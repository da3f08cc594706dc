// The segments: where the next group goes, and the next one made ready ahead, zeroed and durable, so that a write
// never waits for the file system to find room (DESIGN §5, T-08).

import { segmentName } from "./file-names.ts";
import { LOG_START, type LogPosition } from "./group.ts";

/** A segment that takes groups from `offset` on. */
export interface OpenSegment {
  readonly id: number;
  readonly size: number;
  offset: number;
}

export interface SegmentsOptions {
  readonly segmentBytes: number;
  /** Where the log ends. */
  readonly position?: LogPosition;
  /** A segment with room after its last group, all zero. */
  readonly open?: OpenSegment | undefined;
  readonly nextId?: number;
  /** All that are on the disk. */
  readonly known?: readonly number[];
}

export interface Place {
  readonly file: string;
  readonly segment: number;
  readonly offset: number;
  readonly previous: LogPosition;
}

export class Segments {
  /** The end of the last group that was given a place. */
  position: LogPosition;
  private readonly segmentBytes: number;
  private open: OpenSegment | undefined;
  private ready: number | undefined;
  private zeroing = false;
  private nextId: number;
  private known: number[];

  constructor(options: SegmentsOptions) {
    this.segmentBytes = options.segmentBytes;
    this.position = options.position ?? LOG_START;
    this.open = options.open;
    this.nextId = options.nextId ?? 1;
    this.known = [...(options.known ?? [])];
  }

  get count(): number {
    return this.known.length;
  }

  /** Whether a segment should be made now. */
  get wantsZero(): boolean {
    return this.ready === undefined && !this.zeroing;
  }

  /** A new segment to make, under a name that was never used: stale octets are never taken for groups. */
  startZero(): { readonly id: number; readonly file: string; readonly size: number } {
    const id = this.nextId++;
    this.zeroing = true;
    return { id, file: segmentName(id), size: this.segmentBytes };
  }

  zeroDone(id: number): void {
    this.zeroing = false;
    this.ready = id;
    this.known.push(id);
  }

  zeroFailed(): void {
    this.zeroing = false;
  }

  /** Gives `room` octets a place and moves on; undefined while no segment has room. */
  place(room: number, lastSequence: number): Place | undefined {
    if (this.open === undefined || this.open.offset + room > this.open.size) {
      if (this.ready === undefined) return undefined;
      this.open = { id: this.ready, size: this.segmentBytes, offset: 0 };
      this.ready = undefined;
    }
    const { id, offset } = this.open;
    const previous = this.position;
    this.open.offset += room;
    this.position = { segment: id, end: offset + room, sequence: lastSequence };
    return { file: segmentName(id), segment: id, offset, previous };
  }

  /** Forgets the segments below `id` and returns their names: the caller removes the files. */
  dropBelow(id: number): readonly string[] {
    const dropped = this.known.filter((each) => each < id).sort((a, b) => a - b);
    this.known = this.known.filter((each) => each >= id);
    return dropped.map(segmentName);
  }
}
