// A hash index over rows by linear hashing: every insertion splits one bucket, so there is no rehash at any time,
// no second table and no step that touches more than one chain. Chains run through a word of the rows themselves.

import type { WordRows } from "./word-rows.ts";

const CHUNK_BITS = 12;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

export class HashIndex {
  private readonly rows: WordRows;
  private readonly nextField: number;
  private readonly hashOf: (row: number) => number;
  private readonly heads: Uint32Array[] = [new Uint32Array(CHUNK_MASK + 1)];
  private buckets = 1;
  /** Smallest 2^n - 1 that covers all bucket numbers. */
  private mask = 0;
  private count = 0;

  /** `nextField` is the word that links rows of a bucket; `hashOf` must give the hash that a row was added with. */
  constructor(rows: WordRows, nextField: number, hashOf: (row: number) => number) {
    this.rows = rows;
    this.nextField = nextField;
    this.hashOf = hashOf;
  }

  /** First row of the bucket in which rows with this hash are; 0 when it is empty. */
  first(hash: number): number {
    const bucket = this.bucketOf(hash);
    return (this.heads[bucket >>> CHUNK_BITS] as Uint32Array)[bucket & CHUNK_MASK] as number;
  }

  /** The row after `row` in its bucket; 0 at the end. */
  next(row: number): number {
    return this.rows.word(row, this.nextField);
  }

  add(hash: number, row: number): void {
    this.push(this.bucketOf(hash), row);
    this.count += 1;
    if (this.count > this.buckets) this.split();
  }

  /** Removes a row that was added with this hash. */
  remove(hash: number, row: number): void {
    let at = this.first(hash);
    const after = this.next(row);
    this.count -= 1;
    if (at === row) {
      const bucket = this.bucketOf(hash);
      (this.heads[bucket >>> CHUNK_BITS] as Uint32Array)[bucket & CHUNK_MASK] = after;
      return;
    }
    while (this.next(at) !== row) at = this.next(at);
    this.rows.setWord(at, this.nextField, after);
  }

  private bucketOf(hash: number): number {
    const bucket = (hash & this.mask) >>> 0;
    return bucket < this.buckets ? bucket : bucket & (this.mask >>> 1);
  }

  private push(bucket: number, row: number): void {
    const heads = this.heads[bucket >>> CHUNK_BITS] as Uint32Array;
    this.rows.setWord(row, this.nextField, heads[bucket & CHUNK_MASK] as number);
    heads[bucket & CHUNK_MASK] = row;
  }

  private split(): void {
    const added = this.buckets;
    if (added >>> CHUNK_BITS >= this.heads.length) this.heads.push(new Uint32Array(CHUNK_MASK + 1));
    if (added > this.mask) this.mask = this.mask * 2 + 1;
    this.buckets += 1;
    const source = added & (this.mask >>> 1);
    const heads = this.heads[source >>> CHUNK_BITS] as Uint32Array;
    let row = heads[source & CHUNK_MASK] as number;
    heads[source & CHUNK_MASK] = 0;
    while (row !== 0) {
      const next = this.next(row);
      this.push(this.bucketOf(this.hashOf(row)), row);
      row = next;
    }
  }
}
