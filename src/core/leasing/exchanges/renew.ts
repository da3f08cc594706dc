// RENEW and REBIND (RFC 8415 §18.3.4, §18.3.5), and what a pair adds: T-02 here, T-03 in for-partner.ts.

import { formatPrefix } from "../../model/ipv6.ts";
import type { Lease, LeaseKey } from "../../model/lease.ts";
import { isHeld } from "../../model/lease-status.ts";
import { STATUS } from "../../wire/messages.ts";
import type { RequestedIa } from "../../wire/view.ts";
import {
  bindingsOf,
  extended,
  isNamed,
  keyOf,
  returningTo,
  subnetOfLease,
  zero,
} from "../bindings.ts";
import type { Exchange, PlannedIa, PlannedLease } from "../context.ts";
import { Named } from "../named.ts";
import { assignNew, maySettleAtOnce } from "./solicit.ts";

/** What this server knows of one IA of the message. */
interface JudgedIa {
  readonly ia: RequestedIa;
  readonly isBound: boolean;
  /** The client has a binding for the IA, of leases that no link has any more. §18.3.4: the server may change the list of
   * leases, so where a pool was moved the new one comes with the word that the old one is over. */
  readonly isWithdrawn: boolean;
  readonly leases: readonly PlannedLease[];
  /** What the client names and has not: to be told so by zero lifetimes. */
  readonly wrong: readonly LeaseKey[];
  /** T-02: what is neither confirmed nor denied. */
  readonly doubtful: readonly LeaseKey[];
}

/** The IAs of the answer; undefined = no answer at all. */
export function extendAll(exchange: Exchange): readonly PlannedIa[] | undefined {
  const { view } = exchange;
  // D-310
  if (view.ias.length === 0) return view.type === "RENEW" ? [] : undefined;
  const judged = view.ias.map((ia) => judge(exchange, ia));
  const named = new Named();
  // D-305: what is extended in one IA is not denied in another.
  for (const { leases } of judged) named.add(leases);
  for (const key of judged.flatMap(({ doubtful }) => doubtful)) noteDoubtful(exchange, key);
  // T-02: a status or a new lease beside a doubtful one would make the client ask here for all of them anew.
  const inDoubt = judged.some(({ doubtful }) => doubtful.length > 0);
  const planned = judged.flatMap((each) => {
    const known = withZeros(each, named);
    if (each.isBound || inDoubt) return known.leases.length > 0 ? [known] : [];
    const create = each.isWithdrawn || mayCreate(exchange);
    const answer = withoutBinding(exchange, known, { named, create });
    return answer === undefined ? [] : [answer];
  });
  // D-152, D-309: nothing to say is silence.
  return planned.length > 0 ? planned : undefined;
}

function judge(exchange: Exchange, ia: RequestedIa): JudgedIa {
  // T-02: what ended here by its time alone is no doubt, and is extended as if it had not.
  const bound = [...bindingsOf(exchange, ia), ...returningTo(exchange, ia)];
  const isBound = bound.length > 0;
  const wrong: LeaseKey[] = [];
  const doubtful: LeaseKey[] = [];
  for (const requested of ia.leases) {
    const key = keyOf(ia, requested);
    if (isAmong(bound, key)) continue;
    // D-137, D-138, D-151: not right for the link.
    if (subnetOfLease(exchange, key) === undefined) wrong.push(key);
    // T-02, D-309: neither confirmed nor denied.
    else if (isDoubtful(exchange, key)) doubtful.push(key);
    // D-139, D-145: the IA has others.
    else if (isBound) wrong.push(key);
  }
  // D-134, D-144, D-146, D-148, D-158, F-020, F-022, F-371: all that the IA has, named or not, and whoever of the pair granted it.
  // T-02: beside a doubtful lease only what the client names: it may have given the others up at the partner.
  const known = doubtful.length === 0 ? bound : bound.filter((record) => isNamed(ia, record));
  const leases = known.flatMap((record) => extended(exchange, record));
  return {
    ia,
    isBound,
    isWithdrawn: !isBound && isWithdrawn(exchange, ia),
    leases,
    wrong,
    doubtful,
  };
}

function isWithdrawn({ client, authority, now }: Exchange, ia: RequestedIa): boolean {
  return client.leases.some(
    (lease) =>
      lease.kind === ia.kind &&
      lease.iaid === ia.iaid &&
      lease.link === undefined &&
      isHeld(lease, authority.graceSeconds, now),
  );
}

function isAmong(bound: readonly Lease[], key: LeaseKey): boolean {
  return bound.some((record) => record.address === key.address && record.length === key.length);
}

function isDoubtful({ authority, context, now }: Exchange, key: LeaseKey): boolean {
  return authority.isDoubtful(key, context.table.get(key), now);
}

function withZeros({ ia, leases, wrong }: JudgedIa, named: Named): PlannedIa {
  const all = [...leases];
  for (const key of wrong) {
    if (named.has(key)) continue;
    const lease = zero(key);
    named.add([lease]);
    all.push(lease);
  }
  return { ia, leases: all };
}

/** D-140, D-141, D-142, D-153, D-154, D-156: creation. D-143, D-144, D-157: or NoBinding. What the client must not use is said besides, and stands for
 * a status where there is nothing to give. */
function withoutBinding(
  exchange: Exchange,
  { ia, leases }: PlannedIa,
  { named, create }: { readonly named: Named; readonly create: boolean },
): PlannedIa | undefined {
  if (create) {
    const created = assignNew(exchange, ia, "grant", named);
    named.add(created.leases);
    if (created.leases.length > 0) return { ia, leases: [...created.leases, ...leases] };
    if (leases.length === 0) return created;
  }
  if (leases.length > 0) return { ia, leases };
  // T-02: the IA may have a binding at the partner that neither the client, which names none, nor this server knows of.
  if (exchange.authority.isOutOfStep()) return undefined;
  return { ia, leases, status: { code: STATUS.NoBinding, message: "no binding for this IA" } };
}

function mayCreate(exchange: Exchange): boolean {
  if (!exchange.context.config.tunables.createOnRenew) return false;
  // D-155: on REBIND only where a SOLICIT with Rapid Commit would be answered by a REPLY too.
  return exchange.view.type === "RENEW" || maySettleAtOnce(exchange);
}

function noteDoubtful({ context, client }: Exchange, key: LeaseKey): void {
  context.counters.add("doubtful");
  context.log({
    id: "DHCP6_DOUBTFUL",
    fields: { lease: formatPrefix(key), duid: client.duid },
  });
}
