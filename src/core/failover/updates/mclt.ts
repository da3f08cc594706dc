// The lifetime arithmetic of RFC 8156 §4.4 (lazy update and MCLT). Times are absolute.

import type { Lease } from "../../model/lease.ts";
import { DEFAULTS } from "../../model/limits.ts";
import {
  addSeconds,
  ceilTime,
  type DhcpTime,
  laterOf,
  type Millis,
  NO_TIME,
  type Seconds,
} from "../../model/time.ts";

/** F-052, F-053, F-063, F-064, F-065, F-067, F-068, F-437, F-479, A-52: the latest expiry a client may be told: MCLT past the later of now and what the partner has
 * acknowledged. `acked` is 0 when nothing was, or when the acknowledgement is void. */
export function longestExpiry(acked: DhcpTime, mclt: Seconds, now: Millis): DhcpTime {
  return addSeconds(laterOf(acked, ceilTime(now)), mclt);
}

/** F-055, F-057: what the partner is asked to keep the lease for: now + T1 + desired lifetime. */
export function partnerLifetimeFor(t1: Seconds, desired: Seconds, now: Millis): DhcpTime {
  return addSeconds(ceilTime(now), t1 + desired);
}

/** F-056, F-061: the acknowledged partner-lifetime that counts: acks of an earlier epoch are void. */
export function ackedPartnerLifetime(lease: Lease | undefined, epoch: number): DhcpTime {
  if (lease === undefined || lease.ackEpoch !== epoch) return NO_TIME;
  return lease.ackedPartnerLifetime;
}

/** T-06 (6): seconds of a wait that RFC 8156 gives as the MCLT; F-561: grace, skew and rounding are added. */
export function mcltWait(mclt: Seconds, heartbeat: Millis): Seconds {
  return mclt + DEFAULTS.graceSeconds + DEFAULTS.skewMarginSeconds + Math.ceil(heartbeat / 1000);
}

/** F-044, F-069, F-398, A-06 (example C): when a lease that ended may pass to another client in PARTNER-DOWN, without
 * margins. Used only after a second confirmation that the partner is off (T-01). */
export function reuseTime(lease: Lease, partnerDownEntry: DhcpTime, mclt: Seconds): DhcpTime {
  const times = [
    lease.clientExpiry,
    lease.partnerLifetimeSent,
    lease.partnerLifetimeHighest,
    lease.ackedPartnerLifetime,
    lease.expirationTime,
  ];
  return addSeconds(times.reduce(laterOf, partnerDownEntry), mclt);
}
