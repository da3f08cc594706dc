// Finding the link, subnet or pool that an interface, a relay or a lease belongs to (RFC 8415 §13.1).
// Subnets and pools never overlap in a loaded configuration, so one binary search decides. A lease belongs to the link
// that has its address now, whatever that was called when the lease was given.

import {
  containsPrefix,
  type Ipv6Address,
  inPrefix,
  isLinkLocal,
  type Prefix,
  UNSPECIFIED,
} from "../model/ipv6.ts";
import type { LeaseKey } from "../model/lease.ts";
import type {
  CompiledConfig,
  ConfigIndex,
  Link,
  PrefixPoolPlace,
  Relationship,
  SubnetPlace,
} from "./types.ts";

/** D-053: the link of a receiving interface. */
export function linkOfInterface(config: CompiledConfig, name: string): Link | undefined {
  return indexOf(config).byInterface.get(name);
}

/**
 * The link that one RELAY-FORW level names: by a relay address or subnet of the link-address (D-055), else
 * by Interface-Id, hex (D-057, D-190). `::` (D-056) and link-local addresses (D-058) count only when the file
 * lists them as a relay address. Callers ask level by level, innermost first.
 */
export function linkOfRelay(
  config: CompiledConfig,
  linkAddress: Ipv6Address,
  interfaceIds: readonly string[],
): Link | undefined {
  const index = indexOf(config);
  const listed = index.byRelayAddress.get(linkAddress);
  if (listed !== undefined) return listed;
  if (linkAddress !== UNSPECIFIED && !isLinkLocal(linkAddress)) {
    const place = subnetAt(index, linkAddress);
    if (place !== undefined) return place.link;
  }
  for (const id of interfaceIds) {
    const link = index.byInterfaceId.get(id);
    if (link !== undefined) return link;
  }
  return undefined;
}

/** The pool that delegates exactly this prefix (its length is the pool's delegated length, F-110). */
export function placeOfPrefix(config: CompiledConfig, prefix: Prefix): PrefixPoolPlace | undefined {
  const place = poolAt(indexOf(config), prefix.address);
  return place !== undefined && delegates(place.pool, prefix) ? place : undefined;
}

/** The pool that contains a block of prefixes: any length from the pool's own to its delegated length. */
export function placeOfBlock(config: CompiledConfig, block: Prefix): PrefixPoolPlace | undefined {
  const place = poolAt(indexOf(config), block.address);
  if (place === undefined || block.length > place.pool.delegatedLength) return undefined;
  return containsPrefix(place.pool.prefix, block) ? place : undefined;
}

/** Where a lease stands: the subnet that contains the address, or the pool that contains the prefix. T-10: a prefix stays
 * where it is when the length that its pool delegates changes. */
export function placeOfLease(config: CompiledConfig, key: LeaseKey): SubnetPlace | undefined {
  const index = indexOf(config);
  if (key.kind === "address") return subnetAt(index, key.address);
  const place = poolAt(index, key.address);
  return place !== undefined && containsPrefix(place.pool.prefix, key) ? place : undefined;
}

/** F-008, F-292: the name of the relationship to which a lease or a block of prefixes belongs. */
export function relationshipAt(config: CompiledConfig, key: LeaseKey): string | undefined {
  return placeOfLease(config, key)?.link.relationship;
}

/** F-004, T-10: the relationship that all pools of the link belong to. */
export function relationshipOf(config: CompiledConfig, link: Link): Relationship | undefined {
  return link.relationship === undefined
    ? undefined
    : indexOf(config).relationships.get(link.relationship);
}

/** The same configuration with its index; loadConfig has done this already. */
export function withIndex(config: CompiledConfig): CompiledConfig {
  return Object.freeze({ ...config, index: buildIndex(config) });
}

function indexOf(config: CompiledConfig): ConfigIndex {
  return config.index ?? buildIndex(config);
}

function buildIndex(config: CompiledConfig): ConfigIndex {
  const byInterface = new Map<string, Link>();
  const byRelayAddress = new Map<Ipv6Address, Link>();
  const byInterfaceId = new Map<string, Link>();
  const subnets: SubnetPlace[] = [];
  const prefixPools: PrefixPoolPlace[] = [];
  for (const link of config.links) {
    for (const name of link.interfaces) byInterface.set(name, link);
    for (const address of link.relayAddresses) byRelayAddress.set(address, link);
    for (const id of link.interfaceIds) byInterfaceId.set(id, link);
    for (const subnet of link.subnets) {
      subnets.push({ link, subnet });
      for (const pool of subnet.prefixPools) prefixPools.push({ link, subnet, pool });
    }
  }
  subnets.sort((a, b) => compare(a.subnet.prefix.address, b.subnet.prefix.address));
  prefixPools.sort((a, b) => compare(a.pool.prefix.address, b.pool.prefix.address));
  const relationships = new Map(
    config.relationships.map((relationship) => [relationship.name, relationship]),
  );
  return {
    byInterface,
    byRelayAddress,
    byInterfaceId,
    relationships,
    subnets,
    prefixPools,
  };
}

function delegates(
  pool: { readonly prefix: Prefix; readonly delegatedLength: number },
  prefix: Prefix,
): boolean {
  return prefix.length === pool.delegatedLength && containsPrefix(pool.prefix, prefix);
}

function subnetAt(index: ConfigIndex, address: Ipv6Address): SubnetPlace | undefined {
  const place = lastNotAfter(index.subnets, address, (entry) => entry.subnet.prefix.address);
  return place !== undefined && inPrefix(address, place.subnet.prefix) ? place : undefined;
}

function poolAt(index: ConfigIndex, address: Ipv6Address): PrefixPoolPlace | undefined {
  const place = lastNotAfter(index.prefixPools, address, (entry) => entry.pool.prefix.address);
  return place !== undefined && inPrefix(address, place.pool.prefix) ? place : undefined;
}

function lastNotAfter<T>(
  sorted: readonly T[],
  address: Ipv6Address,
  keyOf: (entry: T) => Ipv6Address,
): T | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(sorted[middle] as T) <= address) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
