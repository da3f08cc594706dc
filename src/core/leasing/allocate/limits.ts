// D-294: how many leases there may be: of a client, on a link, in all. Known leases are served beyond them.

import { isAvailable } from "../../model/lease-status.ts";
import type { Exchange } from "../context.ts";

export interface LimitReached {
  readonly type: "limit";
  readonly of: "client" | "link" | "server";
  readonly most: number;
}

/** The limit beyond which one more new lease would be; `fresh` new ones stand in the answer already. */
export function limitReached(exchange: Exchange, fresh: number): LimitReached | undefined {
  const { context, link } = exchange;
  const { leasesPerClient, maxLeases } = context.config.tunables;
  if (isLinkFull(exchange, fresh)) return { type: "limit", of: "link", most: link.maxLeases ?? 0 };
  if (heldBy(exchange) + fresh >= leasesPerClient)
    return { type: "limit", of: "client", most: leasesPerClient };
  if (isServerFull(exchange, fresh)) return { type: "limit", of: "server", most: maxLeases ?? 0 };
  return undefined;
}

/** How many leases the client has that are not free again. */
export function heldBy({ client }: Exchange): number {
  return client.leases.filter((lease) => !isAvailable(lease.status)).length;
}

function isLinkFull({ context, link }: Exchange, fresh: number): boolean {
  return (
    link.maxLeases !== undefined && context.table.countInUse(link.name) + fresh >= link.maxLeases
  );
}

/** Free leases that are remembered do not count; they are counted out only when the table is that large. */
function isServerFull({ context }: Exchange, fresh: number): boolean {
  const { config, table } = context;
  const most = config.tunables.maxLeases;
  if (most === undefined || table.size + fresh < most) return false;
  return config.links.reduce((sum, link) => sum + table.countInUse(link.name), fresh) >= most;
}
