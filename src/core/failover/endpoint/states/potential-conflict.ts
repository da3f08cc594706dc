// POTENTIAL-CONFLICT (RFC 8156 §8.10): both served without knowing of each other; differences are settled before
// anybody is answered. F-466.

import { laterOf } from "../../../model/time.ts";
import { ORDINARY, type StateBehaviour, unresponsive } from "./behaviour.ts";

export const POTENTIAL_CONFLICT: StateBehaviour = {
  ...ORDINARY,
  name: "POTENTIAL-CONFLICT",
  section: "8.10",
  meaning: "The two servers compare what each did alone; clients wait for a moment.",
  service: unresponsive,
  startsLeases: false,
  sendsUpdates: () => false,
  expires: false,
  serves: false,
  asksFirst: true,
  partnerDown: "when-stuck",
  waitsFor: "the partner's part in settling the differences",
  // F-464, F-465, F-470, F-471, A-37: the primary first; the secondary while the primary is in CONFLICT-DONE. F-472: what
  // it asked there is void when the primary goes back.
  asksForUpdates: ({ role, partnerState }) =>
    role === "primary" || partnerState === "CONFLICT-DONE",
  afterRestart: () => "RESOLUTION-INTERRUPTED",
  // past UPDREQALL and the wait of RECOVER-WAIT, so no new lease before both.
  entryChanges: ({ record, waitAfterFailure }) =>
    record.updateAllNeeded
      ? { noNewLeasesUntil: laterOf(waitAfterFailure(), record.noNewLeasesUntil) }
      : {},
  advice: () =>
    "Nothing: it ends when all updates are exchanged. If the partner does not go on: restart it, or give it up with `tandem failover partner-down --force`.",
};
