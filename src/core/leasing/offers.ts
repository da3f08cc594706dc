// Leases shown in an ADVERTISE and held for that client for a while, in memory only (D-115).

import type { ClientRef } from "../model/authority.ts";
import { type LeaseKey, leaseKeyText } from "../model/lease.ts";
import { LIMITS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";

interface Offer {
  readonly client: string;
  readonly key: LeaseKey;
  readonly until: Millis;
}

function clientText(client: ClientRef, kind: LeaseKey["kind"]): string {
  return `${client.duid}.${client.iaid}.${kind}`;
}

export class Offers {
  readonly #byLease = new Map<string, Offer>();
  readonly #byClient = new Map<string, Offer>();
  readonly #held: Millis;

  constructor(held: Millis) {
    this.#held = held;
  }

  /** Holds `key` for the client; an earlier offer of the client goes, and one of the lease that is over. */
  hold(key: LeaseKey, client: ClientRef, now: Millis): void {
    const name = clientText(client, key.kind);
    this.#drop(this.#byClient.get(name));
    this.#drop(this.#byLease.get(leaseKeyText(key)));
    const offer = { client: name, key, until: now + this.#held };
    this.#byLease.set(leaseKeyText(key), offer);
    this.#byClient.set(name, offer);
    this.#trim(now);
  }

  /** The lease that is held for the client now. */
  of(client: ClientRef, kind: LeaseKey["kind"], now: Millis): LeaseKey | undefined {
    const offer = this.#byClient.get(clientText(client, kind));
    return offer !== undefined && offer.until > now ? offer.key : undefined;
  }

  /** Whether somebody else may expect to get this lease. */
  isHeldForOther(key: LeaseKey, client: ClientRef, now: Millis): boolean {
    const offer = this.#byLease.get(leaseKeyText(key));
    return (
      offer !== undefined && offer.until > now && offer.client !== clientText(client, key.kind)
    );
  }

  /** The lease was given or is gone. */
  release(key: LeaseKey): void {
    this.#drop(this.#byLease.get(leaseKeyText(key)));
  }

  #drop(offer: Offer | undefined): void {
    if (offer === undefined) return;
    this.#byLease.delete(leaseKeyText(offer.key));
    this.#byClient.delete(offer.client);
  }

  /** Maps keep insertion order, so the oldest offers come first; a few a call keep the size bounded. */
  #trim(now: Millis): void {
    let budget = 4;
    for (const offer of this.#byLease.values()) {
      const over = this.#byLease.size > LIMITS.offersHeld;
      if (budget-- === 0 || (offer.until > now && !over)) return;
      this.#drop(offer);
    }
  }
}
