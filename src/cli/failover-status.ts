// `tandem failover status`: where the pair stands, why, what is at risk and what to do (T-13).

import type { Command } from "commander";
import { askServer, type SocketOptions, socketPath, withSocketOptions } from "./control-client.ts";
import {
  isRecord,
  printable,
  renderMoment,
  renderSpan,
  renderTree,
  renderValue,
} from "./render.ts";
import type { Terminal } from "./terminal.ts";

type Endpoint = Readonly<Record<string, unknown>>;

/** Fields that have a place of their own in the text; all others are listed below it. */
const PLACED: ReadonlySet<string> = new Set([
  "relationship",
  "role",
  "state",
  "since",
  "reason",
  "meaning",
  "partner",
  "partnerState",
  "partnerSince",
  "communications",
  "lastContact",
  "clockOffset",
  "backlog",
  "oldestUnacked",
  "advice",
  "alarms",
]);

export function addFailoverStatus(failover: Command, terminal: Terminal): void {
  withSocketOptions(failover.command("status"))
    .description("both states, why, the updates on their way, and what to do")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  tandem failover status")
    .action(async (given: SocketOptions & { json?: boolean }) => {
      const value = await askServer(socketPath(given, terminal), "/v1/failover");
      terminal.out(given.json === true ? JSON.stringify(value, null, 2) : renderFailover(value));
    });
}

/** The core's answer as text; what is not there is left out. */
export function renderFailover(value: unknown): string {
  const endpoints = endpointsOf(value);
  if (endpoints.length === 0) return "no failover relationship is configured";
  return endpoints.map(renderEndpoint).join("\n\n");
}

function endpointsOf(value: unknown): readonly Endpoint[] {
  const list = isRecord(value) && "relationships" in value ? value.relationships : value;
  return (Array.isArray(list) ? list : [list]).filter(isRecord);
}

function renderEndpoint(endpoint: Endpoint): string {
  const { relationship, role, state, since, reason, partner, partnerState } = endpoint;
  const lines = [
    `${text(relationship)}: ${text(state)}${role === undefined ? "" : ` (${text(role)})`}`,
  ];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) lines.push(`  ${name.padEnd(14)} ${value}`);
  };
  const because = reason === undefined ? "" : `, ${text(reason)}`;
  add("since", since === undefined ? undefined : `${moment(since)}${because}`);
  add("means", endpoint.meaning === undefined ? undefined : text(endpoint.meaning));
  const name = isRecord(partner) ? (partner.server ?? partner.name) : partner;
  const from = endpoint.partnerSince === undefined ? "" : ` since ${moment(endpoint.partnerSince)}`;
  add("partner", `${name === undefined ? "" : `${text(name)}: `}${text(partnerState)}${from}`);
  add("contact", contactOf(endpoint));
  add("clocks", clocksOf(endpoint.clockOffset));
  add("to be told", backlogOf(endpoint));
  const rest = Object.entries(endpoint).filter(([key, it]) => !PLACED.has(key) && it !== null);
  if (rest.length > 0) lines.push(renderTree(Object.fromEntries(rest), "  "));
  lines.push(...listed("alarms", endpoint.alarms), ...listed("what to do", endpoint.advice));
  return lines.join("\n");
}

function contactOf({ communications, lastContact }: Endpoint): string | undefined {
  if (communications === undefined && lastContact === undefined) return undefined;
  const last = lastContact === undefined || lastContact === null ? "never" : moment(lastContact);
  return `${text(communications)}, last heard ${last}`;
}

/** Seconds; positive: the partner's clock is ahead. */
function clocksOf(offset: unknown): string | undefined {
  if (typeof offset !== "number") return undefined;
  if (Math.abs(offset) < 1) return "equal within a second";
  const span = renderSpan(Math.abs(offset) * 1_000);
  return `the partner's is ${span} ${offset > 0 ? "ahead" : "behind"}`;
}

function backlogOf({ backlog, oldestUnacked }: Endpoint): string | undefined {
  if (backlog === undefined) return undefined;
  if (backlog === 0) return "nothing: the partner knows every lease";
  const oldest =
    typeof oldestUnacked === "number"
      ? `, the oldest ${oldestUnacked > 1e12 ? moment(oldestUnacked) : `for ${renderSpan(oldestUnacked)}`}`
      : "";
  return `${text(backlog)} leases${oldest}`;
}

function listed(heading: string, value: unknown): readonly string[] {
  const items = Array.isArray(value) ? value : [];
  if (items.length === 0) return [];
  return [
    `  ${heading}:`,
    ...items.map((item) => `    - ${text(isRecord(item) ? (item.message ?? item) : item)}`),
  ];
}

/** Lease time in milliseconds, or text as it is. */
function moment(value: unknown): string {
  if (typeof value === "number") return renderMoment(value);
  const parsed = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? text(value) : renderMoment(parsed);
}

function text(value: unknown): string {
  return printable(renderValue(value));
}
