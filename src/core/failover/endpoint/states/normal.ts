// NORMAL (RFC 8156 §8.8): both servers know of each other; the primary answers, the secondary only what is
// addressed to it. F-436.

import { ORDINARY, renewResponsive, responsive, type StateBehaviour } from "./behaviour.ts";

export const NORMAL: StateBehaviour = {
  ...ORDINARY,
  name: "NORMAL",
  section: "8.8",
  meaning: "Both servers work and are in contact.",
  // R7031-18, R7031-23: one answers, the other stands by.
  service: (message, serverId, { role }) =>
    role === "primary" ? responsive(message, serverId, false) : renewResponsive(serverId),
  startsLeases: true,
  sendsUpdates: () => true,
  expires: true,
  serves: true,
  isShared: true,
  afterRestart: () => "COMMUNICATIONS-INTERRUPTED",
  advice: () => "Nothing.",
};
