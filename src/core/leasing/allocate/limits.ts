// D-294: how many leases there may be: of a client, on a link, in all. Known leases are served beyond them.

import { isAvailable } from "../../model/lease-status.ts";
import type { Exchange } from "../context.ts";

/** Whether one more new lease would be too many; `fresh` new ones stand in the answer already. */
export function isAtLimit(exchange: Exchange, fresh: number): boolean {
  return (
    isLinkFull(exchange, fresh) || isClientFull(exchange, fresh) || isServerFull(exchange, fresh)
  );
}

function isLinkFull({ context, link }: Exchange, fresh: number): boolean {
  return (
    link.maxLeases !== undefined && context.table.countInUse(link.name) + fresh >= link.maxLeases
  );
}

function isClientFull({ context, client }: Exchange, fresh: number): boolean {
  const most = context.config.tunables.leasesPerClient;
  if (client.leases.length + fresh < most) return false;
  return client.leases.filter((lease) => !isAvailable(lease.status)).length + fresh >= most;
}

/** Free leases that are remembered do not count; they are counted out only when the table is that large. */
function isServerFull({ context }: Exchange, fresh: number): boolean {
  const { config, table } = context;
  const most = config.tunables.maxLeases;
  if (most === undefined || table.size + fresh < most) return false;
  return config.links.reduce((sum, link) => sum + table.countInUse(link.name), fresh) >= most;
}
