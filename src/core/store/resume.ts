// What a replay found, and where a store goes on after it.

import type { LogPosition } from "./group.ts";
import type { HeadFound } from "./head.ts";
import type { OpenSegment } from "./segments.ts";
import type { SnapshotKept } from "./snapshotter.ts";

export interface ResumePoint {
  /** Undefined when the disk holds no store yet. */
  readonly storeId: string | undefined;
  /** Behind every sequence that was ever given out and left a trace. */
  readonly nextSequence: number;
  readonly segments: {
    readonly position: LogPosition;
    /** The last segment, if the rest of it is clean; after a torn group the log goes on in a fresh one. */
    readonly open: OpenSegment | undefined;
    readonly nextId: number;
    readonly known: readonly number[];
  };
  readonly snapshot: SnapshotKept | undefined;
  /** Id of the whole one before it that may be there, 0 = none. */
  readonly olderSnapshot: number;
  readonly head: HeadFound;
  readonly nextSnapshotId: number;
  /** Older or damaged snapshots: they go when the next one is published. */
  readonly staleSnapshots: readonly string[];
  /** Files without any content that counts: they go at once. */
  readonly garbage: readonly string[];
  /** Octets of log behind the snapshot, and the snapshot's own. */
  readonly logBytes: number;
  readonly snapshotBytes: number;
}

/** A group of which only a part was written: it was never durable, so nothing depended on it. */
export interface TornGroup {
  readonly file: string;
  readonly offset: number;
}

/** Something that cannot be read and that nothing is missing without: other files made good for it. */
export interface MendedDamage {
  readonly file: string;
  readonly reason: string;
}

export interface ReplayFigures {
  readonly snapshotRecords: number;
  readonly groups: number;
  readonly records: number;
}

export type ReplayResult =
  /** No group was ever durable here. */
  | { readonly type: "empty"; readonly torn: TornGroup | undefined; readonly resume: ResumePoint }
  | {
      readonly type: "ok";
      readonly storeId: string;
      /** Sequence of the last record that was replayed. */
      readonly lastSequence: number;
      readonly torn: TornGroup | undefined;
      /** Worth an alarm: the next damage may find nothing to mend it with. */
      readonly mended: readonly MendedDamage[];
      readonly resume: ResumePoint;
      readonly figures: ReplayFigures;
    }
  /** The state cannot be known: what `apply` was given is worthless, and nobody may be served from it. */
  | {
      readonly type: "corrupt";
      readonly file: string;
      readonly offset: number;
      readonly reason: string;
    };

/** Thrown inside a replay; becomes its "corrupt" result. */
export class CorruptStoreError extends Error {
  readonly code = "corrupt-store";
  readonly file: string;
  readonly offset: number;

  constructor(file: string, offset: number, reason: string) {
    super(reason);
    this.file = file;
    this.offset = offset;
  }
}
