// RENEW, RELEASE and DECLINE where only what is recorded here counts: messages that name the partner (T-03, A-81), and
// RECOVER-DONE (RFC 8156 §8.7.1).

import { isHeld } from "../../model/lease-status.ts";
import type { RequestedIa } from "../../wire/view.ts";
import { bindingsOf, extended, keyOf } from "../bindings.ts";
import type { Exchange, PlannedIa } from "../context.ts";
import { noneAvailable } from "./solicit.ts";

/** T-03, A-81, F-563: every lease named must be ACTIVE here for this client, IA and link, and there is at least one. */
export function extendForPartner(exchange: Exchange): readonly PlannedIa[] | undefined {
  if (!isWhollyRecorded(exchange)) return undefined;
  return exchange.view.ias.map((ia) => {
    const leases = bindingsOf(exchange, ia).flatMap((record) => extended(exchange, record));
    // an IA without leases gets no new one here.
    return leases.length > 0 ? { ia, leases } : noneAvailable(exchange, ia, "not-recorded");
  });
}

/** F-426 to F-428: only leases recorded here, and no word about others; undefined = no answer at all. */
export function extendRecorded(exchange: Exchange): readonly PlannedIa[] | undefined {
  const planned = exchange.view.ias.flatMap((ia) => {
    const leases = recordedOf(exchange, ia);
    return leases.length > 0 ? [{ ia, leases }] : [];
  });
  return planned.length > 0 ? planned : undefined;
}

function recordedOf(exchange: Exchange, ia: RequestedIa): PlannedIa["leases"] {
  return bindingsOf(exchange, ia)
    .filter((record) =>
      ia.leases.some((lease) => lease.address === record.address && lease.length === record.length),
    )
    .flatMap((record) => extended(exchange, record))
    .filter((lease) => lease.grant);
}

/** Whether the message names at least one lease and only leases that are ACTIVE here for its IAs. */
export function isWhollyRecorded({ context, client, link, view, now }: Exchange): boolean {
  // What is not looked at is not known.
  if (view.refusedIas.length > 0) return false;
  let count = 0;
  for (const ia of view.ias) {
    for (const requested of ia.leases) {
      const record = context.table.get(keyOf(ia, requested));
      const isOurs =
        record !== undefined &&
        record.duid === client.duid &&
        record.iaid === ia.iaid &&
        record.link === link.name;
      // not in its grace, as the client may have given it up.
      if (!isOurs || !isHeld(record, 0, now)) return false;
      count++;
    }
  }
  return count > 0;
}
