// Proposes leases for a client; whoever asks checks each (RFC 8415 §13.1, §13.3).
// By hash of the client, so that it gets the same lease again (D-288, D-295); then in order, so that a small
// pool is used up exactly.

import type { AddressPool, PrefixPool, Subnet } from "../../config/types.ts";
import type { OwnShare } from "../../model/authority.ts";
import type { BlockMap } from "../../model/block-map.ts";
import { type HashKey, hashText } from "../../model/hash.ts";
import {
  containsPrefix,
  inPrefix,
  ipv6FromBigint,
  ipv6ToBigint,
  overlaps,
  type Prefix,
} from "../../model/ipv6.ts";
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
  const runs = options.kind === "address" ? addressRuns(options) : prefixRuns(options);
  const total = runs.reduce((sum, run) => sum + run.count, 0n);
  if (total === 0n) return;
  const attempts = total < BigInt(LIMITS.allocationAttempts) ? 1 : LIMITS.allocationAttempts;
  let index = 0n;
  for (let attempt = 0; attempt < attempts; attempt++) {
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

function candidateAt(runs: readonly Run[], index: bigint, kind: LeaseKey["kind"]): Candidate {
  let rest = index;
  for (const run of runs) {
    if (rest < run.count) {
      const address = ipv6FromBigint(run.first + rest * run.step);
      return { key: { kind, address, length: run.length }, subnet: run.subnet };
    }
    rest -= run.count;
  }
  throw new Error("assertion failed: the index lies within the runs");
}

function addressRuns({ subnets, share }: CandidateOptions): Run[] {
  return subnets
    .flatMap((subnet) => subnet.pools.map((pool) => addressRun(pool, subnet, share.addressBit)))
    .filter((run) => run.count > 0n);
}

/** F-016, F-017: with a partner only every other address of a pool is this server's. */
function addressRun(pool: AddressPool, subnet: Subnet, bit: 0 | 1 | undefined): Run {
  const last = ipv6ToBigint(pool.last);
  let first = ipv6ToBigint(pool.first);
  if (bit !== undefined && first % 2n !== BigInt(bit)) first += 1n;
  const step = bit === undefined ? 1n : 2n;
  const count = last < first ? 0n : (last - first) / step + 1n;
  return { first, step, count, length: 128, subnet };
}

function prefixRuns({ subnets, share, blocks }: CandidateOptions): Run[] {
  if (share.prefixes === "none") return [];
  const runs: Run[] = [];
  for (const subnet of subnets) {
    for (const pool of subnet.prefixPools) {
      for (const part of ownParts(pool, share, blocks))
        runs.push(prefixRun(part, pool.delegatedLength, subnet));
    }
  }
  return runs;
}

/** F-026, F-029, F-031: the blocks in the map are the secondary's, the rest of a pool is the primary's. F-033: a block
 * whose BNDUPD is not answered is nobody's. */
function ownParts(pool: PrefixPool, share: OwnShare, blocks: BlockMap): readonly Prefix[] {
  if (share.prefixes === "all") return [pool.prefix];
  const within = blocks
    .all()
    .filter((block) => block.length >= pool.prefix.length && inPrefix(block.address, pool.prefix));
  if (share.prefixes === "FREE") return complement(pool.prefix, within);
  return within.filter((block) => !block.marked && block.length <= pool.delegatedLength);
}

/** What is left of `whole` without the blocks, in aligned parts. */
function complement(whole: Prefix, blocks: readonly Prefix[]): readonly Prefix[] {
  if (!blocks.some((block) => overlaps(whole, block))) return [whole];
  if (blocks.some((block) => containsPrefix(block, whole))) return [];
  const length = whole.length + 1;
  const upper = ipv6FromBigint(ipv6ToBigint(whole.address) | (1n << BigInt(128 - length)));
  return [
    ...complement({ address: whole.address, length }, blocks),
    ...complement({ address: upper, length }, blocks),
  ];
}

function prefixRun(part: Prefix, delegatedLength: number, subnet: Subnet): Run {
  return {
    first: ipv6ToBigint(part.address),
    step: 1n << BigInt(128 - delegatedLength),
    count: 1n << BigInt(delegatedLength - part.length),
    length: delegatedLength,
    subnet,
  };
}
