// Rows of a fixed number of 32-bit words, in chunks: growing never copies a row. Row 0 does not exist and means "none".

const CHUNK_BITS = 12;
const CHUNK_ROWS = 1 << CHUNK_BITS;

/** Rows by number; freed ones are used again, the last freed first. */
export class WordRows {
  readonly stride: number;
  private readonly chunks: Uint32Array[] = [];
  /** All rows below this were handed out at some time. */
  private top = 1;
  private free = 0;

  constructor(stride: number) {
    this.stride = stride;
  }

  /** One past the highest row ever used. */
  get end(): number {
    return this.top;
  }

  /** The chunk in which the row's words lie, from `base(row)` on. */
  chunk(row: number): Uint32Array {
    return this.chunks[row >>> CHUNK_BITS] as Uint32Array;
  }

  base(row: number): number {
    return (row & (CHUNK_ROWS - 1)) * this.stride;
  }

  word(row: number, field: number): number {
    return this.chunk(row)[this.base(row) + field] as number;
  }

  setWord(row: number, field: number, value: number): void {
    this.chunk(row)[this.base(row) + field] = value;
  }

  /** A row whose words are all zero. */
  allocate(): number {
    if (this.free !== 0) {
      const row = this.free;
      this.free = this.word(row, 0);
      this.setWord(row, 0, 0);
      return row;
    }
    const row = this.top++;
    if (row >>> CHUNK_BITS >= this.chunks.length)
      this.chunks.push(new Uint32Array(CHUNK_ROWS * this.stride));
    return row;
  }

  /** Gives the row back; its words become zero, but the first, which links the free rows. */
  release(row: number): void {
    const base = this.base(row);
    this.chunk(row).fill(0, base, base + this.stride);
    this.setWord(row, 0, this.free);
    this.free = row;
  }
}
