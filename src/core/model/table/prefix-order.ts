// Rows of prefix leases in order of address, then of length: for the question what lies in a block (RFC 8156 §4.2.2).

import type { Ipv6Address } from "../ipv6.ts";
import { lengthOf, ROW, writeAddress } from "./lease-row.ts";
import { type OrderedPosition, OrderedRows } from "./ordered-rows.ts";
import type { WordRows } from "./word-rows.ts";

const TWO_21 = 2_097_152;

export class PrefixOrder {
  private readonly rows: WordRows;
  private readonly order: OrderedRows;
  /** How many prefix leases there are of each length. */
  private readonly lengths = new Uint32Array(129);
  private readonly probe = new Uint32Array(4);

  constructor(rows: WordRows) {
    this.rows = rows;
    this.order = new OrderedRows((a, b) => this.compare(a, b));
  }

  add(row: number): void {
    this.order.add(this.keyOf(row), row);
    this.count(row, 1);
  }

  remove(row: number): void {
    this.order.remove(this.keyOf(row), row);
    this.count(row, -1);
  }

  has(length: number): boolean {
    return this.lengths[length] !== 0;
  }

  /** Where the first row is whose address is not before this one. */
  seek(address: Ipv6Address): OrderedPosition {
    const { probe } = this;
    writeAddress(address, probe, 0);
    return this.order.seek(
      orderKey(probe, 0),
      (row) => compareAddresses(this.rows.chunk(row), this.rows.base(row), probe, 0) >= 0,
    );
  }

  /** The row at a position, 0 at the end. */
  row(position: OrderedPosition): number {
    return this.order.row(position);
  }

  advance(position: OrderedPosition): void {
    this.order.advance(position);
  }

  private keyOf(row: number): number {
    return orderKey(this.rows.chunk(row), this.rows.base(row));
  }

  private lengthOf(row: number): number {
    return lengthOf(this.rows.word(row, ROW.STATE));
  }

  private count(row: number, change: 1 | -1): void {
    const length = this.lengthOf(row);
    this.lengths[length] = (this.lengths[length] as number) + change;
  }

  private compare(a: number, b: number): number {
    const { rows } = this;
    return (
      compareAddresses(rows.chunk(a), rows.base(a), rows.chunk(b), rows.base(b)) ||
      this.lengthOf(a) - this.lengthOf(b)
    );
  }
}

function compareAddresses(a: Uint32Array, baseA: number, b: Uint32Array, baseB: number): number {
  for (let i = 0; i < 4; i++) {
    const difference = (a[baseA + i] as number) - (b[baseB + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The first 53 bits of an address as a number. */
function orderKey(words: Uint32Array, base: number): number {
  return (words[base] as number) * TWO_21 + ((words[base + 1] as number) >>> 11);
}
