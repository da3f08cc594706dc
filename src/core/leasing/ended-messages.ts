// RELEASE and DECLINE that were carried out already: a retransmission or a late duplicate must not end a lease that the
// client got again since (RFC 8415 §15: the transaction-id of a retransmission is the same).

import { DEFAULTS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";
import type { RequestView } from "../wire/view.ts";
import { Recent } from "./recent.ts";

/** Longer than a datagram lives and a client retransmits (REL_MAX_RC, DEC_MAX_RC of RFC 8415 §7.6). */
const REMEMBERED_FOR: Millis = 30_000;

export class EndedMessages {
  readonly #seen = new Recent(REMEMBERED_FOR);
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
    const at = this.#seen.last(name);
    if (at !== undefined && now - at < REMEMBERED_FOR) return true;
    this.#seen.note(name, now);
    return false;
  }
}
