// Rows in the order of a number, and of a second comparison where numbers are equal: a list of small sorted leaves.
// Adding or removing moves at most one leaf's entries and the list of leaves.

const LEAF = 128;
/** Neighbours that hold no more than this together become one. */
const MERGE = 96;

interface Leaf {
  readonly keys: Float64Array;
  readonly rows: Uint32Array;
  count: number;
}

/** Where a walk stands; the list must not change meanwhile. */
export interface OrderedPosition {
  leaf: number;
  at: number;
}

export class OrderedRows {
  size = 0;
  private readonly leaves: Leaf[] = [];
  /** The first key of each leaf, side by side for the search. */
  private readonly firsts: number[] = [];
  private readonly tie: ((a: number, b: number) => number) | undefined;

  /** `tie` orders rows whose keys are equal (0 only for the same row); without it they go by number. */
  constructor(tie?: (a: number, b: number) => number) {
    this.tie = tie;
  }

  /** Adds a row that is not in the list. */
  add(key: number, row: number): void {
    this.size += 1;
    const last = this.leaves.length - 1;
    let number = this.leafFor(key, row);
    if (last < 0 || (number === last && this.isFullBefore(last, key, row))) {
      // The usual case of ever growing keys fills leaves to the brim.
      this.insertLeaf(last + 1, {
        keys: new Float64Array(LEAF),
        rows: new Uint32Array(LEAF),
        count: 0,
      });
      number = last + 1;
    } else if ((this.leaves[number] as Leaf).count === LEAF) {
      this.split(number);
      number = this.leafFor(key, row);
    }
    const leaf = this.leaves[number] as Leaf;
    const at = this.place(leaf, key, row);
    const { keys, rows } = leaf;
    for (let i = leaf.count; i > at; i--) {
      keys[i] = keys[i - 1] as number;
      rows[i] = rows[i - 1] as number;
    }
    keys[at] = key;
    rows[at] = row;
    leaf.count += 1;
    if (at === 0) this.firsts[number] = key;
  }

  /** Removes a row that was added with this key. */
  remove(key: number, row: number): void {
    const number = this.leafFor(key, row);
    const leaf = this.leaves[number] as Leaf;
    const at = this.place(leaf, key, row);
    this.size -= 1;
    leaf.count -= 1;
    const { count, keys, rows } = leaf;
    for (let i = at; i < count; i++) {
      keys[i] = keys[i + 1] as number;
      rows[i] = rows[i + 1] as number;
    }
    if (leaf.count === 0) this.dropLeaf(number);
    else {
      if (at === 0) this.firsts[number] = leaf.keys[0] as number;
      this.merge(number);
    }
  }

  /** The first entry that is not before `key`; among entries with this very key, the first for which `reached` holds
   * (it must hold for all that follow too). */
  seek(key: number, reached: (row: number) => boolean = always): OrderedPosition {
    let low = 0;
    let high = this.leaves.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const leaf = this.leaves[middle] as Leaf;
      const last = leaf.count - 1;
      if (this.isBefore(leaf, last, key, reached)) low = middle + 1;
      else high = middle;
    }
    const leaf = this.leaves[low];
    let from = 0;
    let to = leaf === undefined ? 0 : leaf.count;
    while (leaf !== undefined && from < to) {
      const middle = (from + to) >> 1;
      if (this.isBefore(leaf, middle, key, reached)) from = middle + 1;
      else to = middle;
    }
    return { leaf: low, at: from };
  }

  /** The row at a position, 0 at the end. */
  row(position: OrderedPosition): number {
    const leaf = this.leaves[position.leaf];
    return leaf === undefined ? 0 : (leaf.rows[position.at] as number);
  }

  /** The key at a position, Infinity at the end. */
  key(position: OrderedPosition): number {
    const leaf = this.leaves[position.leaf];
    return leaf === undefined ? Number.POSITIVE_INFINITY : (leaf.keys[position.at] as number);
  }

  advance(position: OrderedPosition): void {
    position.at += 1;
    const leaf = this.leaves[position.leaf];
    if (leaf !== undefined && position.at < leaf.count) return;
    position.leaf += 1;
    position.at = 0;
  }

  private isBefore(
    leaf: Leaf,
    at: number,
    key: number,
    reached: (row: number) => boolean,
  ): boolean {
    const own = leaf.keys[at] as number;
    return own < key || (own === key && !reached(leaf.rows[at] as number));
  }

  /** The last leaf whose first entry is not after (key, row); 0 when there is none. */
  private leafFor(key: number, row: number): number {
    let low = 0;
    let high = this.firsts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      const first = this.firsts[middle] as number;
      const notAfter =
        first < key ||
        (first === key && this.compare((this.leaves[middle] as Leaf).rows[0] as number, row) <= 0);
      if (notAfter) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The place of the first entry that is not before (key, row). */
  private place(leaf: Leaf, key: number, row: number): number {
    let low = 0;
    let high = leaf.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const own = leaf.keys[middle] as number;
      if (own < key || (own === key && this.compare(leaf.rows[middle] as number, row) < 0))
        low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private compare(a: number, b: number): number {
    return this.tie === undefined ? a - b : this.tie(a, b);
  }

  private isFullBefore(number: number, key: number, row: number): boolean {
    const leaf = this.leaves[number] as Leaf;
    return leaf.count === LEAF && this.place(leaf, key, row) === LEAF;
  }

  private split(number: number): void {
    const leaf = this.leaves[number] as Leaf;
    const half = LEAF >> 1;
    const upper: Leaf = {
      keys: new Float64Array(LEAF),
      rows: new Uint32Array(LEAF),
      count: LEAF - half,
    };
    upper.keys.set(leaf.keys.subarray(half));
    upper.rows.set(leaf.rows.subarray(half));
    leaf.count = half;
    this.insertLeaf(number + 1, upper);
  }

  private merge(number: number): void {
    const left = (this.leaves[number] as Leaf).count < MERGE >> 1 ? this.partner(number) : -1;
    if (left < 0) return;
    const lower = this.leaves[left] as Leaf;
    const upper = this.leaves[left + 1] as Leaf;
    lower.keys.set(upper.keys.subarray(0, upper.count), lower.count);
    lower.rows.set(upper.rows.subarray(0, upper.count), lower.count);
    lower.count += upper.count;
    this.dropLeaf(left + 1);
  }

  /** The left one of two neighbours that fit together, of which one is `number`; -1 when none. */
  private partner(number: number): number {
    const own = (this.leaves[number] as Leaf).count;
    const before = this.leaves[number - 1];
    if (before !== undefined && before.count + own <= MERGE) return number - 1;
    const after = this.leaves[number + 1];
    return after !== undefined && after.count + own <= MERGE ? number : -1;
  }

  private insertLeaf(number: number, leaf: Leaf): void {
    this.leaves.splice(number, 0, leaf);
    this.firsts.splice(number, 0, leaf.count === 0 ? 0 : (leaf.keys[0] as number));
  }

  private dropLeaf(number: number): void {
    this.leaves.splice(number, 1);
    this.firsts.splice(number, 1);
  }
}

function always(): boolean {
  return true;
}
