// The block map of delegable prefixes (RFC 8156 §4.2.2): disjoint aligned blocks in order of address.
// Sorted array: a pool has at most LIMITS.blocksPerPool entries.

import type { Block } from "./blocks.ts";
import {
  containsPrefix,
  type Ipv6Address,
  ipv6FromBigint,
  ipv6ToBigint,
  maskTo,
  overlaps,
  type Prefix,
} from "./ipv6.ts";
import { assert } from "./unreachable.ts";

export interface BlockMap {
  readonly size: number;
  /** How often it changed. */
  readonly changes: number;
  /** The block that is exactly this prefix. */
  get(prefix: Prefix): Block | undefined;
  /** The block in which the whole of this delegable prefix lies (blocks are disjoint, so it is the only one). */
  containing(address: Ipv6Address, length: number): Block | undefined;
  /** Blocks that share an address with `prefix`, in order of address: inside it, or the one around it. */
  overlapping(prefix: Prefix): readonly Block[];
  /** Inserts; whatever overlaps it is gone afterwards, so blocks are always disjoint (a replay over a
   * fuzzy snapshot passes through states that never were). */
  put(block: Block): void;
  /** Removes the block that is exactly this prefix; absent is no error. */
  remove(prefix: Prefix): void;
  /** All blocks in order of address. */
  all(): readonly Block[];
  /** Blocks of the relationship that its partner must be told, in order of version. */
  marked(relationship: string): readonly Block[];
  markedCount(relationship: string): number;
}

/** An empty map. `relationshipOf`: the relationship in whose pool a block lies. */
export function createBlockMap(relationshipOf: (block: Prefix) => string | undefined): BlockMap {
  return new SortedBlockMap(relationshipOf);
}

class SortedBlockMap implements BlockMap {
  changes = 0;
  private blocks: Block[] = [];
  /** Marked blocks by address, of each relationship. */
  private readonly marks = new Map<string | undefined, Map<Ipv6Address, Block>>();
  private readonly relationshipOf: (block: Prefix) => string | undefined;

  constructor(relationshipOf: (block: Prefix) => string | undefined) {
    this.relationshipOf = relationshipOf;
  }

  get size(): number {
    return this.blocks.length;
  }

  get(prefix: Prefix): Block | undefined {
    const block = this.blocks[this.place(prefix.address)];
    return block !== undefined && block.address === prefix.address && block.length === prefix.length
      ? block
      : undefined;
  }

  containing(address: Ipv6Address, length: number): Block | undefined {
    const block = this.atOrBefore(address);
    return block !== undefined && containsPrefix(block, { address, length }) ? block : undefined;
  }

  overlapping(prefix: Prefix): readonly Block[] {
    const around = this.atOrBefore(prefix.address);
    if (around !== undefined && containsPrefix(around, prefix)) return [around];
    const from = this.place(prefix.address);
    let to = from;
    while (to < this.blocks.length && overlaps(prefix, this.blocks[to] as Block)) to += 1;
    return this.blocks.slice(from, to);
  }

  put(block: Block): void {
    assert(
      maskTo(block.address, block.length) === block.address,
      "a block is aligned to its length",
    );
    this.changes += 1;
    for (const old of this.overlapping(block)) this.remove(old);
    this.blocks.splice(this.place(block.address), 0, block);
    if (!block.marked) return;
    const relationship = this.relationshipOf(block);
    const marks = this.marks.get(relationship) ?? new Map<Ipv6Address, Block>();
    this.marks.set(relationship, marks.set(block.address, block));
  }

  remove(prefix: Prefix): void {
    const block = this.get(prefix);
    if (block === undefined) return;
    this.changes += 1;
    this.blocks.splice(this.place(prefix.address), 1);
    if (block.marked) this.marks.get(this.relationshipOf(block))?.delete(block.address);
  }

  all(): readonly Block[] {
    return this.blocks.slice();
  }

  marked(relationship: string): readonly Block[] {
    const marks = this.marks.get(relationship);
    if (marks === undefined || marks.size === 0) return [];
    return [...marks.values()].sort((a, b) => a.version - b.version);
  }

  markedCount(relationship: string): number {
    return this.marks.get(relationship)?.size ?? 0;
  }

  /** Index of the first block whose address is not below `address`. */
  private place(address: Ipv6Address): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.blocks[middle] as Block).address < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private atOrBefore(address: Ipv6Address): Block | undefined {
    const at = this.place(address);
    const block = this.blocks[at];
    return block !== undefined && block.address === address ? block : this.blocks[at - 1];
  }
}

/** The two halves of a block, each with all its other fields: the lower one first (a buddy split). */
export function splitHalf<T extends Prefix>(block: T): readonly [T, T] {
  assert(block.length < 128, "a block of one address has no halves");
  const length = block.length + 1;
  const upper = ipv6FromBigint(ipv6ToBigint(block.address) | (1n << BigInt(128 - length)));
  return [
    { ...block, length },
    { ...block, address: upper, length },
  ];
}

/** The other half of the prefix one bit shorter. */
export function buddyOf(prefix: Prefix): Prefix {
  assert(prefix.length > 0, "the whole address space has no buddy");
  const bit = 1n << BigInt(128 - prefix.length);
  return { address: ipv6FromBigint(ipv6ToBigint(prefix.address) ^ bit), length: prefix.length };
}

/** The prefix one bit shorter that holds this one. */
export function parentOf(prefix: Prefix): Prefix {
  assert(prefix.length > 0, "the whole address space has no parent");
  return { address: maskTo(prefix.address, prefix.length - 1), length: prefix.length - 1 };
}

/** What is left of `whole` when `part` is cut out: at most one block of each length between, largest first. */
export function remainder(whole: Prefix, part: Prefix): readonly Prefix[] {
  assert(containsPrefix(whole, part), "only a part of a block can be cut out of it");
  const rest: Prefix[] = [];
  for (let length = whole.length + 1; length <= part.length; length++) {
    rest.push(buddyOf({ address: maskTo(part.address, length), length }));
  }
  return rest;
}
