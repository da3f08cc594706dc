// Turns a plan into records: what the client is told is stored before it is told (D-126, D-159, F-538).

import { formatPrefix } from "../model/ipv6.ts";
import type { Lease } from "../model/lease.ts";
import { freshLease, isOf } from "../model/lease-status.ts";
import { LIMITS } from "../model/limits.ts";
import { addSeconds, ceilTime, floorTime, isLater, laterOf, NO_TIME } from "../model/time.ts";
import type { Exchange, PlannedIa, PlannedLease } from "./context.ts";
import type { Timers } from "./lifetimes.ts";

/** Stores every lease of the plan that is granted or extended. */
export function grantAll(exchange: Exchange, planned: readonly PlannedIa[], timers: Timers): void {
  for (const { ia, leases } of planned) {
    for (const lease of leases) {
      if (lease.grant) grant(exchange, ia.iaid, lease, timers);
    }
  }
}

function grant(exchange: Exchange, iaid: number, planned: PlannedLease, timers: Timers): void {
  const { context, authority, client, now } = exchange;
  const before = planned.record;
  const after = grantedLease(exchange, iaid, planned, timers);
  context.save(authority.granted(before, after, planned.desired, now));
  context.offers.release(planned.key);
  const isNew =
    before === undefined ||
    before.status !== "ACTIVE" ||
    !isOf(before, { duid: client.duid, iaid });
  const fields = {
    lease: formatPrefix(planned.key),
    duid: client.duid,
    iaid,
    valid: planned.valid,
  };
  context.log(isNew ? { id: "DHCP6_LEASE_NEW", fields } : { id: "DHCP6_LEASE_EXTEND", fields });
}

function grantedLease(
  exchange: Exchange,
  iaid: number,
  planned: PlannedLease,
  timers: Timers,
): Lease {
  const { client, link, now, view } = exchange;
  const record = planned.record;
  const own =
    record !== undefined && record.status === "ACTIVE" && isOf(record, { duid: client.duid, iaid })
      ? record
      : undefined;
  const sameClient =
    record !== undefined && isOf(record, { duid: client.duid, iaid }) ? record : undefined;
  // A lease that passes to another client keeps only what was ever transmitted.
  const base = sameClient ?? {
    ...freshLease(planned.key, link.name),
    partnerLifetimeHighest: record?.partnerLifetimeHighest ?? NO_TIME,
    ackEpoch: record?.ackEpoch ?? 0,
  };
  const told = addSeconds(ceilTime(now), planned.valid);
  // F-558: an earlier REPLY with a later expiry may be the one that the client has.
  const clientExpiry =
    own !== undefined && isLater(own.clientExpiry, told) ? own.clientExpiry : told;
  const fqdn =
    view.fqdn !== undefined && view.fqdn.data.length <= LIMITS.keptBytes
      ? view.fqdn.data.slice()
      : undefined;
  return {
    ...base,
    link: link.name,
    duid: client.duid,
    iaid,
    status: "ACTIVE",
    validLifetime: planned.valid,
    preferredLifetime: planned.preferred,
    t1: timers.t1,
    t2: timers.t2,
    clientExpiry,
    stateExpirationTime: clientExpiry,
    clientLastTransactionTime: laterOf(base.clientLastTransactionTime, exchange.transactionTime),
    startTimeOfState: own?.startTimeOfState ?? floorTime(now),
    // D-308: each later message replaces what is kept.
    relayData: exchange.relayData,
    fqdn: fqdn ?? own?.fqdn,
  };
}
