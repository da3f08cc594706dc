// The authority of a server without a partner: every pool is its own, a lease ends and is free at once.
// R7031-27, R7031-37: so independent servers need pools that do not meet (RFC 6853 §6.1).

import type { Authority } from "./authority.ts";
import type { Lease } from "./lease.ts";
import { type FreedAt, freed, isAvailable, isEnding, isHeld, isOf } from "./lease-status.ts";
import { DEFAULTS } from "./limits.ts";
import {
  addSeconds,
  type DhcpTime,
  floorTime,
  isPast,
  laterOf,
  type Millis,
  NO_TIME,
  type Seconds,
} from "./time.ts";

export interface LoneOptions {
  /** Seconds a declined address is kept out of use. */
  readonly declinedHeld: Seconds;
  readonly retention: Seconds;
  /** T-08: nothing can be granted now, so a SOLICIT is never settled at once. */
  readonly isUnfit: () => boolean;
}

export function loneAuthority(options: LoneOptions): Authority {
  // Blocks of a partner that the link had once stay whole: there is nobody with whom to agree on holes in them.
  const at = (start: DhcpTime): FreedAt => ({
    start,
    retention: options.retention,
    lastSequence: 0,
  });
  return {
    // T-06 (6): its client heard of its end a few seconds later than it was counted from here.
    graceSeconds: DEFAULTS.graceSeconds,
    retention: options.retention,
    serviceFor: (_message, serverId) =>
      serverId === "none" || serverId === "own"
        ? { type: "answer" }
        : { type: "silent", reason: "server-id-mismatch" },
    shares: () => [{ addressBit: undefined, prefixes: "all" }],
    mayStart: (_key, lease, client, now) =>
      lease === undefined ||
      isAvailable(lease.status) ||
      // D-287: over, though housekeeping has not come by yet.
      (lease.status === "ACTIVE" && !isHeld(lease, DEFAULTS.graceSeconds, now)) ||
      ((lease.status === "RELEASED" || lease.status === "EXPIRED") && isOf(lease, client)) ||
      // Ended while the link had a partner, whose answer never came.
      (isEnding(lease.status) && isOver(lease, now)),
    waitsFor: () => undefined,
    mayExtend: () => true,
    longestExpiry: () => undefined,
    mayGoBack: () => false,
    isDoubtful: () => false,
    isOutOfStep: () => options.isUnfit(),
    mayHaveActedUnseen: () => false,
    ready: (lease, now) =>
      isAvailable(lease.status) ? lease : freed(lease, "FREE", at(floorTime(now))),
    granted: (_before, after) => after,
    ended: (before, status, now) => {
      const start = floorTime(now);
      if (status === "ABANDONED") {
        return {
          ...before,
          status,
          startTimeOfState: start,
          stateExpirationTime: addSeconds(start, options.declinedHeld),
          clientExpiry: NO_TIME,
        };
      }
      return freed(before as Lease, "FREE", at(start));
    },
    // Ended while the link had a partner.
    holdOver: (lease, now) =>
      isOver(lease, now)
        ? freed(lease, "FREE", at(floorTime(now)))
        : { ...lease, stateExpirationTime: lastPromise(lease) },
    mayExpire: () => true,
    mayReset: () => true,
  };
}

/** The last that either server of a former pair may have promised. */
function lastPromise({ clientExpiry, expirationTime, partnerLifetimeHighest }: Lease): DhcpTime {
  return laterOf(laterOf(clientExpiry, expirationTime), partnerLifetimeHighest);
}

function isOver(lease: Lease, now: Millis): boolean {
  const last = lastPromise(lease);
  return last === NO_TIME || isPast(addSeconds(last, DEFAULTS.graceSeconds), now);
}
