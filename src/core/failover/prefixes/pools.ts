// The pools of delegable prefixes of a relationship, and questions about parts of them (RFC 8156 §4.2.2).

import type { CompiledConfig, Link, PrefixPool } from "../../config/types.ts";
import { splitHalf } from "../../model/block-map.ts";
import type { Prefix } from "../../model/ipv6.ts";
import type { LeaseTable } from "../../model/lease-table.ts";
import { LIMITS } from "../../model/limits.ts";

export interface PoolPlace {
  readonly link: Link;
  readonly pool: PrefixPool;
}

/** F-024: of prefixes only; addresses need no balance, their lowest bit says whose they are. */
export function poolsOf(config: CompiledConfig, relationship: string): readonly PoolPlace[] {
  const links = config.links.filter((link) => link.relationship === relationship);
  return links.flatMap((link) =>
    link.subnets.flatMap((subnet) => subnet.prefixPools.map((pool) => ({ link, pool }))),
  );
}

/** Whether no client has anything of the part; false too where that cannot be told in one step. */
export function isUnused(table: LeaseTable, part: Prefix): boolean {
  const rows = table.prefixRows(part, undefined, LIMITS.rowsPerStep);
  return rows.length < LIMITS.rowsPerStep && table.prefixesWithin(part, 1).length === 0;
}

/** How many prefixes of the delegated length lie in the part. */
export function unitsOf(part: Prefix, delegatedLength: number): bigint {
  return part.length > delegatedLength ? 0n : 1n << BigInt(delegatedLength - part.length);
}

/** What is cut out of the part to make `units`: whole from the upper or the lower end, in as few pieces as can be. */
export function carve(
  part: Prefix,
  units: bigint,
  from: { readonly end: "upper" | "lower"; readonly delegatedLength: number },
): readonly Prefix[] {
  if (units <= 0n || part.length > from.delegatedLength) return [];
  const size = unitsOf(part, from.delegatedLength);
  if (size <= units) return [part];
  const [lower, upper] = splitHalf({ address: part.address, length: part.length });
  const [first, second] = from.end === "upper" ? [upper, lower] : [lower, upper];
  return [...carve(first, units, from), ...carve(second, units - size / 2n, from)];
}
