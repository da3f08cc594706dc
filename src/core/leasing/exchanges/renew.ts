// RENEW and REBIND (RFC 8415 §18.3.4, §18.3.5), and what a pair adds: T-02, T-03, RECOVER-DONE.

import { formatPrefix } from "../../model/ipv6.ts";
import { type Lease, type LeaseKey, leaseKeyText } from "../../model/lease.ts";
import { isHeld } from "../../model/lease-status.ts";
import type { RequestedIa } from "../../wire/view.ts";
import { bindingsOf, keyOf, plan, subnetOfLease, zero } from "../bindings.ts";
import type { Exchange, PlannedIa, PlannedLease } from "../context.ts";
import { STATUS } from "../status-codes.ts";
import { assignNew, noneAvailable } from "./solicit.ts";

export type ExtendMode = "answer" | "answer-for-partner" | "answer-recorded";

/** The IAs of the answer; undefined = no answer at all. */
export function extendAll(exchange: Exchange, mode: ExtendMode): readonly PlannedIa[] | undefined {
  if (mode === "answer-for-partner") return extendForPartner(exchange);
  const taken = new Set<string>();
  const planned: PlannedIa[] = [];
  const doubtful = exchange.view.ias.some((ia) => namesDoubtful(exchange, ia));
  for (const ia of exchange.view.ias) {
    const one =
      mode === "answer-recorded" ? extendRecorded(exchange, ia) : extend(exchange, ia, taken);
    // T-02: a status or a new lease beside a doubtful one would make the client ask here for all of them anew.
    if (one === undefined || (doubtful && isNews(exchange, one))) continue;
    for (const lease of one.leases) taken.add(leaseKeyText(lease.key));
    planned.push(one);
  }
  // D-152, D-309, D-310: a RENEW without IAs is answered with options only; else nothing to say is silence.
  if (planned.length > 0) return planned;
  return exchange.view.type === "RENEW" && exchange.view.ias.length === 0 && mode === "answer"
    ? []
    : undefined;
}

/** One IA under RFC 8415; undefined = left out of the answer. */
function extend(
  exchange: Exchange,
  ia: RequestedIa,
  taken: ReadonlySet<string>,
): PlannedIa | undefined {
  const bound = bindingsOf(exchange, ia);
  const leases = bound.flatMap((record) => extended(exchange, record));
  let doubtful = false;
  for (const requested of ia.leases) {
    const key = keyOf(ia, requested);
    if (isAmong(bound, key)) continue;
    if (subnetOfLease(exchange, key) === undefined) {
      // D-137, D-138, D-150, D-151: not right for the link.
      leases.push(zero(key));
    } else if (isDoubtful(exchange, key)) {
      // T-02, D-309: neither confirmed nor denied.
      doubtful = true;
      noteDoubtful(exchange, key);
    } else if (bound.length > 0) {
      // D-145
      leases.push(zero(key));
    }
  }
  if (leases.length > 0) return { ia, leases };
  if (doubtful) return undefined;
  return withoutBinding(exchange, ia, taken);
}

function isAmong(bound: readonly Lease[], key: LeaseKey): boolean {
  return bound.some((record) => record.address === key.address && record.length === key.length);
}

function isDoubtful({ authority, context, now }: Exchange, key: LeaseKey): boolean {
  return authority.isDoubtful(key, context.table.get(key), now);
}

function namesDoubtful(exchange: Exchange, ia: RequestedIa): boolean {
  const bound = bindingsOf(exchange, ia);
  return ia.leases
    .map((requested) => keyOf(ia, requested))
    .some(
      (key) =>
        !isAmong(bound, key) &&
        subnetOfLease(exchange, key) !== undefined &&
        isDoubtful(exchange, key),
    );
}

/** Whether the IA gets a status only, or a lease that the client did not have. */
function isNews({ client }: Exchange, { leases }: PlannedIa): boolean {
  return (
    leases.length === 0 || leases.some(({ grant, record }) => grant && record?.duid !== client.duid)
  );
}

/** D-134, D-148: new lifetimes; D-135: what cannot be extended is left out. */
function extended(exchange: Exchange, record: Lease): PlannedLease[] {
  const subnet = subnetOfLease(exchange, record);
  if (subnet === undefined) return [zero(record)];
  return exchange.authority.mayExtend(record, exchange.now)
    ? [plan(exchange, record, subnet, record, true)]
    : [];
}

/** D-140 to D-144, D-153 to D-157: creation, or NoBinding. */
function withoutBinding(
  exchange: Exchange,
  ia: RequestedIa,
  taken: ReadonlySet<string>,
): PlannedIa {
  const { tunables } = exchange.context.config;
  const rapidCommit = exchange.link.subnets.some((subnet) => subnet.rapidCommit);
  // D-155: on REBIND only where a SOLICIT with Rapid Commit would be answered by a REPLY too.
  if (tunables.createOnRenew && (exchange.view.type === "RENEW" || rapidCommit))
    return assignNew(exchange, ia, "grant", taken);
  return { ia, leases: [], status: { code: STATUS.NoBinding, message: "no binding for this IA" } };
}

/** RFC 8156 §8.7.1 (F-426 to F-428): only leases recorded here, and no word about others. */
function extendRecorded(exchange: Exchange, ia: RequestedIa): PlannedIa | undefined {
  const leases = bindingsOf(exchange, ia).filter((record) =>
    ia.leases.some((lease) => lease.address === record.address && lease.length === record.length),
  );
  const planned = leases
    .flatMap((record) => extended(exchange, record))
    .filter((lease) => lease.grant);
  return planned.length === 0 ? undefined : { ia, leases: planned };
}

/** T-03, A-81, F-563: every lease named must be ACTIVE here for this client, IA and link, and there is at least one. */
function extendForPartner(exchange: Exchange): readonly PlannedIa[] | undefined {
  if (!isWhollyRecorded(exchange)) return undefined;
  return exchange.view.ias.map((ia) => {
    const leases = bindingsOf(exchange, ia).flatMap((record) => extended(exchange, record));
    // an IA without leases gets no new one here.
    return leases.length > 0 ? { ia, leases } : noneAvailable(exchange, ia, false);
  });
}

/** Whether the message names at least one lease and only leases that are ACTIVE here for its IAs. */
export function isWhollyRecorded(exchange: Exchange): boolean {
  let count = 0;
  for (const ia of exchange.view.ias) {
    for (const requested of ia.leases) {
      const record = exchange.context.table.get(keyOf(ia, requested));
      const isOurs =
        record !== undefined &&
        record.duid === exchange.client.duid &&
        record.iaid === ia.iaid &&
        record.link === exchange.link.name;
      if (!isOurs || !isHeld(record, 0, exchange.now)) return false;
      count++;
    }
  }
  return count > 0;
}

function noteDoubtful(
  exchange: Exchange,
  key: { address: Lease["address"]; length: number },
): void {
  exchange.context.counters.add("doubtful");
  exchange.context.log({
    id: "DHCP6_DOUBTFUL",
    fields: { lease: formatPrefix(key), duid: exchange.client.duid },
  });
}
