// Links of the file: a shared network, or a subnet that stands alone. Names, places and who serves them.

import { formatPrefix, type Ipv6Address } from "../model/ipv6.ts";
import type { PerServer } from "./composed.ts";
import { type Context, elements } from "./context.ts";
import type { Path } from "./problem.ts";
import type { FileSharedNetwork, FileSubnet } from "./schema.ts";
import type { Scope } from "./scopes.ts";

export interface DraftSubnet {
  readonly value: FileSubnet;
  readonly path: Path;
  /** From the nearest scope to the global one. */
  readonly scopes: readonly Scope[];
}

/** A link as the file has it, before its relationship is known. */
export interface DraftLink {
  readonly name: string;
  readonly path: Path;
  readonly network: FileSharedNetwork | undefined;
  readonly subnets: readonly DraftSubnet[];
  /** The parts of the file that say where the link is: the shared network and its subnets. */
  readonly places: readonly {
    readonly value: FileSharedNetwork | FileSubnet;
    readonly path: Path;
  }[];
}

/** All links of the file in its order, with their names checked. */
export function draftLinks(context: Context): readonly DraftLink[] {
  const global: Scope = { value: context.file, path: [] };
  const alone = elements(context.file.subnet6).map(({ value, at }): DraftLink => {
    const path = ["subnet6", at];
    const subnet = { value, path, scopes: [{ value, path }, global] };
    return {
      name: formatPrefix(value.subnet),
      path,
      network: undefined,
      subnets: [subnet],
      places: [{ value, path }],
    };
  });
  const shared = elements(context.file["shared-networks"]).map(({ value, at }): DraftLink => {
    const path = ["shared-networks", at];
    const network: Scope = { value, path };
    const subnets = elements(value.subnet6).map((element): DraftSubnet => {
      const place = [...path, "subnet6", element.at];
      return {
        value: element.value,
        path: place,
        scopes: [{ value: element.value, path: place }, network, global],
      };
    });
    return {
      name: value.name,
      path,
      network: value,
      subnets,
      places: [{ value, path }, ...subnets],
    };
  });
  const links = [...alone, ...shared];
  checkNames(context, links);
  return links;
}

function checkNames(context: Context, links: readonly DraftLink[]): void {
  if (links.length === 0)
    context.warn(
      "no-links",
      [],
      "there is no `subnet6` and no `shared-networks`: no client will get anything",
    );
  const names = new Map<string, DraftLink>();
  for (const link of links) {
    if (link.network !== undefined && names.has(link.name)) {
      context.error(
        "duplicate-name",
        [...link.path, "name"],
        `there are two shared networks \`${link.name}\``,
        "give each its own name",
      );
    }
    names.set(link.name, link);
    if (link.network === undefined) continue;
    if (link.subnets.length === 0)
      context.error(
        "empty-network",
        [...link.path, "subnet6"],
        `shared network \`${link.name}\` has no subnet`,
      );
    for (const subnet of link.subnets) {
      for (const key of ["max-leases", "server"] as const) {
        if (subnet.value[key] === undefined) continue;
        context.error(
          "not-in-network",
          { key: [...subnet.path, key] },
          `\`${key}\` is a matter of the whole link`,
          `move it to shared network \`${link.name}\``,
        );
      }
    }
  }
}

/** The interfaces of `server` that are on the link. */
export function interfacesOf(link: DraftLink, server: string): readonly string[] {
  const names = link.places.flatMap((place) => valuesFor(place.value.interface, server));
  return [...new Set(names)];
}

function valuesFor<T>(value: PerServer<T> | undefined, server: string): readonly T[] {
  if (value === undefined) return [];
  return value.type === "all" ? value.values : (value.servers.get(server) ?? []);
}

export function relayAddressesOf(link: DraftLink): readonly Ipv6Address[] {
  return link.places.flatMap((place) =>
    elements(place.value.relay?.["ip-addresses"]).map((element) => element.value),
  );
}

export function interfaceIdsOf(link: DraftLink): readonly string[] {
  return link.places.flatMap((place) => place.value["interface-id"] ?? []);
}

/** An interface, relay address or Interface-Id names one link only. `servers`: all of the file. */
export function checkPlaces(
  context: Context,
  links: readonly DraftLink[],
  servers: readonly string[],
): void {
  const claims = new Claims(context);
  for (const link of links) {
    for (const { value, path } of link.places) {
      checkServerNames(context, value.interface, [...path, "interface"], servers);
      for (const server of servers) {
        for (const name of valuesFor(value.interface, server)) {
          const shown = `interface \`${name}\``;
          claims.add(link, [...path, "interface"], {
            kind: "interface",
            key: `${server} ${name}`,
            shown,
          });
        }
      }
      for (const { value: key, at } of elements(value.relay?.["ip-addresses"])) {
        const place = [...path, "relay", "ip-addresses", at];
        claims.add(link, place, { kind: "relay-address", key, shown: "this relay address" });
      }
      for (const key of value["interface-id"] ?? []) {
        const place = [...path, "interface-id"];
        claims.add(link, place, { kind: "interface-id", key, shown: "this Interface-Id" });
      }
    }
  }
}

/** What names a link, and which link it names. */
class Claims {
  readonly #context: Context;
  readonly #owners = new Map<string, DraftLink>();

  constructor(context: Context) {
    this.#context = context;
  }

  add(link: DraftLink, path: Path, claim: { kind: string; key: string; shown: string }): void {
    const key = `${claim.kind} ${claim.key}`;
    const owner = this.#owners.get(key);
    if (owner !== undefined && owner !== link) {
      this.#context.error(
        `${claim.kind}-twice`,
        path,
        `${claim.shown} belongs to link \`${owner.name}\` already`,
        "put the subnets of one link into one of `shared-networks`",
      );
    }
    this.#owners.set(key, link);
  }
}

function checkServerNames(
  context: Context,
  value: PerServer<string> | undefined,
  path: Path,
  servers: readonly string[],
): void {
  if (value?.type !== "by-server") return;
  for (const name of value.servers.keys()) {
    if (!servers.includes(name))
      context.error(
        "unknown-server",
        { key: [...path, name] },
        `there is no server \`${name}\` in \`servers\``,
        `known: ${servers.join(", ")}`,
      );
  }
}
