// Moves delegable prefixes from one side of a pool to the other (RFC 8156 §4.2.2). A part that is moved is marked: until
// the partner has answered neither server gives anything of it away (F-033, F-034).

import { placeOfBlock } from "../../config/lookup.ts";
import { buddyOf, parentOf, remainder, splitHalf } from "../../model/block-map.ts";
import type { Block } from "../../model/blocks.ts";
import { formatPrefix, type Prefix } from "../../model/ipv6.ts";
import type { Lease } from "../../model/lease.ts";
import { LIMITS } from "../../model/limits.ts";
import { floorTime, type Millis, NO_TIME } from "../../model/time.ts";
import type { FailoverContext } from "../context.ts";
import type { PoolCount } from "./census.ts";
import { carve, isUnused, type PoolPlace, poolsOf, unitsOf } from "./pools.ts";

/** What the partner's answers have shown of the blocks that it takes, in one contact. */
export interface PartnerBlocks {
  /** It refuses blocks, as it knows single prefixes only. */
  singles: boolean;
  /** A Tandem: it takes blocks, so a refusal says that something in one is in use. */
  readonly extensions: boolean;
  /** Parts that it refused. */
  readonly refused: Set<string>;
}

export function partnerBlocks(extensions: boolean): PartnerBlocks {
  return { singles: false, extensions, refused: new Set() };
}

/** Parts that are moved in one round; the rest follows in the next. */
const PIECES = 32;
const SINGLES = 256;
/** A partner that takes single prefixes gets at least these many, whatever clients had so far. */
const SINGLES_AT_LEAST = 64;

interface MoveTerms {
  readonly context: FailoverContext;
  readonly place: PoolPlace;
  readonly partner: PartnerBlocks;
  /** Prefixes that the secondary would need alone. */
  readonly need: number;
}

/** Moves about `shift` prefixes to the secondary, or back where it is below 0 (F-040); returns how many. */
export function move(terms: MoveTerms, count: PoolCount, shift: bigint, now: Millis): bigint {
  const { context, place, partner } = terms;
  const { delegatedLength } = place.pool;
  const gives = shift > 0n;
  const amount = gives ? amountToGive(terms, count, shift) : -shift;
  let moved = 0n;
  for (const part of piecesOf(terms, count, { gives, amount })) {
    if (partner.refused.has(formatPrefix(part)) || !isUnused(context.table, part)) continue;
    if (gives ? give(context, place, part, now) : takeBack(context, place, part, now))
      moved += unitsOf(part, delegatedLength);
  }
  return moved;
}

/** Each single prefix is a message and an entry of both maps, so of them the secondary gets what it needs. */
function amountToGive({ partner, need }: MoveTerms, count: PoolCount, shift: bigint): bigint {
  if (!partner.singles) return shift;
  const most = BigInt(Math.max(need, SINGLES_AT_LEAST)) - count.secondary - count.returned;
  return most < shift ? most : shift;
}

/** The largest parts first: the primary gives from the upper end of the pool and takes from the lower one. */
function piecesOf(
  { place, partner }: MoveTerms,
  { parts }: PoolCount,
  { gives, amount }: { readonly gives: boolean; readonly amount: bigint },
): readonly Prefix[] {
  const { delegatedLength } = place.pool;
  const end = gives ? "upper" : "lower";
  const ordered = gives ? [...parts.primary].reverse() : [...parts.secondary];
  const pieces: Prefix[] = [];
  const most = partner.singles ? SINGLES : PIECES;
  let left = amount;
  // A sixteenth more or less is not worth a message.
  const enough = partner.singles ? 0n : amount / 16n;
  for (const part of ordered.sort((a, b) => a.length - b.length)) {
    if (left <= enough || pieces.length >= most) break;
    for (const piece of carve(part, left, { end, delegatedLength })) {
      const units = partner.singles && gives ? singlesOf(piece, delegatedLength, most) : [piece];
      for (const unit of units) {
        if (left <= enough || pieces.length >= most) break;
        pieces.push(unit);
        left -= unitsOf(unit, delegatedLength);
      }
    }
  }
  return pieces;
}

/** The prefixes of the delegated length in a part, from its upper end, at most `limit`. */
function singlesOf(part: Prefix, delegatedLength: number, limit: number): readonly Prefix[] {
  if (limit <= 0) return [];
  if (part.length >= delegatedLength) return [part];
  const [lower, upper] = splitHalf({ address: part.address, length: part.length });
  const found = singlesOf(upper, delegatedLength, limit);
  return [...found, ...singlesOf(lower, delegatedLength, limit - found.length)];
}

function entriesOf({ blocks }: FailoverContext, { pool }: PoolPlace): number {
  return blocks.overlapping(pool.prefix).length;
}

/** F-032, F-033, F-535: marked, so nobody's until the secondary has taken it; stored before the BNDUPD leaves. */
function give(context: FailoverContext, place: PoolPlace, part: Prefix, now: Millis): boolean {
  if (context.blocks.overlapping(part).length > 0) return false;
  if (entriesOf(context, place) >= LIMITS.blocksPerPool) return false;
  context.giveBlock({
    ...part,
    status: "FREE-BACKUP",
    link: place.link.name,
    startTimeOfState: floorTime(now),
    marked: true,
  });
  return true;
}

