// What stands behind the last whole group: nothing, a write that was cut short, or a group that was whole and is not any
// more. Only the last write can be cut short, and a disk writes whole sectors over zeros; so a group of which no sector is
// missing was durable once, perhaps promised, and is damaged (R7031-62).

import type { FileWindow } from "./file-window.ts";
import { GROUP_HEADER_BYTES, type GroupHeader } from "./group.ts";
import { RECORD_MIN_BYTES } from "./record.ts";
import { CorruptStoreError } from "./resume.ts";

/** The least that a disk writes at once. */
const SECTOR_BYTES = 512;

export interface TailPlace {
  readonly window: FileWindow;
  /** Where the next group would begin. */
  readonly from: number;
  /** The header there, if its checksum is right. */
  readonly header: GroupHeader | undefined;
  /** The last sequence before it. */
  readonly sequence: number;
}

/** Sequences that the cut write may have used (T-07: none is used again); undefined: there is nothing. Throws
 * CorruptStoreError when it was no cut write. */
export function cutWriteAt({ window, from, header, sequence }: TailPlace): number | undefined {
  const last = window.lastNonZero(from);
  if (last < 0) return undefined;
  // Without a header only a part of it may be there, and nothing of the records.
  const isCut =
    header === undefined
      ? last - from < GROUP_HEADER_BYTES || missesSector(window, from, SECTOR_BYTES)
      : missesSector(window, from, header.length);
  if (!isCut) {
    throw new CorruptStoreError(
      window.file,
      from,
      "the last group cannot be read, and it was not cut short while it was written",
    );
  }
  // A header says how many there were; without one its extent bounds them.
  if (header !== undefined && header.previous.sequence === sequence) {
    return header.firstSequence + header.count - 1 - sequence;
  }
  return Math.ceil((last + 1 - from) / RECORD_MIN_BYTES);
}

/** Whether one of the sectors in which the group lies is as it was before the write. */
function missesSector(window: FileWindow, from: number, length: number): boolean {
  for (let at = from; at < from + length; at += SECTOR_BYTES) {
    if (window.bytes(at, SECTOR_BYTES).every((octet) => octet === 0)) return true;
  }
  return false;
}
