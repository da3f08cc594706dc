// The endpoint's state machine as a table (RFC 8156 §8, Figure 6; the text wins, F-366). The manual's page and the
// tests are made from it. A pair of states that has no row stays as it is.

import type { RecordedState, ServerState } from "../../model/endpoint-record.ts";
import type { Role } from "./states/behaviour.ts";

export type StateEvent =
  /** A STATE without the STARTUP flag arrived, or the own state changed while communications are OK. */
  | "partner-state"
  | "communications-failed"
  | "operator-partner-down"
  | "auto-partner-down"
  /** The UPDDONE of the outstanding UPDREQ or UPDREQALL arrived. */
  | "update-done"
  /** The wait of RECOVER-WAIT is over. */
  | "wait-over"
  /** All updates that were open when the partner reached RECOVER-DONE are answered. */
  | "updates-answered";

export interface Transition {
  readonly from: ServerState;
  readonly event: StateEvent;
  /** Partner states for `partner-state` and `updates-answered`. */
  readonly partner?: readonly ServerState[];
  readonly guard?: Role;
  readonly to: RecordedState;
  readonly section: string;
  readonly note: string;
}

// R7031-13, R7031-44, R7031-49: each way back to NORMAL is in this table, by itself or by the one command.
export const TRANSITIONS: readonly Transition[] = [
  // F-389, F-440, F-442, F-443, F-444, F-445, F-446, A-40: NORMAL.
  {
    from: "NORMAL",
    event: "operator-partner-down",
    to: "PARTNER-DOWN",
    section: "8.8.2",
    note: "F-440: at once",
  },
  {
    from: "NORMAL",
    event: "communications-failed",
    to: "COMMUNICATIONS-INTERRUPTED",
    section: "8.8.2",
    note: "F-442, F-444",
  },
  {
    from: "NORMAL",
    event: "partner-state",
    partner: [
      "PARTNER-DOWN",
      "POTENTIAL-CONFLICT",
      "RECOVER",
      "RECOVER-WAIT",
      "RESOLUTION-INTERRUPTED",
    ],
    to: "COMMUNICATIONS-INTERRUPTED",
    section: "8.8.2",
    note: "F-443, F-445: unexpected, then by the rules of the new state",
  },
  {
    from: "NORMAL",
    event: "partner-state",
    partner: ["CONFLICT-DONE"],
    guard: "primary",
    to: "COMMUNICATIONS-INTERRUPTED",
    section: "8.8.2",
    note: "A-40: expected on a secondary only",
  },

  // F-456, F-457, F-458, F-459, F-460, F-461, F-462, F-463, A-35: RECOVER and RECOVER-WAIT have no row, so it stays.
  {
    from: "COMMUNICATIONS-INTERRUPTED",
    event: "operator-partner-down",
    to: "PARTNER-DOWN",
    section: "8.9.2",
    note: "F-457",
  },
  {
    from: "COMMUNICATIONS-INTERRUPTED",
    event: "auto-partner-down",
    to: "PARTNER-DOWN",
    section: "8.9.2",
    note: "F-456",
  },
  {
    from: "COMMUNICATIONS-INTERRUPTED",
    event: "partner-state",
    partner: ["NORMAL", "COMMUNICATIONS-INTERRUPTED", "RECOVER-DONE"],
    to: "NORMAL",
    section: "8.9.2",
    note: "F-458, F-460",
  },
  {
    from: "COMMUNICATIONS-INTERRUPTED",
    event: "partner-state",
    partner: ["PARTNER-DOWN", "POTENTIAL-CONFLICT", "CONFLICT-DONE", "RESOLUTION-INTERRUPTED"],
    to: "POTENTIAL-CONFLICT",
    section: "8.9.2",
    note: "F-461",
  },

  // F-402, F-403, F-404: with RECOVER and RECOVER-WAIT it stays.
  {
    from: "PARTNER-DOWN",
    event: "partner-state",
    partner: [
      "NORMAL",
      "COMMUNICATIONS-INTERRUPTED",
      "PARTNER-DOWN",
      "POTENTIAL-CONFLICT",
      "RESOLUTION-INTERRUPTED",
      "CONFLICT-DONE",
    ],
    to: "POTENTIAL-CONFLICT",
    section: "8.4.2",
    note: "F-402: the partner was not down",
  },
  {
    from: "PARTNER-DOWN",
    event: "updates-answered",
    partner: ["RECOVER-DONE"],
    to: "NORMAL",
    section: "8.4.2",
    note: "F-404, A-79: once the open updates are answered",
  },

  // F-411, F-415, F-416: RECOVER stays when contact is lost.
  {
    from: "RECOVER",
    event: "partner-state",
    partner: ["POTENTIAL-CONFLICT", "RESOLUTION-INTERRUPTED", "CONFLICT-DONE"],
    to: "POTENTIAL-CONFLICT",
    section: "8.5.2",
    note: "F-411",
  },
  { from: "RECOVER", event: "update-done", to: "RECOVER-WAIT", section: "8.5.2", note: "F-415" },
  {
    from: "RECOVER",
    event: "operator-partner-down",
    to: "PARTNER-DOWN",
    section: "8.5",
    note: "A-72: with --force",
  },
  {
    from: "RECOVER-WAIT",
    event: "wait-over",
    to: "RECOVER-DONE",
    section: "8.6.2",
    note: "F-421, F-422, F-424",
  },
  {
    from: "RECOVER-WAIT",
    event: "operator-partner-down",
    to: "PARTNER-DOWN",
    section: "8.6",
    note: "A-72: with --force",
  },
  // F-429, F-430, F-431, F-432, F-433: stays with COMMUNICATIONS-INTERRUPTED and PARTNER-DOWN, and without contact.
  {
    from: "RECOVER-DONE",
    event: "partner-state",
    partner: ["NORMAL", "RECOVER-DONE"],
    to: "NORMAL",
    section: "8.7.2",
    note: "F-429",
  },
  {
    from: "RECOVER-DONE",
    event: "partner-state",
    partner: ["RECOVER", "RECOVER-WAIT"],
    to: "COMMUNICATIONS-INTERRUPTED",
    section: "8.7.2",
    note: "F-430",
  },
  {
    from: "RECOVER-DONE",
    event: "partner-state",
    partner: ["POTENTIAL-CONFLICT", "RESOLUTION-INTERRUPTED", "CONFLICT-DONE"],
    to: "POTENTIAL-CONFLICT",
    section: "8.7.2",
    note: "F-431, A-34",
  },
  {
    from: "RECOVER-DONE",
    event: "operator-partner-down",
    to: "PARTNER-DOWN",
    section: "8.7",
    note: "A-72: with --force",
  },
  {
    from: "STARTUP",
    event: "operator-partner-down",
    to: "PARTNER-DOWN",
    section: "8.3",
    note: "A-72: with --force",
  },

  // F-467, F-468, F-469, F-474, F-475, F-482, F-488: by role; a secondary never comes to CONFLICT-DONE.
  {
    from: "POTENTIAL-CONFLICT",
    event: "communications-failed",
    to: "RESOLUTION-INTERRUPTED",
    section: "8.10.2",
    note: "F-467",
  },
  {
    from: "POTENTIAL-CONFLICT",
    event: "update-done",
    guard: "primary",
    to: "CONFLICT-DONE",
    section: "8.10.2",
    note: "F-468",
  },
  {
    from: "POTENTIAL-CONFLICT",
    event: "update-done",
    guard: "secondary",
    to: "NORMAL",
    section: "8.10.2",
    note: "F-469",
  },

  // F-480, F-481.
  {
    from: "RESOLUTION-INTERRUPTED",
    event: "operator-partner-down",
    to: "PARTNER-DOWN",
    section: "8.11.2",
    note: "F-480",
  },
  {
    from: "RESOLUTION-INTERRUPTED",
    event: "partner-state",
    partner: [
      "NORMAL",
      "COMMUNICATIONS-INTERRUPTED",
      "PARTNER-DOWN",
      "POTENTIAL-CONFLICT",
      "RECOVER",
      "RECOVER-WAIT",
      "RECOVER-DONE",
      "RESOLUTION-INTERRUPTED",
      "CONFLICT-DONE",
    ],
    to: "POTENTIAL-CONFLICT",
    section: "8.11.2",
    note: "F-481",
  },

  // F-484, F-485, F-487: stays through lost contact.
  {
    from: "CONFLICT-DONE",
    event: "partner-state",
    partner: ["NORMAL"],
    guard: "primary",
    to: "NORMAL",
    section: "8.12.2",
    note: "F-485",
  },
  {
    from: "CONFLICT-DONE",
    event: "partner-state",
    partner: ["PARTNER-DOWN"],
    to: "POTENTIAL-CONFLICT",
    section: "8.12",
    note: "A-39: what it did alone is not known",
  },
  {
    from: "CONFLICT-DONE",
    event: "operator-partner-down",
    to: "PARTNER-DOWN",
    section: "8.12",
    note: "A-72, F-487",
  },
];

/** The row that applies, or nothing: then the state stays. Pure (F-489). */
export function transitionOf(
  from: ServerState,
  event: StateEvent,
  role: Role,
  partner: ServerState | undefined,
): Transition | undefined {
  return TRANSITIONS.find(
    (row) =>
      row.from === from &&
      row.event === event &&
      (row.guard === undefined || row.guard === role) &&
      (row.partner === undefined || (partner !== undefined && row.partner.includes(partner))),
  );
}
