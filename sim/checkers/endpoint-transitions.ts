// Endpoints change state only along the arrows of RFC 8156 §8 (F-489), the choices included.

import type { Checker, Report } from "./observation.ts";

/** From every state to where its section lets it go; "a" and "b" mark what only the primary or secondary may. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  // §8.3.2: to where it was before, mapped for lost contact, and at once on from there.
  STARTUP: [
    "NORMAL",
    "COMMUNICATIONS-INTERRUPTED",
    "PARTNER-DOWN",
    "POTENTIAL-CONFLICT",
    "RECOVER",
    "RECOVER-WAIT",
    "RECOVER-DONE",
    "RESOLUTION-INTERRUPTED",
    "CONFLICT-DONE a",
  ],
  // §8.8.2.
  NORMAL: ["COMMUNICATIONS-INTERRUPTED", "PARTNER-DOWN"],
  // §8.9.2.
  "COMMUNICATIONS-INTERRUPTED": ["NORMAL", "PARTNER-DOWN", "POTENTIAL-CONFLICT"],
  // §8.4.2.
  "PARTNER-DOWN": ["POTENTIAL-CONFLICT", "NORMAL"],
  // §8.10.2.
  "POTENTIAL-CONFLICT": ["RESOLUTION-INTERRUPTED", "CONFLICT-DONE a", "NORMAL b"],
  // §8.5.2; the operator with force.
  RECOVER: ["RECOVER-WAIT", "POTENTIAL-CONFLICT", "PARTNER-DOWN"],
  // §8.6.2.
  "RECOVER-WAIT": ["RECOVER-DONE", "PARTNER-DOWN"],
  // §8.7.2; A-34.
  "RECOVER-DONE": ["NORMAL", "COMMUNICATIONS-INTERRUPTED", "POTENTIAL-CONFLICT", "PARTNER-DOWN"],
  // §8.11.2.
  "RESOLUTION-INTERRUPTED": ["POTENTIAL-CONFLICT", "PARTNER-DOWN"],
  // §8.12.2.
  "CONFLICT-DONE": ["NORMAL", "POTENTIAL-CONFLICT", "PARTNER-DOWN"],
};

export function endpointTransitions(report: Report): Checker {
  const states = new Map<string, string>();
  /** Servers with an older copy of their disk: the partner tells them, and they recover from STARTUP on (T-07). */
  const older = new Set<string>();
  return {
    name: "endpoint-transitions",
    observe(observation) {
      if (observation.type === "started") {
        states.set(observation.server, "STARTUP");
        if (observation.isOlder) older.add(observation.server);
      }
      if (observation.type !== "endpoint") return;
      const { at, from, reason, server, to } = observation;
      const now = states.get(server);
      const beginsAnew = older.has(server) && from === "STARTUP" && to === "RECOVER";
      if (now !== undefined && now !== from && !beginsAnew)
        report(at, `${server} goes to ${to} from ${from}, but it was in ${now}`);
      const arrows = ARROWS[from] ?? [];
      if (!arrows.includes(to) && !arrows.includes(`${to} ${server}`)) {
        report(at, `${server}: no arrow leads from ${from} to ${to} (${reason})`);
      }
      states.set(server, to);
    },
  };
}
