// A RELEASE that arrives late, perhaps after its client got the lease again (RFC 8415 §16, T-06). What this server carried
// out itself it remembers (ended-messages.ts); here is the rest: what the partner or this server before its start may
// have carried out, and what was overtaken by a later question of the same client.

import type { Lease } from "../../model/lease.ts";
import { DEFAULTS } from "../../model/limits.ts";
import { addSeconds, isLater, isPast, laterOf, NO_TIME } from "../../model/time.ts";
import { keyOf } from "../bindings.ts";
import type { Exchange } from "../context.ts";

/** The partner's clock may be behind (F-561). */
const MAY_BE_OLD = DEFAULTS.datagramLifeSeconds + DEFAULTS.skewMarginSeconds;

/** T-01, A-81: a lease with a contact so young that the RELEASE may be from before it is not ended: others would get what
 * its client holds. Passed over, it only lasts longer. `forPartner`: the message names the partner. */
export function mayBeLateCopy(
  { authority, context, view, client, datagram, now }: Exchange,
  forPartner: boolean,
): boolean {
  if (view.type !== "RELEASE") return false;
  const here = !forPartner && context.endedMessages.isComplete(now);
  return view.ias.some((ia) =>
    ia.leases.some((requested) => {
      const key = keyOf(ia, requested);
      const record = context.table.get(key);
      if (record?.duid !== client.duid || record.status !== "ACTIVE") return false;
      if (context.askedAgain.isYoung(key, datagram.receivedAt)) return true;
      // The partner may have carried out the copy that it got, and the client come back since.
      if (here && !wasWithPartner(record) && !authority.mayHaveActedUnseen(now)) return false;
      const contact = laterOf(record.clientLastTransactionTime, record.partnerRawCltTime);
      return !isPast(addSeconds(contact, MAY_BE_OLD), now);
    }),
  );
}

/** The client was last served by the partner, so it may have left this server before that. */
function wasWithPartner({ clientLastTransactionTime, partnerRawCltTime }: Lease): boolean {
  return partnerRawCltTime !== NO_TIME && !isLater(clientLastTransactionTime, partnerRawCltTime);
}
