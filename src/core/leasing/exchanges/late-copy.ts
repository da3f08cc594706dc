// A RELEASE or DECLINE that arrives late, perhaps after its client got the lease again (RFC 8415 §16, T-06). What this
// server carried out itself it remembers (ended-messages.ts); here is the rest: what the partner or this server before
// its start may have carried out, and what was overtaken by a later question of the same client (asked-again.ts).

import type { Lease } from "../../model/lease.ts";
import { MAY_BE_OLD_SECONDS } from "../../model/limits.ts";
import { addSeconds, type DhcpTime, isPast, laterOf, NO_TIME } from "../../model/time.ts";
import { keyOf } from "../bindings.ts";
import type { Exchange } from "../context.ts";

/** T-01, A-81: a lease with a contact so young that the message may be from before it is not ended: others would get what
 * its client holds. Passed over, it only lasts longer, and the client repeats itself. `forPartner`: the message names the
 * partner. */
export function mayBeLateCopy(exchange: Exchange, forPartner: boolean): boolean {
  const { context, view, client, datagram } = exchange;
  if (view.type !== "RELEASE" && view.type !== "DECLINE") return false;
  return view.ias.some((ia) =>
    ia.leases.some((requested) => {
      const key = keyOf(ia, requested);
      const record = context.table.get(key);
      if (record?.duid !== client.duid || record.status !== "ACTIVE") return false;
      if (context.askedAgain.isYoung(key, datagram.receivedAt)) return true;
      return view.type === "RELEASE" && mayFollowPartner(exchange, record, forPartner);
    }),
  );
}

/** What was carried out elsewhere: the partner, or this server before its start, may have got another copy, and the client
 * come back since. */
function mayFollowPartner(exchange: Exchange, record: Lease, forPartner: boolean): boolean {
  const { authority, context, datagram, now } = exchange;
  const { clientLastTransactionTime, partnerRawCltTime } = record;
  // It may have waited here before it was read.
  const at = Math.min(datagram.receivedAt, now);
  const isYoung = (contact: DhcpTime) =>
    contact !== NO_TIME && !isPast(addSeconds(contact, MAY_BE_OLD_SECONDS), at);
  const here = !forPartner && context.endedMessages.isComplete(at);
  if (here && !isYoung(partnerRawCltTime) && !authority.mayHaveActedUnseen(at)) return false;
  return isYoung(laterOf(clientLastTransactionTime, partnerRawCltTime));
}
