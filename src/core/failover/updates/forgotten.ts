// What a server that lost its database, the partner or this one, may have promised and can no longer tell
// (docs/internals/decisions.md).
// Up to the MCLT past now, or past the partner-lifetime that was acknowledged to it, it could extend a lease alone;
// without its memory its word that a lease has ended is worth nothing before that could be over.

import type { CompiledConfig } from "../../config/types.ts";
import type { EndpointRecord } from "../../model/endpoint-record.ts";
import type { Lease } from "../../model/lease.ts";
import { MAY_BE_OLD_SECONDS } from "../../model/limits.ts";
import {
  addSeconds,
  type DhcpTime,
  diffSeconds,
  isLater,
  laterOf,
  NO_TIME,
  type Seconds,
} from "../../model/time.ts";
import { mcltWait } from "./mclt.ts";

/** The longest valid lifetime that the configuration gives. */
export function longestValid(config: CompiledConfig): Seconds {
  let longest = 0;
  for (const link of config.links) {
    for (const subnet of link.subnets) longest = Math.max(longest, subnet.lifetimes.valid);
  }
  return Math.min(longest, 0x3fff_ffff);
}

/** Until when a client may hold the lease by a promise that nobody remembers; 0 = there is none. That the client was
 * answered since says nothing: the answer may have been lost (simulator, seed 320121). That it gave the lease back does. */
export function hiddenUntil(
  lease: Lease,
  record: EndpointRecord,
  config: CompiledConfig,
): DhcpTime {
  const { ownLostAt, partnerLostAt } = record;
  const context = { lease, record, config };
  // What each server could promise goes by what was acknowledged to it.
  const byPartner = forgotten(context, partnerLostAt, lease.expirationTime);
  // Its own memory comes back from the partner, which may lose its own next (simulator, seed 240258).
  return laterOf(byPartner, forgotten(context, ownLostAt, lease.partnerLifetime));
}

/** Whether what came then from a client was sent after the loss: it may have been under way, and the clocks differ. */
export function isAfterLoss(contact: DhcpTime, lostAt: DhcpTime): boolean {
  return isLater(contact, addSeconds(lostAt, MAY_BE_OLD_SECONDS));
}

function forgotten(
  { config, lease, record }: { lease: Lease; record: EndpointRecord; config: CompiledConfig },
  lostAt: DhcpTime,
  acknowledged: DhcpTime,
): DhcpTime {
  if (lostAt === NO_TIME) return NO_TIME;
  const contact = laterOf(lease.clientLastTransactionTime, lease.partnerRawCltTime);
  const byTime = lease.status === "ACTIVE" || lease.status === "EXPIRED";
  if (!byTime && isAfterLoss(contact, lostAt)) return NO_TIME;
  const margins = mcltWait(0, config.tunables.heartbeat);
  // F-052: it could promise the MCLT past what was acknowledged, or past the moment, and nothing longer than a lease lasts.
  const byAck = addSeconds(laterOf(acknowledged, lostAt), record.mcltHighest);
  const byPolicy = addSeconds(lostAt, record.validHighest);
  return addSeconds(diffSeconds(byAck, byPolicy) < 0 ? byAck : byPolicy, margins);
}
