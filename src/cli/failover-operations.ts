// `tandem failover maintenance`, `resync` and `recover`: what the operator does to a server that works (T-05, T-13).

import { Argument, type Command } from "commander";
import type { CommandType } from "../api/commands.ts";
import type { Result } from "../api/results.ts";
import { askServer, type SocketOptions, socketPath, withSocketOptions } from "./control-client.ts";
import { CliError, EXIT } from "./errors.ts";
import type { Terminal } from "./terminal.ts";

const MAINTENANCE = `begin: new work is refused, the partner is told what it does not know yet (at most 5 s), and serves
all clients from then on. This server stays up. end: it connects again and serves. A restart of
the server ends maintenance too.`;

const RESYNC = `For a doubt, or after differences were repaired: the partner sends all its leases once more, and
this server takes what it lacks. Both servers go on serving; nothing is lost or waited for.
Give it on the other server too if the doubt goes both ways.`;

const RECOVER = `This server's leases are not to be trusted any more: its disk was exchanged for an older copy,
its clock was wrong, its files were repaired. It stops serving, fetches everything from the
partner, waits for the MCLT until what only it knew has ended, and returns to NORMAL by itself.
The partner serves all clients meanwhile.`;

/** A drain takes 5 s at most; the answers of a busy server a little longer. */
const HAND_OVER_MILLIS = 15_000;
const LOOK_MILLIS = 200;

interface Options extends SocketOptions {
  readonly relationship?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addOperations(failover: Command, terminal: Terminal): void {
  addMaintenance(failover, terminal);
  operation(failover, "resync", "have all of the partner's leases sent once more")
    .addHelpText("after", `\n${RESYNC}\n\nExample:\n  tandem failover resync`)
    .action(async (given: Options) => {
      const { relationship } = given;
      show(
        terminal,
        given,
        await askServer(socketPath(given, terminal), "resync", { relationship }),
      );
    });
  operation(failover, "recover", "this server's leases are not to be trusted: fetch them anew")
    .option("--yes", "do not ask")
    .option("--force", "also without contact, when the partner serves the clients all the same")
    .addHelpText("after", `\n${RECOVER}\n\nExample:\n  tandem failover recover --yes`)
    .action(async (given: Options) => {
      if (given.yes !== true) await confirm(terminal);
      const { relationship, force } = given;
      const socket = socketPath(given, terminal);
      show(terminal, given, await askServer(socket, "recover", { relationship, force }));
    });
}

function operation(failover: Command, name: CommandType, description: string): Command {
  return withSocketOptions(failover.command(name))
    .description(description)
    .option("--relationship <name>", "which one (default: the only one)")
    .option("--json", "the answer as JSON");
}

function addMaintenance(failover: Command, terminal: Terminal): void {
  withSocketOptions(failover.command("maintenance"))
    .description("hand over to the partner for work on this server, and take part again")
    .addArgument(new Argument("<what>", "begin or end").choices(["begin", "end"]))
    .option("--relationship <name>", "which one (default: the only one)")
    .option("--force", "also when it is not sure that the partner can serve")
    .option("--json", "the answer as JSON")
    .addHelpText("after", `\n${MAINTENANCE}\n\nExample:\n  tandem failover maintenance begin`)
    .action(async (what: "begin" | "end", given: Options) => {
      const { relationship, force } = given;
      const socket = socketPath(given, terminal);
      if (what === "end") {
        show(terminal, given, await askServer(socket, "maintenance-end", { relationship }));
        return;
      }
      const answer = await askServer(socket, "maintenance-begin", { relationship, force });
      const told = await handedOver(socket, answer.relationship);
      show(terminal, given, { ...answer, message: told });
    });
}

/** Waits until the partner serves; says what it could not be told. */
async function handedOver(socket: string, relationship: string): Promise<string> {
  const end = Date.now() + HAND_OVER_MILLIS;
  for (;;) {
    const { relationships } = await askServer(socket, "failover-status", {});
    const endpoint = relationships.find((each) => each.relationship === relationship);
    if (endpoint?.maintenance?.isHandedOver === true) {
      const left =
        endpoint.backlog === 0
          ? "it knows every lease"
          : `it has not acknowledged ${endpoint.backlog} updates, which it gets afterwards`;
      return `handed over: ${endpoint.partner} serves all clients; ${left}`;
    }
    if (endpoint?.maintenance === null) return "maintenance was ended meanwhile";
    if (Date.now() > end) throw new CliError(EXIT.failure, "the server does not hand over");
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLIS));
  }
}

function show(terminal: Terminal, given: Options, answer: Result<"resync">): void {
  terminal.out(given.json === true ? JSON.stringify(answer, null, 2) : answer.message);
}

async function confirm(terminal: Terminal): Promise<void> {
  if (!terminal.interactive) {
    throw new CliError(
      EXIT.usage,
      "recover asks for confirmation, and there is no terminal",
      "add --yes when you are sure",
    );
  }
  terminal.note(`${RECOVER}\n`);
  const answer = await terminal.ask("Fetch everything anew? Type yes: ");
  if (answer.trim().toLowerCase() !== "yes") throw new CliError(EXIT.failure, "nothing was done");
}
