// A lease as commands show it.

import type { LeaseResult } from "../../api/leases.ts";
import { formatDuid } from "../model/duid.ts";
import { formatIpv6, formatPrefix } from "../model/ipv6.ts";
import type { Lease } from "../model/lease.ts";
import {
  addSeconds,
  type DhcpTime,
  floorTime,
  type Millis,
  NO_TIME,
  type Seconds,
} from "../model/time.ts";
import { timeText } from "../wire/time-text.ts";

/** `shift`: seconds between times as rows have them and as they are told (T-06 (1)). */
export function leaseResult(lease: Lease, shift: Seconds, now: Millis): LeaseResult {
  const time = (value: DhcpTime): string | null =>
    value === NO_TIME ? null : timeText(addSeconds(value, shift));
  const isActive = lease.status === "ACTIVE";
  return {
    lease: lease.kind === "address" ? formatIpv6(lease.address) : formatPrefix(lease),
    kind: lease.kind,
    link: lease.link ?? null,
    duid: lease.duid === undefined ? null : formatDuid(lease.duid),
    iaid: lease.iaid,
    status: lease.status,
    since: time(lease.startTimeOfState),
    validLifetime: lease.validLifetime,
    preferredLifetime: lease.preferredLifetime,
    t1: lease.t1,
    t2: lease.t2,
    expires: isActive || lease.status === "ABANDONED" ? time(lease.stateExpirationTime) : null,
    remainingSeconds: isActive ? Math.max(0, (lease.clientExpiry - floorTime(now)) | 0) : null,
    clientExpiry: time(lease.clientExpiry),
    clientLastTransactionTime: time(lease.clientLastTransactionTime),
    partnerRawCltTime: time(lease.partnerRawCltTime),
    ackedPartnerLifetime: time(lease.ackedPartnerLifetime),
    partnerLifetime: time(lease.partnerLifetime),
    expirationTime: time(lease.expirationTime),
    marked: lease.marked,
    version: lease.version,
  };
}
