// Small judgements about a lease that both leasing and failover make.

import type { ClientRef } from "./authority.ts";
import type { BindingStatus } from "./binding-status.ts";
import { lowBit } from "./ipv6.ts";
import type { Lease, LeaseKey } from "./lease.ts";
import { DEFAULTS } from "./limits.ts";
import {
  addSeconds,
  type DhcpTime,
  isLater,
  isPast,
  laterOf,
  type Millis,
  NO_TIME,
  type Seconds,
} from "./time.ts";

/** A lease as it is before anybody used it. */
export function freshLease(key: LeaseKey, link: string | undefined): Lease {
  return {
    kind: key.kind,
    address: key.address,
    length: key.length,
    link,
    duid: undefined,
    iaid: 0,
    status: "FREE",
    validLifetime: 0,
    preferredLifetime: 0,
    t1: 0,
    t2: 0,
    clientExpiry: NO_TIME,
    expirationTime: NO_TIME,
    ackedPartnerLifetime: NO_TIME,
    partnerLifetime: NO_TIME,
    clientLastTransactionTime: NO_TIME,
    partnerRawCltTime: NO_TIME,
    startTimeOfState: NO_TIME,
    stateExpirationTime: NO_TIME,
    partnerLifetimeSent: NO_TIME,
    partnerLifetimeHighest: NO_TIME,
    version: 0,
    primarySince: 0,
    ackEpoch: 0,
    marked: false,
    everSent: false,
    endingSent: false,
    relayData: undefined,
    fqdn: undefined,
    reconfigureData: undefined,
  };
}

/** FREE and FREE-BACKUP: no client holds it and none is waited for. */
export function isAvailable(status: BindingStatus): boolean {
  return status === "FREE" || status === "FREE-BACKUP";
}

/** T-01: only this server ever knew of the binding; nobody else can hold the lease. */
export function isPrivate(lease: Lease): boolean {
  return !lease.everSent && lease.expirationTime === NO_TIME && lease.partnerRawCltTime === NO_TIME;
}

export function isOf(lease: Lease, client: ClientRef): boolean {
  return lease.duid === client.duid && lease.iaid === client.iaid;
}

/** What says when a lease's present status ends. */
export type LeaseTimes = Pick<
  Lease,
  | "status"
  | "stateExpirationTime"
  | "expirationTime"
  | "clientLastTransactionTime"
  | "partnerRawCltTime"
>;

/** T-14: an ACTIVE lease that the partner served last, or may have, runs until the partner-lifetime that was acknowledged
 * to it, where that is later than the end that is known: so long the partner may have promised it meanwhile. 0 = it has no
 * end. Any other status has the end that it says. */
export function runsUntil(lease: LeaseTimes): DhcpTime {
  const { clientLastTransactionTime, expirationTime, partnerRawCltTime, stateExpirationTime } =
    lease;
  if (lease.status !== "ACTIVE" || stateExpirationTime === NO_TIME) return stateExpirationTime;
  // Each of the two contacts is by its own server's clock.
  const partners = addSeconds(partnerRawCltTime, DEFAULTS.skewPermittedSeconds);
  const wasOurs = partnerRawCltTime === NO_TIME || isLater(clientLastTransactionTime, partners);
  return wasOurs ? stateExpirationTime : laterOf(stateExpirationTime, expirationTime);
}

/** ACTIVE and not yet ended by its times: expiry is judged when a lease is used (docs/internals/core.md).
 * D-022, D-289: an infinite lease has no time at which it ends. */
export function isHeld(lease: Lease, grace: Seconds, now: Millis): boolean {
  if (lease.status !== "ACTIVE") return false;
  const end = runsUntil(lease);
  return end === NO_TIME || !isPast(addSeconds(end, grace), now);
}

/** F-019, F-257, F-258, A-04: where a freed lease goes: prefixes to the primary, addresses by their low-order bit. */
export function freedStatus(key: LeaseKey): "FREE" | "FREE-BACKUP" {
  if (key.kind === "prefix") return "FREE";
  return lowBit(key.address) === 1 ? "FREE" : "FREE-BACKUP";
}

export interface FreedAt {
  readonly start: DhcpTime;
  /** Seconds that the record is kept. */
  readonly retention: Seconds;
  /** The last change that was made here. */
  readonly lastSequence: number;
}

/** F-255, F-260: PENDING-FREE never persists: the lease is free at once, its last client kept as a hint (F-239). */
export function freed(
  lease: Lease,
  status: "FREE" | "FREE-BACKUP",
  { start, retention, lastSequence }: FreedAt,
): Lease {
  const last = laterOf(
    laterOf(lease.clientExpiry, lease.partnerLifetimeHighest),
    laterOf(lease.expirationTime, start),
  );
  return {
    ...lease,
    status,
    startTimeOfState: start,
    primarySince: lease.kind === "prefix" && status === "FREE" ? lastSequence : 0,
    // No status of a free lease ends; the time only says when its record may go.
    stateExpirationTime: addSeconds(last, retention),
    validLifetime: 0,
    preferredLifetime: 0,
    t1: 0,
    t2: 0,
    clientExpiry: NO_TIME,
    // a new client starts with nothing acknowledged.
    ackedPartnerLifetime: NO_TIME,
    partnerLifetime: NO_TIME,
    partnerLifetimeSent: NO_TIME,
    expirationTime: NO_TIME,
    marked: false,
    everSent: false,
    endingSent: false,
    relayData: undefined,
    fqdn: undefined,
    reconfigureData: undefined,
  };
}

/** The lease has ended and the partner is to know: its answer frees it. */
export function isEnding(status: BindingStatus): boolean {
  return status === "EXPIRED" || status === "RELEASED" || status === "RESET";
}

/** When housekeeping looks at a lease; 0 = never. What it may not change before a later time or another event is not due
 * before that, so that it keeps nothing else waiting. */
export function dueTime(lease: LeaseTimes & Pick<Lease, "marked">): DhcpTime {
  // The record of a free lease goes when the partner has heard of it.
  return isAvailable(lease.status) && lease.marked ? NO_TIME : runsUntil(lease);
}
