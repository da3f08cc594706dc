// POTENTIAL-CONFLICT (RFC 8156 §8.10): both served without knowing of each other; differences are settled before
// anybody is answered. F-466.

import { type StateBehaviour, unresponsive } from "./behaviour.ts";

export const POTENTIAL_CONFLICT: StateBehaviour = {
  name: "POTENTIAL-CONFLICT",
  section: "8.10",
  meaning: "The two servers compare what each did alone; clients wait for a moment.",
  service: unresponsive,
  startsLeases: false,
  sendsUpdates: () => false,
  expires: false,
  serves: false,
  advice: () => "Nothing: it ends when all updates are exchanged.",
};
