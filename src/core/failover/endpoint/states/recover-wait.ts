// RECOVER-WAIT (RFC 8156 §8.6): leases given just before the failure may be unknown to the partner; they end first.
// F-419.

import { NO_TIME } from "../../../model/time.ts";
import { ORDINARY, type StateBehaviour, unresponsive } from "./behaviour.ts";

export const RECOVER_WAIT: StateBehaviour = {
  ...ORDINARY,
  name: "RECOVER-WAIT",
  section: "8.6",
  meaning:
    "Waiting until leases that the partner may not know have ended; this server answers no client before.",
  service: unresponsive,
  startsLeases: false,
  sendsUpdates: () => false,
  expires: false,
  serves: false,
  isRecovering: true,
  isMute: true,
  endsByTime: true,
  partnerDown: "by-force",
  // F-420, F-422: a wait that has begun goes on; a server that never ran has nothing to wait for.
  entryChanges: ({ record, neverRan, waitAfterFailure }) => {
    if (neverRan) return { recoverWaitUntil: NO_TIME };
    return record.recoverWaitUntil === NO_TIME ? { recoverWaitUntil: waitAfterFailure() } : {};
  },
  advice: () =>
    "Nothing: it ends by itself. If the partner fails now and must not be waited for: `tandem failover partner-down --force`.",
};