/** F-034: it stays the secondary's until that has answered; what is left of its block stays as it is. */
function takeBack(context: FailoverContext, place: PoolPlace, part: Prefix, now: Millis): boolean {
  const block = context.blocks.containing(part.address, part.length);
  if (block === undefined || block.marked) return false;
  const more = part.length - block.length;
  if (entriesOf(context, place) + more > LIMITS.blocksPerPool) return false;
  context.removeBlock(block);
  for (const rest of remainder(block, part)) context.amendBlock({ ...block, ...rest });
  context.markBlock({
    ...block,
    ...part,
    status: "FREE",
    startTimeOfState: floorTime(now),
  });
  return true;
}

/** Prefixes that came back in the secondary's blocks become part of them again, each told by itself; returns how many. */
export function giveBack(context: FailoverContext, { holes }: PoolCount, now: Millis): bigint {
  let given = 0n;
  for (const hole of holes) {
    // what never had a client cannot be told.
    if (hole.marked || hole.duid === undefined) continue;
    if (context.table.get(hole)?.version !== hole.version) continue;
    const status = "FREE-BACKUP" as const;
    context.save({ ...hole, status, startTimeOfState: floorTime(now), marked: true });
    given += 1n;
  }
  return given;
}

/** The secondary has taken it: no hole of the block around it any more. */
export function partOfBlock({ blocks }: FailoverContext, lease: Lease): Lease {
  const isBackup = lease.kind === "prefix" && lease.status === "FREE-BACKUP";
  const block = isBackup ? blocks.containing(lease.address, lease.length) : undefined;
  if (block === undefined) return lease;
  // A hole's record is kept for ever, that of a part of a block need not be.
  const { stateExpirationTime: until, startTimeOfState } = lease;
  const stateExpirationTime = until === NO_TIME ? startTimeOfState : until;
  return { ...lease, status: "FREE", primarySince: 0, stateExpirationTime };
}

/** The secondary's answer to a block: taken. F-034: only now is what it gave back the primary's. */
export function settle(context: FailoverContext, block: Block): void {
  if (block.status === "FREE") context.removeBlock(block);
  else unite(context, { ...block, marked: false });
}

/** The secondary refused: it has something of the part in use, or takes no blocks. F-035, A-42: what was to come back
 * stays its own; what it was to get is the primary's, and goes out again in halves. */
export function refused(
  context: FailoverContext,
  block: Block,
  partner: PartnerBlocks,
  now: Millis,
): void {
  if (block.status === "FREE") {
    unite(context, { ...block, status: "FREE-BACKUP", marked: false });
    note(partner, block);
    return;
  }
  context.removeBlock(block);
  const place = placeOfBlock(context.config, block);
  if (place === undefined || block.length >= place.pool.delegatedLength) {
    note(partner, block);
    return;
  }
  // Another implementation knows no blocks; a Tandem has something in this one, and says what.
  if (!partner.extensions) partner.singles = true;
  else
    for (const half of splitHalf({ address: block.address, length: block.length }))
      if (isUnused(context.table, half)) give(context, place, half, now);
}

/** Not again in this contact. */
function note({ refused: parts }: PartnerBlocks, part: Prefix): void {
  if (parts.size < LIMITS.refusedParts) parts.add(formatPrefix(part));
}

/** Nothing is the secondary's here until the primary says so again. */
export function forgetBlocks(context: FailoverContext, relationship: string): void {
  for (const { pool } of poolsOf(context.config, relationship))
    for (const block of context.blocks.overlapping(pool.prefix)) context.removeBlock(block);
}

/** Puts a block into the map, joined with its other half where that is the secondary's too: the map stays small. */
export function unite(context: FailoverContext, block: Block): void {
  const place = placeOfBlock(context.config, block);
  let whole = block;
  while (place !== undefined && whole.length > place.pool.prefix.length) {
    const other = context.blocks.get(buddyOf(whole));
    const joined = other === undefined ? undefined : join(context, whole, other);
    if (joined === undefined) break;
    whole = joined;
  }
  context.amendBlock(whole);
}

/** Two halves are one block where no prefix would change its owner by that. */
function join({ table }: FailoverContext, a: Block, b: Block): Block | undefined {
  if (a.marked || b.marked || a.status !== b.status || a.link !== b.link) return undefined;
  const [early, late] = a.givenAt < b.givenAt ? [a, b] : [b, a];
  if (early.givenAt !== late.givenAt) {
    const rows = table.prefixRows(early, undefined, LIMITS.rowsToJoin);
    const isHole = ({ primarySince }: Lease) =>
      primarySince >= early.givenAt && primarySince < late.givenAt;
    if (rows.length === LIMITS.rowsToJoin || rows.some(isHole)) return undefined;
  }
  return { ...late, ...parentOf(a) };
}
