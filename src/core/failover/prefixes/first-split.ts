// The first split of delegable prefixes: half of each pool to the secondary, in as few blocks as can be
// (RFC 8156 §4.2.2; docs/internals/core.md).

import type { CompiledConfig, Link, PrefixPool } from "../../config/types.ts";
import { splitHalf } from "../../model/block-map.ts";
import type { Block } from "../../model/blocks.ts";
import type { Prefix } from "../../model/ipv6.ts";
import { floorTime, type Millis } from "../../model/time.ts";
import type { FailoverContext } from "../context.ts";

/** A block with prefixes in use is cut at most this often: 64 parts. */
const CUTS = 6;

/** F-024, F-025, F-038, F-500: half and half, of prefixes only; gives the secondary its half of every pool that has no block yet; returns how many blocks. */
export function firstSplit(context: FailoverContext, relationship: string, now: Millis): number {
  let given = 0;
  for (const { link, pool } of poolsOf(context.config, relationship)) {
    if (pool.delegatedLength <= pool.prefix.length) continue;
    if (context.blocks.overlapping(pool.prefix).length > 0) continue;
    const [, upper] = splitHalf(pool.prefix);
    given += give(context, { link, pool }, upper, now);
  }
  return given;
}

interface Place {
  readonly link: Link;
  readonly pool: PrefixPool;
}

function poolsOf(config: CompiledConfig, relationship: string): Place[] {
  const links = config.links.filter((link) => link.relationship === relationship);
  return links.flatMap((link) =>
    link.subnets.flatMap((subnet) => subnet.prefixPools.map((pool) => ({ link, pool }))),
  );
}

function give(context: FailoverContext, place: Place, part: Prefix, now: Millis): number {
  if (context.table.prefixesWithin(part, 1).length === 0) {
    // F-032, F-033, F-535: marked, so nobody's until the secondary has taken it; stored before the BNDUPD leaves.
    context.giveBlock({
      ...part,
      status: "FREE-BACKUP",
      link: place.link.name,
      startTimeOfState: floorTime(now),
      marked: true,
    });
    return 1;
  }
  const cuts = part.length - place.pool.prefix.length - 1;
  if (cuts >= CUTS || part.length >= place.pool.delegatedLength) return 0;
  const [lower, upper] = splitHalf(part);
  return give(context, place, lower, now) + give(context, place, upper, now);
}

/** a refused block is offered again in halves; a single prefix stays the primary's. */
export function splitRefused(
  context: FailoverContext,
  block: Block,
  delegatedLength: number,
  now: Millis,
): void {
  context.removeBlock(block);
  if (block.length >= delegatedLength) return;
  for (const half of splitHalf(block))
    context.giveBlock({ ...half, startTimeOfState: floorTime(now), marked: true });
}
