// Proposes leases for a client; whoever asks checks each (RFC 8415 §13.1, §13.3).
// By hash of the client, so that it gets the same lease again (D-288, D-295); then in order, so that a small
// pool is used up exactly.

import type { AddressPool, PrefixPool, Subnet } from "../../config/types.ts";
import type { OwnShare } from "../../model/authority.ts";
import type { BlockMap } from "../../model/block-map.ts";
import { type HashKey, hashText } from "../../model/hash.ts";
import { ipv6FromBigint, ipv6ToBigint, type Prefix } from "../../model/ipv6.ts";
import type { LeaseKey } from "../../model/lease.ts";
import { LIMITS } from "../../model/limits.ts";

/** A run of equally sized leases: number i is `first + i * step`. */
interface Run {
  readonly first: bigint;
  readonly step: bigint;
  readonly count: bigint;
  readonly length: number;
  readonly subnet: Subnet;
}

/** Runs one after another; `starts[i]` is how many leases stand before run i. */
interface Runs {
  readonly runs: readonly Run[];
  readonly starts: readonly bigint[];
  readonly total: bigint;
}

export interface Candidate {
  readonly key: LeaseKey;
  readonly subnet: Subnet;
}

export interface CandidateOptions {
  readonly kind: LeaseKey["kind"];
  readonly subnets: readonly Subnet[];
  readonly blocks: BlockMap;
  readonly share: OwnShare;
  readonly hashKey: HashKey;
  /** What names the client and its IA. */
  readonly client: string;
}

/** At most `LIMITS.allocationAttempts` by hash and `LIMITS.allocationScan` in order. */
export function* candidates(options: CandidateOptions): Generator<Candidate> {
  const runs = inOrder(options.kind === "address" ? addressRuns(options) : prefixRuns(options));
  const { total } = runs;
  if (total === 0n) return;
  const attempts = total < BigInt(LIMITS.allocationAttempts) ? 1 : LIMITS.allocationAttempts;
  let index = 0n;
  for (let attempt = 0; attempt < attempts; attempt++) {
    // D-060, D-041: a keyed hash of the whole DUID; without the key nobody can tell which address a client gets.
    index = hashIndex(options, attempt, total);
    yield candidateAt(runs, index, options.kind);
  }
  const scan = total < BigInt(LIMITS.allocationScan) ? Number(total) : LIMITS.allocationScan;
  for (let i = 1; i < scan; i++) yield candidateAt(runs, (index + BigInt(i)) % total, options.kind);
}

function hashIndex(options: CandidateOptions, attempt: number, total: bigint): bigint {
  const tweak = attempt * 2 + (options.kind === "prefix" ? 0x4000_0000 : 0);
  const [a, b] = hashText(options.hashKey, options.client, tweak);
  const low = (BigInt(a) << 32n) | BigInt(b);
  if (total <= 0xffff_ffff_ffff_ffffn) return low % total;
  const [c, d] = hashText(options.hashKey, options.client, tweak + 1);
  return ((((BigInt(c) << 32n) | BigInt(d)) << 64n) | low) % total;
}

function inOrder(runs: readonly Run[]): Runs {
  const starts: bigint[] = [];
  let total = 0n;
  for (const run of runs) {
    starts.push(total);
    total += run.count;
  }
  return { runs, starts, total };
}

function candidateAt({ runs, starts }: Runs, index: bigint, kind: LeaseKey["kind"]): Candidate {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as bigint) <= index) low = middle;
    else high = middle - 1;
  }
  const run = runs[low] as Run;
  const address = ipv6FromBigint(run.first + (index - (starts[low] as bigint)) * run.step);
  return { key: { kind, address, length: run.length }, subnet: run.subnet };
}

function addressRuns({ subnets, share }: CandidateOptions): Run[] {
  return subnets
    .flatMap((subnet) => subnet.pools.map((pool) => addressRun(pool, subnet, share.addressBit)))
    .filter((run) => run.count > 0n);
}

/** F-015, F-016, F-017: with a partner only every other address of a pool is this server's. */
function addressRun(pool: AddressPool, subnet: Subnet, bit: 0 | 1 | undefined): Run {
  const last = ipv6ToBigint(pool.last);
  let first = ipv6ToBigint(pool.first);
  if (bit !== undefined && first % 2n !== BigInt(bit)) first += 1n;
  const step = bit === undefined ? 1n : 2n;
  const count = last < first ? 0n : (last - first) / step + 1n;
  return { first, step, count, length: 128, subnet };
}

/** D-068: prefixes come from the pools of the link. */
function prefixRuns({ subnets, share, blocks }: CandidateOptions): Run[] {
  if (share.prefixes === "none") return [];
  return subnets.flatMap((subnet) =>
    subnet.prefixPools.flatMap((pool) =>
      ownParts(pool, share, blocks)
        .map((part) => prefixRun(part, pool, subnet))
        .filter((run) => run.count > 0n),
    ),
  );
}

/** Addresses from `first` up to, but without, `end`. */
interface Part {
  readonly first: bigint;
  readonly end: bigint;
}

function partOf({ address, length }: Prefix): Part {
  const first = ipv6ToBigint(address);
  return { first, end: first + (1n << BigInt(128 - length)) };
}

/** F-026, F-029, F-031: the blocks in the map are the secondary's, the rest of a pool is the primary's. F-033: a block
 * whose BNDUPD is not answered is nobody's. */
function ownParts(pool: PrefixPool, share: OwnShare, blocks: BlockMap): readonly Part[] {
  const whole = partOf(pool.prefix);
  if (share.prefixes === "all") return [whole];
  const within = blocks.overlapping(pool.prefix);
  if (share.prefixes === "FREE-BACKUP")
    return within.filter((block) => !block.marked).map((block) => common(partOf(block), whole));
  return gaps(whole, within.map(partOf));
}

function common(a: Part, b: Part): Part {
  return { first: a.first > b.first ? a.first : b.first, end: a.end < b.end ? a.end : b.end };
}

/** What is left of `whole` between parts that are in order and apart. */
function gaps(whole: Part, parts: readonly Part[]): readonly Part[] {
  const left: Part[] = [];
  let first = whole.first;
  for (const part of parts) {
    if (part.first > first) left.push({ first, end: part.first });
    first = part.end;
  }
  if (whole.end > first) left.push({ first, end: whole.end });
  return left;
}

/** The whole prefixes of the pool's delegated length that lie in the part. */
function prefixRun(part: Part, pool: PrefixPool, subnet: Subnet): Run {
  const step = 1n << BigInt(128 - pool.delegatedLength);
  const first = ((part.first + step - 1n) / step) * step;
  const count = part.end < first ? 0n : (part.end - first) / step;
  return { first, step, count, length: pool.delegatedLength, subnet };
}
