// Housekeeping: ends leases whose time is over and forgets free ones that nobody needs (D-287, A-78).

import { placeOfLease } from "../config/lookup.ts";
import type { Authority } from "../model/authority.ts";
import { formatPrefix } from "../model/ipv6.ts";
import type { Lease, LeaseKey } from "../model/lease.ts";
import { isAvailable } from "../model/lease-status.ts";
import { LIMITS } from "../model/limits.ts";
import { prefixOwner } from "../model/prefix-owner.ts";
import {
  addSeconds,
  floorTime,
  isPast,
  type Millis,
  NO_TIME,
  type Seconds,
} from "../model/time.ts";
import type { LeasingContext } from "./context.ts";

export interface ExpiryContext extends LeasingContext {
  /** Forgets a lease's record. */
  remove(key: LeaseKey): void;
  readonly graceSeconds: Seconds;
  /** Ends what is on no link of the configuration. */
  readonly unplaced: Authority;
  /** Stores without a new version: nothing changed that the partner must hear. */
  amend(lease: Lease): void;
}

/** Seconds after which one of many declined addresses that may not be reset yet is looked at again. */
const RESET_RETRY: Seconds = 60;
/** Seconds after which a record of no link that cannot end is looked at again. */
const UNPLACED_RETRY: Seconds = 86_400;

/** At most `LIMITS.expiriesPerTick` leases; returns how many were looked at. */
export function expire(context: ExpiryContext, now: Millis): number {
  // Nothing is due before its grace is over (T-06 (6)), so leases in their grace do not fill the batch.
  const due = context.table.due(
    addSeconds(floorTime(now), -context.graceSeconds),
    LIMITS.expiriesPerTick,
  );
  const isFull = due.length >= LIMITS.expiriesPerTick;
  for (const lease of due) expireOne(context, lease, isFull, now);
  return due.length;
}

function expireOne(context: ExpiryContext, lease: Lease, isFull: boolean, now: Millis): void {
  const link = placeOfLease(context.config, lease)?.link;
  const authority = link === undefined ? context.unplaced : context.authorityOf(link);
  if (!authority.mayExpire()) return;
  if (lease.status === "ABANDONED" && !authority.mayReset(now)) {
    // Those who wait must not fill the batch.
    if (isFull)
      context.amend({ ...lease, stateExpirationTime: addSeconds(floorTime(now), RESET_RETRY) });
    return;
  }
  switch (lease.status) {
    case "ACTIVE": {
      if (!isPast(addSeconds(lease.stateExpirationTime, authority.graceSeconds), now)) return;
      // F-252, F-284: an expiry is no contact with the client.
      context.save(authority.ended(lease, "EXPIRED", now));
      if (link !== undefined) context.exhausted.forget(link.name, lease.kind);
      context.log({
        id: "DHCP6_LEASE_EXPIRED",
        fields: { lease: formatPrefix(lease), duid: lease.duid ?? "" },
      });
      return;
    }
    case "ABANDONED":
      // F-254: kept out of use long enough; RESET says so to the partner.
      context.save(authority.ended(lease, "RESET", now));
      if (link !== undefined) context.exhausted.forget(link.name, lease.kind);
      return;
    case "FREE":
    case "FREE-BACKUP":
      if (link === undefined && lease.marked) {
        // Whose partner is to be told is known when a link has it again.
        const again = addSeconds(floorTime(now), UNPLACED_RETRY);
        context.amend({ ...lease, stateExpirationTime: again });
      } else forget(context, lease, now);
      return;
    case "EXPIRED":
    case "RELEASED":
    case "RESET":
      context.save(authority.holdOver(lease));
      return;
    case "PENDING-FREE":
      return;
  }
}

/** A record may go when nothing is lost by it: it says what the pool says anyway. */
function forget(context: ExpiryContext, lease: Lease, now: Millis): void {
  if (!isAvailable(lease.status) || lease.marked || !isPast(lease.stateExpirationTime, now)) return;
  const block =
    lease.kind === "prefix" ? context.blocks.containing(lease.address, lease.length) : undefined;
  // A hole in a block is a record that overrides it; without the record the block's owner would take the prefix.
  const isHole =
    lease.kind === "prefix" && prefixOwner(lease, block) !== prefixOwner(undefined, block);
  if (isHole) context.amend({ ...lease, stateExpirationTime: NO_TIME });
  else context.remove(lease);
}
