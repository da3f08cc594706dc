// `tandem clock accept`: the operator says that the wall clock is right after a step (T-06 (1), T-13).

import type { Command } from "commander";
import { askServer, type SocketOptions, socketPath, withSocketOptions } from "./control-client.ts";
import { CliError, EXIT } from "./errors.ts";
import { clockText } from "./status.ts";
import type { Terminal } from "./terminal.ts";

const EFFECT = `Lease time does not follow a step of the wall clock: leases run on by their own time.
If the wall clock is WRONG, set it right instead; nothing else is needed then.
If it is right now and was wrong before, this lets lease time follow it:
  - Every running lease keeps what is left of it; clients notice nothing.
  - The connection to the partner is opened anew. If the partner's clock was wrong in the same
    way, say this there too: until then the two have no contact, and give no new leases.`;

interface AcceptOptions extends SocketOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addClock(clock: Command, terminal: Terminal): void {
  withSocketOptions(clock.command("accept"))
    .description("the wall clock is right: lease time follows it")
    .option("--yes", "do not ask")
    .option("--json", "the answer as JSON")
    .addHelpText("after", `\n${EFFECT}\n\nExample:\n  tandem clock accept --yes`)
    .action(async (given: AcceptOptions) => {
      const socket = socketPath(given, terminal);
      if (given.yes !== true) await confirm(socket, terminal);
      const value = await askServer(socket, "clock-accept", {});
      if (given.json === true) terminal.out(JSON.stringify(value, null, 2));
      else terminal.out(value.message);
    });
}

async function confirm(socket: string, terminal: Terminal): Promise<void> {
  if (!terminal.interactive) {
    throw new CliError(
      EXIT.usage,
      "clock accept asks for confirmation, and there is no terminal",
      "add --yes when you are sure that the wall clock is right",
    );
  }
  const { clock } = await askServer(socket, "status", {});
  terminal.note(clockText(clock));
  terminal.note(`\n${EFFECT}\n`);
  const answer = await terminal.ask("Is the wall clock right? Type yes: ");
  if (answer.trim().toLowerCase() !== "yes") throw new CliError(EXIT.failure, "nothing was done");
}
