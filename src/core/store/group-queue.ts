// Records that wait for their write, already encoded into groups. The next write takes the oldest group; everything
// appended meanwhile gathers in the ones behind it (continuous group commit, never a timer).

import type { Change } from "../model/change.ts";
import { ByteWriter } from "./bytes.ts";
import { GROUP_HEADER_BYTES } from "./group.ts";
import { encodeRecord, RECORD_MAX_BYTES } from "./record.ts";

export interface PendingGroup {
  readonly firstSequence: number;
  count: number;
  /** Room for the header, then the records. */
  readonly records: ByteWriter;
}

/** Buffers kept for the next groups. */
const SPARE_BUFFERS = 2;
const FIRST_CAPACITY = 65_536;

export class GroupQueue {
  private readonly groups: PendingGroup[] = [];
  private readonly spare: ByteWriter[] = [];
  private readonly groupBytes: number;

  /** No group is longer than `groupBytes`. */
  constructor(groupBytes: number) {
    this.groupBytes = groupBytes;
  }

  get isEmpty(): boolean {
    return this.groups.length === 0;
  }

  /** The oldest group, undefined when nothing waits. */
  get head(): PendingGroup | undefined {
    return this.groups[0];
  }

  append(change: Change, sequence: number): void {
    let group = this.groups.at(-1);
    if (group === undefined || group.records.length + RECORD_MAX_BYTES > this.groupBytes) {
      group = { firstSequence: sequence, count: 0, records: this.buffer() };
      this.groups.push(group);
    }
    encodeRecord(change, group.records);
    group.count += 1;
  }

  /** Takes the oldest group out; its buffer comes back by `recycle` when its write is done. */
  take(): PendingGroup | undefined {
    return this.groups.shift();
  }

  recycle(group: PendingGroup): void {
    if (this.spare.length < SPARE_BUFFERS) this.spare.push(group.records);
  }

  private buffer(): ByteWriter {
    const buffer = this.spare.pop() ?? new ByteWriter(FIRST_CAPACITY);
    buffer.length = GROUP_HEADER_BYTES;
    return buffer;
  }
}
