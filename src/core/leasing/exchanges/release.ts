// RELEASE and DECLINE (RFC 8415 §18.3.7, §18.3.8).

import { formatPrefix } from "../../model/ipv6.ts";
import type { Lease } from "../../model/lease.ts";
import { isHeld } from "../../model/lease-status.ts";
import { laterOf } from "../../model/time.ts";
import type { RequestedIa } from "../../wire/view.ts";
import { keyOf } from "../bindings.ts";
import type { Exchange } from "../context.ts";

/** Ends the leases that the message names and returns the IAs that have no binding (D-163, D-170). */
export function endAll(exchange: Exchange, how: "RELEASED" | "ABANDONED"): readonly RequestedIa[] {
  const unbound: RequestedIa[] = [];
  if (exchange.context.endedMessages.isRepeated(exchange.view, exchange.now)) return unbound;
  for (const ia of exchange.view.ias) {
    if (!hasBinding(exchange, ia)) {
      unbound.push(ia);
      continue;
    }
    // D-171: prefixes are not declined.
    if (how === "ABANDONED" && ia.kind === "prefix") continue;
    for (const requested of ia.leases) {
      const record = exchange.context.table.get(keyOf(ia, requested));
      // D-160, D-166. D-161, D-169: what is not this IA's is left alone.
      if (record !== undefined && isOfIa(exchange, ia, record)) end(exchange, record, how);
    }
  }
  return unbound;
}

function hasBinding(exchange: Exchange, ia: RequestedIa): boolean {
  return exchange.client.leases.some(
    (record) => record.kind === ia.kind && isOfIa(exchange, ia, record),
  );
}

function isOfIa(
  { client, link, now, authority }: Exchange,
  ia: RequestedIa,
  record: Lease,
): boolean {
  return (
    record.duid === client.duid &&
    record.iaid === ia.iaid &&
    record.link === link.name &&
    isHeld(record, authority.graceSeconds, now)
  );
}

function end(exchange: Exchange, record: Lease, how: "RELEASED" | "ABANDONED"): void {
  const { context, authority, now } = exchange;
  const touched = {
    ...record,
    clientLastTransactionTime: laterOf(record.clientLastTransactionTime, exchange.transactionTime),
  };
  const status = how === "ABANDONED" && tooManyDeclines(exchange) ? "RELEASED" : how;
  // D-167: ABANDONED is nobody's until its time is over.
  context.save(authority.ended(touched, status, now));
  context.offers.release(record);
  context.exhausted.forget(exchange.link.name, record.kind);
  const fields = { lease: formatPrefix(record), duid: exchange.client.duid };
  // D-168
  context.log(
    status === "RELEASED"
      ? { id: "DHCP6_LEASE_RELEASED", fields }
      : { id: "DHCP6_LEASE_DECLINED", fields },
  );
}

/** N-013: one client cannot empty a pool by declining. */
function tooManyDeclines({ context, client }: Exchange): boolean {
  const declined = context.table
    .ofClient(client.duid)
    .filter((lease) => lease.status === "ABANDONED");
  if (declined.length < context.config.tunables.declinesPerClient) return false;
  context.counters.add("decline-limit");
  return true;
}
