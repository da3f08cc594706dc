// `tandem failover status`: where the pair stands, why, what is at risk and what to do (T-13).

import type { Command } from "commander";
import type { AlarmResult } from "../api/alarms.ts";
import type { EndpointResult } from "../api/failover.ts";
import type { Result } from "../api/results.ts";
import { askServer, type SocketOptions, socketPath, withSocketOptions } from "./control-client.ts";
import { printable, renderMoment, renderSpan } from "./render.ts";
import type { Terminal } from "./terminal.ts";

export function addFailoverStatus(failover: Command, terminal: Terminal): void {
  withSocketOptions(failover.command("status"))
    .description("both states, why, the updates on their way, and what to do")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  tandem failover status")
    .action(async (given: SocketOptions & { json?: boolean }) => {
      const value = await askServer(socketPath(given, terminal), "failover-status", {});
      terminal.out(given.json === true ? JSON.stringify(value, null, 2) : renderFailover(value));
    });
}

/** The answer as text. */
export function renderFailover({ relationships, alarms }: Result<"failover-status">): string {
  if (relationships.length === 0) return "no failover relationship is configured";
  const text = relationships.map((endpoint) =>
    renderEndpoint(
      endpoint,
      alarms.filter(({ subject }) => subject === endpoint.relationship),
    ),
  );
  return text.join("\n\n");
}

function renderEndpoint(endpoint: EndpointResult, alarms: readonly AlarmResult[]): string {
  const { relationship, role, state, since, reason, meaning, partner } = endpoint;
  const { partnerState, partnerSince, lastContact, communications, clockOffset } = endpoint;
  const from = partnerSince === null ? "" : ` since ${moment(partnerSince)}`;
  const lines = [
    `${printable(relationship)}: ${state} (${role})`,
    line("since", `${moment(since)}, ${reason}`),
    line("means", meaning),
    line("partner", `${partner}: ${partnerState ?? "-"}${from}`),
    line(
      "contact",
      `${communications}, last heard ${lastContact === null ? "never" : moment(lastContact)}`,
    ),
    line("clocks", clockOffset === null ? "not compared yet" : clocks(clockOffset)),
    line("to be told", toBeTold(endpoint)),
    line("MCLT", renderSpan(endpoint.mclt * 1_000)),
    line("secured", endpoint.secured ? "yes" : "no"),
    ...(endpoint.waitUntil === null ? [] : [line("wait until", moment(endpoint.waitUntil))]),
    ...(endpoint.reclaimed === null
      ? []
      : [line("reclaimed", `partner's part used from ${moment(endpoint.reclaimed.from)} on`)]),
    ...renderAlarms(alarms),
    "  what to do:",
    ...endpoint.advice.map((each) => `    - ${each}`),
  ];
  return lines.join("\n");
}

function line(name: string, value: string): string {
  return `  ${name.padEnd(14)} ${printable(value)}`;
}

/** Seconds; positive: the partner's clock is ahead. */
function clocks(offset: number): string {
  if (Math.abs(offset) < 1) return "equal within a second";
  const span = renderSpan(Math.abs(offset) * 1_000);
  return `the partner's is ${span} ${offset > 0 ? "ahead" : "behind"}`;
}

function toBeTold({ backlog }: EndpointResult): string {
  return backlog === 0 ? "nothing: the partner knows every lease" : `${backlog} leases`;
}

function renderAlarms(alarms: readonly AlarmResult[]): readonly string[] {
  if (alarms.length === 0) return [];
  const text = alarms.flatMap(({ text, since, whatToDo }) => [
    `    - ${printable(text)} (since ${moment(since)})`,
    `      ${printable(whatToDo)}`,
  ]);
  return ["  alarms:", ...text];
}

function moment(time: string): string {
  return renderMoment(Date.parse(time));
}
