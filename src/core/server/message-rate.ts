// How many messages one client, or one relay, may send in ten seconds (N-013, D-300).

import { LIMITS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";

const PERIOD: Millis = 10_000;

export class MessageRate {
  readonly #most: number | undefined;
  #counts = new Map<string, number>();
  #until: Millis = 0;

  /** `most` undefined: no limit. */
  constructor(most: number | undefined) {
    this.#most = most;
  }

  isTooMany(sender: string, now: Millis): boolean {
    if (this.#most === undefined) return false;
    if (now >= this.#until || this.#counts.size > LIMITS.offersHeld) {
      this.#counts = new Map();
      this.#until = now + PERIOD;
    }
    const count = (this.#counts.get(sender) ?? 0) + 1;
    this.#counts.set(sender, count);
    return count > this.#most;
  }
}
