// The most prefixes of a pool that clients had within about a day: what the other server would need alone.

import type { Millis } from "../../model/time.ts";

/** Two of them are looked at: between half a day and a day. */
const WINDOW: Millis = 43_200_000;

export class NeedOfDay {
  #since: Millis = 0;
  #before = 0;
  #now = 0;

  note(inUse: number, now: Millis): void {
    if (now - this.#since >= WINDOW) {
      this.#before = now - this.#since >= 2 * WINDOW ? 0 : this.#now;
      this.#now = 0;
      this.#since = now;
    }
    this.#now = Math.max(this.#now, inUse);
  }

  get highest(): number {
    return Math.max(this.#before, this.#now);
  }
}
