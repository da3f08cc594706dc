// STARTUP (RFC 8156 §8.3): finding out what the partner did meanwhile. F-373.

import { ORDINARY, type StateBehaviour, unresponsive } from "./behaviour.ts";

export const STARTUP: StateBehaviour = {
  ...ORDINARY,
  name: "STARTUP",
  section: "8.3",
  meaning: "Looking for the partner before serving clients.",
  service: unresponsive,
  startsLeases: false,
  sendsUpdates: () => false,
  expires: false,
  serves: false,
  partnerDown: "by-force",
  advice: () => "Nothing: it goes on by itself when the partner answers or the startup time ends.",
};
