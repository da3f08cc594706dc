// Leases shown in an ADVERTISE and kept for that client for a while, in memory only (D-115). An offer is a preference: it
// keeps a lease from others only as long as there is another one for them.

import type { ClientRef } from "../model/authority.ts";
import type { Duid } from "../model/duid.ts";
import { type LeaseKey, type LeaseKind, leaseKeyText } from "../model/lease.ts";
import { LIMITS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";

interface Offer {
  readonly client: ClientRef;
  readonly link: string;
  readonly key: LeaseKey;
  readonly until: Millis;
}

export interface NewOffer {
  readonly client: ClientRef;
  readonly link: string;
  readonly key: LeaseKey;
  /** Offers that the client may have: what it may hold less what it holds. */
  readonly most: number;
}

function iaText({ iaid }: ClientRef, kind: LeaseKind): string {
  return `${kind} ${iaid}`;
}

function poolText(link: string, kind: LeaseKind): string {
  return `${kind} ${link}`;
}

/** Maps keep insertion order and every offer is kept equally long, so the oldest come first in each. */
export class Offers {
  readonly #byLease = new Map<string, Offer>();
  /** By kind and link, then by lease. */
  readonly #byPool = new Map<string, Map<string, Offer>>();
  /** By client, then by IA. */
  readonly #byClient = new Map<Duid, Map<string, Offer>>();
  readonly #held: Millis;

  constructor(held: Millis) {
    this.#held = held;
  }

  /** Keeps a lease for the client. An earlier offer for the IA goes, one of the lease, and the client's oldest ones beyond
   * what it may hold. */
  hold({ client, link, key, most }: NewOffer, now: Millis): void {
    const own = this.#byClient.get(client.duid);
    this.#drop(own?.get(iaText(client, key.kind)));
    this.#drop(this.#byLease.get(leaseKeyText(key)));
    for (const offer of own?.values() ?? []) {
      if ((own?.size ?? 0) < Math.max(1, most)) break;
      this.#drop(offer);
    }
    this.#add({ client, link, key, until: now + this.#held });
    this.#trim(now);
  }

  /** The lease that is kept for the client now. */
  of(client: ClientRef, kind: LeaseKind, now: Millis): LeaseKey | undefined {
    const offer = this.#byClient.get(client.duid)?.get(iaText(client, kind));
    return offer !== undefined && offer.until > now ? offer.key : undefined;
  }

  /** Whether somebody else may expect to get this lease. */
  isHeldForOther(key: LeaseKey, client: ClientRef, now: Millis): boolean {
    const offer = this.#byLease.get(leaseKeyText(key));
    if (offer === undefined || offer.until <= now) return false;
    return offer.client.duid !== client.duid || offer.client.iaid !== client.iaid;
  }

  /** Leases of a link that are kept for somebody, the oldest offers first. */
  *oldest(link: string, kind: LeaseKind, limit: number): Generator<LeaseKey> {
    let left = limit;
    for (const { key } of this.#byPool.get(poolText(link, kind))?.values() ?? []) {
      if (left-- === 0) return;
      yield key;
    }
  }

  /** The lease was given or is gone. */
  release(key: LeaseKey): void {
    this.#drop(this.#byLease.get(leaseKeyText(key)));
  }

  #add(offer: Offer): void {
    const { client, link, key } = offer;
    const lease = leaseKeyText(key);
    this.#byLease.set(lease, offer);
    put(this.#byPool, poolText(link, key.kind), lease, offer);
    put(this.#byClient, client.duid, iaText(client, key.kind), offer);
  }

  #drop(offer: Offer | undefined): void {
    if (offer === undefined) return;
    const { client, link, key } = offer;
    const lease = leaseKeyText(key);
    this.#byLease.delete(lease);
    take(this.#byPool, poolText(link, key.kind), lease);
    take(this.#byClient, client.duid, iaText(client, key.kind));
  }

  /** A few a call keep the size bounded. */
  #trim(now: Millis): void {
    let budget = 4;
    for (const offer of this.#byLease.values()) {
      const over = this.#byLease.size > LIMITS.offersHeld;
      if (budget-- === 0 || (offer.until > now && !over)) return;
      this.#drop(offer);
    }
  }
}

function put<K>(maps: Map<K, Map<string, Offer>>, outer: K, inner: string, offer: Offer): void {
  const map = maps.get(outer) ?? new Map<string, Offer>();
  maps.set(outer, map.set(inner, offer));
}

function take<K>(maps: Map<K, Map<string, Offer>>, outer: K, inner: string): void {
  const map = maps.get(outer);
  map?.delete(inner);
  if (map?.size === 0) maps.delete(outer);
}
