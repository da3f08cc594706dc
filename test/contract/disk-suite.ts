// What every adapter of the port `disk` does.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DiskReader, DiskRequest, DiskResult } from "../../src/ports/disk.ts";

export interface DiskUnderTest {
  request(request: DiskRequest): void;
  readonly reader: DiskReader;
  /** Results so far, in the order in which they came. */
  readonly results: readonly DiskResult[];
  /** Until all requests so far are answered. */
  settle(): Promise<void>;
  /** The same files after the process was started again. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export function diskContract(name: string, make: () => Promise<DiskUnderTest>): void {
  describe(`the port disk by ${name}`, () => {
    let disk: DiskUnderTest;
    let id = 0;
    const ask = async (request: DistributedOmit<DiskRequest>): Promise<DiskResult> => {
      id++;
      const mine = id;
      disk.request({ ...request, id: mine } as DiskRequest);
      await disk.settle();
      const found = disk.results.find((result) => result.id === mine);
      if (found === undefined) throw new Error(`request ${mine} was not answered`);
      return found;
    };
    const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

    beforeEach(async () => {
      disk = await make();
    });
    afterEach(() => disk.close());

    it("an empty store lists nothing", () => {
      expect(disk.reader.list()).toEqual([]);
    });

    it("zero makes a segment of zero octets of exactly the size", async () => {
      const size = 2 * 1024 * 1024 + 5;
      expect(await ask({ type: "zero", file: "seg-1", size })).toMatchObject({ type: "disk-done" });
      expect(disk.reader.list()).toEqual(["seg-1"]);
      expect(disk.reader.size("seg-1")).toBe(size);
      expect(disk.reader.read("seg-1", size - 5, 100)).toEqual(new Uint8Array(5));
    });

    it("a group is where it was written, and the size stays (R7031-63)", async () => {
      await ask({ type: "zero", file: "seg-1", size: 4096 });
      await ask({ type: "write", file: "seg-1", offset: 0, bytes: bytes(1, 2, 3) });
      await ask({ type: "write", file: "seg-1", offset: 3, bytes: bytes(4, 5) });
      expect(disk.reader.read("seg-1", 0, 7)).toEqual(bytes(1, 2, 3, 4, 5, 0, 0));
      expect(disk.reader.size("seg-1")).toBe(4096);
    });

    it("every request is answered once, with its own id", async () => {
      await ask({ type: "zero", file: "seg-1", size: 64 });
      const before = disk.results.length;
      for (let i = 0; i < 20; i++) {
        const offset = i * 2;
        disk.request({ type: "write", id: 1000 + i, file: "seg-1", offset, bytes: bytes(i, i) });
      }
      await disk.settle();
      const ids = disk.results.slice(before).map((result) => result.id);
      expect([...ids].sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, i) => 1000 + i),
      );
      expect(disk.reader.read("seg-1", 38, 2)).toEqual(bytes(19, 19));
    });

    it("the next segment can be zeroed while the present one is written", async () => {
      await ask({ type: "zero", file: "seg-1", size: 64 });
      disk.request({ type: "zero", id: 900, file: "seg-2", size: 1024 });
      disk.request({ type: "write", id: 901, file: "seg-1", offset: 0, bytes: bytes(7) });
      await disk.settle();
      expect(disk.results.filter((it) => it.id >= 900).every((it) => it.type === "disk-done")).toBe(
        true,
      );
      await ask({ type: "write", file: "seg-2", offset: 0, bytes: bytes(8) });
      expect(disk.reader.read("seg-2", 0, 1)).toEqual(bytes(8));
    });

    it("slices make a file that has its name after publish", async () => {
      disk.request({ type: "append", id: 800, file: "snap.tmp", bytes: bytes(1, 2) });
      disk.request({ type: "append", id: 801, file: "snap.tmp", bytes: bytes(3) });
      const result = await ask({ type: "publish", file: "snap.tmp", to: "snap-7" });
      expect(result).toMatchObject({ type: "disk-done" });
      expect(disk.reader.list()).toEqual(["snap-7"]);
      expect(disk.reader.read("snap-7", 0, 10)).toEqual(bytes(1, 2, 3));
    });

    it("publish replaces a file of that name", async () => {
      await ask({ type: "append", file: "snap.tmp", bytes: bytes(1) });
      await ask({ type: "publish", file: "snap.tmp", to: "snap" });
      await ask({ type: "append", file: "snap.tmp", bytes: bytes(2) });
      await ask({ type: "publish", file: "snap.tmp", to: "snap" });
      expect(disk.reader.read("snap", 0, 10)).toEqual(bytes(2));
    });

    it("remove takes a file away, and an absent one is no error", async () => {
      await ask({ type: "zero", file: "seg-1", size: 16 });
      expect(await ask({ type: "remove", file: "seg-1" })).toMatchObject({ type: "disk-done" });
      expect(disk.reader.list()).toEqual([]);
      expect(await ask({ type: "remove", file: "seg-1" })).toMatchObject({ type: "disk-done" });
    });

    it("what was durable is there after a new start (R7031-62)", async () => {
      await ask({ type: "zero", file: "seg-1", size: 64 });
      await ask({ type: "write", file: "seg-1", offset: 10, bytes: bytes(9, 9) });
      await ask({ type: "append", file: "snap.tmp", bytes: bytes(5) });
      await ask({ type: "publish", file: "snap.tmp", to: "snap-1" });
      await disk.reopen();
      expect(disk.reader.list()).toEqual(["seg-1", "snap-1"]);
      expect(disk.reader.read("seg-1", 9, 4)).toEqual(bytes(0, 9, 9, 0));
      await ask({ type: "write", file: "seg-1", offset: 12, bytes: bytes(8) });
      expect(disk.reader.read("seg-1", 10, 3)).toEqual(bytes(9, 9, 8));
    });

    it("reading beyond the end gives what is there", async () => {
      await ask({ type: "zero", file: "seg-1", size: 8 });
      expect(disk.reader.read("seg-1", 6, 10)).toHaveLength(2);
      expect(disk.reader.read("seg-1", 8, 10)).toHaveLength(0);
    });
  });
}

/** A request without its id. */
type DistributedOmit<T> = T extends unknown ? Omit<T, "id"> : never;
