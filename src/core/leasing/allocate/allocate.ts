// Finds a lease for a client's IA: what it names, what it was shown, what it had, then candidates
// (RFC 8415 §18.3.9 hints, RFC 8168 §3.2, D-288 affinity; RFC 8156 §4.2).

import { placeOfPrefix } from "../../config/lookup.ts";
import { isReserved } from "../../config/reserved.ts";
import type { Subnet } from "../../config/types.ts";
import type { ClientRef, StartWait } from "../../model/authority.ts";
import { type Ipv6Address, inPrefix } from "../../model/ipv6.ts";
import type { Lease, LeaseKey } from "../../model/lease.ts";
import { isHeld, isOf } from "../../model/lease-status.ts";
import { LIMITS } from "../../model/limits.ts";
import type { RequestedIa } from "../../wire/view.ts";
import { keyOf, subnetOfLease } from "../bindings.ts";
import type { Exchange } from "../context.ts";
import type { Named } from "../named.ts";
import { type Candidate, candidates } from "./candidates.ts";
import { hasRoomForRecord, type LimitReached, limitReached, serverLimit } from "./limits.ts";

export interface Allocation extends Candidate {
  readonly record: Lease | undefined;
}

/** Why there is no new lease: a limit, a wait of the pair, or nothing is left. */
export type Refusal =
  | LimitReached
  | (StartWait & { readonly type: "wait" })
  | { readonly type: "exhausted" };

/** A new lease for the IA, or why there is none. `named`: what this answer names already. */
export function allocate(
  exchange: Exchange,
  ia: RequestedIa,
  named: Named,
): (Allocation & { readonly type: "found" }) | Refusal {
  const { context, authority, now, client, link } = exchange;
  const limit = limitReached(exchange, named.fresh);
  if (limit !== undefined) return limit;
  const hasRoom = hasRoomForRecord(exchange);
  const ref = { duid: client.duid, iaid: ia.iaid };
  const usable = (candidate: Candidate): Allocation | undefined => {
    if (named.has(candidate.key)) return undefined;
    const record = context.table.get(candidate.key);
    if (record === undefined && !hasRoom) return undefined;
    return isUsable(exchange, candidate, record, ref) ? { ...candidate, record } : undefined;
  };
  for (const candidate of proposals(exchange, ia, named)) {
    if (context.offers.isHeldForOther(candidate.key, ref, now)) continue;
    const found = usable(candidate);
    if (found !== undefined) return { type: "found", ...found };
  }
  const wait = authority.waitsFor(ia.kind, now);
  if (wait !== undefined) return { type: "wait", ...wait };
  // D-115: an offer promises nothing, so the oldest one yields where nothing else is left.
  for (const key of context.offers.oldest(link.name, ia.kind, LIMITS.offersTried)) {
    for (const candidate of inPool(exchange, key)) {
      const found = usable(candidate);
      if (found === undefined) continue;
      context.counters.add("offer-passed-on");
      context.offers.release(key);
      return { type: "found", ...found };
    }
  }
  return hasRoom ? { type: "exhausted" } : serverLimit(exchange);
}

function isUsable(
  exchange: Exchange,
  { key, subnet }: Candidate,
  record: Lease | undefined,
  client: ClientRef,
): boolean {
  const { authority, now } = exchange;
  // D-290: held by somebody, whoever it is.
  if (record !== undefined && isHeld(record, authority.graceSeconds, now)) return false;
  if (isKeptOut(exchange, key, subnet) || overlapsDelegation(exchange, key)) return false;
  // F-018, F-557: not out of the partner's half, whoever asks for it.
  return authority.mayStart(key, record, client, now);
}

/** D-291: nothing delegated may overlap; a pool changed in length can leave longer or shorter ones behind. */
function overlapsDelegation({ context }: Exchange, key: LeaseKey): boolean {
  if (key.kind === "address") return false;
  return context.table
    .prefixesWithin(key, 2)
    .some((other) => other.address !== key.address || other.length !== key.length);
}

