// Leases that a client asked for anew although it had them, or had had them: perhaps it has released them, and the RELEASE
// is still on its way (RFC 8415 §16, T-01).

import { type LeaseKey, leaseKeyText } from "../model/lease.ts";
import { DEFAULTS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";
import { Recent } from "./recent.ts";

/** What was sent before a message arrived arrives at most this much later. */
const MAY_FOLLOW: Millis = DEFAULTS.datagramLifeSeconds * 1_000;

/** "running": it had the lease; "returned": another server or its time had ended it. */
export type AskedFor = "running" | "returned";

export class AskedAgain {
  /** When the question arrived. */
  readonly #running = new Recent(MAY_FOLLOW);
  readonly #returned = new Recent(MAY_FOLLOW);

  /** The client of this lease began anew with a message that arrived then. */
  note(lease: LeaseKey, was: AskedFor, receivedAt: Millis): void {
    const text = leaseKeyText(lease);
    (was === "running" ? this.#running : this.#returned).note(text, receivedAt);
  }

  /** Whether what arrives then about the lease may have been sent before the client began anew. */
  isYoung(lease: LeaseKey, was: AskedFor, receivedAt: Millis): boolean {
    const at = (was === "running" ? this.#running : this.#returned).last(leaseKeyText(lease));
    return at !== undefined && receivedAt <= at + MAY_FOLLOW;
  }
}
