// D-294: how many leases there may be: of a client, on a link, in all. Known leases are served beyond them.

import { isAvailable } from "../../model/lease-status.ts";
import type { Exchange } from "../context.ts";

export interface LimitReached {
  readonly type: "limit";
  readonly of: "client" | "link" | "server";
  readonly most: number;
  /** Where the limit is set, for people. */
  readonly by: string;
}

/** The limit beyond which one more new lease would be; `fresh` new ones stand in the answer already. */
export function limitReached(exchange: Exchange, fresh: number): LimitReached | undefined {
  const { context, link } = exchange;
  const { leasesPerClient } = context.config.tunables;
  const { maxLeases } = link;
  if (maxLeases !== undefined && context.table.countInUse(link.name) + fresh >= maxLeases)
    return { type: "limit", of: "link", most: maxLeases, by: "max-leases of the link" };
  if (heldBy(exchange) + fresh >= leasesPerClient)
    return { type: "limit", of: "client", most: leasesPerClient, by: "max-leases-per-client" };
  return context.table.inUse + fresh >= context.capacity.most ? serverLimit(exchange) : undefined;
}

/** How many leases the client has that are not free again. */
export function heldBy({ client }: Exchange): number {
  return client.leases.filter((lease) => !isAvailable(lease.status)).length;
}

/** Free leases that are remembered take memory too: beyond this only an address with a record is given. */
export function hasRoomForRecord({ context }: Exchange): boolean {
  return context.table.size < context.capacity.mostRecords;
}

export function serverLimit({ context }: Exchange): LimitReached {
  const { most, by } = context.capacity;
  return { type: "limit", of: "server", most, by };
}
