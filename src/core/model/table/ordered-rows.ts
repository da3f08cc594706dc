// Rows in the order of a number, and of a second comparison where numbers are equal: a list of small sorted leaves.
// Adding or removing moves at most one leaf's entries and the list of leaves.

/** Entries of a leaf. */
const LEAF = 128;
/** Neighbours that hold no more than this together become one. */
const MERGE = 96;
/** Leaves of a chunk: one array for many leaves, as an array of its own costs as much as 20 entries. */
const CHUNK_BITS = 5;
const CHUNK_LEAVES = 1 << CHUNK_BITS;

/** Where a walk stands; the list must not change meanwhile. */
export interface OrderedPosition {
  /** Place of the leaf in the list. */
  leaf: number;
  at: number;
}

/** Entries of a leaf from `start` on. */
interface Span {
  readonly id: number;
  readonly start: number;
}

export class OrderedRows {
  size = 0;
  /** Entries of leaf `id` begin at `base(id)` of its chunk. */
  private readonly keyChunks: Float64Array[] = [];
  private readonly rowChunks: Uint32Array[] = [];
  private readonly counts: number[] = [];
  private readonly freeLeaves: number[] = [];
  /** Ids of leaves in order, and the first key of each, side by side for the search. */
  private readonly order: number[] = [];
  private readonly firsts: number[] = [];
  private readonly tie: ((a: number, b: number) => number) | undefined;

  /** `tie` orders rows whose keys are equal (0 only for the same row); without it they go by number. */
  constructor(tie?: (a: number, b: number) => number) {
    this.tie = tie;
  }

  /** Adds a row that is not in the list. */
  add(key: number, row: number): void {
    this.size += 1;
    const last = this.order.length - 1;
    let place = this.leafFor(key, row);
    if (last < 0 || (place === last && this.isFullBefore(last, key, row))) {
      // The usual case of ever growing keys fills leaves to the brim.
      place = last + 1;
      this.insertLeaf(place, this.allocateLeaf(), key);
    } else if (this.countAt(place) === LEAF) {
      this.split(place);
      place = this.leafFor(key, row);
    }
    const id = this.order[place] as number;
    const keys = this.keys(id);
    const rows = this.rows(id);
    const base = this.base(id);
    const at = this.search(id, key, row);
    for (let i = base + (this.counts[id] as number); i > base + at; i--) {
      keys[i] = keys[i - 1] as number;
      rows[i] = rows[i - 1] as number;
    }
    keys[base + at] = key;
    rows[base + at] = row;
    this.counts[id] = (this.counts[id] as number) + 1;
    if (at === 0) this.firsts[place] = key;
  }

  /** Removes a row that was added with this key. */
  remove(key: number, row: number): void {
    this.size -= 1;
    const place = this.leafFor(key, row);
    const id = this.order[place] as number;
    const keys = this.keys(id);
    const rows = this.rows(id);
    const base = this.base(id);
    const at = this.search(id, key, row);
    const left = (this.counts[id] as number) - 1;
    this.counts[id] = left;
    for (let i = base + at; i < base + left; i++) {
      keys[i] = keys[i + 1] as number;
      rows[i] = rows[i + 1] as number;
    }
    if (left === 0) {
      this.dropLeaf(place);
      return;
    }
    if (at === 0) this.firsts[place] = keys[base] as number;
    if (left < MERGE >> 1) this.merge(place);
  }

