// The leases of one IA of one client on one link (RFC 8415 §12, D-052), and plans for them.

import { placeOfLease } from "../config/lookup.ts";
import type { Subnet } from "../config/types.ts";
import type { Lease, LeaseKey } from "../model/lease.ts";
import { isHeld } from "../model/lease-status.ts";
import type { RequestedIa, RequestedLease } from "../wire/view.ts";
import type { Exchange, PlannedLease } from "./context.ts";
import { lifetimesFor } from "./lifetimes.ts";

/** Leases of the IA that are ACTIVE and not ended, on this link. */
export function bindingsOf(exchange: Exchange, ia: RequestedIa): readonly Lease[] {
  return exchange.client.leases.filter(
    (lease) =>
      lease.kind === ia.kind &&
      lease.iaid === ia.iaid &&
      lease.link === exchange.link.name &&
      isHeld(lease, exchange.authority.graceSeconds, exchange.now),
  );
}

export function keyOf(ia: RequestedIa, lease: RequestedLease): LeaseKey {
  return { kind: ia.kind, address: lease.address, length: lease.length };
}

/** Where a lease stands by configuration: its subnet on this link, or nothing (then it is not right for the link). */
export function subnetOfLease({ context, link }: Exchange, key: LeaseKey): Subnet | undefined {
  const place = placeOfLease(context.config, key);
  return place?.link === link ? place.subnet : undefined;
}

export interface Planned {
  readonly key: LeaseKey;
  readonly subnet: Subnet;
  readonly record: Lease | undefined;
}

/** A lease that this answer gives (`grant`) or only shows. */
export function plan(
  exchange: Exchange,
  { key, subnet, record }: Planned,
  grant: boolean,
): PlannedLease {
  const own =
    record?.duid === exchange.client.duid && record.status === "ACTIVE" ? record : undefined;
  const lifetimes = lifetimesFor(subnet.lifetimes, exchange.authority, own, exchange.now);
  return { key, subnet, record, grant, ...lifetimes };
}

/** D-134, D-148: a lease of the client with new lifetimes; RFC 8168 §3.5 leaves the choice: no renumbering, whatever length
 * is asked for (D-236, D-237, D-240). D-135, D-149: what cannot be extended is left out. D-150: what is no
 * longer right for the link is shown with zero lifetimes. */
export function extended(exchange: Exchange, record: Lease): readonly PlannedLease[] {
  const subnet = subnetOfLease(exchange, record);
  if (subnet === undefined) return [zero(record)];
  return exchange.authority.mayExtend(record, exchange.now)
    ? [plan(exchange, { key: record, subnet, record }, true)]
    : [];
}

/** A lease shown with zero lifetimes: the client stops using it (D-137, D-138, D-145, D-150). */
export function zero(key: LeaseKey): PlannedLease {
  return {
    key,
    subnet: undefined,
    record: undefined,
    grant: false,
    valid: 0,
    preferred: 0,
    desired: 0,
  };
}
