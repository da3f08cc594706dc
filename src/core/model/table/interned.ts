// Interned octet strings with reference counts: equal strings are stored once and named by a number (0 = none).
// For clients each string also heads the chains of its leases (client-chains.ts).

import type { Duid } from "../duid.ts";
import { assert } from "../unreachable.ts";
import { BYTE_HEAP_MAX, ByteHeap } from "./byte-heap.ts";
import { type HashSeed, hashBytes } from "./hash.ts";
import { HashIndex } from "./hash-index.ts";
import { HexText } from "./hex-text.ts";
import { WordRows } from "./word-rows.ts";

const SLOT = 0;
const LENGTH = 1;
const REFERENCES = 2;
const HASH = 3;
const NEXT = 4;
const HEAD = 5;
const HEAD_FREE = 6;
const LAST_FREE = 7;
const FREE_COUNT = 8;
const STRIDE = 9;

function digit(code: number): number {
  return code <= 57 ? code - 48 : code - 87;
}

export class Interned {
  private readonly seed: HashSeed;
  private readonly entries = new WordRows(STRIDE);
  private readonly heap = new ByteHeap();
  private readonly index: HashIndex;
  private readonly hex = new HexText();
  /** Octets of a DUID given as hex digits. */
  private scratch = new Uint8Array(256);

  constructor(seed: HashSeed) {
    this.seed = seed;
    const entries = this.entries;
    this.index = new HashIndex(entries, NEXT, (entry) => entries.word(entry, HASH));
  }

  /** Adds a reference to this string, storing it if it is new. */
  intern(bytes: Uint8Array, length = bytes.length): number {
    assert(length <= BYTE_HEAP_MAX, "an interned octet string has at most 64 KiB");
    const hash = hashBytes(this.seed, bytes, 0, length);
    let entry = this.find(hash, bytes, length);
    if (entry === 0) {
      entry = this.entries.allocate();
      const words = this.entries.chunk(entry);
      const base = this.entries.base(entry);
      words[base + SLOT] = this.heap.store(bytes, length);
      words[base + LENGTH] = length;
      words[base + HASH] = hash;
      this.index.add(hash, entry);
    }
    this.entries.setWord(entry, REFERENCES, this.entries.word(entry, REFERENCES) + 1);
    return entry;
  }

  /** As `intern`, for the octets of a DUID. */
  internDuid(duid: Duid): number {
    const length = this.load(duid);
    return this.intern(this.scratch, length);
  }

  /** The number of a DUID that is stored, else 0; takes no reference. */
  findDuid(duid: Duid): number {
    const length = this.load(duid);
    return this.find(hashBytes(this.seed, this.scratch, 0, length), this.scratch, length);
  }

  /** Gives one reference back; the last one frees the string. */
  release(entry: number): void {
    const words = this.entries.chunk(entry);
    const base = this.entries.base(entry);
    const left = (words[base + REFERENCES] as number) - 1;
    words[base + REFERENCES] = left;
    if (left > 0) return;
    this.index.remove(words[base + HASH] as number, entry);
    this.heap.free(words[base + SLOT] as number, words[base + LENGTH] as number);
    this.entries.release(entry);
  }

  /** Whether the string of `entry` is `bytes`. */
  equals(entry: number, bytes: Uint8Array, length = bytes.length): boolean {
    const words = this.entries.chunk(entry);
    const base = this.entries.base(entry);
    if (words[base + LENGTH] !== length) return false;
    const slot = words[base + SLOT] as number;
    const page = this.heap.page(slot);
    const start = this.heap.start(slot);
    for (let i = 0; i < length; i++) if (page[start + i] !== bytes[i]) return false;
    return true;
  }

  equalsDuid(entry: number, duid: Duid): boolean {
    const length = this.load(duid);
    return this.equals(entry, this.scratch, length);
  }

  /** A copy of the octets. */
  bytes(entry: number): Uint8Array {
    const words = this.entries.chunk(entry);
    const base = this.entries.base(entry);
    const slot = words[base + SLOT] as number;
    const start = this.heap.start(slot);
    return this.heap.page(slot).slice(start, start + (words[base + LENGTH] as number));
  }

  duid(entry: number): Duid {
    const words = this.entries.chunk(entry);
    const base = this.entries.base(entry);
    const slot = words[base + SLOT] as number;
    const length = words[base + LENGTH] as number;
    return this.hex.octets(this.heap.page(slot), this.heap.start(slot), length) as Duid;
  }

  /** First row of a client's chain: of its leases in use, or of its free ones. */
  head(entry: number, inUse: boolean): number {
    return this.entries.word(entry, inUse ? HEAD : HEAD_FREE);
  }

  setHead(entry: number, inUse: boolean, row: number): void {
    this.entries.setWord(entry, inUse ? HEAD : HEAD_FREE, row);
  }

  /** The end of the chain of free leases. */
  lastFree(entry: number): number {
    return this.entries.word(entry, LAST_FREE);
  }

  setLastFree(entry: number, row: number): void {
    this.entries.setWord(entry, LAST_FREE, row);
  }

  freeCount(entry: number): number {
    return this.entries.word(entry, FREE_COUNT);
  }

  setFreeCount(entry: number, count: number): void {
    this.entries.setWord(entry, FREE_COUNT, count);
  }

  private find(hash: number, bytes: Uint8Array, length: number): number {
    let entry = this.index.first(hash);
    while (entry !== 0) {
      if (this.entries.word(entry, HASH) === hash && this.equals(entry, bytes, length))
        return entry;
      entry = this.index.next(entry);
    }
    return 0;
  }

  private load(duid: Duid): number {
    const length = duid.length >> 1;
    if (length > this.scratch.length) this.scratch = new Uint8Array(length);
    const into = this.scratch;
    for (let i = 0; i < length; i++)
      into[i] = (digit(duid.charCodeAt(i * 2)) << 4) | digit(duid.charCodeAt(i * 2 + 1));
    return length;
  }
}
