// T-08: whether the disk takes what is written. A server whose disk does not is unfit: it hands over and stays up,
// answering what needs no write, until the disk takes everything again.

import type { Millis } from "../model/time.ts";
import type { Store } from "../store/store.ts";

/** A group that stays unwritten for this long makes the server unfit. */
const UNWRITTEN_FOR: Millis = 1_000;
/** How often the watch looks while something is unwritten. */
const LOOK_EVERY: Millis = 200;
/** A longer gap between two looks is the process that stood still, and says nothing of the disk. */
const LOOK_MOST: Millis = 400;
/** A segment or snapshot that could not be made is tried again after this. */
const RETRY_AFTER: Millis = 10_000;
const RETRY_UNFIT_AFTER: Millis = 2_000;

type Unfit =
  /** The oldest group is unwritten for too long. */
  | "late"
  /** No further segment can be made. */
  | "full";

interface Mark {
  /** Written are all records up to here when it is over … */
  readonly sequence: number;
  /** … which began to wait at this time of `#elapsed`. */
  readonly since: Millis;
}

export class DiskWatch {
  readonly #store: Store;
  #unfit: Unfit | undefined;
  #marks: Mark[] = [];
  /** Time during which the process ran. */
  #elapsed: Millis = 0;
  #lookedAt: Millis | undefined;
  #retryAt: Millis = 0;
  /** What the last attempt said that found no room. */
  #trouble = "";

  constructor(store: Store) {
    this.#store = store;
  }

  get isUnfit(): boolean {
    return this.#unfit !== undefined;
  }

  /** Why the server is unfit. */
  get reason(): string {
    return this.#unfit === "full" ? this.#trouble : `a write takes longer than ${UNWRITTEN_FOR} ms`;
  }

  /** When to look again. */
  due(now: Millis): Millis {
    const isQuiet = this.#marks.length === 0 && this.#unfit === undefined;
    return isQuiet ? Number.POSITIVE_INFINITY : now + LOOK_EVERY;
  }

  /** Looks once a batch. `hasPartner`: in contact with one, who serves everybody when this server is silent; without
   * one it goes on while the present segment has room. */
  look(now: Millis, hasPartner: boolean): "became unfit" | "became fit" | undefined {
    this.#elapsed += Math.min(LOOK_MOST, Math.max(0, now - (this.#lookedAt ?? now)));
    this.#lookedAt = now;
    this.#mark();
    this.#trouble = this.#store.trouble ?? this.#trouble;
    this.#retry(now);
    const { isOutOfSpace, starved } = this.#store;
    const [oldest] = this.#marks;
    if (this.#unfit === undefined) {
      const isLate = oldest !== undefined && this.#elapsed - oldest.since >= UNWRITTEN_FOR;
      if (starved || (isOutOfSpace && hasPartner)) this.#unfit = "full";
      else if (isLate) this.#unfit = "late";
      if (this.#unfit === undefined) return undefined;
      this.#retryAt = Math.min(this.#retryAt, now + RETRY_UNFIT_AFTER);
      return "became unfit";
    }
    if (starved) this.#unfit = "full";
    if (oldest !== undefined || (this.#unfit === "full" && isOutOfSpace)) return undefined;
    this.#unfit = undefined;
    return "became fit";
  }

  /** Notes since when what asks for a write waits for it. */
  #mark(): void {
    const { durableSequence, urgentSequence } = this.#store;
    while ((this.#marks[0]?.sequence ?? Number.POSITIVE_INFINITY) <= durableSequence)
      this.#marks.shift();
    const newest = this.#marks.at(-1);
    if (urgentSequence <= Math.max(durableSequence, newest?.sequence ?? 0)) return;
    const isNear = newest !== undefined && this.#elapsed - newest.since < LOOK_EVERY;
    // Of what came close together the first counts.
    if (isNear) this.#marks[this.#marks.length - 1] = { ...newest, sequence: urgentSequence };
    else this.#marks.push({ sequence: urgentSequence, since: this.#elapsed });
  }

  #retry(now: Millis): void {
    if (this.#store.trouble === undefined || now < this.#retryAt) return;
    this.#retryAt = now + (this.isUnfit ? RETRY_UNFIT_AFTER : RETRY_AFTER);
    this.#store.retry();
  }
}
