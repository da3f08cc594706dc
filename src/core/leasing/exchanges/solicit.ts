// SOLICIT and REQUEST, and SOLICIT with Rapid Commit (RFC 8415 §18.3.1, §18.3.2, §18.3.9).

import type { LeaseKey } from "../../model/lease.ts";
import { STATUS } from "../../wire/messages.ts";
import type { RequestedIa } from "../../wire/view.ts";
import { allocate, type Refusal } from "../allocate/allocate.ts";
import { heldBy } from "../allocate/limits.ts";
import { noteRefusal } from "../allocate/refusal.ts";
import { bindingsOf, keyOf, plan, returningTo, subnetOfLease } from "../bindings.ts";
import type { Exchange, PlannedIa, PlannedLease } from "../context.ts";
import { Named } from "../named.ts";

/** How an IA is treated: shown in an ADVERTISE and held for a while, or granted in a REPLY. */
export type AssignMode = "offer" | "grant";

/** Whether leases are given without the client's choice among the servers. D-102: off unless the file says otherwise. T-02:
 * not while the partner may have what the client held: it is shown both, and takes one. */
export function maySettleAtOnce({ authority, link }: Exchange): boolean {
  return !authority.isOutOfStep() && link.subnets.some((subnet) => subnet.rapidCommit);
}

/** Every IA gets leases or a status, each on its own (D-109, D-127, D-293, D-304). */
export function assignAll(exchange: Exchange, mode: AssignMode): readonly PlannedIa[] {
  const named = new Named();
  return exchange.view.ias.map((ia) => {
    const planned = assign(exchange, ia, mode, named);
    named.add(planned.leases);
    return planned;
  });
}

function assign(exchange: Exchange, ia: RequestedIa, mode: AssignMode, named: Named): PlannedIa {
  // D-120, D-302: an address that is not right for the link is told so; D-125: not so for prefixes.
  if (
    mode === "grant" &&
    ia.kind === "address" &&
    ia.leases.some((lease) => subnetOfLease(exchange, keyOf(ia, lease)) === undefined)
  ) {
    return {
      ia,
      leases: [],
      status: { code: STATUS.NotOnLink, message: "an address is not right for the link" },
    };
  }
  const existing = existingLeases(exchange, ia, mode);
  if (existing.length > 0) return { ia, leases: existing };
  return assignNew(exchange, ia, mode, named);
}

/** D-124: a binding that exists is given again; T-02: so is one that ended here by its time alone. */
function existingLeases(exchange: Exchange, ia: RequestedIa, mode: AssignMode): PlannedLease[] {
  const planned: PlannedLease[] = [];
  const bound = bindingsOf(exchange, ia);
  for (const record of bound.length > 0 ? bound : returningTo(exchange, ia)) {
    const subnet = subnetOfLease(exchange, record);
    if (subnet === undefined || !exchange.authority.mayExtend(record, exchange.now)) continue;
    planned.push(plan(exchange, { key: record, subnet, record }, mode === "grant"));
  }
  return planned;
}

/** A lease that the client does not have yet, named or another (D-123), or the status that says there is none. D-306: one
 * an IA, of all the link's subnets. */
export function assignNew(
  exchange: Exchange,
  ia: RequestedIa,
  mode: AssignMode,
  named: Named,
): PlannedIa {
  const allocation = allocate(exchange, ia, named);
  if (allocation.type !== "found") {
    // D-117: a link without such a pool is no exhausted one.
    if (hasPool(exchange, ia.kind === "address")) noteRefusal(exchange, ia, allocation);
    return noneAvailable(exchange, ia, allocation.type);
  }
  if (mode === "offer") offer(exchange, ia, allocation.key);
  return { ia, leases: [plan(exchange, allocation, mode === "grant")] };
}

/** Keeps the lease for the client for a while. N-013: no more of them than it may hold. */
function offer(exchange: Exchange, { iaid }: RequestedIa, key: LeaseKey): void {
  const { context, client, link, now } = exchange;
  const most = context.config.tunables.leasesPerClient - heldBy(exchange);
  context.offers.hold({ client: { duid: client.duid, iaid }, link: link.name, key, most }, now);
}

/** What the client is told besides the status; the operator gets more (refusal.ts). */
const MESSAGES: Record<Refusal["type"] | "not-recorded", string> = {
  limit: "a limit is reached: no",
  wait: "for a while no",
  exhausted: "no",
  "not-recorded": "no",
};

/** The IA with NoAddrsAvail or NoPrefixAvail inside it (D-097, D-112, D-113, D-114, D-117, D-121, D-122, D-234). */
export function noneAvailable(
  exchange: Exchange,
  ia: RequestedIa,
  why: Refusal["type"] | "not-recorded",
): PlannedIa {
  const isAddress = ia.kind === "address";
  exchange.context.counters.add(isAddress ? "no-addrs-avail" : "no-prefix-avail");
  const message = `${MESSAGES[why]} ${isAddress ? "addresses" : "prefixes"} available`;
  return {
    ia,
    leases: [],
    status: { code: isAddress ? STATUS.NoAddrsAvail : STATUS.NoPrefixAvail, message },
  };
}

function hasPool({ link }: Exchange, ofAddresses: boolean): boolean {
  return link.subnets.some(
    ({ pools, prefixPools }) => (ofAddresses ? pools : prefixPools).length > 0,
  );
}
