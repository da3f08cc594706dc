// What a client remembers of what it was told: its IAs, their leases and when they end by its own clock.

import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import type { Ia, IaKind } from "./codec.ts";

export interface HeldLease {
  readonly address: Ipv6Address;
  readonly length: number;
  readonly preferred: number;
  readonly valid: number;
  /** By the client's clock, milliseconds. */
  readonly expiresAt: number;
}

/** An IA and its leases. Changes as answers come. */
export class HeldIa {
  readonly kind: IaKind;
  iaid: number;
  leases: readonly HeldLease[] = [];
  t1At = Number.POSITIVE_INFINITY;
  t2At = Number.POSITIVE_INFINITY;

  constructor(kind: IaKind, iaid: number) {
    this.kind = kind;
    this.iaid = iaid;
  }

  forget(): void {
    this.leases = [];
    this.t1At = Number.POSITIVE_INFINITY;
    this.t2At = Number.POSITIVE_INFINITY;
  }

  /** Drops what has ended by `now`; returns it. */
  expire(now: number): readonly HeldLease[] {
    const ended = this.leases.filter((lease) => lease.expiresAt <= now);
    if (ended.length > 0) this.leases = this.leases.filter((lease) => lease.expiresAt > now);
    if (this.leases.length === 0) this.forget();
    return ended;
  }

  /** RFC 8415 §18.2.10.1: takes over an IA of an answer; `halfValid` ignores its T1 and T2. */
  take(ia: Ia, now: number, halfValid: boolean): void {
    for (const { address, length, preferred, valid } of ia.leases) {
      const others = this.leases.filter(
        (lease) => lease.address !== address || lease.length !== length,
      );
      // A lifetime of 0 ends the lease, also when it comes second for the same address.
      if (valid === 0) this.leases = others;
      else
        this.leases = [
          ...others,
          { address, length, preferred, valid, expiresAt: now + valid * 1000 },
        ];
    }
    if (this.leases.length === 0) return this.forget();
    const shortest = Math.min(...this.leases.map((lease) => lease.preferred || lease.valid));
    const valid = Math.min(...this.leases.map((lease) => lease.valid));
    const t1 = halfValid ? valid / 2 : ia.t1 || shortest * 0.5;
    const t2 = halfValid ? valid : ia.t2 || shortest * 0.8;
    this.t1At = now + t1 * 1000;
    this.t2At = now + Math.max(t1, t2) * 1000;
  }
}
