// The command `tandem`: joins the commands, and turns what they end with into an exit code.

import { Command, CommanderError } from "commander";
import { addCheck } from "./check.ts";
import { addClock } from "./clock.ts";
import { addDecode } from "./decode.ts";
import { addDoctor } from "./doctor/doctor.ts";
import { addDrill } from "./drill/drill.ts";
import { CliError, EXIT } from "./errors.ts";
import { addKeygen } from "./failover-keygen.ts";
import { addOperations } from "./failover-operations.ts";
import { addPartnerDown } from "./failover-partner-down.ts";
import { addFailoverStatus } from "./failover-status.ts";
import { addLeases } from "./leases.ts";
import { addServe, type Serve } from "./serve.ts";
import { addStatus } from "./status.ts";
import type { Terminal } from "./terminal.ts";

export interface ProgramOptions {
  readonly terminal: Terminal;
  readonly version: string;
  /** Runs the server; resolves with the exit code. Only main.ts knows how. */
  readonly serve: Serve;
}

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no server answers.
Every command that prints something takes --json.`;

/** The program with all its commands; a command's exit code goes to `finish`. */
export function createProgram(options: ProgramOptions, finish: (code: number) => void): Command {
  const { terminal } = options;
  const program = new Command("tandem")
    .description("A DHCPv6 server that runs as a failover pair (RFC 8156).")
    .version(options.version)
    .addHelpText("after", EXIT_CODES)
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
    .exitOverride();
  addServe(program, options, finish);
  addCheck(program, terminal, finish);
  addStatus(program, terminal);
  addLeases(program, terminal);
  addDoctor(program, terminal, finish);
  const failover = inherit(program.command("failover"), program);
  failover.description("The pair: its state, its keys, and the operator's decisions.");
  addFailoverStatus(failover, terminal);
  addPartnerDown(failover, terminal);
  addOperations(failover, terminal);
  addDrill(failover, terminal);
  addKeygen(failover, terminal);
  const clock = inherit(program.command("clock"), program);
  clock.description("Lease time and the wall clock.");
  addClock(clock, terminal);
  addDecode(program, terminal);
  return program;
}

/** Runs one command line (without the program's own name); resolves with the exit code. */
export async function runProgram(
  options: ProgramOptions,
  argv: readonly string[],
): Promise<number> {
  let code: number = EXIT.ok;
  const program = createProgram(options, (given) => {
    code = given;
  });
  try {
    if (argv.length === 0) {
      options.terminal.note(program.helpInformation().trimEnd());
      return EXIT.usage;
    }
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    return explain(error, options.terminal);
  }
}

function explain(error: unknown, terminal: Terminal): number {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (!(error instanceof CliError)) throw error;
  terminal.note(`tandem: ${error.message}`);
  if (error.hint !== undefined) terminal.note(`  ${error.hint}`);
  return error.exitCode;
}

function inherit(command: Command, parent: Command): Command {
  return command.copyInheritedSettings(parent);
}
