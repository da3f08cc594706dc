// A simulated disk behind the port `disk`. Requests are outstanding until the world finishes them; a crash loses what
// was not synced, tears the write in flight, drops or keeps unpublished files and may bring removed ones back.

import type { DiskReader, DiskRequest, DiskResult } from "../src/ports/disk.ts";

/** Draws for a crash: a whole number from 0 to `limit` - 1. */
export interface DiskRandom {
  below(limit: number): number;
}

/** `power`: the page cache is lost too. `kill`: only the process is; what it handed to the system stays. */
export type CrashKind = "power" | "kill";

interface SimFile {
  bytes: Uint8Array;
  /** Name and content survive a power cut. */
  durable: boolean;
}

/** A disk's content at a moment, for restoring a backup. */
export type DiskImage = ReadonlyMap<string, Uint8Array>;

const SECTOR = 512;

export class SimDisk {
  /** Octets that fit; requests that need more fail. */
  capacity = Number.POSITIVE_INFINITY;
  #files = new Map<string, SimFile>();
  /** Removed, but the folder was not synced since: a power cut may bring them back. */
  #removed = new Map<string, Uint8Array>();
  #outstanding = new Map<number, DiskRequest>();

  /** Takes a request; its octets are copied. Each must be finished or failed later, in any order. */
  submit(request: DiskRequest): void {
    if (this.#outstanding.has(request.id))
      throw new Error(`request ${request.id} is outstanding already`);
    const own = "bytes" in request ? { ...request, bytes: request.bytes.slice() } : request;
    this.#outstanding.set(request.id, own);
  }

  /** Ids of outstanding requests, the oldest first. */
  get outstanding(): readonly number[] {
    return [...this.#outstanding.keys()];
  }

  request(id: number): DiskRequest {
    const request = this.#outstanding.get(id);
    if (request === undefined) throw new Error(`request ${id} is not outstanding`);
    return request;
  }

  /** Carries a request out and says so. */
  finish(id: number): DiskResult {
    const request = this.request(id);
    if (this.#growth(request) + this.used > this.capacity)
      return this.fail(id, "ENOSPC: no space left on device");
    this.#outstanding.delete(id);
    this.#execute(request);
    return { type: "disk-done", id };
  }

  /** Ends a request with an error. What it leaves behind is up to `random`, as in a crash. */
  fail(id: number, error: string, random?: DiskRandom): DiskResult {
    const request = this.request(id);
    this.#outstanding.delete(id);
    if (random !== undefined) this.#executePartly(request, random);
    return { type: "disk-failed", id, error };
  }

  /** Octets in use. */
  get used(): number {
    let used = 0;
    for (const file of this.#files.values()) used += file.bytes.length;
    return used;
  }

  /** Ends all outstanding requests somewhere between "not begun" and "done", then loses what was not durable. */
  crash(random: DiskRandom, kind: CrashKind = "power"): void {
    for (const request of this.#outstanding.values()) this.#executePartly(request, random);
    this.#outstanding.clear();
    if (kind === "power") this.#losePower(random);
    for (const file of this.#files.values()) file.durable = true;
    this.#removed.clear();
  }

  reader(): DiskReader {
    const file = (name: string): SimFile => {
      const found = this.#files.get(name);
      if (found === undefined) throw new Error(`ENOENT: ${name}`);
      return found;
    };
    return {
      list: () => [...this.#files.keys()].sort(),
      size: (name) => file(name).bytes.length,
      // Whoever reads is done before the next request is finished, so nothing is copied.
      read: (name, offset, length) => file(name).bytes.subarray(offset, offset + length),
    };
  }

  /** An independent copy, outstanding requests included. */
  fork(): SimDisk {
    const copy = new SimDisk();
    copy.capacity = this.capacity;
    for (const [name, file] of this.#files)
      copy.#files.set(name, { ...file, bytes: file.bytes.slice() });
    for (const [name, bytes] of this.#removed) copy.#removed.set(name, bytes);
    for (const [id, request] of this.#outstanding) copy.#outstanding.set(id, request);
    return copy;
  }

  /** The content now: a backup. */
  image(): DiskImage {
    return new Map([...this.#files].map(([name, file]) => [name, file.bytes.slice()]));
  }

  /** Replaces the content; outstanding requests are forgotten. */
  restore(image: DiskImage): void {
    this.#outstanding.clear();
    this.#removed.clear();
    this.#files = new Map(
      [...image].map(([name, bytes]) => [name, { bytes: bytes.slice(), durable: true }]),
    );
  }

  /** Inverts the bits of `mask` in one octet: a disk that forgets. */
  flip(name: string, offset: number, mask: number): void {
    const file = this.#files.get(name);
    if (file === undefined || offset >= file.bytes.length)
      throw new Error(`nothing at ${name} ${offset}`);
    file.bytes[offset] = (file.bytes[offset] as number) ^ mask;
  }

  #growth(request: DiskRequest): number {
    if (request.type === "zero") return request.size;
    return request.type === "append" ? request.bytes.length : 0;
  }

  #execute(request: DiskRequest): void {
    switch (request.type) {
      case "write":
        this.#write(request.file, request.offset, request.bytes);
        return;
      case "zero":
        this.#files.set(request.file, { bytes: new Uint8Array(request.size), durable: true });
        return;
      case "append":
        this.#append(request.file, request.bytes);
        return;
      case "publish": {
        const file = this.#files.get(request.file);
        if (file === undefined) throw new Error(`publish of ${request.file}, which is not there`);
        this.#files.delete(request.file);
        this.#files.set(request.to, { bytes: file.bytes, durable: true });
        // The folder is synced: what was removed before stays removed.
        this.#removed.clear();
        return;
      }
      case "remove": {
        const file = this.#files.get(request.file);
        if (file?.durable === true) this.#removed.set(request.file, file.bytes);
        this.#files.delete(request.file);
        return;
      }
    }
  }

  #executePartly(request: DiskRequest, random: DiskRandom): void {
    const choice = random.below(4);
    if (choice === 0) return;
    // A segment gets its name when it is whole.
    if (choice === 1 || (request.type !== "append" && request.type !== "write")) {
      this.#execute(request);
    } else if (request.type === "append") {
      this.#append(request.file, request.bytes.subarray(0, random.below(request.bytes.length + 1)));
    } else if (choice === 2) {
      // A disk writes whole sectors.
      const part = Math.floor(random.below(request.bytes.length + 1) / SECTOR) * SECTOR;
      this.#write(request.file, request.offset, request.bytes.subarray(0, part));
    } else {
      this.#writeSectors(request.file, request.offset, request.bytes, random);
    }
  }

  /** Sectors reach the disk in any order. */
  #writeSectors(file: string, offset: number, bytes: Uint8Array, random: DiskRandom): void {
    for (let at = 0; at < bytes.length; at += SECTOR) {
      if (random.below(2) === 1) this.#write(file, offset + at, bytes.subarray(at, at + SECTOR));
    }
  }

  #write(name: string, offset: number, bytes: Uint8Array): void {
    const file = this.#files.get(name);
    if (file === undefined || !file.durable)
      throw new Error(`a write to ${name}, which was not made`);
    if (offset + bytes.length > file.bytes.length)
      throw new Error(`a write beyond the end of ${name}`);
    file.bytes.set(bytes, offset);
  }

  #append(name: string, bytes: Uint8Array): void {
    const before = this.#files.get(name)?.bytes ?? new Uint8Array(0);
    const grown = new Uint8Array(before.length + bytes.length);
    grown.set(before);
    grown.set(bytes, before.length);
    this.#files.set(name, { bytes: grown, durable: false });
  }

  #losePower(random: DiskRandom): void {
    for (const [name, file] of [...this.#files]) {
      if (file.durable) continue;
      const choice = random.below(3);
      if (choice === 0) this.#files.delete(name);
      // The size may be known while the content never arrived.
      if (choice === 1) file.bytes.fill(0, random.below(file.bytes.length + 1));
      if (choice === 2) file.bytes = file.bytes.slice(0, random.below(file.bytes.length + 1));
    }
    for (const [name, bytes] of this.#removed) {
      if (random.below(2) === 1 && !this.#files.has(name))
        this.#files.set(name, { bytes, durable: true });
    }
  }
}
