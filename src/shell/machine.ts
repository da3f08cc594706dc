// What the machine has for leases: memory that this process may use, and room for the state directory.

import * as fs from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { Machine } from "../core/leasing/capacity.ts";

/** `directory` exists. */
export function machineOf(directory: string): Machine {
  const { bavail, bsize } = fs.statfsSync(directory);
  return { memory: memoryOf(), disk: bavail * bsize + sizeOf(directory) };
}

/** A container or a unit with `MemoryMax` may use less than the machine has. */
function memoryOf(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function sizeOf(directory: string): number {
  return fs
    .readdirSync(directory)
    .map((name) => fs.lstatSync(join(directory, name), { throwIfNoEntry: false }))
    .reduce((sum, stats) => sum + (stats?.isFile() === true ? stats.size : 0), 0);
}
