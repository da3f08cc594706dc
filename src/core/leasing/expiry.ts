// Housekeeping: ends leases whose time is over and forgets free ones that nobody needs (D-287, A-78).

import type { Authority } from "../model/authority.ts";
import { formatPrefix } from "../model/ipv6.ts";
import type { Lease, LeaseKey } from "../model/lease.ts";
import type { LinkGroup } from "../model/lease-table.ts";
import { LIMITS } from "../model/limits.ts";
import { prefixOwner } from "../model/prefix-owner.ts";
import { addSeconds, floorTime, type Millis, NO_TIME } from "../model/time.ts";
import type { LeasingContext } from "./context.ts";
import type { DeclinedShare } from "./declined.ts";

export interface ExpiryContext extends LeasingContext {
  /** Forgets a lease's record. */
  remove(key: LeaseKey): void;
  /** Stores without a new version: nothing changed that the partner must hear. */
  amend(lease: Lease): void;
  /** Whose leases are looked at. */
  readonly groups: readonly ExpiryGroup[];
  readonly declinedShare: DeclinedShare;
}

export interface ExpiryGroup {
  readonly name: LinkGroup;
  readonly authority: Authority;
}

/** At most `LIMITS.expiriesPerTick` leases; returns how many were looked at. The groups share them evenly, and what one
 * leaves the others get. */
export function expire(context: ExpiryContext, now: Millis): number {
  context.declinedShare.returnSome(context, now);
  let left: number = LIMITS.expiriesPerTick;
  let open = context.groups.filter(({ authority }) => authority.mayExpire());
  while (open.length > 0 && left > 0) {
    const share = Math.max(1, Math.floor(left / open.length));
    open = open.filter((group) => {
      const most = Math.min(share, left);
      const looked = expireSome(context, group, most, now);
      left -= looked;
      return looked === most;
    });
  }
  return LIMITS.expiriesPerTick - left;
}

/** Whatever is looked at is changed, so that it is not looked at again and again while others wait. */
function expireSome(
  context: ExpiryContext,
  { name, authority }: ExpiryGroup,
  limit: number,
  now: Millis,
): number {
  const { table } = context;
  // Nothing is due before its grace is over (T-06 (6)), so leases in their grace do not fill the batch.
  const time = addSeconds(floorTime(now), -authority.graceSeconds);
  const declined = authority.mayReset(now) ? table.dueDeclined(name, time, limit) : [];
  const due = table.due(name, time, limit - declined.length);
  for (const lease of [...declined, ...due]) expireOne(context, authority, lease, now);
  const rest = limit - declined.length - due.length;
  // D-294: where records are too many, the free ones go as soon as every promise is over, the oldest first.
  const isCrowded = table.size > context.capacity.most;
  const until = isCrowded ? addSeconds(time, authority.retention) : time;
  const free = rest > 0 ? table.dueFree(name, until, rest) : [];
  for (const lease of free) forget(context, lease);
  return limit - rest + free.length;
}

function expireOne(context: ExpiryContext, authority: Authority, lease: Lease, now: Millis): void {
  switch (lease.status) {
    case "ACTIVE": {
      // F-252, F-284: an expiry is no contact with the client.
      context.save(authority.ended(lease, "EXPIRED", now));
      if (lease.link !== undefined) context.exhausted.forget(lease.link, lease.kind);
      context.log({
        id: "DHCP6_LEASE_EXPIRED",
        fields: { lease: formatPrefix(lease), duid: lease.duid ?? "" },
      });
      return;
    }
    case "EXPIRED":
    case "RELEASED":
    case "RESET":
      context.save(authority.holdOver(lease, now));
      return;
    case "ABANDONED":
      // F-254: kept out of use long enough; RESET says so to the partner.
      context.save(authority.ended(lease, "RESET", now));
      if (lease.link !== undefined) context.exhausted.forget(lease.link, lease.kind);
      return;
    case "FREE":
    case "FREE-BACKUP":
    case "PENDING-FREE":
      return;
  }
}

/** D-296, D-297: who had an address is forgotten a while after. A record may go when nothing is lost by it: it says what the pool says anyway. */
function forget(context: ExpiryContext, lease: Lease): void {
  const block =
    lease.kind === "prefix" ? context.blocks.containing(lease.address, lease.length) : undefined;
  // A hole in a block is a record that overrides it; without the record the block's owner would take the prefix.
  const isHole =
    lease.kind === "prefix" && prefixOwner(lease, block) !== prefixOwner(undefined, block);
  if (isHole) context.amend({ ...lease, stateExpirationTime: NO_TIME });
  else context.remove(lease);
}
