// RELEASE and DECLINE (RFC 8415 §18.3.7, §18.3.8).

import { formatPrefix } from "../../model/ipv6.ts";
import type { Lease } from "../../model/lease.ts";
import { isHeld } from "../../model/lease-status.ts";
import { addSeconds, laterOf, NO_TIME, type Seconds } from "../../model/time.ts";
import type { RequestedIa } from "../../wire/view.ts";
import { keyOf } from "../bindings.ts";
import type { Exchange } from "../context.ts";
import { mayBeHeldAgain } from "./late-copy.ts";

/** Ends the leases that the message names and returns the IAs that have no binding (D-163, D-170). `forPartner`: it names
 * the partner. */
export function endAll(
  exchange: Exchange,
  how: "RELEASED" | "ABANDONED",
  forPartner: boolean,
): readonly RequestedIa[] {
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
      if (record === undefined || !isOfIa(exchange, ia, record)) continue;
      exchange.context.answered.noteEnded(exchange.view, ia, exchange.now);
      if (how === "RELEASED") end(exchange, record, how);
      else decline(exchange, record, mayBeHeldAgain(exchange, record, forPartner));
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

/** D-166, D-167: always taken, as it takes an address out of use, which harms nobody. T-01: where the client may have got the
 * address again since, it is kept from others until that lease has ended too; the client is told when it renews. */
function decline(exchange: Exchange, record: Lease, mayBeHeld: boolean): void {
  const isTooMany = tooManyDeclines(exchange);
  // It is free at once, which is no end for what may be held.
  if (isTooMany && mayBeHeld) return;
  end(exchange, record, isTooMany ? "RELEASED" : mayBeHeld ? "kept" : "ABANDONED");
}

function end(exchange: Exchange, record: Lease, how: "RELEASED" | "ABANDONED" | "kept"): void {
  const { context, authority, now } = exchange;
  const touched = {
    ...record,
    clientLastTransactionTime: laterOf(record.clientLastTransactionTime, exchange.transactionTime),
  };
  const ended = authority.ended(touched, how === "kept" ? "ABANDONED" : how, now);
  context.save(
    how === "kept"
      ? keptFor(ended, record, authority.graceSeconds)
      : { ...ended, clientExpiry: NO_TIME },
  );
  context.offers.release(record);
  context.exhausted.forget(exchange.link.name, record.kind);
  const fields = { lease: formatPrefix(record), duid: exchange.client.duid };
  // D-168
  context.log(
    how === "RELEASED"
      ? { id: "DHCP6_LEASE_RELEASED", fields }
      : { id: "DHCP6_LEASE_DECLINED", fields },
  );
}

/** A declined lease that is nobody's until its client's end, too. */
function keptFor(
  ended: Lease,
  { stateExpirationTime, clientExpiry }: Lease,
  grace: Seconds,
): Lease {
  return {
    ...ended,
    clientExpiry,
    stateExpirationTime:
      stateExpirationTime === NO_TIME
        ? NO_TIME
        : laterOf(ended.stateExpirationTime, addSeconds(stateExpirationTime, grace)),
  };
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
