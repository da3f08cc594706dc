// `tandem failover status`: where the pair stands, why, what is at risk and what to do (T-13).

import type { Command } from "commander";
import type { AlarmResult } from "../api/alarms.ts";
import type { EndpointResult, PendingResult } from "../api/failover.ts";
import type { Result } from "../api/results.ts";
import { renderAlarms } from "./alarm-text.ts";
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
  const names = relationships.map(({ relationship }) => relationship);
  const ofServer = alarms.filter(({ subject }) => !names.includes(subject));
  const sections = relationships.map((endpoint) =>
    renderEndpoint(
      endpoint,
      alarms.filter(({ subject }) => subject === endpoint.relationship),
    ),
  );
  if (ofServer.length > 0) sections.push(["this server:", ...renderAlarms(ofServer)].join("\n"));
  return sections.join("\n\n");
}

function renderEndpoint(endpoint: EndpointResult, alarms: readonly AlarmResult[]): string {
  const { relationship, role, state, since, reason, meaning, serving, lastContact } = endpoint;
  const { communications, clockOffset, whatIf, advice } = endpoint;
  const lines = [
    `${printable(relationship)}: ${state} (${role})`,
    line("since", `${moment(since)}; entered because: ${reason}`),
    line("means", meaning),
    line("clients", serving.text),
    line("partner", partnerText(endpoint)),
    line(
      "contact",
      `${communications}, last heard ${lastContact === null ? "never" : moment(lastContact)}`,
    ),
    line("secured", securedText(endpoint)),
    line("clocks", clockOffset === null ? "not compared yet" : clocks(clockOffset)),
    line("MCLT", renderSpan(endpoint.mclt * 1_000)),
    line("updates", updatesText(endpoint)),
    ...endpoint.pending.map((update) => `    - ${pendingText(update)}`),
    line("at risk", riskText(endpoint)),
    ...waits(endpoint),
    ...renderAlarms(alarms),
    "  what to do:",
    ...advice.map((each) => `    - ${each}`),
    "  what if:",
    ...whatIf.map(({ event, outcome }) => `    - ${event}: ${outcome}.`),
  ];
  return lines.join("\n");
}

function line(name: string, value: string): string {
  return `  ${name.padEnd(14)} ${printable(value)}`;
}

/** Without contact nobody knows the partner's state. */
function partnerText(endpoint: EndpointResult): string {
  const { partner, partnerState, partnerSince, communications } = endpoint;
  if (partnerState === null) return `${partner}: no state known yet`;
  const from = partnerSince === null ? "" : ` since ${moment(partnerSince)}`;
  return communications === "OK"
    ? `${partner}: ${partnerState}${from}`
    : `${partner}: not known (last known: ${partnerState}${from})`;
}

function securedText({ security, secured }: EndpointResult): string {
  const kind = security === "tls" ? "TLS" : "plain TCP, as the file says";
  if (secured === null) return `no connection (${kind})`;
  return `${secured ? "yes" : "no"} (${kind})`;
}

/** How many of them, and their refusals. */
function updatesText({ backlog, rejected, pending }: EndpointResult): string {
  if (backlog === 0) return "the partner knows every lease";
  const refused = rejected === 0 ? "" : `; it refuses ${rejected}`;
  const named = pending.length > 0 && pending.length < backlog ? "; the oldest:" : "";
  return `the partner has not acknowledged ${counted(backlog, "lease")} yet${refused}${named}`;
}

function pendingText({ lease, duid, since, waitsFor, refused }: PendingResult): string {
  const client = duid === null ? "" : ` of ${duid}`;
  const from = since === null ? "" : ` since ${moment(since)}`;
  const why =
    refused === null
      ? ""
      : `; refused by the partner: ${refused.message === "" ? refused.status : `${refused.message} (${refused.status})`}`;
  return printable(`${lease}${client}${from}: waits for ${waitsFor}${why}`);
}

function riskText({ atRisk, backlog }: EndpointResult): string {
  const { leases, until, isMore } = atRisk;
  if (leases === 0 || until === null) return backlog === 0 ? "nothing" : "no lease in use";
  return `${isMore ? "more than " : ""}${counted(leases, "lease")} known to this server only, the last until ${moment(until)}`;
}

/** What keeps this server from giving all that it has. */
function waits({ unseenSince, waitUntil, reclaimed }: EndpointResult): readonly string[] {
  const lines: string[] = [];
  if (unseenSince !== null)
    lines.push(
      line(
        "in doubt",
        `what the partner gave or renewed since ${moment(unseenSince)}; this server denies nobody such a lease`,
      ),
    );
  if (waitUntil !== null) lines.push(line("wait until", moment(waitUntil)));
  if (reclaimed !== null)
    lines.push(line("reclaimed", `the partner's part is used from ${moment(reclaimed.from)} on`));
  return lines;
}

/** Seconds; positive: the partner's clock is ahead. */
function clocks(offset: number): string {
  if (Math.abs(offset) < 1) return "equal within a second";
  const span = renderSpan(Math.abs(offset) * 1_000);
  return `the partner's is ${span} ${offset > 0 ? "ahead" : "behind"}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function moment(time: string): string {
  return renderMoment(Date.parse(time));
}
