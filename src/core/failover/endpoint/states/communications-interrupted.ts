// COMMUNICATIONS-INTERRUPTED (RFC 8156 §8.9): no contact; each server serves everybody from its own pool,
// within the MCLT. F-446, F-449, F-450, F-451, F-452, F-453, F-455.

import { ORDINARY, responsive, type StateBehaviour } from "./behaviour.ts";

export const COMMUNICATIONS_INTERRUPTED: StateBehaviour = {
  ...ORDINARY,
  name: "COMMUNICATIONS-INTERRUPTED",
  section: "8.9",
  meaning:
    "No contact with the partner; this server answers all clients and gives new leases from its own half.",
  // R7031-05, R7031-07, R7031-42: whoever granted a lease, this server goes on with it; nobody has to decide anything.
  service: (message, serverId, { strict }) => responsive(message, serverId, !strict),
  startsLeases: true,
  sendsUpdates: () => false,
  expires: true,
  serves: true,
  // F-448
  entryAlarm: ({ from }) => (from === "NORMAL" ? "no contact with the partner" : undefined),
  advice: () =>
    "Repair the partner or the connection; the pair goes on by itself. Clients are served. If the partner will stay off for longer than leases last: `tandem failover partner-down`.",
};
