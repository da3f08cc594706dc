// The endpoint's record before anything was stored, and the times that follow from it (RFC 8156 §8.2, §8.3.2).

import type { Relationship } from "../../config/types.ts";
import type { EndpointRecord } from "../../model/endpoint-record.ts";
import {
  addSeconds,
  ceilTime,
  type DhcpTime,
  floorTime,
  type Millis,
  NO_TIME,
  type Seconds,
} from "../../model/time.ts";
import type { FailoverContext } from "../context.ts";
import { longestValid } from "../updates/forgotten.ts";
import { mcltWait } from "../updates/mclt.ts";
import { STATES } from "./states/all.ts";

/** F-369, F-377, F-388, A-01: without a record the server was new or lost its disk: RECOVER. With leases it served before it had
 * this partner: T-10: PARTNER-DOWN, so that service goes on, and the partner gets all of them (F-490). */
function newRecord(
  relationship: Relationship,
  hasLeases: boolean,
  now: Millis,
): Omit<EndpointRecord, "validHighest"> {
  return {
    relationship: relationship.name,
    state: hasLeases ? "PARTNER-DOWN" : "RECOVER",
    previousState: undefined,
    startTimeOfState: floorTime(now),
    reason: "no record of an earlier state",
    partnerState: undefined,
    partnerFlags: 0,
    partnerStartTimeOfState: NO_TIME,
    partnerDownTime: NO_TIME,
    partnerLastContact: NO_TIME,
    partnerDuid: relationship.partner.duid,
    communicated: false,
    updateAllNeeded: false,
    partnerUpdateAll: hasLeases,
    partnerLostAt: NO_TIME,
    partnerServed: false,
    ownLostAt: NO_TIME,
    ackEpoch: 1,
    mclt: relationship.mclt,
    mcltHighest: relationship.mclt,
    noNewLeasesUntil: NO_TIME,
    recoverWaitUntil: NO_TIME,
    aloneSince: NO_TIME,
    clockShifted: 0,
    reclaimedAt: NO_TIME,
    reclaimWait: 0,
    partnerStore: undefined,
  };
}

export interface FailureTimes {
  /** The last heartbeat; 0 = none. */
  readonly lastOperation: Millis;
  readonly heartbeat: Millis;
  readonly startedAt: Millis;
}

/** F-375, F-376: a time after which this server surely did not run; 0 = unknown. */
export function timeOfFailure({ lastOperation, heartbeat }: FailureTimes): DhcpTime {
  return lastOperation === 0 ? NO_TIME : ceilTime(lastOperation + heartbeat);
}

/** F-420, A-60, A-80: the end of a wait of the MCLT after the failure, or after the start where it is unknown. */
export function waitAfterFailure(times: FailureTimes, mclt: Seconds): DhcpTime {
  const failed = timeOfFailure(times);
  return addSeconds(
    failed === NO_TIME ? ceilTime(times.startedAt) : failed,
    mcltWait(mclt, times.heartbeat),
  );
}

/** F-368, F-375, F-379: what a start finds, or a new record. `times` are of this start. */
export function startingRecord(
  relationship: Relationship,
  found: EndpointRecord | undefined,
  { config, table }: Pick<FailoverContext, "config" | "table">,
  times: FailureTimes,
): EndpointRecord {
  const now = times.startedAt;
  const longest = longestValid(config);
  if (found === undefined)
    return { ...newRecord(relationship, table.size > 0, now), validHighest: longest };
  const state = STATES[found.state].afterRestart(relationship.role) ?? found.state; // F-379
  const own = relationship.role === "primary" ? relationship.mclt : 0;
  const changes =
    state === found.state
      ? {}
      : {
          state,
          startTimeOfState: floorTime(now),
          reason: "restart",
          previousState: found.state,
        };
  return {
    ...found,
    ...changes,
    mclt: own === 0 ? found.mclt : own,
    mcltHighest: Math.max(found.mcltHighest, found.mclt, own),
    // T-10: a lower one bounds grants at once; what was given before it runs on.
    validHighest: Math.max(found.validHighest, longest),
    aloneSince: startedAlone(found, times),
  };
}

/** What an operator's force has set stays until the next contact; while the database is to be fetched a start does
 * not set it, as that would stand for his word. */
function startedAlone(found: EndpointRecord, times: FailureTimes): DhcpTime {
  const mayBegin = found.communicated && !found.updateAllNeeded;
  return found.aloneSince === NO_TIME && !mayBegin ? NO_TIME : aloneSince(found, times);
}

/** the first stop since the last contact counts. */
function aloneSince(found: EndpointRecord, times: FailureTimes): DhcpTime {
  if (found.aloneSince !== NO_TIME) return found.aloneSince;
  const failed = timeOfFailure(times);
  return failed === NO_TIME ? ceilTime(times.startedAt) : failed;
}
