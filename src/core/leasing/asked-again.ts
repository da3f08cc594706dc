// Leases that a client asked for anew although it had them: perhaps it has released them, and the RELEASE is still on
// its way (RFC 8415 §16, T-01).

import type { LeaseKey } from "../model/lease.ts";
import { DEFAULTS, LIMITS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";

/** What was sent before a message arrived arrives at most this much later. */
const MAY_FOLLOW: Millis = DEFAULTS.datagramLifeSeconds * 1_000;

export class AskedAgain {
  /** When the question arrived, in order of time. */
  readonly #leases = new Map<string, Millis>();

  /** The client of this running lease began anew with a message that arrived then. */
  note(lease: LeaseKey, receivedAt: Millis): void {
    const name = nameOf(lease);
    this.#leases.delete(name);
    this.#leases.set(name, receivedAt);
    this.#trim(receivedAt);
  }

  /** Whether what arrives then about the lease may have been sent before the client began anew. */
  isYoung(lease: LeaseKey, receivedAt: Millis): boolean {
    const at = this.#leases.get(nameOf(lease));
    return at !== undefined && receivedAt <= at + MAY_FOLLOW;
  }

  #trim(now: Millis): void {
    let budget = 4;
    for (const [name, at] of this.#leases) {
      const isOver = this.#leases.size > LIMITS.offersHeld;
      if (budget-- === 0 || (now <= at + MAY_FOLLOW && !isOver)) return;
      this.#leases.delete(name);
    }
  }
}

function nameOf({ address, kind, length }: LeaseKey): string {
  return `${kind} ${address}/${length}`;
}
