// What the partner refused: it goes out again with growing pauses (F-300, A-30).

import { type Lease, type LeaseKey, leaseKeyText } from "../../model/lease.ts";
import { DEFAULTS } from "../../model/limits.ts";
import type { Millis } from "../../model/time.ts";

/** Why the partner refused an update, in its words. */
export interface RejectionReason {
  readonly status: number;
  readonly message: string;
}

interface Rejection {
  readonly key: LeaseKey;
  readonly version: number;
  readonly reason: RejectionReason;
  pause: Millis;
  retryAt: Millis;
}

/** A refused update stays open by its mark; at most this many are remembered one by one. */
const REMEMBERED_MAX = 10_000;

export class Rejections {
  readonly #byLease = new Map<string, Rejection>();

  get size(): number {
    return this.#byLease.size;
  }

  /** The version of this lease or block that was refused. */
  versionOf(key: LeaseKey): number | undefined {
    return this.#byLease.get(leaseKeyText(key))?.version;
  }

  /** Why this lease or block was refused. */
  reasonOf(key: LeaseKey): RejectionReason | undefined {
    return this.#byLease.get(leaseKeyText(key))?.reason;
  }

  /** Whether this version was refused a short while ago. */
  isPaused(lease: LeaseKey & Pick<Lease, "version">, now: Millis): boolean {
    const rejection = this.#byLease.get(leaseKeyText(lease));
    return (
      rejection !== undefined && rejection.version === lease.version && rejection.retryAt > now
    );
  }

  /** Remembers a rejection so that the update is not repeated at once. */
  add(
    { key: { kind, address, length }, version }: Pick<Rejection, "key" | "version">,
    { status, message }: RejectionReason,
    now: Millis,
  ): void {
    const text = leaseKeyText({ kind, address, length });
    const before = this.#byLease.get(text);
    const pause =
      before !== undefined && before.version === version
        ? Math.min(before.pause * 2, DEFAULTS.rejectedRetryMaxMillis)
        : DEFAULTS.rejectedRetryMillis;
    this.#byLease.delete(text);
    if (this.#byLease.size < REMEMBERED_MAX)
      this.#byLease.set(text, {
        key: { kind, address, length },
        version,
        reason: { status, message },
        pause,
        retryAt: now + pause,
      });
  }

  remove(key: LeaseKey): void {
    this.#byLease.delete(leaseKeyText(key));
  }

  /** The partner spoke of a lease of which it refused an update: what it refused may fit now, so the pauses begin anew. */
  heardOf(key: LeaseKey, now: Millis): void {
    if (this.#byLease.size === 0) return;
    const rejection = this.#byLease.get(leaseKeyText(key));
    if (rejection === undefined) return;
    rejection.pause = DEFAULTS.rejectedRetryMillis;
    rejection.retryAt = Math.min(rejection.retryAt, now + rejection.pause);
  }

  /** Those whose pause is over, at most `limit` looked at while there is room; each comes up in its turn. */
  *due(limit: number, now: Millis, hasRoom: () => boolean): Generator<Readonly<Rejection>> {
    let budget = Math.min(limit, this.#byLease.size);
    for (const [text, rejection] of this.#byLease) {
      if (budget-- === 0 || !hasRoom()) return;
      this.#byLease.delete(text);
      this.#byLease.set(text, rejection);
      if (rejection.retryAt <= now) yield rejection;
    }
  }

  /** It was sent again, or is on its way: the next pause begins. */
  postpone(key: LeaseKey, now: Millis): void {
    const rejection = this.#byLease.get(leaseKeyText(key));
    if (rejection !== undefined) rejection.retryAt = now + rejection.pause;
  }
}
