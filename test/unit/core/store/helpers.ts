// Small stores on a simulated disk, for tests that look at single requests.

import { crc32 } from "../../../../sim/crc32.ts";
import { SimDisk } from "../../../../sim/disk.ts";
import type { Change } from "../../../../src/core/model/change.ts";
import { putU32 } from "../../../../src/core/store/bytes.ts";
import { LATER_FIELDS } from "../../../../src/core/store/endpoint-json.ts";
import { type ReplayResult, replay } from "../../../../src/core/store/replay.ts";
import { createStore, type SnapshotSource, type Store } from "../../../../src/core/store/store.ts";
import type { DiskReader, DiskRequest } from "../../../../src/ports/disk.ts";

export const STORE_ID = "0123456789abcdef0123456789abcdef";
export const SEGMENT = 65_536;

/** A heartbeat: the shortest change. */
export const beat = (at: number): Change => ({ type: "heartbeat", at });

/** An endpoint record whose reason has this many octets. */
export function padded(octets: number, relationship = "campus"): Change {
  const record = { ...LATER_FIELDS, relationship, state: "NORMAL", reason: "x".repeat(octets) };
  return { type: "endpoint", record } as unknown as Change;
}

/** A snapshot that holds nothing. */
export const NOTHING: SnapshotSource = { slice: () => ({ changes: [], next: undefined }) };

export interface Bench {
  readonly disk: SimDisk;
  readonly store: Store;
  /** Requests in the order in which they were emitted. */
  readonly log: DiskRequest[];
}

export interface BenchOptions {
  readonly disk?: SimDisk;
  readonly source?: SnapshotSource;
  readonly snapshotAfterBytes?: number;
  readonly segmentBytes?: number;
  readonly storeId?: string;
}

/** Starts a store on a disk, as a server would. */
export function start(options: BenchOptions = {}): Bench {
  const disk = options.disk ?? new SimDisk();
  const { result } = read(disk.reader(), options.segmentBytes);
  if (result.type === "corrupt") throw new Error(result.reason);
  const store = createStore({
    crc32,
    storeId: options.storeId ?? STORE_ID,
    source: options.source ?? NOTHING,
    resume: result.resume,
    segmentBytes: options.segmentBytes ?? SEGMENT,
    snapshotAfterBytes: options.snapshotAfterBytes ?? 1_000_000_000,
  });
  return { disk, store, log: [] };
}

/** Emits what is to be done now. */
export function poll({ store, disk, log }: Bench): readonly DiskRequest[] {
  const emitted: DiskRequest[] = [];
  store.poll((request) => {
    emitted.push("bytes" in request ? { ...request, bytes: request.bytes.slice() } : request);
    disk.submit(request);
  });
  log.push(...emitted);
  return emitted;
}

/** Finishes all outstanding requests, once. */
export function finish({ store, disk }: Bench): void {
  for (const id of disk.outstanding) store.complete(disk.finish(id));
}

/** Runs until nothing is asked for any more. */
export function settle(bench: Bench): void {
  poll(bench);
  while (bench.disk.outstanding.length > 0) {
    finish(bench);
    poll(bench);
  }
}

/** Appends changes and makes each durable in a group of its own. */
export function commit(bench: Bench, ...changes: Change[]): void {
  for (const change of changes) {
    bench.store.append(change);
    settle(bench);
  }
}

export function read(
  reader: DiskReader,
  segmentBytes = SEGMENT,
): {
  result: ReplayResult;
  changes: Change[];
  sequences: number[];
} {
  const changes: Change[] = [];
  const sequences: number[] = [];
  const apply = (change: Change, sequence: number): void => {
    changes.push(change);
    sequences.push(sequence);
  };
  const result = replay({ reader, crc32, segmentBytes, apply });
  return { result, changes, sequences };
}

/** Writes of groups. */
export function writes(bench: Bench): readonly (DiskRequest & { readonly type: "write" })[] {
  return bench.log
    .filter((request) => request.type === "write")
    .filter((request) => request.file.startsWith("log-"));
}

/** Replaces octets of a file. */
export function patch(disk: SimDisk, file: string, offset: number, bytes: Uint8Array): void {
  const present = disk.reader().read(file, offset, bytes.length);
  bytes.forEach((octet, i) => {
    const mask = octet ^ (present[i] as number);
    if (mask !== 0) disk.flip(file, offset + i, mask);
  });
}

/** Makes a group's or a chunk's header say another format version, with the right checksum. */
export function setVersion(disk: SimDisk, file: string, version: number, crcAt: number): void {
  const header = disk.reader().read(file, 0, crcAt + 4);
  header[4] = version >> 8;
  header[5] = version & 0xff;
  putU32(header, crcAt, crc32(header.subarray(0, crcAt)));
  patch(disk, file, 0, header);
}
