// A disk without space: what could not be made is tried again, and a log that cannot go on ends the server, so that the
// partner takes over.

import type { Millis } from "../model/time.ts";
import type { Store } from "../store/store.ts";

/** How long records may wait for space. */
const STARVED_FOR: Millis = 1_000;
/** A snapshot or a segment ahead that could not be made is tried again after this. */
const RETRY_AFTER: Millis = 10_000;

export class SpaceWatch {
  readonly #store: Store;
  #retryAt: Millis = 0;
  /** Since when nothing could be written, and how far the log was durable then. */
  #starved: { readonly since: Millis; readonly durable: number } | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Why the server must end; undefined: it goes on. */
  check(now: Millis): string | undefined {
    const store = this.#store;
    if (this.#starved?.durable !== store.durableSequence) this.#starved = undefined;
    if (store.trouble === undefined) return undefined;
    if (store.starved) {
      this.#starved ??= { since: now, durable: store.durableSequence };
      if (now - this.#starved.since >= STARVED_FOR) return store.trouble;
    } else if (now < this.#retryAt) {
      return undefined;
    }
    this.#retryAt = now + RETRY_AFTER;
    store.retry();
    return undefined;
  }
}