  /** The first entry that is not before `key`; among entries with this very key, the first for which `reached` holds
   * (it must hold for all that follow too). */
  seek(key: number, reached: (row: number) => boolean = always): OrderedPosition {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.isBefore(middle, this.countAt(middle) - 1, key, reached)) low = middle + 1;
      else high = middle;
    }
    let from = 0;
    let to = low < this.order.length ? this.countAt(low) : 0;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.isBefore(low, middle, key, reached)) from = middle + 1;
      else to = middle;
    }
    return { leaf: low, at: from };
  }

  /** The row at a position, 0 at the end. */
  row(position: OrderedPosition): number {
    const id = this.order[position.leaf];
    return id === undefined ? 0 : (this.rows(id)[this.base(id) + position.at] as number);
  }

  /** The key at a position, Infinity at the end. */
  key(position: OrderedPosition): number {
    const id = this.order[position.leaf];
    if (id === undefined) return Number.POSITIVE_INFINITY;
    return this.keys(id)[this.base(id) + position.at] as number;
  }

  advance(position: OrderedPosition): void {
    position.at += 1;
    if (position.leaf < this.order.length && position.at < this.countAt(position.leaf)) return;
    position.leaf += 1;
    position.at = 0;
  }

  private isBefore(
    place: number,
    at: number,
    key: number,
    reached: (row: number) => boolean,
  ): boolean {
    const id = this.order[place] as number;
    const own = this.keys(id)[this.base(id) + at] as number;
    return own < key || (own === key && !reached(this.rows(id)[this.base(id) + at] as number));
  }

  /** Place of the last leaf whose first entry is not after (key, row); 0 when there is none. */
  private leafFor(key: number, row: number): number {
    let low = 0;
    let high = this.firsts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      const first = this.firsts[middle] as number;
      if (first < key || (first === key && this.compare(this.firstRow(middle), row) <= 0)) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Where in a leaf the first entry is that is not before (key, row). */
  private search(id: number, key: number, row: number): number {
    const keys = this.keys(id);
    const rows = this.rows(id);
    const base = this.base(id);
    let low = 0;
    let high = this.counts[id] as number;
    while (low < high) {
      const middle = (low + high) >> 1;
      const own = keys[base + middle] as number;
      if (own < key || (own === key && this.compare(rows[base + middle] as number, row) < 0)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private compare(a: number, b: number): number {
    return this.tie === undefined ? a - b : this.tie(a, b);
  }

  private isFullBefore(place: number, key: number, row: number): boolean {
    return (
      this.countAt(place) === LEAF && this.search(this.order[place] as number, key, row) === LEAF
    );
  }

  private split(place: number): void {
    const id = this.order[place] as number;
    const upper = this.allocateLeaf();
    const half = LEAF >> 1;
    this.move({ id, start: half, count: LEAF - half }, { id: upper, start: 0 });
    this.counts[id] = half;
    this.counts[upper] = LEAF - half;
    this.insertLeaf(place + 1, upper, this.keys(upper)[this.base(upper)] as number);
  }

  private merge(place: number): void {
    const left = this.partner(place);
    if (left < 0) return;
    const lower = this.order[left] as number;
    const upper = this.order[left + 1] as number;
    const before = this.counts[lower] as number;
    const added = this.counts[upper] as number;
    this.move({ id: upper, start: 0, count: added }, { id: lower, start: before });
    this.counts[lower] = before + added;
    this.dropLeaf(left + 1);
  }

  /** The left one of two neighbours that fit together, of which one is at `place`; -1 when none. */
  private partner(place: number): number {
    const own = this.countAt(place);
    if (place > 0 && this.countAt(place - 1) + own <= MERGE) return place - 1;
    const hasNext = place + 1 < this.order.length;
    return hasNext && this.countAt(place + 1) + own <= MERGE ? place : -1;
  }

  private move(from: Span & { readonly count: number }, to: Span): void {
    const source = this.base(from.id) + from.start;
    const keys = this.keys(from.id).subarray(source, source + from.count);
    const rows = this.rows(from.id).subarray(source, source + from.count);
    this.keys(to.id).set(keys, this.base(to.id) + to.start);
    this.rows(to.id).set(rows, this.base(to.id) + to.start);
  }

  private keys(id: number): Float64Array {
    return this.keyChunks[id >>> CHUNK_BITS] as Float64Array;
  }

  private rows(id: number): Uint32Array {
    return this.rowChunks[id >>> CHUNK_BITS] as Uint32Array;
  }

  private base(id: number): number {
    return (id & (CHUNK_LEAVES - 1)) * LEAF;
  }

  private countAt(place: number): number {
    return this.counts[this.order[place] as number] as number;
  }

  private firstRow(place: number): number {
    const id = this.order[place] as number;
    return this.rows(id)[this.base(id)] as number;
  }

  private allocateLeaf(): number {
    const free = this.freeLeaves.pop();
    if (free !== undefined) return free;
    const id = this.counts.length;
    this.counts.push(0);
    if (id >>> CHUNK_BITS >= this.keyChunks.length) {
      this.keyChunks.push(new Float64Array(CHUNK_LEAVES * LEAF));
      this.rowChunks.push(new Uint32Array(CHUNK_LEAVES * LEAF));
    }
    return id;
  }

  private insertLeaf(place: number, id: number, first: number): void {
    this.order.splice(place, 0, id);
    this.firsts.splice(place, 0, first);
  }

  private dropLeaf(place: number): void {
    const [id] = this.order.splice(place, 1) as [number];
    this.firsts.splice(place, 1);
    this.counts[id] = 0;
    this.freeLeaves.push(id);
  }
}

function always(): boolean {
  return true;
}
