// Times of a received lease that this server cannot keep as they are. Times are serial numbers of 32 bits, so
// what lies more than 2^31 s ahead looks past; and a contact or a change of status that is yet to come would beat every
// later one.

import { CONFIG_LIMITS } from "../../config/limits.ts";
import { DEFAULTS } from "../../model/limits.ts";
import {
  addSeconds,
  type DhcpTime,
  diffSeconds,
  floorTime,
  INFINITY_SECONDS,
  isLater,
  type Millis,
  NO_TIME,
  type Seconds,
} from "../../model/time.ts";
import type { UpdatedLease } from "./update.ts";

/** 34 years: no lease that comes from the partner ends later here, and half as much again can still be compared. */
const LONGEST: Seconds = CONFIG_LIMITS.failoverLifetimeSeconds;

/** The lease with times that can be compared. What the answer echoes is what was received (F-122, F-348). */
export function withinReach(update: UpdatedLease, now: Millis): UpdatedLease {
  const at = floorTime(now);
  const runs = update.status === "ACTIVE" || update.status === "ABANDONED";
  const end = update.stateExpirationTime;
  return {
    ...update,
    validLifetime: Math.min(update.validLifetime, LONGEST),
    startTimeOfState: notAhead(update.startTimeOfState, at),
    clientTransactionTime: notAhead(update.clientTransactionTime, at),
    partnerRawCltTime: notAhead(update.partnerRawCltTime, at),
    // T-04: what runs and seems to have ended 34 years ago ends in the far future.
    stateExpirationTime:
      runs && end !== NO_TIME && diffSeconds(end, at) < -LONGEST
        ? addSeconds(at, LONGEST)
        : notBeyond(end, at),
    partnerLifetime: notBeyond(update.partnerLifetime, at),
    expirationTime: notBeyond(update.expirationTime, at),
  };
}

/** F-235: later than the clocks may differ, it has not been yet. */
function notAhead(time: DhcpTime, at: DhcpTime): DhcpTime {
  return isLater(time, addSeconds(at, DEFAULTS.skewMarginSeconds)) ? at : time;
}

function notBeyond(time: DhcpTime, at: DhcpTime): DhcpTime {
  const last = addSeconds(at, LONGEST);
  // RFC 8415 §7.7: all ones stand for no end, though as a time they are the year 2136.
  const isBeyond = time === INFINITY_SECONDS || (time !== NO_TIME && isLater(time, last));
  return isBeyond ? last : time;
}
