// The manual's page of the endpoint's states: their table of transitions, what each means and what to do in it.

import { STATES } from "../../src/core/failover/endpoint/states/all.ts";
import {
  type StateEvent,
  TRANSITIONS,
  type Transition,
} from "../../src/core/failover/endpoint/transitions.ts";
import { SERVER_STATE, type ServerState } from "../../src/core/model/endpoint-record.ts";

export const path = "docs/reference/states.md";

const HEAD = `# States of a failover relationship

<!-- Written by \`npm run docs\`. -->

Each server of a pair is in one of ten states for each relationship (RFC 8156 §8). \`tandem failover status\` shows it
with its reason. A start begins in STARTUP; from there a server goes to the state in which it was, or where the partner's
state leads it: NORMAL begins again as COMMUNICATIONS-INTERRUPTED, POTENTIAL-CONFLICT as RESOLUTION-INTERRUPTED. What is
not in a table leaves the state as it is.
`;

const EVENTS: Readonly<Record<StateEvent, string>> = {
  "partner-state": "the partner says that it is in",
  "communications-failed": "contact is lost",
  "operator-partner-down": "`tandem failover partner-down`",
  "auto-partner-down": "no contact for the time of `auto-partner-down`",
  "update-done": "the partner has sent all updates",
  "wait-over": "the wait is over",
  "updates-answered": "all updates that were open are answered, and the partner is in",
};

export function generate(): string {
  const names = Object.keys(SERVER_STATE) as ServerState[];
  return [HEAD, overview(names), ...names.map(section)].join("\n");
}

function overview(names: readonly ServerState[]): string {
  const rows = names.map((name) => {
    const { meaning, section: number } = STATES[name];
    return `| [${name}](#${name.toLowerCase()}) | ${number} | ${meaning} |`;
  });
  return `| State | RFC 8156 § | Meaning |\n|---|---|---|\n${rows.join("\n")}\n`;
}

function section(name: ServerState): string {
  const { meaning, startsLeases, serves } = STATES[name];
  return [
    `## ${name}`,
    meaning,
    `Clients: ${startsLeases ? "served, new ones too" : serves ? "only known leases are renewed" : "not answered"}.`,
    `What to do: ${adviceFor(name)}`,
    transitions(name),
  ].join("\n\n");
}

function adviceFor(name: ServerState): string {
  const where = { role: "primary", partnerState: undefined, strict: false } as const;
  const inContact = STATES[name].advice({ ...where, communicating: true });
  const alone = STATES[name].advice({ ...where, communicating: false });
  return inContact === alone ? inContact : `In contact: ${inContact} Without contact: ${alone}`;
}

function transitions(name: ServerState): string {
  const rows = TRANSITIONS.filter((row) => row.from === name).map(
    (row) => `| ${cause(row)} | ${row.to} | ${row.section} | ${row.note} |`,
  );
  if (rows.length === 0)
    return "It is left by what a server finds out at its start (RFC 8156 §8.3.2).\n";
  return `| When | To | § | Rule |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

function cause({ event, partner, guard, note }: Transition): string {
  // A-72: in recovery the command needs the word.
  if (note.includes("--force")) return "`tandem failover partner-down --force`";
  const states = partner === undefined ? "" : ` ${partner.join(", ")}`;
  return `${EVENTS[event]}${states}${guard === undefined ? "" : ` (${guard})`}`;
}
