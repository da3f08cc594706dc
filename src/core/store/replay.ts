// Replay at a start: the newest whole snapshot, then the log behind it. The result says whether the state can be
// trusted and where the store goes on (R7031-62; DESIGN §5).

import type { Crc32, DiskReader } from "../../ports/disk.ts";
import type { Change } from "../model/change.ts";
import { StoredFormatError } from "./bytes.ts";
import { parseFileName, segmentName, snapshotName, unfinishedName } from "./file-names.ts";
import { LOG_START } from "./group.ts";
import { type LogEnd, walkLog } from "./read-log.ts";
import {
  applySnapshot,
  type SnapshotDamage,
  type SnapshotFound,
  verifySnapshot,
} from "./read-snapshot.ts";
import { CorruptStoreError, type ReplayResult, type ResumePoint } from "./resume.ts";

export type { ReplayResult } from "./resume.ts";

interface Files {
  /** Ids, ascending. */
  readonly segments: readonly number[];
  readonly snapshots: readonly number[];
  readonly unfinished: readonly number[];
}

/** Reads the whole store. `apply` is called in order: first the snapshot's records, then each later change with its
 * sequence; records may repeat what is known already, and the last one for a key counts. When the result is "corrupt"
 * what was applied is worthless. */
export function replay(
  reader: DiskReader,
  crc32: Crc32,
  apply: (change: Change, sequence: number) => void,
): ReplayResult {
  try {
    return replayFiles(reader, crc32, apply);
  } catch (error) {
    if (!(error instanceof CorruptStoreError)) throw error;
    return { type: "corrupt", file: error.file, offset: error.offset, reason: error.message };
  }
}

function replayFiles(
  reader: DiskReader,
  crc32: Crc32,
  apply: (change: Change, sequence: number) => void,
): ReplayResult {
  const files = filesOf(reader);
  const { snapshot, damaged } = chooseSnapshot(reader, files, crc32);
  if (snapshot !== undefined) {
    readable(snapshot.file, () => applySnapshot(reader, snapshot, crc32, apply));
  }
  const { segments } = files;
  // Without a snapshot the log must be there from its very beginning.
  const end = walkLog(
    { reader, crc32, segments, storeId: snapshot?.storeId, apply },
    snapshot?.begin.position ?? LOG_START,
  );
  checkEnd(snapshot, damaged, end);
  const { storeId, torn } = end;
  const resume = resumePoint(reader, files, snapshot, end);
  if (storeId === undefined) return { type: "empty", torn, resume };
  return {
    type: "ok",
    storeId,
    lastSequence: end.position.sequence,
    torn,
    damagedSnapshots: damaged.map((damage) => damage.file),
    resume,
    figures: {
      snapshotRecords: snapshot?.end.records ?? 0,
      groups: end.groups,
      records: end.records,
    },
  };
}

/** A snapshot whose checksums are right but that this program cannot read is never passed over for an older one. */
function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StoredFormatError) throw new CorruptStoreError(file, 0, error.message);
    throw error;
  }
}

function filesOf(reader: DiskReader): Files {
  const segments: number[] = [];
  const snapshots: number[] = [];
  const unfinished: number[] = [];
  for (const name of reader.list()) {
    const file = parseFileName(name);
    if (file?.kind === "segment") segments.push(file.id);
    else if (file?.kind === "snapshot") snapshots.push(file.id);
    else if (file?.kind === "unfinished") unfinished.push(file.id);
  }
  const ascending = (a: number, b: number) => a - b;
  return {
    segments: segments.sort(ascending),
    snapshots: snapshots.sort(ascending),
    unfinished: unfinished.sort(ascending),
  };
}

/** The newest snapshot that is whole; those above it are damaged. */
function chooseSnapshot(
  reader: DiskReader,
  files: Files,
  crc32: Crc32,
): { readonly snapshot: SnapshotFound | undefined; readonly damaged: readonly SnapshotDamage[] } {
  const damaged: SnapshotDamage[] = [];
  for (const id of [...files.snapshots].reverse()) {
    const file = snapshotName(id);
    const found = readable(file, () => verifySnapshot(reader, { id, file }, crc32));
    if ("begin" in found) return { snapshot: found, damaged };
    damaged.push(found);
  }
  return { snapshot: undefined, damaged };
}

function checkEnd(
  snapshot: SnapshotFound | undefined,
  damaged: readonly SnapshotDamage[],
  end: LogEnd,
): void {
  if (snapshot !== undefined && end.position.sequence < snapshot.end.sequence) {
    // It was published only when the log was durable up to there: a part of the log is gone.
    const reason = `the log ends at sequence ${end.position.sequence}, but the snapshot needs it up to ${snapshot.end.sequence}`;
    throw new CorruptStoreError(snapshot.file, 0, reason);
  }
  const [first] = damaged;
  if (first !== undefined && end.storeId === undefined) {
    throw new CorruptStoreError(
      first.file,
      first.offset,
      `no snapshot is whole and there is no log: ${first.reason}`,
    );
  }
}

function resumePoint(
  reader: DiskReader,
  files: Files,
  snapshot: SnapshotFound | undefined,
  end: LogEnd,
): ResumePoint {
  const { position, clean } = end;
  // Segments behind the last group hold nothing, or a torn group: never used again, so that nothing stale is read.
  const blank = files.segments.filter((id) => id > position.segment);
  const known = files.segments.filter((id) => id <= position.segment);
  const canGoOn = clean && known.includes(position.segment);
  return {
    storeId: end.storeId,
    nextSequence: position.sequence + end.lostSequences + 1,
    segments: {
      position,
      open: canGoOn
        ? {
            id: position.segment,
            size: reader.size(segmentName(position.segment)),
            offset: position.end,
          }
        : undefined,
      nextId: Math.max(0, position.segment, ...files.segments) + 1,
      known,
    },
    snapshot:
      snapshot === undefined
        ? undefined
        : { id: snapshot.id, segment: snapshot.begin.position.segment },
    nextSnapshotId: Math.max(0, ...files.snapshots, ...files.unfinished) + 1,
    staleSnapshots: files.snapshots.filter((id) => id !== snapshot?.id).map(snapshotName),
    garbage: [...blank.map(segmentName), ...files.unfinished.map(unfinishedName)],
    logBytes: end.bytes,
    snapshotBytes: snapshot?.bytes ?? 0,
  };
}
