// Finds a lease for a client's IA: what was offered, what it names, what it had, then candidates
// (RFC 8415 §18.3.9 hints, D-288 affinity; RFC 8156 §4.2).

import { subnetOf, subnetOfPrefix } from "../../config/lookup.ts";
import type { Subnet } from "../../config/types.ts";
import { maskTo } from "../../model/ipv6.ts";
import { type Lease, type LeaseKey, leaseKeyText } from "../../model/lease.ts";
import { isAvailable, isHeld, isOf } from "../../model/lease-status.ts";
import type { RequestedIa, RequestedLease } from "../../wire/view.ts";
import type { Exchange } from "../context.ts";
import { candidates } from "./candidates.ts";
import { isReservedIdentifier } from "./reserved.ts";

export interface Allocation {
  readonly key: LeaseKey;
  readonly subnet: Subnet;
  readonly record: Lease | undefined;
}

/** A new lease for the IA, or why there is none. `taken` are leases that this answer already names (D-305). */
export function allocate(
  exchange: Exchange,
  ia: RequestedIa,
  taken: ReadonlySet<string>,
): Allocation | "limit" | undefined {
  if (isAtLimit(exchange)) return "limit";
  const client = { duid: exchange.client.duid, iaid: ia.iaid };
  for (const candidate of proposals(exchange, ia)) {
    if (taken.has(leaseKeyText(candidate.key))) continue;
    const record = exchange.context.table.get(candidate.key);
    if (isUsable(exchange, candidate, record, client)) return { ...candidate, record };
  }
  return undefined;
}

/** D-294: limits of a client, a link and the whole table. Known leases are still served. */
function isAtLimit({ context, link, client }: Exchange): boolean {
  const { tunables } = context.config;
  if (tunables.maxLeases !== undefined && context.table.size >= tunables.maxLeases) return true;
  if (link.maxLeases !== undefined && context.table.countInUse(link.name) >= link.maxLeases)
    return true;
  const own = context.table.ofClient(client.duid);
  return (
    own.length >= tunables.leasesPerClient &&
    own.filter((lease) => !isAvailable(lease.status)).length >= tunables.leasesPerClient
  );
}

function isUsable(
  exchange: Exchange,
  { key, subnet }: { key: LeaseKey; subnet: Subnet },
  record: Lease | undefined,
  client: { duid: Exchange["client"]["duid"]; iaid: number },
): boolean {
  const { context, authority, now } = exchange;
  if (key.kind === "address" && isExcluded(exchange, key, subnet)) return false;
  if (record !== undefined && isHeld(record, authority.graceSeconds, now)) return false;
  if (context.offers.isHeldForOther(key, client, now)) return false;
  // D-291: nothing delegated may overlap; a pool changed in length can leave longer or shorter ones behind.
  if (
    key.kind === "prefix" &&
    context.table
      .prefixesWithin(key, 2)
      .some((other) => other.address !== key.address || other.length !== key.length)
  )
    return false;
  return authority.mayStart(key, record, client, now);
}

function isExcluded({ context }: Exchange, key: LeaseKey, subnet: Subnet): boolean {
  if (isReservedIdentifier(key.address, subnet.prefix)) return true;
  const { config } = context;
  if (key.address === config.server.address) return true;
  if (config.relationships.some((relationship) => relationship.partner.address === key.address))
    return true;
  // D-062
  return config.tunables.excluded.some(
    (range) => key.address >= range.first && key.address <= range.last,
  );
}

function* proposals(
  exchange: Exchange,
  ia: RequestedIa,
): Generator<{ key: LeaseKey; subnet: Subnet }> {
  const { context, link, authority, now, client } = exchange;
  const ref = { duid: client.duid, iaid: ia.iaid };
  const offered = context.offers.of(ref, ia.kind, now);
  const preferred = [
    ...(offered === undefined ? [] : [offered]),
    ...ia.leases.map((lease) => keyOfHint(ia.kind, lease)),
    ...context.table
      .ofClient(client.duid)
      .filter((lease) => lease.kind === ia.kind && lease.link === link.name && isOf(lease, ref)),
  ];
  for (const key of preferred) {
    const subnet = poolSubnet(exchange, key);
    if (subnet !== undefined)
      yield { key: { kind: key.kind, address: key.address, length: key.length }, subnet };
  }
  yield* candidates({
    kind: ia.kind,
    subnets: subnetsByHint(link.subnets, ia),
    blocks: context.blocks,
    share: authority.ownShare(now),
    hashKey: context.hashKey,
    client: `${client.duid}${ia.iaid.toString(16).padStart(8, "0")}`,
  });
}

/** D-229, D-230: pools of the hinted length first, then the next shorter, then the rest. */
function subnetsByHint(subnets: readonly Subnet[], ia: RequestedIa): readonly Subnet[] {
  const hint = ia.lengthHint ?? ia.leases[0]?.length;
  if (ia.kind === "address" || hint === undefined) return subnets;
  const distance = (length: number) => (length <= hint ? hint - length : 1000 + length - hint);
  const pools = subnets.flatMap((subnet) => subnet.prefixPools.map((pool) => ({ subnet, pool })));
  pools.sort((a, b) => distance(a.pool.delegatedLength) - distance(b.pool.delegatedLength));
  const lengths = new Set(pools.map(({ pool }) => pool.delegatedLength));
  if (lengths.size < 2) return subnets;
  const best = pools[0]?.pool.delegatedLength;
  return pools
    .filter(({ pool }) => pool.delegatedLength === best)
    .map(({ subnet, pool }) => ({ ...subnet, prefixPools: [pool] }));
}

function keyOfHint(kind: LeaseKey["kind"], lease: RequestedLease): LeaseKey {
  return { kind, address: maskTo(lease.address, lease.length), length: lease.length };
}

/** The subnet whose pool contains the lease; a hint outside the pools is not followed (D-110, D-111). */
export function poolSubnet({ link }: Exchange, key: LeaseKey): Subnet | undefined {
  if (key.kind === "prefix") return subnetOfPrefix(link, key);
  const subnet = subnetOf(link, key.address);
  const inPool =
    subnet?.pools.some((pool) => key.address >= pool.first && key.address <= pool.last) ?? false;
  return inPool ? subnet : undefined;
}
