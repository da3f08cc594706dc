// `tandem status`: what the server is doing, and what is wrong with it.

import type { Command } from "commander";
import type { Result } from "../api/results.ts";
import { renderAlarms } from "./alarm-text.ts";
import { askServer, type SocketOptions, socketPath, withSocketOptions } from "./control-client.ts";
import { printable, renderMoment, renderSpan, renderTable } from "./render.ts";
import type { Terminal } from "./terminal.ts";

type Status = Result<"status">;

export function addStatus(program: Command, terminal: Terminal): void {
  withSocketOptions(program.command("status"))
    .description("what the server does: interfaces, leases, counters, and what is wrong")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  tandem status --config /etc/tandem/pair.yaml --server a")
    .action(async (given: SocketOptions & { json?: boolean }) => {
      const status = await askServer(socketPath(given, terminal), "status", {});
      terminal.out(given.json === true ? JSON.stringify(status, null, 2) : renderStatus(status));
    });
}

export function renderStatus(status: Status): string {
  const { server, process, started, uptimeSeconds, stopping, duid, log } = status;
  const lines = [
    `${printable(server)}: Tandem ${process.version}, process ${process.pid}${stopping ? ", STOPPING" : ""}`,
    line("since", `${renderMoment(Date.parse(started))}, up ${renderSpan(uptimeSeconds * 1_000)}`),
    line("DUID", duid),
    line("clock", clockText(status.clock)),
    line("sockets", `${process.sockets.join(", ") || "none is open"} (${process.udpAdapter})`),
    ...interfaces(process),
    ...leases(status),
    line("log", log.trouble ?? `sound, ${log.segments} segments, ${log.snapshots} snapshots`),
    ...pairs(status),
    ...renderAlarms(status.alarms),
    ...counters(status),
  ];
  return lines.join("\n");
}

/** Lease time is what the server goes by; the wall clock is what the machine shows (T-06). */
export function clockText({ wallAheadSeconds, acceptedSeconds, waiting }: Status["clock"]): string {
  if (waiting)
    return "BEHIND the last record of the log: nothing is promised before the time is known";
  const accepted = acceptedSeconds === 0 ? "" : `; ${acceptedSeconds} s of steps accepted so far`;
  if (Math.abs(wallAheadSeconds) < 1) return `lease time is the wall clock${accepted}`;
  const span = renderSpan(Math.abs(wallAheadSeconds) * 1_000);
  return `the wall clock is ${span} ${wallAheadSeconds > 0 ? "ahead of" : "behind"} lease time${accepted}`;
}

function line(name: string, value: string): string {
  return `  ${name.padEnd(14)} ${printable(value)}`;
}

function interfaces({ interfaces: all }: Status["process"]): readonly string[] {
  return all.map(({ name, open, carrier, reason }) => {
    const cable = carrier === null ? "carrier not known" : carrier ? "carrier" : "NO CARRIER";
    return line("interface", `${name}: ${open ? "open" : `NOT OPEN (${reason ?? "?"})`}, ${cable}`);
  });
}

function leases({ leases: all, links, withoutLink, unacknowledged }: Status): readonly string[] {
  const told =
    unacknowledged === 0 ? "" : `, ${unacknowledged} not acknowledged by the partner yet`;
  const lost = withoutLink === 0 ? [] : [line("in use", `${withoutLink} on no link of the file`)];
  return [
    line("leases", `${all} recorded${told}`),
    ...links.map(({ name, inUse }) => line("in use", `${inUse} on ${name}`)),
    ...lost,
  ];
}

function pairs({ relationships }: Status): readonly string[] {
  return relationships.map(({ relationship, role, state, communications, partnerState, backlog }) =>
    line(
      "failover",
      `${relationship}: ${state} (${role}), contact ${communications}, partner ${communications === "OK" ? "" : "last known "}${partnerState ?? "not known"}, ${backlog === 0 ? "which knows every lease" : `${backlog} to be acknowledged`}`,
    ),
  );
}

/** Their meaning stands in docs/reference/counters.md. */
function counters({ counters: own, process }: Status): readonly string[] {
  const rows = Object.entries({ ...own, ...process.counters })
    .filter(([, count]) => count !== undefined && count > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => [name, String(count)]);
  if (rows.length === 0) return ["  counters       all are zero"];
  const table = renderTable(["counter", "since the start"], rows);
  return ["  counters", ...table.split("\n").map((row) => `    ${row}`)];
}
