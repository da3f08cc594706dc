// Adapter of the port `disk` over the file system (R7031-62, R7031-63). A request is answered when what
// it asks for is on stable storage: O_DSYNC writes for groups, fsync of file and folder for names.

import * as fs from "node:fs";
import { constants, promises } from "node:fs";
import { basename, join } from "node:path";
import { crc32 as zlibCrc32 } from "node:zlib";
import { assert, unreachable } from "../core/model/unreachable.ts";
import type { Crc32, DiskReader, DiskRequest, DiskResult } from "../ports/disk.ts";
import type { DiskAdapter } from "./adapter.ts";

const { open, rename, statfs, unlink } = promises;
type FileHandle = promises.FileHandle;
/** O_NOFOLLOW: a file of the store is never a link to something else. */
const { O_APPEND, O_CREAT, O_DSYNC, O_NOFOLLOW, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

declare module "node:zlib" {
  /** In Node since 20.15, in its types later. */
  function crc32(data: Uint8Array, value?: number): number;
}

/** Owner only: leases tell who was where. */
/** D-297: who had which address is read by the server's own user alone. */
const FILE_MODE = 0o600;
/** Zeros are written in pieces, so that a thread of the pool is free for the log's writes in between. */
const ZERO_CHUNK = new Uint8Array(1024 * 1024);
/** What a segment is called until all its zeros are on disk. Never listed. */
const UNFINISHED = ".zeroing";

export interface Disk extends DiskAdapter {
  readonly reader: DiskReader;
}

export const crc32: Crc32 = (bytes, previous) => zlibCrc32(bytes, previous ?? 0);

export interface DiskOptions {
  /** Exists and is claimed by this process. */
  readonly directory: string;
  /** Gets one result a request. */
  readonly done: (result: DiskResult) => void;
  /** T-15: called before a file gets its name. */
  readonly guard: () => void;
}

export function openDisk(options: DiskOptions): Disk {
  const { directory } = options;
  for (const file of fs.readdirSync(directory)) {
    if (file.endsWith(UNFINISHED)) fs.unlinkSync(join(directory, file));
  }
  return new FileDisk(options);
}

class FileDisk implements Disk {
  readonly reader: DiskReader;
  readonly #directory: string;
  readonly #done: (result: DiskResult) => void;
  readonly #guard: () => void;
  /** Segments open for writing, and files being appended to. */
  readonly #segments = new Map<string, FileHandle>();
  readonly #appended = new Map<string, Promise<FileHandle>>();
  /** What concerns one file happens in the order of the requests. */
  readonly #tails = new Map<string, Promise<void>>();
  /** Groups being written by the short way. */
  #writing = 0;
  #idle: (() => void) | undefined;

  constructor({ directory, done, guard }: DiskOptions) {
    this.#directory = directory;
    this.#done = done;
    this.#guard = guard;
    this.reader = createReader(directory);
  }

  request(request: DiskRequest): void {
    const { id, file } = request;
    if (request.type === "write" && !this.#tails.has(file)) {
      const segment = this.#segments.get(file);
      if (segment !== undefined) {
        this.#writeOpen(request, segment.fd);
        return;
      }
    }
    const before = this.#tails.get(file) ?? Promise.resolve();
    const tail = before
      .then(() => this.#perform(request))
      .then(
        () => this.#done({ type: "disk-done", id }),
        (error: unknown) =>
          this.#done({ type: "disk-failed", id, error: describe(request, error) }),
      )
      .finally(() => {
        if (this.#tails.get(file) === tail) this.#tails.delete(file);
      });
    this.#tails.set(file, tail);
  }

  async close(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
    if (this.#writing > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    for (const handle of this.#segments.values()) await handle.close();
    for (const handle of this.#appended.values())
      await handle.then((it) => it.close(), ignoreFailedOpen);
    this.#segments.clear();
    this.#appended.clear();
  }

  /** The way of nearly every group: one write to a segment that is open, without promises. */
  #writeOpen(request: DiskRequest & { readonly type: "write" }, fd: number): void {
    const { id, bytes, offset } = request;
    this.#writing++;
    fs.write(fd, bytes, 0, bytes.length, offset, (error, written) => {
      this.#writing--;
      if (error !== null) this.#done({ type: "disk-failed", id, error: describe(request, error) });
      else if (written === bytes.length) this.#done({ type: "disk-done", id });
      else {
        // A write may stop short (a signal, a full disk); "done" means all of it.
        this.#writeOpen(
          { ...request, offset: offset + written, bytes: bytes.subarray(written) },
          fd,
        );
      }
      if (this.#writing === 0) this.#idle?.();
    });
  }

  #perform(request: DiskRequest): Promise<void> {
    switch (request.type) {
      case "write":
        return this.#write(request.file, request.offset, request.bytes);
      case "zero":
        return this.#zero(request.file, request.size);
      case "append":
        return this.#append(request.file, request.bytes);
      case "publish":
        return this.#publish(request.file, request.to);
      case "remove":
        return this.#remove(request.file);
      default:
        return unreachable(request);
    }
  }

  /** R7031-63: the file is opened with O_DSYNC, so a write that has returned is durable. */
  async #write(file: string, offset: number, bytes: Uint8Array): Promise<void> {
    let segment = this.#segments.get(file);
    if (segment === undefined) {
      await this.#closeOtherSegments();
      segment = await open(this.#path(file), O_WRONLY | O_DSYNC | O_NOFOLLOW);
      this.#segments.set(file, segment);
    }
    await writeAll(segment, bytes, offset);
  }

  /** The log writes one segment at a time; the one before stays open only until the next is begun. */
  async #closeOtherSegments(): Promise<void> {
    for (const [file, segment] of this.#segments) {
      if (this.#writing > 0 || this.#tails.has(file)) continue;
      this.#segments.delete(file);
      await segment.close();
    }
  }

  /** Zeros are on disk before the name is: a segment is whole or not there. */
  async #zero(file: string, size: number): Promise<void> {
    const unfinished = this.#path(file) + UNFINISHED;
    try {
      await this.#refuseWithoutRoom(size);
      await this.#makeZeroed(unfinished, size);
    } catch (error) {
      // What was taken of a full disk is given back.
      await unlink(unfinished).catch(() => undefined);
      throw error;
    }
    this.#guard();
    await rename(unfinished, this.#path(file));
    await this.#syncDirectory();
  }

  /** T-08: so that looking for room every few seconds does not take the last of it from others. */
  async #refuseWithoutRoom(size: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#directory);
    const free = bavail * bsize;
    if (free < size) throw new Error(`ENOSPC: ${free} octets are free, ${size} are needed`);
  }

  async #makeZeroed(unfinished: string, size: number): Promise<void> {
    await withFile(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, async (handle) => {
      for (let at = 0; at < size; at += ZERO_CHUNK.length) {
        await writeAll(handle, ZERO_CHUNK.subarray(0, Math.min(ZERO_CHUNK.length, size - at)), at);
      }
      await handle.sync();
    });
  }

  /** The first append of a process begins the file anew: what an earlier one left was never published. */
  async #append(file: string, bytes: Uint8Array): Promise<void> {
    let handle = this.#appended.get(file);
    if (handle === undefined) {
      const flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW;
      handle = open(this.#path(file), flags, FILE_MODE);
      this.#appended.set(file, handle);
    }
    await writeAll(await handle, bytes, undefined);
  }

  async #publish(file: string, to: string): Promise<void> {
    const handle = this.#appended.get(file);
    this.#appended.delete(file);
    const toSync = handle === undefined ? open(this.#path(file), O_WRONLY | O_NOFOLLOW) : handle;
    await syncAndClose(await toSync);
    this.#guard();
    await rename(this.#path(file), this.#path(to));
    await this.#syncDirectory();
  }

  async #remove(file: string): Promise<void> {
    const segment = this.#segments.get(file);
    this.#segments.delete(file);
    await segment?.close();
    const appended = this.#appended.get(file);
    this.#appended.delete(file);
    await appended?.then((it) => it.close(), ignoreFailedOpen);
    try {
      await unlink(this.#path(file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return;
    }
    await this.#syncDirectory();
  }

  async #syncDirectory(): Promise<void> {
    await withFile(this.#directory, O_RDONLY, (handle) => handle.sync());
  }

  #path(file: string): string {
    assert(
      basename(file) === file && file !== "..",
      `a file of the store has a plain name: ${file}`,
    );
    return join(this.#directory, file);
  }
}

/** All of the bytes, at `at` or at the end. */
async function writeAll(
  handle: FileHandle,
  bytes: Uint8Array,
  at: number | undefined,
): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const position = at === undefined ? null : at + written;
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position);
    written += bytesWritten;
  }
}

async function withFile(
  path: string,
  flags: number,
  use: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const handle = await open(path, flags, FILE_MODE);
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}

async function syncAndClose(handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The failure was reported to the request that caused it. */
function ignoreFailedOpen(): void {
  // Nothing is open, so nothing is to be closed.
}

function describe(request: DiskRequest, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `${request.type} ${request.file}: ${text}`;
}

function createReader(directory: string): DiskReader {
  const path = (file: string): string => join(directory, file);
  return {
    list: () =>
      fs
        .readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isFile() && !/^(?:lock|claim)\./.test(entry.name))
        .map((entry) => entry.name)
        .sort(),
    size: (file) => fs.lstatSync(path(file)).size,
    read(file, offset, length) {
      const fd = fs.openSync(path(file), O_RDONLY | O_NOFOLLOW);
      try {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, fs.fstatSync(fd).size - offset)));
        let read = 0;
        while (read < bytes.length) {
          const more = fs.readSync(fd, bytes, read, bytes.length - read, offset + read);
          if (more === 0) break;
          read += more;
        }
        return bytes.subarray(0, read);
      } finally {
        fs.closeSync(fd);
      }
    },
  };
}
