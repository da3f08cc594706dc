// The links that this server serves, from the file's links and relationships (RFC 8156 §6.2, T-10).

import { formatPrefix } from "../model/ipv6.ts";
import type { Context } from "./context.ts";
import {
  type DraftLink,
  type DraftSubnet,
  interfaceIdsOf,
  interfacesOf,
  relayAddressesOf,
} from "./links.ts";
import type { OptionScopes } from "./option-data.ts";
import { addressPoolsOf, type Claim, checkOverlaps, prefixPoolsOf, rangeText } from "./ranges.ts";
import { type DraftRelationship, serverOf } from "./relationships.ts";
import { inherited, lifetimesOf } from "./scopes.ts";
import type { Link, Subnet } from "./types.ts";

export interface LinkInputs {
  readonly context: Context;
  readonly drafts: readonly DraftLink[];
  readonly relationships: readonly DraftRelationship[];
  /** Relationship by link name. */
  readonly assigned: ReadonlyMap<string, string>;
  /** This server; undefined when the file does not have it (all is checked nevertheless). */
  readonly own: string | undefined;
  readonly serverNames: readonly string[];
  readonly options: OptionScopes;
}

/** Checks every link of the file, and compiles those that this server serves. */
export function compileLinks(inputs: LinkInputs): readonly Link[] {
  const numbers = subnetNumbers(inputs.context, inputs.drafts);
  const claims: Claim[] = [];
  const links = inputs.drafts.flatMap((draft) => {
    const relationship = inputs.assigned.get(draft.name);
    const subnets = draft.subnets.map((subnet) =>
      compileSubnet(inputs, subnet, numbers, relationship),
    );
    for (const [i, subnet] of subnets.entries())
      claims.push(...claimsOf(draft, draft.subnets[i] as DraftSubnet, subnet, relationship));
    const link = compileLink(inputs, draft, subnets, relationship);
    return serves(inputs, draft, relationship) ? [link] : [];
  });
  checkOverlaps(inputs.context, claims);
  return links;
}

function compileLink(
  inputs: LinkInputs,
  draft: DraftLink,
  subnets: readonly Subnet[],
  relationship: string | undefined,
): Link {
  return {
    name: draft.name,
    subnets,
    interfaces: inputs.own === undefined ? [] : interfacesOf(draft, inputs.own),
    relayAddresses: relayAddressesOf(draft),
    interfaceIds: interfaceIdsOf(draft),
    relationship,
    maxLeases: draft.places[0]?.value["max-leases"],
  };
}

function compileSubnet(
  inputs: LinkInputs,
  draft: DraftSubnet,
  numbers: ReadonlyMap<DraftSubnet, number>,
  relationship: string | undefined,
): Subnet {
  const { context, options } = inputs;
  const { value, scopes } = draft;
  const failover = relationship !== undefined;
  const subnet: Subnet = {
    id: numbers.get(draft) ?? 0,
    prefix: value.subnet,
    pools: addressPoolsOf(context, draft),
    prefixPools: prefixPoolsOf(context, draft),
    lifetimes: lifetimesOf(context, scopes, value.subnet, failover),
    rapidCommit: inherited(scopes, "rapid-commit") ?? false,
    options: options.merged(scopes),
    preference: inherited(scopes, "preference") ?? 0,
  };
  if (failover) warnOneSided(context, draft, subnet);
  return subnet;
}

/** F-016, F-017: the lowest bit splits addresses between the servers, so a pool of one is one server's. */
function warnOneSided(context: Context, draft: DraftSubnet, subnet: Subnet): void {
  for (const pool of subnet.pools) {
    if (pool.first !== pool.last) continue;
    context.warn(
      "one-sided-pool",
      { key: [...draft.path, "pools"] },
      `the pool ${rangeText(pool)} has one address, which only one server of the pair can give to a new client`,
      "under failover give a pool at least two addresses",
    );
  }
  for (const pool of subnet.prefixPools) {
    if (pool.prefix.length !== pool.delegatedLength) continue;
    context.warn(
      "one-sided-pool",
      { key: [...draft.path, "pd-pools"] },
      `the prefix pool ${formatPrefix(pool.prefix)} has one prefix, which only one server of the pair can give to a new client`,
      "under failover give a pool at least two prefixes",
    );
  }
}

