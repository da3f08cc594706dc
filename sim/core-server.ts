// Tandem's own server for a world: the shipped core, log and release included, with a small log so that segments
// and snapshots turn over within a world.

import { createServer } from "../src/core/server/server.ts";
import { crc32 } from "./crc32.ts";
import type { ServerFactory } from "./host.ts";

/** Of every store in a world. */
export const SEGMENT_BYTES = 262_144;
const SNAPSHOT_AFTER_BYTES = 786_432;

export const coreServer: ServerFactory = ({ config, disk, now, seed }) =>
  createServer({
    config,
    crc32,
    // Worlds are small.
    machine: { memory: 2 ** 40, disk: 2 ** 44 },
    now,
    reader: disk,
    seed,
    segmentBytes: SEGMENT_BYTES,
    snapshotAfterBytes: SNAPSHOT_AFTER_BYTES,
  });
