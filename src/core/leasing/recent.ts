// When something was last seen, remembered for a while and in a bounded space.

import { LIMITS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";

export class Recent {
  /** In order of time. */
  readonly #seen = new Map<string, Millis>();
  readonly #keptFor: Millis;

  /** `keptFor`: longer ago than this it may be forgotten. */
  constructor(keptFor: Millis) {
    this.#keptFor = keptFor;
  }

  note(name: string, at: Millis): void {
    this.#seen.delete(name);
    this.#seen.set(name, at);
    this.#trim(at);
  }

  /** Undefined: never, or forgotten. */
  last(name: string): Millis | undefined {
    return this.#seen.get(name);
  }

  /** A few a call keep the size bounded. */
  #trim(now: Millis): void {
    let budget = 4;
    for (const [name, at] of this.#seen) {
      const isOver = this.#seen.size > LIMITS.offersHeld;
      if (budget-- === 0 || (now - at <= this.#keptFor && !isOver)) return;
      this.#seen.delete(name);
    }
  }
}
