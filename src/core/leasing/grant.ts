// Turns a plan into records: what the client is told is stored before it is told (D-092, D-119, D-126, D-159, F-538).

import { formatPrefix } from "../model/ipv6.ts";
import type { Lease } from "../model/lease.ts";
import { freshLease, isAvailable, isOf } from "../model/lease-status.ts";
import { LIMITS } from "../model/limits.ts";
import {
  addSeconds,
  ceilTime,
  type DhcpTime,
  floorTime,
  INFINITY_SECONDS,
  isLater,
  laterOf,
  type Millis,
  NO_TIME,
  type Seconds,
} from "../model/time.ts";
import { relayDataOf } from "../wire/relay-data.ts";
import type { Exchange, PlannedIa, PlannedLease } from "./context.ts";
import type { Timers } from "./lifetimes.ts";

/** What the message leaves with every lease that it grants or extends. */
interface Kept {
  readonly timers: Timers;
  readonly relayData: Uint8Array | undefined;
  readonly fqdn: Uint8Array | undefined;
  /** The client began anew with it; a copy of a message is no new question. */
  readonly isNewQuestion: boolean;
}

/** Stores every lease of the plan that is granted or extended. */
export function grantAll(exchange: Exchange, planned: readonly PlannedIa[], timers: Timers): void {
  const { view, datagram } = exchange;
  const fqdn = view.fqdn?.data;
  const asks = view.type === "REQUEST" || view.type === "SOLICIT";
  const kept: Kept = {
    timers,
    // D-198
    relayData: relayDataOf(view, datagram.source, datagram.bytes),
    fqdn: fqdn === undefined || fqdn.length > LIMITS.keptBytes ? undefined : fqdn.slice(),
    isNewQuestion: asks && !exchange.context.answered.isRepeated(view, exchange.now),
  };
  for (const { ia, leases } of planned) {
    for (const lease of leases) {
      if (lease.grant) grant(exchange, ia.iaid, lease, kept);
    }
  }
}

function grant(exchange: Exchange, iaid: number, planned: PlannedLease, kept: Kept): void {
  const { context, authority, client, now } = exchange;
  const before = planned.record;
  const own =
    before !== undefined && isOf(before, { duid: client.duid, iaid }) ? before : undefined;
  // Figure 2: a lease that passes on is FREE or FREE-BACKUP first, and that is on record too; so is a free prefix that
  // came to this server with its block since.
  if (before !== undefined && (own === undefined || isAvailable(own.status))) {
    const ready = authority.ready(before, now);
    if (ready !== before) context.save(ready);
  }
  if (kept.isNewQuestion && own !== undefined) noteAskedAgain(exchange, own);
  const after = grantedLease(exchange, { planned, own, iaid, kept });
  context.save(authority.granted(before, after, planned.desired, now));
  context.offers.release(planned.key);
  const id = own?.status === "ACTIVE" ? "DHCP6_LEASE_EXTEND" : "DHCP6_LEASE_NEW";
  if (id === "DHCP6_LEASE_EXTEND" && !context.debug) return;
  const fields = {
    lease: formatPrefix(planned.key),
    duid: client.duid,
    iaid,
    valid: planned.valid,
  };
  context.log({ id, fields });
}

/** T-01: the client may have released the lease by a message that is still under way. */
function noteAskedAgain({ context, datagram, now, view }: Exchange, own: Lease): void {
  if (own.status === "ACTIVE") context.askedAgain.note(own, "running", datagram.receivedAt);
  // What this server ended at its client's word it knows by its transaction-id.
  else if (!context.answered.hasEnded(view, own, now))
    context.askedAgain.note(own, "returned", datagram.receivedAt);
}

interface Grant {
  readonly planned: PlannedLease;
  /** The record, if it is of this client and IA. */
  readonly own: Lease | undefined;
  readonly iaid: number;
  readonly kept: Kept;
}

function grantedLease(exchange: Exchange, { planned, own, iaid, kept }: Grant): Lease {
  const { client, link, now } = exchange;
  const { record } = planned;
  const running = own?.status === "ACTIVE" ? own : undefined;
  // A lease that passes to another client keeps only what was ever transmitted.
  const base = own ?? {
    ...freshLease(planned.key, link.name),
    partnerLifetimeHighest: record?.partnerLifetimeHighest ?? NO_TIME,
    ackEpoch: record?.ackEpoch ?? 0,
  };
  const clientExpiry = expiryOf(planned.valid, running, now);
  return {
    ...base,
    link: link.name,
    duid: client.duid,
    iaid,
    status: "ACTIVE",
    validLifetime: planned.valid,
    preferredLifetime: planned.preferred,
    t1: kept.timers.t1,
    t2: kept.timers.t2,
    clientExpiry,
    stateExpirationTime: clientExpiry,
    clientLastTransactionTime: laterOf(base.clientLastTransactionTime, exchange.transactionTime),
    startTimeOfState: running?.startTimeOfState ?? floorTime(now),
    // D-308: each later message replaces what is kept.
    relayData: kept.relayData,
    fqdn: kept.fqdn ?? running?.fqdn,
  };
}

/** When the client's lease ends; none for an infinite one. F-558: an earlier REPLY with a later end may be the one that
 * the client has; an infinite one too, until it has been told a finite one once before. */
function expiryOf(valid: Seconds, running: Lease | undefined, now: Millis): DhcpTime {
  if (valid === INFINITY_SECONDS || running?.validLifetime === INFINITY_SECONDS) return NO_TIME;
  const told = addSeconds(ceilTime(now), valid);
  return running !== undefined && isLater(running.clientExpiry, told) ? running.clientExpiry : told;
}
