// What is wrong with a server: its relationships and its disk.

import { endpointAlarms } from "../failover/endpoint/alarms.ts";
import type { AlarmFact } from "../model/alarms.ts";
import type { Server } from "./server.ts";

export function serverAlarms({ config, state, failover }: Server): readonly AlarmFact[] {
  const { trouble } = state.store;
  const disk: readonly AlarmFact[] =
    trouble === undefined
      ? []
      : [{ id: "DISK_TROUBLE", subject: config.server.name, fields: { error: trouble } }];
  return [...disk, ...failover.endpoints.flatMap(endpointAlarms)];
}
