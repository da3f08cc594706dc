// `tandem failover partner-down`: the operator says that the partner does not serve (T-01, T-13, A-72).

import type { Command } from "commander";
import { askServer, type SocketOptions, socketPath, withSocketOptions } from "./control-client.ts";
import { CliError, EXIT } from "./errors.ts";
import { renderFailover } from "./failover-status.ts";
import { isRecord, renderValue } from "./render.ts";
import type { Terminal } from "./terminal.ts";

/** T-01, F-390: what the command does and that the partner must be off, before anything is asked. */
const EFFECT = `This tells the server that its partner is down (PARTNER-DOWN).
  - Clients keep their leases, whichever server gave them: this server renews them already.
  - New clients get what was free in this server's own part of the pools, and nothing that
    the partner may still be renewing. So even a wrong command gives no address to two clients.
  - Lifetimes stay bounded by the MCLT until the partner is back.
Takeover does not need this command: it only helps when this server runs out of free leases.
Be sure that the partner is off or cut off; it resynchronises by itself when it is back.`;

interface PartnerDownOptions extends SocketOptions {
  readonly relationship?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function addPartnerDown(failover: Command, terminal: Terminal): void {
  withSocketOptions(failover.command("partner-down"))
    .description("declare that the partner is down")
    .option("--relationship <name>", "which one (default: the only one)")
    .option("--yes", "do not ask")
    .option("--force", "also while starting or recovering, when the partner will never return")
    .option("--json", "the answer as JSON")
    .addHelpText("after", `\n${EFFECT}\n\nExample:\n  tandem failover partner-down --yes`)
    .action(async (given: PartnerDownOptions) => {
      const socket = socketPath(given, terminal);
      if (given.yes !== true) await confirm(socket, terminal);
      const body = { relationship: given.relationship, force: given.force === true };
      const value = await askServer(socket, "/v1/failover/partner-down", body);
      if (given.json === true) terminal.out(JSON.stringify(value, null, 2));
      else terminal.out(isRecord(value) ? renderValue(value.message) : "done");
    });
}

async function confirm(socket: string, terminal: Terminal): Promise<void> {
  if (!terminal.interactive) {
    throw new CliError(
      EXIT.usage,
      "partner-down asks for confirmation, and there is no terminal",
      "add --yes when you are sure",
    );
  }
  terminal.note(renderFailover(await askServer(socket, "/v1/failover")));
  terminal.note(`\n${EFFECT}\n`);
  const answer = await terminal.ask("Is the partner down? Type yes: ");
  if (answer.trim().toLowerCase() !== "yes") {
    throw new CliError(EXIT.failure, "nothing was done");
  }
}
