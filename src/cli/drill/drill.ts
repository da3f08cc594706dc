// `tandem failover drill`: rehearses a takeover and says what clients saw of it. It hands over, lets the partner serve, takes
// part again, and asks for offers all the time (R7031-13, T-05).

import { type Command, InvalidArgumentError } from "commander";
import type { EndpointResult } from "../../api/failover.ts";
import { parseIpv6 } from "../../core/model/ipv6.ts";
import { askServer, type SocketOptions, socketPath, withSocketOptions } from "../control-client.ts";
import { CliError, EXIT } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { type Asked, longestGap, Probe, type ProbePlace } from "./probe.ts";

const ABOUT = `This server hands over to its partner, as at a planned stop, and takes part again after some seconds.
All the time a client of the drill asks for an address, 20 times a second, and takes none. Clients
keep their leases. A server that dies without a word is noticed later than one that hands over:
\`tandem failover status\` says after how many seconds (what if).

The drill asks as a client on a link, as root and where no DHCPv6 client runs (port 546), with
--interface; or as a relay of a link, at the unicast addresses of both servers, with --ask and
--link-address.`;

const USUAL_SECONDS = 5;
/** How long is asked before and after. */
const AROUND_MILLIS = 2_000;
const BACK_MILLIS = 60_000;
const LOOK_MILLIS = 200;
/** What is still on its way. */
const LAST_MILLIS = 500;

interface DrillOptions extends SocketOptions {
  readonly relationship?: string;
  readonly interface?: string;
  readonly ask: readonly Place[];
  readonly linkAddress?: string;
  readonly seconds: number;
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface Place {
  readonly address: string;
  readonly port: number;
}

export function addDrill(failover: Command, terminal: Terminal): void {
  withSocketOptions(failover.command("drill"))
    .description("rehearse a takeover, and say what clients saw of it")
    .option("--relationship <name>", "which one (default: the only one)")
    .option("--interface <name>", "ask as a client on this link")
    .option(
      "--ask <[address]:port>",
      "ask as a relay at this address; one for each server",
      place,
      [],
    )
    .option("--link-address <address>", "an address of the link that the relay stands for")
    .option("--seconds <number>", "how long the partner serves alone", seconds, USUAL_SECONDS)
    .option("--yes", "do not ask")
    .option("--json", "the result as JSON")
    .addHelpText("after", `\n${ABOUT}\n\nExample:\n  tandem failover drill --interface eth0 --yes`)
    .action(async (given: DrillOptions) => {
      const result = await drill(given, socketPath(given, terminal), terminal);
      terminal.out(given.json === true ? JSON.stringify(result, null, 2) : render(result));
    });
}

function place(text: string, before: readonly Place[]): readonly Place[] {
  const [, address, port] = /^\[([^\]]+)\]:(\d{1,5})$/.exec(text) ?? [];
  if (address === undefined || parseIpv6(address) === undefined)
    throw new InvalidArgumentError("[address]:port, an IPv6 address in brackets");
  return [...before, { address, port: Number(port) }];
}

function seconds(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError("a number of seconds");
  return Number(text);
}

export interface DrillResult {
  readonly asked: number;
  readonly answered: number;
  /** From handing over to the end of the partner's time. */
  readonly longestGapMillis: number;
  /** From the end of that time on. */
  readonly longestGapOfReturnMillis: number;
  /** Answers by the server that gave them. */
  readonly by: Readonly<Record<string, number>>;
}

async function drill(
  given: DrillOptions,
  socket: string,
  terminal: Terminal,
): Promise<DrillResult> {
  const probe = new Probe(placeOf(given));
  const { relationship } = await soundEndpoint(socket, given.relationship);
  if (given.yes !== true) await confirm(terminal);
  await open(probe);
  try {
    await pause(AROUND_MILLIS);
    if (!probe.asked.some(({ answeredAt }) => answeredAt !== undefined))
      throw new CliError(
        EXIT.failure,
        "nobody answers the client of the drill, before anything was done",
        "is the interface or the link-address one of a subnet of the file? Is there a free address?",
      );
    const began = performance.now();
    await askServer(socket, "maintenance-begin", { relationship });
    let back = performance.now();
    try {
      await pause(given.seconds * 1_000);
    } finally {
      back = performance.now();
      await askServer(socket, "maintenance-end", { relationship });
    }
    await untilNormal(socket, relationship);
    await pause(AROUND_MILLIS);
    const asked = [...probe.asked];
    await pause(LAST_MILLIS);
    return resultOf(asked, began, back);
  } finally {
    probe.stop();
  }
}

