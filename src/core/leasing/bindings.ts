// The leases of one IA of one client on one link (RFC 8415 §12, D-052), and plans for them.

import { placeOfLease } from "../config/lookup.ts";
import type { Subnet } from "../config/types.ts";
import type { Lease, LeaseKey } from "../model/lease.ts";
import { isHeld } from "../model/lease-status.ts";
import { type DhcpTime, isLater, laterOf } from "../model/time.ts";
import type { RequestedIa, RequestedLease } from "../wire/view.ts";
import type { Exchange, PlannedLease } from "./context.ts";
import { lifetimesFor } from "./lifetimes.ts";

/** Leases of the IA that are ACTIVE and not ended, on this link. */
export function bindingsOf(exchange: Exchange, ia: RequestedIa): readonly Lease[] {
  return recordsOf(exchange, ia).filter((lease) => isHeldNow(exchange, lease));
}

/** T-02: those of the IA's leases that ended here by their time alone and go back to it: as far as the client names them,
 * and where it has nothing and names nothing, as after a reboot, the one that it had last. */
export function returningTo(exchange: Exchange, ia: RequestedIa): readonly Lease[] {
  const { authority, now, view } = exchange;
  const ended = recordsOf(exchange, ia).filter(
    (lease) => !isHeldNow(exchange, lease) && authority.mayGoBack(lease, now),
  );
  const named = ended.filter((lease) => isNamed(ia, lease));
  const begins = view.type === "SOLICIT" || (view.type === "REQUEST" && ia.leases.length === 0);
  if (named.length > 0 || !begins || ended.length === 0) return named;
  return [
    ended.reduce((one, other) => (isLater(lastContact(other), lastContact(one)) ? other : one)),
  ];
}

function recordsOf({ client, link }: Exchange, ia: RequestedIa): readonly Lease[] {
  return client.leases.filter(
    (lease) => lease.kind === ia.kind && lease.iaid === ia.iaid && lease.link === link.name,
  );
}

function isHeldNow({ authority, now }: Exchange, lease: Lease): boolean {
  return isHeld(lease, authority.graceSeconds, now);
}

export function isNamed(ia: RequestedIa, key: LeaseKey): boolean {
  return ia.leases.some((lease) => lease.address === key.address && lease.length === key.length);
}

function lastContact(lease: Lease): DhcpTime {
  return laterOf(lease.clientLastTransactionTime, lease.partnerRawCltTime);
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
