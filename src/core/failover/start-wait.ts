// When a pair starts no new lease, and why (RFC 8156 §8, T-13): for leasing and for the operator alike.

import type { StartWait } from "../model/authority.ts";
import type { LeaseKind } from "../model/lease.ts";
import { isPast, type Millis, NO_TIME } from "../model/time.ts";
import type { Endpoint } from "./endpoint/endpoint.ts";
import { isTooFarOff } from "./link/connect.ts";
import { ownsAll } from "./reclaim.ts";

/** Why no new lease of the kind is started now. */
export function startWait(endpoint: Endpoint, kind: LeaseKind, now: Millis): StartWait | undefined {
  const wait = startsNothing(endpoint, now);
  if (wait !== undefined || kind === "address") return wait;
  if (ownsAll(endpoint, now) || mayDelegate(endpoint, now)) return undefined;
  return {
    reason:
      "started without contact, and the partner may have delegated prefixes of this server's part",
    until: NO_TIME,
    ends: "it ends with the first contact; if the partner's machine is gone for good: `tandem failover partner-down --reclaim`",
  };
}

/** Why no new lease at all is started now. */
export function startsNothing(endpoint: Endpoint, now: Millis): StartWait | undefined {
  const { record, behaviour } = endpoint;
  if (!behaviour.startsLeases) {
    const reason = `in ${endpoint.state} the pair starts no lease`;
    return { reason, until: NO_TIME, ends: behaviour.advice(endpoint.stateContext) };
  }
  if (areClocksApart(endpoint))
    return {
      reason: "the partner's clock differs from this one by more than 5 s",
      until: NO_TIME,
      ends: "it ends when time synchronisation works on both machines (`timedatectl`)",
    };
  // not before UPDREQALL is done and the wait is over.
  // Declared alone by force, and no contact since, only the wait counts: nobody is left to ask.
  const isForced = behaviour.partnerIsOff && record.aloneSince !== NO_TIME;
  if (record.updateAllNeeded && !isForced)
    return {
      reason: "the own leases were lost and the partner has not sent them yet",
      until: NO_TIME,
      ends: "it ends when the partner has; if it will never come back: `tandem failover partner-down --force`",
    };
  const { noNewLeasesUntil } = record;
  if (noNewLeasesUntil === NO_TIME || isPast(noNewLeasesUntil, now)) return undefined;
  return {
    reason: "leases that this server does not know may still run",
    until: noNewLeasesUntil,
    ends: "it ends by itself",
  };
}

/** T-06: while the clocks differ by more than is permitted nobody knows whose is right, so nothing begins and nothing ends. */
export function areClocksApart(endpoint: Endpoint): boolean {
  return isTooFarOff(endpoint.contact.clockOffset);
}

/** A-83, F-571: started alone, the partner may have used our delegable prefixes meanwhile; in PARTNER-DOWN none are given. */
export function mayDelegate(endpoint: Endpoint, now: Millis): boolean {
  if (endpoint.isAlone(now)) return false;
  return !endpoint.behaviour.partnerIsOff || endpoint.record.aloneSince === NO_TIME;
}