function placeOf({ interface: name, ask, linkAddress }: DrillOptions): ProbePlace {
  if (name !== undefined && ask.length === 0) return { type: "link", interface: name };
  const address = linkAddress === undefined ? undefined : parseIpv6(linkAddress);
  if (name === undefined && ask.length > 0 && address !== undefined)
    return { type: "relay", linkAddress: address, servers: ask };
  throw new CliError(
    EXIT.usage,
    "the drill needs to know where to ask",
    "--interface NAME, or --ask [ADDRESS]:PORT for each server with --link-address ADDRESS",
  );
}

async function open(probe: Probe): Promise<void> {
  try {
    await probe.start();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(
      EXIT.failure,
      `cannot ask as a client: ${message}`,
      code === "EADDRINUSE"
        ? "a DHCPv6 client runs here (port 546): ask as a relay, with --ask"
        : "run the command as root",
    );
  }
}

async function soundEndpoint(socket: string, name: string | undefined): Promise<EndpointResult> {
  const { relationships } = await askServer(socket, "failover-status", {});
  const found = relationships.filter(
    ({ relationship }) => name === undefined || relationship === name,
  );
  const [endpoint] = found;
  if (endpoint === undefined || found.length > 1)
    throw new CliError(
      EXIT.failure,
      `name the relationship: ${relationships.map(({ relationship }) => relationship).join(", ")}`,
    );
  if (endpoint.state !== "NORMAL" || endpoint.unseenSince !== null)
    throw new CliError(
      EXIT.failure,
      `a drill begins in NORMAL, and ${endpoint.relationship} is in ${endpoint.state}`,
      "tandem failover status",
    );
  return endpoint;
}

async function untilNormal(socket: string, relationship: string): Promise<void> {
  const end = Date.now() + BACK_MILLIS;
  for (;;) {
    const { relationships } = await askServer(socket, "failover-status", {});
    const endpoint = relationships.find((each) => each.relationship === relationship);
    if (endpoint?.state === "NORMAL" && endpoint.unseenSince === null) return;
    if (Date.now() > end)
      throw new CliError(
        EXIT.failure,
        `${relationship} is in ${endpoint?.state} a minute after the drill`,
        "tandem failover status",
      );
    await pause(LOOK_MILLIS);
  }
}

export function resultOf(asked: readonly Asked[], began: number, back: number): DrillResult {
  const answered = asked.filter(({ answeredAt }) => answeredAt !== undefined);
  const by = new Map<string, number>();
  for (const { by: server = "?" } of answered) by.set(server, (by.get(server) ?? 0) + 1);
  const takeover = longestGap(
    asked.filter(({ sentAt }) => sentAt >= began - LAST_MILLIS && sentAt < back),
  );
  const return_ = longestGap(asked.filter(({ sentAt }) => sentAt >= back));
  return {
    asked: asked.length,
    answered: answered.length,
    longestGapMillis: Math.round(takeover.millis),
    longestGapOfReturnMillis: Math.round(return_.millis),
    by: Object.fromEntries(by),
  };
}

function render(result: DrillResult): string {
  const { asked, answered, longestGapMillis, longestGapOfReturnMillis, by } = result;
  const gap = (millis: number): string =>
    millis === 0 ? "none" : `${(millis / 1_000).toFixed(2)} s without an answer`;
  return [
    `takeover: ${gap(longestGapMillis)}`,
    `return:   ${gap(longestGapOfReturnMillis)}`,
    `asked ${asked} times, answered ${answered} times:`,
    ...Object.entries(by).map(([server, count]) => `  ${count} by ${server}`),
  ].join("\n");
}

async function confirm(terminal: Terminal): Promise<void> {
  if (!terminal.interactive)
    throw new CliError(
      EXIT.usage,
      "the drill asks for confirmation, and there is no terminal",
      "add --yes when you are sure",
    );
  terminal.note(`${ABOUT}\n`);
  const answer = await terminal.ask("Hand over for the drill? Type yes: ");
  if (answer.trim().toLowerCase() !== "yes") throw new CliError(EXIT.failure, "nothing was done");
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
