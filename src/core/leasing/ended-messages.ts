// RELEASE and DECLINE that were carried out already: a retransmission or a late duplicate must not end a lease that the
// client got again since (RFC 8415 §15: the transaction-id of a retransmission is the same).

import { DEFAULTS, LIMITS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";
import type { RequestView } from "../wire/view.ts";

/** Longer than a datagram lives and a client retransmits (REL_MAX_RC, DEC_MAX_RC of RFC 8415 §7.6). */
const REMEMBERED_FOR: Millis = 30_000;

export class EndedMessages {
  /** In order of time. */
  readonly #seen = new Map<string, Millis>();
  readonly #completeFrom: Millis;

  /** `startedAt`: what was carried out before is not remembered; undefined: nothing was. */
  constructor(startedAt?: Millis) {
    this.#completeFrom =
      startedAt === undefined ? 0 : startedAt + DEFAULTS.datagramLifeSeconds * 1_000;
  }

  /** Whether every message that can still arrive again was carried out since the start. */
  isComplete(now: Millis): boolean {
    return now >= this.#completeFrom;
  }

  /** Whether this very message was carried out before; if not, it is now. */
  isRepeated(view: RequestView, now: Millis): boolean {
    const name = `${view.clientId}.${view.transactionId}.${view.type}`;
    const at = this.#seen.get(name);
    if (at !== undefined && now - at < REMEMBERED_FOR) return true;
    this.#seen.delete(name);
    this.#seen.set(name, now);
    this.#trim(now);
    return false;
  }

  #trim(now: Millis): void {
    let budget = 4;
    for (const [name, at] of this.#seen) {
      const isOver = this.#seen.size > LIMITS.offersHeld;
      if (budget-- === 0 || (now - at < REMEMBERED_FOR && !isOver)) return;
      this.#seen.delete(name);
    }
  }
}
