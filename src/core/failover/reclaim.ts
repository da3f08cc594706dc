// The second confirmation that the partner's machine is off (T-01, `partner-down --reclaim`): from then on the waits of
// RFC 8156 §4.2.2.1 and §8.4.1 run, and when they are over this server uses all of the pools and passes leases on.
// It ends with the first contact: a partner that speaks is not off.

import type { Lease } from "../model/lease.ts";
import { isAvailable, isEnding } from "../model/lease-status.ts";
import {
  addSeconds,
  ceilTime,
  type DhcpTime,
  isPast,
  type Millis,
  NO_TIME,
} from "../model/time.ts";
import type { Endpoint } from "./endpoint/endpoint.ts";
import { mcltWait, reuseTime } from "./updates/mclt.ts";

/** Notes the operator's word, stored with the record. F-044: the waits are counted from now, however old the state is. */
export function reclaim(endpoint: Endpoint, now: Millis): void {
  const { record, context } = endpoint;
  const { heartbeat } = context.config.tunables;
  // a partner that served alone before it went gave lifetimes without the bound of the MCLT.
  const servedUnseen = record.aloneSince !== NO_TIME;
  const longest = Math.max(record.validHighest, record.mcltHighest);
  const wait = servedUnseen ? longest : record.mcltHighest;
  endpoint.update({ reclaimedAt: ceilTime(now), reclaimWait: mcltWait(wait, heartbeat) });
  endpoint.alarm(
    "the operator confirmed that the partner's machine is off: its leases will pass on",
  );
}

/** Whether the confirmation is in force: in PARTNER-DOWN, and not while the partner is back (A-79, F-567). */
export function isReclaiming(endpoint: Endpoint): boolean {
  const { record, communicating, behaviour } = endpoint;
  return behaviour.partnerIsOff && !communicating && record.reclaimedAt !== NO_TIME;
}

/** When the first wait is over and the partner's part is used; 0 = not confirmed. */
export function reclaimedFrom(endpoint: Endpoint): DhcpTime {
  const { reclaimedAt, reclaimWait } = endpoint.record;
  return isReclaiming(endpoint) ? addSeconds(reclaimedAt, reclaimWait) : NO_TIME;
}

/** F-030, F-043, F-394: what was free at the partner is free here, and what neither knows has ended. */
export function ownsAll(endpoint: Endpoint, now: Millis): boolean {
  const from = reclaimedFrom(endpoint);
  return from !== NO_TIME && isPast(from, now);
}

/** Whether a lease that is not ours by its half or block may go to a client that did not have it. */
export function mayPassOn(endpoint: Endpoint, lease: Lease | undefined, now: Millis): boolean {
  if (!ownsAll(endpoint, now)) return false;
  if (lease === undefined || isAvailable(lease.status)) return true;
  if (!isEnding(lease.status)) return false;
  // What was promised by a server that lost its disk is over first (docs/internals/failover.md).
  const held = lease.stateExpirationTime !== NO_TIME && !isPast(lease.stateExpirationTime, now);
  const { reclaimedAt, reclaimWait } = endpoint.record;
  // F-044, F-256, F-398, F-407
  return !held && isPast(reuseTime(lease, reclaimedAt, reclaimWait), now);
}
