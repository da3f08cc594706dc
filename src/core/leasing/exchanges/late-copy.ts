// A RELEASE or DECLINE that arrives late, perhaps after its client got the lease again (RFC 8415 §16, T-06). What this
// server carried out itself it remembers (ended-messages.ts); here is the rest: what was overtaken by a later question of
// the same client (asked-again.ts), and what the partner, or this server before its start, may have carried out. Each window
// is as narrow as a simulated world demands that failed without it.

import type { Lease } from "../../model/lease.ts";
import { DEFAULTS, MAY_BE_OLD_SECONDS } from "../../model/limits.ts";
import { addSeconds, type DhcpTime, isPast, NO_TIME, type Seconds } from "../../model/time.ts";
import { keyOf } from "../bindings.ts";
import type { Exchange } from "../context.ts";

/** What a message may have been sent before a contact here that it arrives after: its life, and the second of rounding. */
const MAY_FOLLOW_SECONDS: Seconds = DEFAULTS.datagramLifeSeconds + 1;

/** T-01, A-81: a RELEASE that may be from before its client got a lease again ends nothing: others would get what its client
 * holds. Passed over, the lease only lasts longer. `forPartner`: the message names the partner. */
export function mayBeLateRelease(exchange: Exchange, forPartner: boolean): boolean {
  const { context, view, client } = exchange;
  if (view.type !== "RELEASE") return false;
  return view.ias.some((ia) =>
    ia.leases.some((requested) => {
      const record = context.table.get(keyOf(ia, requested));
      if (record?.duid !== client.duid || record.status !== "ACTIVE") return false;
      return mayBeHeldAgain(exchange, record, forPartner);
    }),
  );
}

/** Whether the client may have got this lease again after it sent the message. */
export function mayBeHeldAgain(exchange: Exchange, record: Lease, forPartner: boolean): boolean {
  const { authority, context, datagram, now } = exchange;
  // It may have waited here before it was read.
  const at = Math.min(datagram.receivedAt, now);
  const isYoung = (contact: DhcpTime, seconds: Seconds) =>
    contact !== NO_TIME && !isPast(addSeconds(contact, seconds), at);
  // Seed 302788: SOLICIT and REQUEST overtook it.
  if (context.askedAgain.isYoung(record, "running", datagram.receivedAt)) return true;
  // The partner served the client, by its own clock, and whether it was with a REQUEST is not known here.
  if (isYoung(record.partnerRawCltTime, MAY_BE_OLD_SECONDS)) return true;
  // Seeds 40428, 81201: the partner carried out another copy of it unseen, and then the client got the lease here.
  if (
    (forPartner || authority.mayHaveActedUnseen(at)) &&
    context.askedAgain.isYoung(record, "returned", datagram.receivedAt)
  )
    return true;
  // In the first seconds after a start nobody remembers what came before it.
  return (
    !context.endedMessages.isComplete(at) &&
    isYoung(record.clientLastTransactionTime, MAY_FOLLOW_SECONDS)
  );
}
