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
      const at = lastNonZeroIn(bytes);
      if (at >= 0) last = offset + at;
    }
    return last;
  }
}

const WORD_BYTES = 4;

/** Most of a segment is zeros that were never written: they are looked at a word at a time. */
function lastNonZeroIn(bytes: Uint8Array): number {
  let end = bytes.length;
  const isWord = (at: number) => (bytes.byteOffset + at) % WORD_BYTES === 0;
  while (end > 0 && !isWord(end)) {
    if (bytes[end - 1] !== 0) return end - 1;
    end -= 1;
  }
  const first = (WORD_BYTES - (bytes.byteOffset % WORD_BYTES)) % WORD_BYTES;
  const count = Math.floor((end - first) / WORD_BYTES);
  if (count <= 0) return lastNonZeroOctet(bytes, end - 1);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + first, count);
  let word = count - 1;
  while (word >= 0 && words[word] === 0) word -= 1;
  return lastNonZeroOctet(bytes, first + (word + 1) * WORD_BYTES - 1);
}

function lastNonZeroOctet(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at >= 0 && bytes[at] === 0) at -= 1;
  return at;
}
