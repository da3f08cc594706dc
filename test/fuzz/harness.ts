// What the fuzz tests share: how much, which seed, a disk that keeps nothing, memory after a collection, and a
// failure that names the octets.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Prng } from "../../sim/prng.ts";
import type { DiskRequest, DiskResult } from "../../src/ports/disk.ts";
import type { Host } from "../support/pair.ts";

/** `npm run fuzz` sets these. */
export const SEED = Number(process.env.TANDEM_FUZZ_SEED ?? 1);

/** How many messages: a few seconds' worth in the suite. */
export function messages(inSuite: number): number {
  return Number(process.env.TANDEM_FUZZ ?? inSuite);
}

export function random(label: string): Prng {
  return new Prng(SEED, label);
}

/** Every request succeeds at once and nothing is kept, so that memory shows what the server holds. */
export function forgetDisk(host: Host): void {
  const ids: number[] = [];
  const disk = {
    submit: (request: DiskRequest) => {
      ids.push(request.id);
    },
    get outstanding(): readonly number[] {
      return [...ids];
    },
    finish: (id: number): DiskResult => {
      ids.splice(ids.indexOf(id), 1);
      return { type: "disk-done", id };
    },
    reader: () => ({ list: () => [], size: () => 0, read: () => new Uint8Array(0) }),
  };
  host.disk = disk as unknown as Host["disk"];
}

/** Octets in use after a full collection. */
export function memory(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Runs an action; what it throws names seed, number and octets, so that it can be repeated. */
export function attempt(number: number, bytes: Uint8Array, action: () => void): void {
  try {
    action();
  } catch (error) {
    const hex = Buffer.from(bytes).toString("hex");
    throw new Error(`seed ${SEED}, message ${number}: ${hex}`, { cause: error });
  }
}
