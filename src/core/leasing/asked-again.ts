// Leases that a client asked for anew although it had them: perhaps it has released them, and the RELEASE is still on
// its way (RFC 8415 §16, T-01).

import { type LeaseKey, leaseKeyText } from "../model/lease.ts";
import { DEFAULTS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";
import { Recent } from "./recent.ts";

/** What was sent before a message arrived arrives at most this much later. */
const MAY_FOLLOW: Millis = DEFAULTS.datagramLifeSeconds * 1_000;

export class AskedAgain {
  /** When the question arrived. */
  readonly #leases = new Recent(MAY_FOLLOW);

  /** The client of this running lease began anew with a message that arrived then. */
  note(lease: LeaseKey, receivedAt: Millis): void {
    this.#leases.note(leaseKeyText(lease), receivedAt);
  }

  /** Whether what arrives then about the lease may have been sent before the client began anew. */
  isYoung(lease: LeaseKey, receivedAt: Millis): boolean {
    const at = this.#leases.last(leaseKeyText(lease));
    return at !== undefined && receivedAt <= at + MAY_FOLLOW;
  }
}
