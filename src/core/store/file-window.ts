// Reads a file forward through a window, so that a replay makes few reads and holds little.

import type { DiskReader } from "../../ports/disk.ts";

const WINDOW_BYTES = 4_194_304;

export class FileWindow {
  readonly file: string;
  readonly size: number;
  private readonly reader: DiskReader;
  private start = 0;
  private held: Uint8Array = new Uint8Array(0);

  constructor(reader: DiskReader, file: string) {
    this.reader = reader;
    this.file = file;
    this.size = reader.size(file);
  }

  /** `length` octets from `offset`, fewer at the end of the file. Valid until the next call. */
  bytes(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.size);
    if (offset >= end) return new Uint8Array(0);
    if (offset < this.start || end > this.start + this.held.length) {
      this.held = this.reader.read(
        this.file,
        offset,
        Math.min(Math.max(length, WINDOW_BYTES), this.size - offset),
      );
      this.start = offset;
    }
    return this.held.subarray(offset - this.start, end - this.start);
  }

  /** Offset of the last octet that is not zero, at or after `from`; -1 when all are zero. */
  lastNonZero(from: number): number {
    let last = -1;
    for (let offset = from; offset < this.size; offset += WINDOW_BYTES) {
      const bytes = this.bytes(offset, WINDOW_BYTES);
      let at = bytes.length - 1;
      while (at >= 0 && bytes[at] === 0) at -= 1;
      if (at >= 0) last = offset + at;
    }
    return last;
  }
}
