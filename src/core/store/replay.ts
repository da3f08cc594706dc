// Replay at a start: the newest whole snapshot, then the log behind it. The result says whether the state can be
// trusted and where the store goes on (R7031-62; DESIGN §5).

import type { Crc32, DiskReader } from "../../ports/disk.ts";
import type { Change } from "../model/change.ts";
import { StoredFormatError } from "./bytes.ts";
import {
  HEAD_NAME,
  parseFileName,
  segmentName,
  snapshotName,
  unfinishedName,
} from "./file-names.ts";
import { LOG_START } from "./group.ts";
import { type HeadFound, readHead } from "./head.ts";
import { type LogEnd, walkLog } from "./read-log.ts";
import {
  applySnapshot,
  type SnapshotDamage,
  type SnapshotFound,
  verifySnapshot,
} from "./read-snapshot.ts";
import {
  CorruptStoreError,
  type MendedDamage,
  type ReplayResult,
  type ResumePoint,
} from "./resume.ts";

export type { ReplayResult } from "./resume.ts";

interface Files {
  /** Ids, ascending. */
  readonly segments: readonly number[];
  readonly snapshots: readonly number[];
  readonly unfinished: readonly number[];
}

export interface ReplayOptions {
  readonly reader: DiskReader;
  readonly crc32: Crc32;
  /** Octets of a segment: one of another size was cut or grew. */
  readonly segmentBytes: number;
  readonly apply: (change: Change, sequence: number) => void;
}

/** Reads the whole store. `apply` is called in order: first the snapshot's records, then each later change with its
 * sequence; records may repeat what is known already, and the last one for a key counts. When the result is "corrupt"
 * what was applied is worthless. */
export function replay(options: ReplayOptions): ReplayResult {
  try {
    return replayFiles(options);
  } catch (error) {
    if (!(error instanceof CorruptStoreError)) throw error;
    return { type: "corrupt", file: error.file, offset: error.offset, reason: error.message };
  }
}

function replayFiles({ reader, crc32, segmentBytes, apply }: ReplayOptions): ReplayResult {
  const files = filesOf(reader);
  const head = readHead(reader, crc32);
  const { snapshot, damaged } = chooseSnapshot(reader, files, crc32);
  if (snapshot !== undefined) {
    readable(snapshot.file, () => applySnapshot(reader, snapshot, crc32, apply));
  }
  const { segments } = files;
  const storeId = snapshot?.storeId ?? head.content?.storeId;
  // Without a snapshot the log must be there from its very beginning.
  const end = walkLog(
    { reader, crc32, segments, segmentBytes, storeId, apply },
    snapshot?.begin.position ?? LOG_START,
  );
  checkEnd({ snapshot, damaged, head, end });
  const { torn } = end;
  const resume = resumePoint(reader, files, { snapshot, head, end });
  if (end.position.sequence === 0 && snapshot === undefined) return { type: "empty", torn, resume };
  return {
    type: "ok",
    storeId: end.storeId as string,
    lastSequence: end.position.sequence,
    torn,
    mended: [...damaged, ...missingSnapshots(files, head), ...damagedHead(head)],
    resume,
    figures: {
      snapshotRecords: snapshot?.end.records ?? 0,
      groups: end.groups,
      records: end.records,
    },
  };
}

function missingSnapshots(files: Files, { content }: HeadFound): readonly MendedDamage[] {
  return (content?.snapshots ?? [])
    .filter((id) => id > 0 && !files.snapshots.includes(id))
    .map((id) => ({ file: snapshotName(id), reason: "it is missing" }));
}

function damagedHead({ damage }: HeadFound): readonly MendedDamage[] {
  return damage === undefined ? [] : [{ file: HEAD_NAME, reason: `it ${damage}` }];
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

interface Found {
  readonly snapshot: SnapshotFound | undefined;
  readonly head: HeadFound;
  readonly end: LogEnd;
}

/** Whether the log reaches as far as others know that it did: if not, a part of it is gone. */
function checkEnd({
  snapshot,
  damaged,
  head,
  end,
}: Found & { readonly damaged: readonly SnapshotDamage[] }): void {
  const { segment, end: offset, sequence } = end.position;
  const refuse = (file: string, needed: number): void => {
    if (sequence >= needed) return;
    const reason = `the log ends at sequence ${sequence}, but by ${file} it went to ${needed}`;
    throw new CorruptStoreError(segmentName(segment), offset, reason);
  };
  if (snapshot !== undefined) refuse(snapshot.file, snapshot.end.sequence);
  refuse(HEAD_NAME, head.content?.sequence ?? 0);
  const [first] = damaged;
  if (first !== undefined && sequence === 0) {
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
  { snapshot, head, end }: Found,
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
    olderSnapshot: Math.max(0, ...files.snapshots.filter((id) => id < (snapshot?.id ?? 0))),
    head,
    nextSnapshotId:
      Math.max(0, ...files.snapshots, ...files.unfinished, ...(head.content?.snapshots ?? [])) + 1,
    staleSnapshots: files.snapshots.filter((id) => id !== snapshot?.id).map(snapshotName),
    garbage: [...blank.map(segmentName), ...files.unfinished.map(unfinishedName)],
    logBytes: end.bytes,
    snapshotBytes: snapshot?.bytes ?? 0,
  };
}