/** D-061: reserved interface identifiers. D-062: routers, servers and what the file excludes, also within a prefix. */
function isKeptOut({ context, link, view }: Exchange, key: LeaseKey, subnet: Subnet): boolean {
  if (key.kind === "address" && isReserved(key.address, subnet.prefix)) return true;
  const { server, relationships, tunables } = context.config;
  const within = (address: Ipv6Address | undefined) =>
    address !== undefined && inPrefix(address, key);
  return (
    within(server.address) ||
    relationships.some(({ partner }) => within(partner.address)) ||
    link.relayAddresses.some(within) ||
    view.relays.some(({ linkAddress }) => within(linkAddress)) ||
    tunables.excluded.some(
      ({ first, last }) => within(first) || (first <= key.address && key.address <= last),
    )
  );
}

function* proposals(exchange: Exchange, ia: RequestedIa, named: Named): Generator<Candidate> {
  const { context, link, authority, now, client } = exchange;
  const ref = { duid: client.duid, iaid: ia.iaid };
  // D-110, D-231, D-311: what the message names goes before what was shown or given before (D-239).
  if (!isPassedOver(exchange, ia))
    for (const lease of ia.leases) yield* inPool(exchange, keyOf(ia, lease));
  const groups = subnetsByLength(link.subnets, ia);
  // D-229: a length that is asked for goes before the record of another one.
  const length = ia.lengthHint === undefined ? undefined : groups[0]?.length;
  const fits = (key: LeaseKey) => length === undefined || key.length === length;
  const shown = context.offers.of(ref, ia.kind, now);
  if (shown !== undefined && fits(shown)) yield* inPool(exchange, shown);
  // D-165, D-288: what it had before.
  for (const lease of client.leases) {
    const isItsOwn = lease.kind === ia.kind && lease.link === link.name && isOf(lease, ref);
    if (isItsOwn && fits(lease)) yield* inPool(exchange, lease);
  }
  if (context.exhausted.has(link.name, ia.kind, now)) return;
  let searched = 0;
  for (const share of authority.shares(now)) {
    for (const { subnets } of groups) {
      const found = candidates({
        kind: ia.kind,
        subnets,
        blocks: context.blocks,
        share,
        hashKey: context.hashKey,
        client: `${client.duid}${ia.iaid.toString(16).padStart(8, "0")}`,
      });
      for (const candidate of found) {
        // What is left over by 32 IAs of a message is none of an honest client's.
        if (named.searched++ >= LIMITS.candidatesPerMessage) return;
        searched++;
        yield candidate;
      }
    }
  }
  if (searched > LIMITS.allocationAttempts) context.exhausted.note(link.name, ia.kind, now);
}

/** D-238: a RENEW or REBIND that asks for a length does so because it would rather have that than what it names. */
function isPassedOver({ view }: Exchange, ia: RequestedIa): boolean {
  return ia.lengthHint !== undefined && (view.type === "RENEW" || view.type === "REBIND");
}

interface LengthGroup {
  /** undefined: all lengths together. */
  readonly length: number | undefined;
  readonly subnets: readonly Subnet[];
}

/** D-229, D-230, D-232: pools of the length asked for, then the next shorter ones, then longer ones (D-235). */
function subnetsByLength(subnets: readonly Subnet[], ia: RequestedIa): readonly LengthGroup[] {
  const hint = ia.lengthHint ?? ia.leases[0]?.length;
  if (ia.kind === "address" || hint === undefined) return [{ length: undefined, subnets }];
  const lengths = new Set(
    subnets.flatMap((subnet) => subnet.prefixPools.map((pool) => pool.delegatedLength)),
  );
  const distance = (length: number) => (length <= hint ? hint - length : 128 + length - hint);
  return [...lengths]
    .sort((a, b) => distance(a) - distance(b))
    .map((length) => ({
      length,
      subnets: subnets.map((subnet) => ({
        ...subnet,
        prefixPools: subnet.prefixPools.filter((pool) => pool.delegatedLength === length),
      })),
    }));
}

/** The lease if it lies in a pool of the link: a hint outside the pools is not followed (D-110, D-111). */
function* inPool(exchange: Exchange, lease: LeaseKey): Generator<Candidate> {
  const { kind, address, length } = lease;
  const key = { kind, address, length };
  if (kind === "prefix") {
    const place = placeOfPrefix(exchange.context.config, key);
    if (place?.link === exchange.link) yield { key, subnet: place.subnet };
    return;
  }
  const subnet = subnetOfLease(exchange, key);
  if (subnet?.pools.some((pool) => address >= pool.first && address <= pool.last))
    yield { key, subnet };
}
