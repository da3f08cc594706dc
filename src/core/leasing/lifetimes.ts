// Lifetimes of a lease and T1 and T2 of an answer (RFC 8415 §21.4, RFC 8156 §4.4).

import type { Lifetimes } from "../config/types.ts";
import type { Authority } from "../model/authority.ts";
import type { Lease } from "../model/lease.ts";
import {
  ceilTime,
  diffSeconds,
  INFINITY_SECONDS,
  type Millis,
  type Seconds,
} from "../model/time.ts";

/** The longest lifetime whose end compares as later than now (F-013); rounding needs a little of the 2^31. */
const LONGEST_SECONDS = 0x7fff_ff00;

export interface GrantedLifetimes {
  readonly valid: Seconds;
  readonly preferred: Seconds;
  readonly desired: Seconds;
}

/** What a lease may be given now. `record` is the client's own present lease, if any. F-054, F-060. */
export function lifetimesFor(
  policy: Lifetimes,
  authority: Authority,
  record: Lease | undefined,
  now: Millis,
): GrantedLifetimes {
  const bound = authority.longestExpiry(record, now);
  // F-066, A-59: an absolute partner time has no infinity; the configuration caps it, this is the last gate.
  const isEndless = bound === undefined && policy.valid === INFINITY_SECONDS;
  const desired = isEndless ? INFINITY_SECONDS : Math.min(policy.valid, LONGEST_SECONDS);
  const valid =
    bound === undefined
      ? desired
      : Math.max(0, Math.min(desired, diffSeconds(bound, ceilTime(now))));
  return { valid, preferred: preferredFor(policy, valid, desired), desired };
}

/** D-088: at most the valid lifetime. Where that is shorter than policy has it, both shrink alike: the address is deprecated
 * before it ends, so that connections move to another one in time. */
function preferredFor(policy: Lifetimes, valid: Seconds, desired: Seconds): Seconds {
  if (valid >= desired || policy.preferred >= desired) return Math.min(policy.preferred, valid);
  return Math.min(valid, Math.ceil((policy.preferred * valid) / desired));
}

export interface Timers {
  readonly t1: Seconds;
  readonly t2: Seconds;
}

export interface TimedLease {
  readonly preferred: Seconds;
  readonly renewTimer: Seconds | undefined;
  readonly rebindTimer: Seconds | undefined;
}

/** D-083, D-084: the same T1 and T2 in every IA, 0.5 and 0.8 of the shortest preferred lifetime of all leases
 * that are extended. D-085: infinite stays infinite. No leases: 0 and 0 (D-303). */
export function timersFor(leases: readonly TimedLease[]): Timers {
  if (leases.length === 0) return { t1: 0, t2: 0 };
  let shortest = INFINITY_SECONDS;
  let t1Bound = INFINITY_SECONDS;
  let t2Bound = INFINITY_SECONDS;
  for (const lease of leases) {
    shortest = Math.min(shortest, lease.preferred);
    t1Bound = Math.min(t1Bound, lease.renewTimer ?? INFINITY_SECONDS);
    t2Bound = Math.min(t2Bound, lease.rebindTimer ?? INFINITY_SECONDS);
  }
  if (shortest === INFINITY_SECONDS) return { t1: t1Bound, t2: Math.max(t1Bound, t2Bound) };
  const t1 = Math.min(Math.floor(shortest * 0.5), t1Bound);
  // D-087: T1 is never above T2.
  return { t1, t2: Math.max(t1, Math.min(Math.floor(shortest * 0.8), t2Bound)) };
}
