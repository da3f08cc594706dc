// CONFLICT-DONE (RFC 8156 §8.12, primary only): the primary has the secondary's updates, the secondary fetches its own.
// F-483.

import { ORDINARY, responsive, type StateBehaviour } from "./behaviour.ts";

export const CONFLICT_DONE: StateBehaviour = {
  ...ORDINARY,
  name: "CONFLICT-DONE",
  section: "8.12",
  meaning: "Differences are settled here; the partner is finishing.",
  // without contact the partner's clients are answered too.
  service: (message, serverId, { communicating, strict }) =>
    responsive(message, serverId, !communicating && !strict),
  startsLeases: true,
  sendsUpdates: () => true,
  expires: true,
  serves: true,
  // it went back, or has not heard of this state.
  repeatsStateTo: (partner) => partner === "POTENTIAL-CONFLICT",
  // F-483: the primary's state only; whoever became the secondary since has differences to settle.
  afterRestart: (role) => (role === "secondary" ? "RESOLUTION-INTERRUPTED" : undefined),
  advice: ({ communicating }) =>
    communicating
      ? "Nothing: the partner goes to NORMAL when it has all updates."
      : "Repair the connection; if the partner is off for good: `tandem failover partner-down`.",
};
