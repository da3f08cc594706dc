// Counts one pool of delegable prefixes: how many each server could delegate, by the ranges that it owns and not by
// records (F-042), and which free parts are the largest. It goes through the records in order of address, some of them
// at a time.

import type { PrefixPool } from "../../config/types.ts";
import type { BlockMap } from "../../model/block-map.ts";
import type { Block } from "../../model/blocks.ts";
import { ipv6FromBigint, ipv6ToBigint, type Prefix } from "../../model/ipv6.ts";
import type { Lease } from "../../model/lease.ts";
import { isAvailable } from "../../model/lease-status.ts";
import type { LeaseTable } from "../../model/lease-table.ts";
import { LIMITS } from "../../model/limits.ts";
import { prefixOwner } from "../../model/prefix-owner.ts";

export type Side = "primary" | "secondary";

export interface PoolCount {
  /** What each side could delegate; what is on its way to it included. */
  readonly primary: bigint;
  readonly secondary: bigint;
  /** Prefixes that clients have. */
  readonly inUse: bigint;
  /** Of both sides: in a block whose BNDUPD is not answered. */
  readonly moving: bigint;
  /** Prefixes in the secondary's blocks that came back to the primary (F-028): neither gives them away. */
  readonly returned: bigint;
  /** The records of some of them. */
  readonly holes: readonly Lease[];
  /** Free aligned parts, some of the largest, in order of address. */
  readonly parts: Readonly<Record<Side, readonly Prefix[]>>;
}

export interface CensusStep {
  /** Records that were looked at. */
  readonly looked: number;
  readonly count: PoolCount | undefined;
}

interface Segment {
  readonly end: bigint;
  readonly side: Side;
  readonly moving: boolean;
  readonly block: Block | undefined;
}

/** Parts of one length that are remembered; there is hardly a need for more at a time. */
const PARTS_PER_LENGTH = 64;

class Parts {
  readonly #byLength = new Map<number, Prefix[]>();
  readonly #keepLast: boolean;

  /** The primary gives from its upper end, and takes from the lower one. */
  constructor(side: Side) {
    this.#keepLast = side === "primary";
  }

  add(part: Prefix): void {
    const known = this.#byLength.get(part.length) ?? [];
    this.#byLength.set(part.length, known);
    if (known.length < PARTS_PER_LENGTH || this.#keepLast) known.push(part);
    if (known.length > PARTS_PER_LENGTH) known.shift();
  }

  get all(): readonly Prefix[] {
    return [...this.#byLength.values()]
      .flat()
      .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  }
}

export class PoolCensus {
  readonly #pool: PrefixPool;
  readonly #unit: bigint;
  readonly #segments: readonly Segment[];
  readonly #parts = { primary: new Parts("primary"), secondary: new Parts("secondary") };
  readonly #counts = { primary: 0n, secondary: 0n, moving: 0n, inUse: 0n, returned: 0n };
  readonly #holes: Lease[] = [];
  #segment = 0;
  /** The segment of the last record. */
  #recordIn = 0;
  /** All before this address is counted. */
  #at: bigint;
  #after: Prefix | undefined;

  constructor(pool: PrefixPool, blocks: BlockMap) {
    this.#pool = pool;
    this.#unit = 1n << BigInt(128 - pool.delegatedLength);
    this.#segments = segmentsOf(pool.prefix, blocks.overlapping(pool.prefix));
    this.#at = ipv6ToBigint(pool.prefix.address);
  }

  /** Looks at up to `rows` records more; the count comes once it is complete. */
  step(table: LeaseTable, rows: number): CensusStep {
    const leases = table.prefixRows(this.#pool.prefix, this.#after, rows);
    for (const lease of leases) this.#record(lease);
    this.#after = leases[leases.length - 1] ?? this.#after;
    const looked = leases.length;
    if (looked === rows) return { looked, count: undefined };
    this.#countUpTo(endOf(this.#pool.prefix));
    const { primary, secondary } = this.#parts;
    const parts = { primary: primary.all, secondary: secondary.all };
    return { looked, count: { ...this.#counts, holes: this.#holes, parts } };
  }

  #record(lease: Lease): void {
    const from = (ipv6ToBigint(lease.address) / this.#unit) * this.#unit;
    const end = from + ((endOf(lease) - from + this.#unit - 1n) / this.#unit) * this.#unit;
    if (end <= this.#at) return;
    const owner = this.#ownerOf(lease, from);
    if (owner === "of its range") return;
    this.#countUpTo(from);
    this.#counts[owner] += (end - this.#at) / this.#unit;
    if (owner === "returned" && this.#holes.length < LIMITS.holesPerBalance)
      this.#holes.push(lease);
    this.#at = end;
  }

  /** F-027: in use it is its client's. */
  #ownerOf(lease: Lease, from: bigint): "inUse" | "returned" | "secondary" | "of its range" {
    if (!isAvailable(lease.status)) return "inUse";
    while ((this.#segments[this.#recordIn]?.end ?? from + 1n) <= from) this.#recordIn += 1;
    const block = this.#segments[this.#recordIn]?.block;
    if (block !== undefined && prefixOwner(lease, block) === "FREE") return "returned";
    // Told to the partner by itself: it is not part of a range.
    return lease.status === "FREE-BACKUP" ? "secondary" : "of its range";
  }

  #countUpTo(end: bigint): void {
    while (this.#at < end) {
      const segment = this.#segments[this.#segment] as Segment;
      if (segment.end <= this.#at) {
        this.#segment += 1;
        continue;
      }
      const to = segment.end < end ? segment.end : end;
      this.#countRange(segment, this.#at, to);
      this.#at = to;
    }
  }

  #countRange({ side, moving }: Segment, from: bigint, to: bigint): void {
    const units = (to - from) / this.#unit;
    this.#counts[side] += units;
    if (moving) this.#counts.moving += units;
    else for (const part of aligned(from, to)) this.#parts[side].add(part);
  }
}

function endOf({ address, length }: Prefix): bigint {
  return ipv6ToBigint(address) + (1n << BigInt(128 - length));
}

/** The pool in order: blocks of the map, and what is between them. */
function segmentsOf(pool: Prefix, blocks: readonly Block[]): readonly Segment[] {
  const segments: Segment[] = [];
  const own = { side: "primary", moving: false, block: undefined } as const;
  let at = ipv6ToBigint(pool.address);
  const last = endOf(pool);
  for (const block of blocks) {
    const from = ipv6ToBigint(block.address);
    if (from > at) segments.push({ ...own, end: from });
    at = endOf(block) < last ? endOf(block) : last;
    const side = block.status === "FREE" ? "primary" : "secondary";
    segments.push({ end: at, side, moving: block.marked, block });
  }
  if (at < last) segments.push({ ...own, end: last });
  return segments;
}

/** The largest aligned prefixes that make up a range. */
function aligned(from: bigint, to: bigint): readonly Prefix[] {
  const parts: Prefix[] = [];
  let at = from;
  while (at < to) {
    let bits = 0n;
    while (at % (2n << bits) === 0n && at + (2n << bits) <= to) bits += 1n;
    parts.push({ address: ipv6FromBigint(at), length: 128 - Number(bits) });
    at += 1n << bits;
  }
  return parts;
}
