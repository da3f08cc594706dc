// RECOVER-DONE (RFC 8156 §8.7, A-84): ready; waiting for the partner to see it. Only RENEWs of recorded leases are
// answered, and only while in contact. F-425, F-426, F-427, F-428, F-569.

import { NO_TIME } from "../../../model/time.ts";
import { ORDINARY, type StateBehaviour, silent } from "./behaviour.ts";

export const RECOVER_DONE: StateBehaviour = {
  ...ORDINARY,
  name: "RECOVER-DONE",
  section: "8.7",
  meaning: "Recovered; waiting for the partner to go to NORMAL too.",
  service: (message, serverId, { communicating }) =>
    message === "RENEW" && serverId === "own" && communicating
      ? { type: "answer-recorded" }
      : silent("left-to-partner"),
  startsLeases: false,
  sendsUpdates: () => false,
  expires: false,
  serves: true,
  isRecovering: true,
  partnerDown: "by-force",
  waitsFor: "the partner to go to NORMAL",
  entryChanges: () => ({ recoverWaitUntil: NO_TIME }),
  advice: ({ communicating }) =>
    communicating
      ? "Nothing: the partner goes to NORMAL. If it does not: restart it, or give it up with `tandem failover partner-down --force`."
      : "The partner is needed. If it will never come back: `tandem failover partner-down --force`.",
};
