// RECOVER (RFC 8156 §8.5): fetching from the partner what was missed. F-408, F-409.

import { NO_TIME } from "../../../model/time.ts";
import { ORDINARY, type StateBehaviour, unresponsive } from "./behaviour.ts";

export const RECOVER: StateBehaviour = {
  ...ORDINARY,
  name: "RECOVER",
  section: "8.5",
  meaning: "Fetching the partner's leases; this server answers no client before it has them.",
  service: unresponsive,
  startsLeases: false,
  sendsUpdates: () => false,
  expires: false,
  serves: false,
  isRecovering: true,
  isMute: true,
  asksFirst: true,
  partnerDown: "by-force",
  waitsFor: "the partner's updates",
  // F-412, F-413
  asksForUpdates: () => true,
  entryChanges: () => ({ recoverWaitUntil: NO_TIME }),
  advice: ({ communicating }) =>
    communicating
      ? "Nothing: it goes on when the partner has sent all updates. If the partner does not go on: restart it, or give it up with `tandem failover partner-down --force`."
      : "The partner is needed. If it will never come back: `tandem failover partner-down --force`.",
};
