// `tandem serve`: runs the server in the foreground.

import { type Command, Option } from "commander";
import type { CompiledConfig } from "../core/config/types.ts";
import { digestOf, requireConfig } from "./config-file.ts";
import type { Terminal } from "./terminal.ts";

export interface ServeOptions {
  readonly config: CompiledConfig;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
  /** Paths in the configuration are relative to this file. */
  readonly file: string;
  readonly logFormat: "json" | "text";
  readonly logLevel: "error" | "warn" | "info" | "debug";
}

/** Resolves with the exit code when the server has ended. */
export type Serve = (options: ServeOptions) => Promise<number>;

export function addServe(
  program: Command,
  { terminal, serve }: { readonly terminal: Terminal; readonly serve: Serve },
  finish: (code: number) => void,
): void {
  program
    .command("serve")
    .description("run the server in the foreground; SIGTERM stops it and hands over to the partner")
    .requiredOption("--config <file>", "the pair's configuration, the same on both machines")
    .option("--server <name>", "which server of the file this is (default: the host name)")
    .addOption(
      new Option("--log-format <format>", "form of the log on standard output")
        .choices(["json", "text"])
        .default("json"),
    )
    .addOption(
      new Option("--log-level <level>", "least level that is logged")
        .choices(["error", "warn", "info", "debug"])
        .default("info"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  tandem serve --config /etc/tandem/pair.yaml --server a --log-format text",
    )
    .action(async (given: { config: string; server?: string } & LogOptions) => {
      const who = { serverName: given.server, hostName: terminal.hostName };
      const config = requireConfig(given.config, who, (text) => terminal.note(text));
      const { logFormat, logLevel } = given;
      const digest = digestOf(given.config);
      finish(await serve({ config, digest, file: given.config, logFormat, logLevel }));
    });
}

type LogOptions = Pick<ServeOptions, "logFormat" | "logLevel">;
