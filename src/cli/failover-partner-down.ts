// `tandem failover partner-down`: the operator says that the partner does not serve (T-01, T-13, A-72).

import type { Command } from "commander";
import type { Result } from "../api/results.ts";
import { askServer, type SocketOptions, socketPath, withSocketOptions } from "./control-client.ts";
import { CliError, EXIT } from "./errors.ts";
import { renderFailover } from "./failover-status.ts";
import type { Terminal } from "./terminal.ts";

/** T-01, F-390: what the command does and that the partner must be off, before anything is asked. */
const EFFECT = `This tells the server that its partner is down (PARTNER-DOWN).
  - Clients keep their leases, whichever server gave them: this server renews them already.
  - New clients get what was free in this server's own part of the pools, and nothing that
    the partner may still be renewing. So even a wrong command gives no address to two clients.
  - Lifetimes stay bounded by the MCLT until the partner is back.
Takeover does not need this command: it only helps when this server runs out of free leases.
Be sure that the partner is off or cut off; it resynchronises by itself when it is back.`;

/** T-01: what the second word risks, and until when. */
const RECLAIM = `--reclaim says more: the partner's machine is OFF and stays off. For a machine that is gone for good.
  - Lifetimes have no bound of the MCLT any more, at once.
  - After the MCLT and its margins, counted from now, new clients get the partner's part of the
    pools too, and what ended passes to other clients.
  - If the partner still serves clients, or is started where it cannot reach this server, TWO
    CLIENTS CAN GET ONE ADDRESS. That risk lasts until the two are in contact again and the
    leases given meanwhile have ended. This is the only command that can do so.
The word is stored, over restarts too, and ends with the first contact.`;

interface PartnerDownOptions extends SocketOptions {
  readonly relationship?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly reclaim?: boolean;
  readonly json?: boolean;
}

export function addPartnerDown(failover: Command, terminal: Terminal): void {
  withSocketOptions(failover.command("partner-down"))
    .description("declare that the partner is down")
    .option("--relationship <name>", "which one (default: the only one)")
    .option("--yes", "do not ask")
    .option("--force", "also while starting or recovering, when the partner will never return")
    .option("--reclaim", "the machine is off for good: use its part of the pools too")
    .option("--json", "the answer as JSON")
    .addHelpText(
      "after",
      `\n${EFFECT}\n\n${RECLAIM}\n\nExamples:\n  tandem failover partner-down --yes\n  tandem failover partner-down --reclaim --relationship NAME --yes`,
    )
    .action(async (given: PartnerDownOptions) => {
      const socket = socketPath(given, terminal);
      const force = given.force === true;
      const value =
        given.reclaim === true
          ? await askServer(socket, "reclaim", {
              relationship: await reclaimed(given, socket, terminal),
              force,
            })
          : await partnerDown(given, socket, terminal);
      if (given.json === true) terminal.out(JSON.stringify(value, null, 2));
      else terminal.out(value.message);
    });
}

async function partnerDown(
  given: PartnerDownOptions,
  socket: string,
  terminal: Terminal,
): Promise<Result<"partner-down">> {
  if (given.yes !== true) await confirm(socket, terminal);
  const { relationship, force } = given;
  return askServer(socket, "partner-down", { relationship, force });
}

/** The relationship's name, typed by the operator: after the prompt, or as an option beside --yes. */
async function reclaimed(
  given: PartnerDownOptions,
  socket: string,
  terminal: Terminal,
): Promise<string> {
  if (given.yes === true && given.relationship !== undefined) return given.relationship;
  if (given.yes === true || !terminal.interactive)
    throw new CliError(
      EXIT.usage,
      "--reclaim is confirmed by the relationship's name",
      "add --relationship NAME --yes when you are sure that the partner's machine is off",
    );
  terminal.note(renderFailover(await askServer(socket, "failover-status", {})));
  terminal.note(`\n${EFFECT}\n\n${RECLAIM}\n`);
  const name = await terminal.ask(
    "If the partner's machine is off, type the relationship's name: ",
  );
  if (name.trim() === "") throw new CliError(EXIT.failure, "nothing was done");
  if (given.relationship !== undefined && name.trim() !== given.relationship)
    throw new CliError(EXIT.failure, "the names differ: nothing was done");
  return name.trim();
}

async function confirm(socket: string, terminal: Terminal): Promise<void> {
  if (!terminal.interactive) {
    throw new CliError(
      EXIT.usage,
      "partner-down asks for confirmation, and there is no terminal",
      "add --yes when you are sure",
    );
  }
  terminal.note(renderFailover(await askServer(socket, "failover-status", {})));
  terminal.note(`\n${EFFECT}\n`);
  const answer = await terminal.ask("Is the partner down? Type yes: ");
  if (answer.trim().toLowerCase() !== "yes") {
    throw new CliError(EXIT.failure, "nothing was done");
  }
}
