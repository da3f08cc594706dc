// RESOLUTION-INTERRUPTED (RFC 8156 §8.11): contact was lost while differences were being settled. F-477, F-478, F-479.

import { ORDINARY, responsive, type StateBehaviour } from "./behaviour.ts";

export const RESOLUTION_INTERRUPTED: StateBehaviour = {
  ...ORDINARY,
  name: "RESOLUTION-INTERRUPTED",
  section: "8.11",
  meaning:
    "Contact was lost while differences were being settled; this server answers all clients.",
  service: (message, serverId, { strict }) => responsive(message, serverId, !strict),
  startsLeases: true,
  sendsUpdates: () => false,
  expires: true,
  serves: true,
  // F-476
  entryAlarm: () => "contact was lost while differences were being settled",
  advice: () =>
    "Repair the connection; the pair goes on by itself. If the partner is off for good: `tandem failover partner-down`.",
};
