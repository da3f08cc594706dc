// How old a datagram is that waited in the kernel, for an adapter without the kernel's time stamps (T-06 (3), (4)): it
// came after its queue was last seen empty, and after the reading of the one that stood as far ahead of it as a queue
// is long. So its age is never taken for less than it is.

import { DEFAULTS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";

export interface QueueAgeOptions {
  /** More datagrams than the queue can hold. */
  readonly capacity: number;
  /** Now: the queue was made just now. */
  readonly now: Millis;
}

export class QueueAge {
  #emptyAt: Millis;
  /** When each of the last `capacity` datagrams was read, in turn. */
  readonly #readAt: Float64Array;
  #reads = 0;
  #tooOld = false;

  constructor({ capacity, now }: QueueAgeOptions) {
    this.#readAt = new Float64Array(capacity);
    this.#emptyAt = now;
  }

  /** What is read is too old for service, until the queue is young again. */
  get isTooOld(): boolean {
    return this.#tooOld;
  }

  /** A datagram is read at `now`. The earliest time at which it can have come; undefined: it is dropped, as it may be too
   * old. Dropping is much faster than serving, so that a queue which grew old is soon empty and then served again. */
  read(now: Millis): Millis | undefined {
    const slot = this.#reads % this.#readAt.length;
    const full = this.#reads >= this.#readAt.length;
    // The queue is first in, first out: whatever stood behind that one then has been read by now.
    const behind = full ? (this.#readAt[slot] as number) : Number.NEGATIVE_INFINITY;
    this.#readAt[slot] = now;
    this.#reads++;
    const since = Math.max(this.#emptyAt, behind);
    const age = now - since;
    this.#tooOld = age > (this.#tooOld ? DEFAULTS.queueYoungMillis : DEFAULTS.queueOldMillis);
    return this.#tooOld ? undefined : since;
  }

  /** The queue was seen empty at `at`. */
  empty(at: Millis): void {
    this.#emptyAt = Math.max(this.#emptyAt, at);
    this.#tooOld = false;
  }

  /** T-06 (3): time passed that nobody can tell. Until the queue is seen empty everything in it is of unknown age. */
  forget(): void {
    this.#emptyAt = Number.NEGATIVE_INFINITY;
    this.#reads = 0;
    this.#tooOld = true;
  }
}
