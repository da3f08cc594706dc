// What is wrong with a server: its relationships and its disk.

import { endpointAlarms } from "../failover/endpoint/alarms.ts";
import { mostDeclined } from "../leasing/declined.ts";
import type { AlarmFact } from "../model/alarms.ts";
import { DEFAULTS } from "../model/limits.ts";
import type { Millis } from "../model/time.ts";
import { inSeconds } from "./clock-keeper.ts";
import { leaseAlarms } from "./lease-watch.ts";
import type { Server } from "./server.ts";

export function serverAlarms(server: Server, now: Millis): readonly AlarmFact[] {
  const { config, failover, state, unfitReason } = server;
  const unfit: readonly AlarmFact[] =
    unfitReason === undefined
      ? []
      : [{ id: "DISK_UNFIT", subject: config.server.name, fields: { reason: unfitReason } }];
  const { trouble } = state.store;
  const disk: readonly AlarmFact[] =
    trouble === undefined
      ? []
      : [{ id: "DISK_TROUBLE", subject: config.server.name, fields: { error: trouble } }];
  const files = state.mended.map(({ file }) => file).join(", ");
  const mended: readonly AlarmFact[] =
    files === "" ? [] : [{ id: "STATE_MENDED", subject: config.server.name, fields: { files } }];
  return [
    ...unfit,
    ...disk,
    ...mended,
    ...leaseAlarms(server),
    ...declinedAlarms(server),
    ...clockAlarms(server),
    ...failover.endpoints.flatMap((endpoint) => endpointAlarms(endpoint, now)),
  ];
}

/** N-013 */
function declinedAlarms({ config, state }: Server): readonly AlarmFact[] {
  return config.links.flatMap((link): readonly AlarmFact[] => {
    const count = state.table.countDeclined(link.name);
    if (count === 0) return [];
    const most = mostDeclined(link);
    // One of a handful is nothing to speak of.
    if (count < Math.max(2, most)) return [];
    const fields = { count, most, link: link.name };
    return [{ id: "MANY_DECLINED", subject: link.name, fields }];
  });
}

/** T-06 (1), T-13 */
function clockAlarms({ config, time }: Server): readonly AlarmFact[] {
  const subject = config.server.name;
  const { behind, difference } = time.clock;
  if (behind !== undefined)
    return [{ id: "CLOCK_BEHIND", subject, fields: { seconds: inSeconds(behind) } }];
  if (Math.abs(difference) <= DEFAULTS.clockStepMillis) return [];
  const direction = difference > 0 ? "ahead of" : "behind";
  const fields = { seconds: Math.abs(inSeconds(difference)), direction };
  return [{ id: "CLOCK_STEPPED", subject, fields }];
}
