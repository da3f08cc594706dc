// PARTNER-DOWN (RFC 8156 §8.4 with T-01): the operator said that the partner is off. Everybody is served; nothing is
// reused that the partner may still be renewing.

import { ORDINARY, responsive, type StateBehaviour } from "./behaviour.ts";

const RETURNING = new Set(["RECOVER", "RECOVER-WAIT", "RECOVER-DONE"]);

export const PARTNER_DOWN: StateBehaviour = {
  ...ORDINARY,
  name: "PARTNER-DOWN",
  section: "8.4",
  meaning: "The partner was declared off; this server answers all clients.",
  // F-389, F-391, F-392; once the partner is back and recovering its clients are answered all the same.
  service: (message, serverId, { strict }) => responsive(message, serverId, !strict),
  startsLeases: true,
  // F-567
  sendsUpdates: ({ partnerState, communicating }) =>
    communicating && partnerState !== undefined && RETURNING.has(partnerState),
  expires: true,
  serves: true,
  partnerIsOff: true,
  partnerDown: "already",
  advice: ({ communicating }) =>
    communicating
      ? "Nothing: the partner is recovering and the pair returns to NORMAL by itself."
      : "Start the partner again when it is repaired; it recovers by itself.",
};