/** Ids from the file; the others get the lowest free numbers in the file's order. */
function subnetNumbers(
  context: Context,
  drafts: readonly DraftLink[],
): ReadonlyMap<DraftSubnet, number> {
  const subnets = drafts.flatMap((draft) => draft.subnets);
  const taken = new Map<number, DraftSubnet>();
  for (const subnet of subnets) {
    const id = subnet.value.id;
    if (id === undefined) continue;
    const other = taken.get(id);
    if (other !== undefined)
      context.error(
        "duplicate-id",
        [...subnet.path, "id"],
        `subnet ${formatPrefix(other.value.subnet)} has the id ${id} already`,
        "give each subnet its own `id`, or none",
      );
    taken.set(id, subnet);
  }
  const numbers = new Map<DraftSubnet, number>();
  let next = 1;
  for (const subnet of subnets) {
    while (subnet.value.id === undefined && taken.has(next)) next++;
    numbers.set(subnet, subnet.value.id ?? next++);
  }
  return numbers;
}

function claimsOf(
  draft: DraftLink,
  subnet: DraftSubnet,
  compiled: Subnet,
  relationship: string | undefined,
): readonly Claim[] {
  const own = { link: draft.name, relationship };
  return [
    { ...own, kind: "subnet", prefix: compiled.prefix, path: [...subnet.path, "subnet"] },
    ...compiled.prefixPools.map(
      (pool): Claim => ({
        ...own,
        kind: "pd-pool",
        prefix: pool.prefix,
        path: prefixPoolPath(subnet, pool.prefix.address),
      }),
    ),
  ];
}

function prefixPoolPath(subnet: DraftSubnet, address: string): Claim["path"] {
  const at = (subnet.value["pd-pools"] ?? []).findLastIndex(
    (pool) => pool?.prefix.address === address,
  );
  return [...subnet.path, "pd-pools", at, "prefix"];
}

/** Whether this server serves the link: as part of its relationship, or alone. */
function serves(inputs: LinkInputs, draft: DraftLink, relationship: string | undefined): boolean {
  const { context, own, serverNames } = inputs;
  const only = serverOf(draft);
  const path = [...draft.path, "server"];
  if (only !== undefined && !serverNames.includes(only) && only !== own) {
    context.error(
      "unknown-server",
      path,
      `there is no server \`${only}\` in \`servers\``,
      `known: ${serverNames.join(", ")}`,
    );
  }
  if (relationship !== undefined) {
    if (only !== undefined)
      context.error(
        "server-and-relationship",
        { key: path },
        `link \`${draft.name}\` belongs to relationship \`${relationship}\`, so both its servers serve it`,
        "remove `server`, or take the link out of `links`",
      );
    const value = inputs.relationships.find(
      (candidate) => candidate.value.name === relationship,
    )?.value;
    return own !== undefined && (own === value?.primary || own === value?.secondary);
  }
  // Two servers that know nothing of each other would give one address to two clients.
  if (only === undefined && serverNames.length > 1 && relationshipsAreWhole(context)) {
    context.error(
      "link-without-owner",
      draft.path,
      `link \`${draft.name}\` belongs to no relationship: every server of the file would give its addresses, without knowing of the others`,
      "add it to the `links` of a relationship, or name its one `server`",
    );
  }
  return only === undefined || only === own;
}

/** Whether no relationship was refused before: a link may belong to one of those. */
function relationshipsAreWhole(context: Context): boolean {
  const { failover } = context.file;
  if (failover === undefined) return !context.has(["failover"]);
  return failover.relationships.every(
    (value) => value !== undefined && value.links?.includes(undefined) !== true,
  );
}
