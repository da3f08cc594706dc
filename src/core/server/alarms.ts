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
  const files = state.mended.map(({ file }) => file).join(", ");
  const mended: readonly AlarmFact[] =
    files === "" ? [] : [{ id: "STATE_MENDED", subject: config.server.name, fields: { files } }];
  return [...disk, ...mended, ...failover.endpoints.flatMap(endpointAlarms)];
}
