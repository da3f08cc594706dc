// Large pools that were searched in vain: not searched again for a moment, so that clients that find nothing cost no more than
// others. A lease that ends here opens them at once.

import type { LeaseKind } from "../../model/lease.ts";
import type { Millis } from "../../model/time.ts";

/** What else can free a lease meanwhile (an offer that lapses, the partner's answer) waits for this long at most. */
const CLOSED_FOR: Millis = 1_000;

export class Exhausted {
  /** By link and kind: at most two entries a link. */
  readonly #until = new Map<string, Millis>();

  note(link: string, kind: LeaseKind, now: Millis): void {
    this.#until.set(nameOf(link, kind), now + CLOSED_FOR);
  }

  has(link: string, kind: LeaseKind, now: Millis): boolean {
    return (this.#until.get(nameOf(link, kind)) ?? now) > now;
  }

  /** A lease of the link ended. */
  forget(link: string, kind: LeaseKind): void {
    this.#until.delete(nameOf(link, kind));
  }
}

function nameOf(link: string, kind: LeaseKind): string {
  return `${kind} ${link}`;
}
