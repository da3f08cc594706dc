// Keeps the two sides of each pool of delegable prefixes in balance (RFC 8156 §4.2.2; F-039 to F-042, F-259, A-41, A-42):
// counts the pools one after another, some records at a time, and moves whole aligned parts where a side is off. Only the
// primary moves; the secondary counts as well, to know when it is short (F-497).

import type { CompiledConfig } from "../../config/types.ts";
import { formatPrefix } from "../../model/ipv6.ts";
import { DEFAULTS, LIMITS } from "../../model/limits.ts";
import type { Millis } from "../../model/time.ts";
import type { FailoverContext } from "../context.ts";
import { PoolCensus, type PoolCount } from "./census.ts";
import { giveBack, move, type PartnerBlocks } from "./moves.ts";
import { NeedOfDay } from "./need.ts";
import { type PoolPlace, poolsOf } from "./pools.ts";

/** What people are shown of a pool: prefixes that each server could delegate, that clients have, that are on their way
 * from one server to the other, and that clients gave back in the secondary's part. */
export interface PoolBalance {
  readonly pool: string;
  readonly delegatedLength: number;
  readonly primary: number;
  readonly secondary: number;
  readonly inUse: number;
  readonly moving: number;
  readonly returned: number;
}

/** F-041: a side may be off by a tenth of what is free. */
const THRESHOLD = 10n;

/** F-025, F-042, F-500: how many prefixes go to the secondary so that both have half of what is free; below 0: come
 * back. 0 within the threshold. What came back in its blocks is the secondary's again by the same balance. */
export function shiftOf({
  primary,
  secondary,
  returned,
}: Pick<PoolCount, "primary" | "secondary" | "returned">): bigint {
  const theirs = secondary + returned;
  const total = primary + theirs;
  const shift = total / 2n - theirs;
  const size = shift < 0n ? -shift : shift;
  return size * THRESHOLD > total ? shift : 0n;
}

/** Whether the prefixes that came back are worth messages: with any other move, when they are many, or when the secondary
 * has nothing else. */
function shouldGiveBack({ primary, secondary, returned }: PoolCount, shift: bigint): boolean {
  const isMuch = returned * THRESHOLD > primary + secondary + returned;
  return returned > 0n && (shift !== 0n || isMuch || secondary === 0n);
}

interface Counted {
  readonly place: PoolPlace;
  readonly need: NeedOfDay;
  shown: PoolBalance | undefined;
  isShort: boolean;
}

export interface BalanceOptions {
  readonly context: FailoverContext;
  readonly relationship: string;
}

export class PrefixBalance {
  readonly #context: FailoverContext;
  readonly #relationship: string;
  readonly #pools: readonly Counted[];
  /** The pool that is being counted; none between two rounds. */
  #at: number | undefined;
  #census: PoolCensus | undefined;
  #nextRound: Millis = 0;
  /** How much had changed at the begin of the last round. */
  #changes = -1;
  #asked = false;

  constructor({ context, relationship }: BalanceOptions) {
    this.#context = context;
    this.#relationship = relationship;
    this.#pools = pools(context.config, relationship);
  }

  /** F-038, F-498: the secondary asked, so all pools are looked at now. */
  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#at = undefined;
    this.#nextRound = 0;
  }

  /** The partner asked for this round: it has all updates that were open. */
  get isAsked(): boolean {
    return this.#asked;
  }

  /** Whether the secondary should have more of some pool (F-497). */
  get isShort(): boolean {
    return this.#pools.some((pool) => pool.isShort);
  }

  /** As last counted, those with the fewest free prefixes first; what was not counted yet is missing. */
  get shown(): readonly PoolBalance[] {
    const free = ({ primary, secondary }: PoolBalance) => primary + secondary;
    return this.#pools
      .flatMap(({ shown }) => (shown === undefined ? [] : [shown]))
      .sort((a, b) => free(a) - free(b))
      .slice(0, LIMITS.poolsShown);
  }

  /** Goes on counting. `partner`: what its blocks can be; undefined: nothing is moved now. */
  tick(partner: PartnerBlocks | undefined, now: Millis): void {
    if (this.#at === undefined && !this.#begin(now)) return;
    let rows: number = LIMITS.rowsPerBalance;
    for (let pools = 0; pools < LIMITS.poolsPerBalance && rows > 0; pools++) {
      const pool = this.#pools[this.#at ?? 0];
      if (pool === undefined) {
        this.#end(now);
        return;
      }
      this.#census ??= new PoolCensus(pool.place.pool, this.#context.blocks);
      const { count, looked } = this.#census.step(this.#context.table, rows);
      rows -= looked;
      if (count === undefined) return;
      this.#census = undefined;
      this.#at = (this.#at ?? 0) + 1;
      this.#counted(pool, count, partner, now);
    }
  }

  /** F-039: when prefixes changed hands; at most once in `balanceMillis`. */
  #begin(now: Millis): boolean {
    const { blocks, table } = this.#context;
    const changes = table.prefixTurnover + blocks.changes;
    const isDue = now >= this.#nextRound && (changes !== this.#changes || this.#asked);
    if (!isDue || this.#pools.length === 0) return false;
    this.#changes = changes;
    this.#at = 0;
    this.#census = undefined;
    return true;
  }

  #end(now: Millis): void {
    this.#at = undefined;
    this.#asked = false;
    this.#nextRound = now + DEFAULTS.balanceMillis;
  }

  #counted(pool: Counted, count: PoolCount, partner: PartnerBlocks | undefined, now: Millis): void {
    const { place, need } = pool;
    const shift = shiftOf(count);
    need.note(Number(count.inUse), now);
    pool.isShort = shift > 0n;
    pool.shown = shown(place, count);
    if (partner === undefined) return;
    const moved =
      (shouldGiveBack(count, shift) ? giveBack(this.#context, count, now) : 0n) +
      move({ context: this.#context, place, partner, need: need.highest }, count, shift, now);
    if (moved === 0n) return;
    this.#context.log({
      id: "FAILOVER_BALANCE",
      fields: {
        relationship: this.#relationship,
        pool: formatPrefix(place.pool.prefix),
        primary: Number(count.primary),
        secondary: Number(count.secondary),
        moved: Number(moved),
        side: shift < 0n ? "primary" : "secondary",
      },
    });
  }
}

function pools(config: CompiledConfig, relationship: string): readonly Counted[] {
  return poolsOf(config, relationship).map((place) => ({
    place,
    need: new NeedOfDay(),
    shown: undefined,
    isShort: false,
  }));
}

function shown({ pool }: PoolPlace, count: PoolCount): PoolBalance {
  return {
    pool: formatPrefix(pool.prefix),
    delegatedLength: pool.delegatedLength,
    primary: Number(count.primary),
    secondary: Number(count.secondary),
    inUse: Number(count.inUse),
    moving: Number(count.moving),
    returned: Number(count.returned),
  };
}
