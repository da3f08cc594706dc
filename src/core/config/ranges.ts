// Addresses and prefixes that must not meet: subnets, address pools and prefix pools, on one link and across links.

import {
  containsPrefix,
  formatIpv6,
  formatPrefix,
  inPrefix,
  maskTo,
  type Prefix,
} from "../model/ipv6.ts";
import { type Context, elements } from "./context.ts";
import { CONFIG_LIMITS } from "./limits.ts";
import type { DraftSubnet } from "./links.ts";
import type { Path } from "./problem.ts";
import { isWhollyReserved } from "./reserved.ts";
import type { FileSubnet } from "./schema.ts";
import type { AddressPool, PrefixPool } from "./types.ts";

type FilePrefixPool = NonNullable<NonNullable<FileSubnet["pd-pools"]>[number]>;

/** The address pools of a subnet, each within it and apart from the others. */
export function addressPoolsOf(context: Context, subnet: DraftSubnet): readonly AddressPool[] {
  const prefix = subnet.value.subnet;
  const pools = elements(subnet.value.pools).map(({ value, at }) => ({
    ...value.pool,
    path: [...subnet.path, "pools", at, "pool"],
  }));
  for (const pool of pools) {
    if (!inPrefix(pool.first, prefix) || !inPrefix(pool.last, prefix)) {
      context.error(
        "pool-outside-subnet",
        pool.path,
        `${rangeText(pool)} is not within ${formatPrefix(prefix)}`,
        "a pool lies wholly in its subnet",
      );
    } else if (isWhollyReserved(pool, prefix)) {
      // D-061: no address of such a pool could ever be given.
      context.error(
        "pool-reserved",
        pool.path,
        `${rangeText(pool)} has only reserved interface identifiers`,
        "choose addresses that may be given to clients",
      );
    }
  }
  const sorted = [...pools].sort((a, b) => (a.first < b.first ? -1 : 1));
  sorted.reduce<(typeof sorted)[number] | undefined>((before, pool) => {
    if (before !== undefined && pool.first <= before.last) {
      context.error(
        "pools-overlap",
        pool.path,
        `${rangeText(pool)} overlaps the pool ${rangeText(before)}`,
        "no address may be in two pools",
      );
    }
    return before === undefined || pool.last > before.last ? pool : before;
  }, undefined);
  return pools.map(({ first, last }) => ({ first, last }));
}

/** The prefix pools of a subnet, each sound in itself (F-110: one delegated length a pool). */
export function prefixPoolsOf(context: Context, subnet: DraftSubnet): readonly PrefixPool[] {
  return elements(subnet.value["pd-pools"]).flatMap(({ value, at }) => {
    const pool = prefixPoolOf(context, value, [...subnet.path, "pd-pools", at]);
    return pool === undefined ? [] : [pool];
  });
}

function prefixPoolOf(context: Context, pool: FilePrefixPool, path: Path): PrefixPool | undefined {
  const { address, length: written } = pool.prefix;
  const length = pool["prefix-len"] ?? written;
  const delegatedLength = pool["delegated-len"];
  if (length === undefined) {
    if (!context.has([...path, "prefix-len"]))
      context.error(
        "missing-key",
        [...path, "prefix-len"],
        "`prefix-len` is missing",
        "give the length here or after the prefix",
      );
  } else if (written !== undefined && written !== length) {
    context.error(
      "length-twice",
      [...path, "prefix-len"],
      `the prefix says /${written}, \`prefix-len\` says ${length}`,
      "remove one of the two",
    );
  } else if (maskTo(address, length) !== address) {
    context.error(
      "bad-value",
      [...path, "prefix"],
      `${formatIpv6(address)} has bits set beyond its length /${length}`,
      `write ${formatIpv6(maskTo(address, length))}`,
    );
  } else if (delegatedLength < length) {
    context.error(
      "delegated-too-short",
      [...path, "delegated-len"],
      `a prefix of /${delegatedLength} does not fit into a /${length}`,
      `give at least ${length}`,
    );
  } else if (delegatedLength - length > CONFIG_LIMITS.prefixBits) {
    context.error(
      "pool-too-large",
      [...path, "delegated-len"],
      `a /${length} has too many prefixes of /${delegatedLength}`,
      `give at most ${length + CONFIG_LIMITS.prefixBits}`,
    );
  } else {
    return { prefix: { address, length }, delegatedLength };
  }
  return undefined;
}

/** A prefix of the file with its owner, for the overlap check. */
export interface Claim {
  readonly kind: "subnet" | "pd-pool";
  readonly prefix: Prefix;
  readonly path: Path;
  readonly link: string;
  readonly relationship: string | undefined;
}

/** D-291, F-005: no prefix contains another one, on whatever link. */
export function checkOverlaps(context: Context, claims: readonly Claim[]): void {
  const order = (claim: Claim) =>
    `${claim.prefix.address}/${String(claim.prefix.length).padStart(3, "0")}`;
  const sorted = claims
    .map((claim) => ({ claim, key: order(claim) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const open: Claim[] = [];
  for (const { claim } of sorted) {
    while (open.length > 0 && !containsPrefix((open.at(-1) as Claim).prefix, claim.prefix))
      open.pop();
    const outer = open.at(-1);
    if (outer !== undefined) reportOverlap(context, outer, claim);
    open.push(claim);
  }
}

function reportOverlap(context: Context, outer: Claim, inner: Claim): void {
  const what = `${inner.kind} ${formatPrefix(inner.prefix)} overlaps ${outer.kind} ${formatPrefix(outer.prefix)}`;
  const where = outer.link === inner.link ? "" : ` of link \`${outer.link}\``;
  // F-005, R7031-02, R7031-25, R7031-61: a prefix belongs to at most one relationship, containment included.
  if (outer.relationship !== inner.relationship) {
    const names = [outer.relationship, inner.relationship].map((name) =>
      name === undefined ? "none" : `\`${name}\``,
    );
    context.error(
      "prefix-in-two-relationships",
      inner.path,
      `${what}${where}, and they belong to different relationships (${names.join(" and ")})`,
      "a prefix belongs to at most one relationship",
    );
    return;
  }
  context.error(
    inner.kind === outer.kind ? `${inner.kind}s-overlap` : "prefixes-overlap",
    inner.path,
    `${what}${where}`,
    "no address may be in two of them",
  );
}

/** `first - last` in the text of RFC 5952. */
export function rangeText(pool: AddressPool): string {
  return pool.first === pool.last
    ? formatIpv6(pool.first)
    : `${formatIpv6(pool.first)} - ${formatIpv6(pool.last)}`;
}
