// What a server says of itself when it starts.

import type { LogEvent } from "../model/log-events.ts";
import type { ServerState } from "./state.ts";

export function startEvents(server: string, { mended, table, torn }: ServerState): LogEvent[] {
  const events: LogEvent[] = [
    { id: "TANDEM_STARTED", fields: { server, leases: table.size } },
    ...mended.map(
      ({ file, reason }): LogEvent => ({ id: "STORE_MENDED", fields: { file, reason } }),
    ),
  ];
  if (torn !== undefined) events.push({ id: "STORE_TORN", fields: { ...torn } });
  const leases = table.countInUse(undefined);
  if (leases > 0) events.push({ id: "LEASES_WITHOUT_LINK", fields: { leases } });
  return events;
}
