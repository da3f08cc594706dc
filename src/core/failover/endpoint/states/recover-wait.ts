// RECOVER-WAIT (RFC 8156 §8.6): leases given just before the failure may be unknown to the partner; they end first.
// F-419.

import { type StateBehaviour, unresponsive } from "./behaviour.ts";

export const RECOVER_WAIT: StateBehaviour = {
  name: "RECOVER-WAIT",
  section: "8.6",
  meaning: "Waiting until leases that the partner may not know have ended.",
  service: unresponsive,
  startsLeases: false,
  sendsUpdates: () => false,
  expires: false,
  serves: false,
  advice: () =>
    "Nothing: it ends by itself. If the partner fails now and must not be waited for: `tandem failover partner-down --force`.",
};
