// The port `disk`: the file system's adapter.

import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SimDisk } from "../../sim/disk.ts";
import type { DiskResult } from "../../src/ports/disk.ts";
import { crc32, type Disk, openDisk } from "../../src/shell/disk.ts";
import { type DiskUnderTest, diskContract } from "./disk-suite.ts";

class RealDisk implements DiskUnderTest {
  readonly directory = mkdtempSync(join(tmpdir(), "tandem-disk-"));
  readonly results: DiskResult[] = [];
  #disk: Disk = this.#open();
  #asked = 0;

  get reader() {
    return this.#disk.reader;
  }

  request(request: Parameters<DiskUnderTest["request"]>[0]): void {
    this.#asked++;
    this.#disk.request(request);
  }

  async settle(): Promise<void> {
    while (this.results.length < this.#asked) await new Promise((resolve) => setImmediate(resolve));
  }

  async reopen(): Promise<void> {
    await this.#disk.close();
    this.#disk = this.#open();
  }

  async close(): Promise<void> {
    await this.#disk.close();
    rmSync(this.directory, { recursive: true });
  }

  #open(): Disk {
    return openDisk({
      directory: this.directory,
      done: (result) => this.results.push(result),
      guard: () => undefined,
    });
  }
}

/** The simulated disk answers when its world says so: here at once, in the order of the requests. */
class SimulatedDisk implements DiskUnderTest {
  readonly results: DiskResult[] = [];
  readonly #disk = new SimDisk();

  get reader() {
    return this.#disk.reader();
  }

  request(request: Parameters<DiskUnderTest["request"]>[0]): void {
    this.#disk.submit(request);
  }

  async settle(): Promise<void> {
    for (const id of this.#disk.outstanding) this.results.push(this.#disk.finish(id));
  }

  async reopen(): Promise<void> {
    this.#disk.crash({ below: () => 0 });
  }

  async close(): Promise<void> {
    await this.settle();
  }
}

diskContract("the file system", async () => new RealDisk());
diskContract("the simulator", async () => new SimulatedDisk());

describe("the file system's own matters", () => {
  it("a segment that was being zeroed at a crash is not there afterwards", async () => {
    const disk = new RealDisk();
    writeFileSync(join(disk.directory, "seg-2.zeroing"), "half");
    await disk.reopen();
    expect(disk.reader.list()).toEqual([]);
    expect(existsSync(join(disk.directory, "seg-2.zeroing"))).toBe(false);
    await disk.close();
  });

  it("what an earlier process appended and never published is not continued", async () => {
    const disk = new RealDisk();
    writeFileSync(join(disk.directory, "snap.tmp"), "stale");
    disk.request({ type: "append", id: 1, file: "snap.tmp", bytes: Uint8Array.of(1) });
    disk.request({ type: "publish", id: 2, file: "snap.tmp", to: "snap" });
    await disk.settle();
    expect(disk.reader.read("snap", 0, 100)).toEqual(Uint8Array.of(1));
    await disk.close();
  });

  it("a write to a segment that was never made fails and says which", async () => {
    const disk = new RealDisk();
    disk.request({ type: "write", id: 1, file: "missing", offset: 0, bytes: Uint8Array.of(1) });
    disk.request({ type: "publish", id: 2, file: "no.tmp", to: "no" });
    await disk.settle();
    const errors = disk.results.map((it) => (it.type === "disk-failed" ? it.error : "done"));
    expect(errors.find((it) => it.startsWith("write"))).toContain("missing");
    expect(errors.find((it) => it.startsWith("publish"))).toContain("no.tmp");
    await disk.close();
  });

  it("files are for their owner only (D-297)", async () => {
    const disk = new RealDisk();
    disk.request({ type: "zero", id: 1, file: "seg-1", size: 10 });
    disk.request({ type: "append", id: 2, file: "snap.tmp", bytes: Uint8Array.of(1) });
    disk.request({ type: "publish", id: 3, file: "snap.tmp", to: "snap" });
    await disk.settle();
    for (const file of disk.reader.list()) {
      expect(statSync(join(disk.directory, file)).mode & 0o777).toBe(0o600);
    }
    await disk.close();
  });

  it("a name with a folder in it is a bug and is reported as a failure", async () => {
    const disk = new RealDisk();
    disk.request({ type: "zero", id: 1, file: "../outside", size: 10 });
    await disk.settle();
    expect(disk.results).toMatchObject([{ type: "disk-failed", id: 1 }]);
    await disk.close();
  });

  it("what the system refuses is a failed result and no exception (T-08)", async () => {
    const disk = new RealDisk();
    rmSync(disk.directory, { recursive: true });
    disk.request({ type: "zero", id: 1, file: "seg-1", size: 10 });
    disk.request({ type: "append", id: 2, file: "snap.tmp", bytes: Uint8Array.of(1) });
    await disk.settle();
    expect(disk.results.map((it) => it.type)).toEqual(["disk-failed", "disk-failed"]);
  });

  it("CRC-32 is the IEEE one and can be continued", () => {
    const text = new TextEncoder().encode("123456789");
    expect(crc32(text)).toBe(0xcbf43926);
    expect(crc32(text.subarray(4), crc32(text.subarray(0, 4)))).toBe(0xcbf43926);
  });
});
