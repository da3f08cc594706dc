// Asks the running server over its control socket.

import { request } from "node:http";
import type { Command } from "commander";
import { requireConfig } from "./config-file.ts";
import { CliError, EXIT } from "./errors.ts";
import type { Terminal } from "./terminal.ts";

const DEFAULT_SOCKET = "/run/tandem/control.sock";
const ANSWER_MILLIS = 40_000;

export interface SocketOptions {
  readonly socket?: string;
  readonly config?: string;
  readonly server?: string;
}

/** The options by which a command finds the server. */
export function withSocketOptions(command: Command): Command {
  return command
    .option("--socket <path>", `control socket (default: $TANDEM_SOCKET or ${DEFAULT_SOCKET})`)
    .option("--config <file>", "take the control socket from this configuration file")
    .option("--server <name>", "which server of the file is meant (default: the host name)");
}

export function socketPath(options: SocketOptions, terminal: Terminal): string {
  if (options.socket !== undefined) return options.socket;
  if (options.config !== undefined) {
    const who = { serverName: options.server, hostName: terminal.hostName };
    return requireConfig(options.config, who, () => undefined).server.controlSocket;
  }
  return terminal.environment.TANDEM_SOCKET ?? DEFAULT_SOCKET;
}

/** GET, or POST when there is a body. Throws CliError with the server's own words when it refuses. */
export async function askServer(path: string, route: string, body?: unknown): Promise<unknown> {
  const { status, text } = await exchange(path, route, body);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CliError(EXIT.failure, `what answers on ${path} is no Tandem server`);
  }
  if (status < 400) return value;
  const { message, code } = value as { readonly message?: string; readonly code?: string };
  throw new CliError(EXIT.failure, message ?? `the server answered ${status} ${code ?? ""}`);
}

function exchange(
  socket: string,
  route: string,
  body: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: socket,
        path: route,
        method: body === undefined ? "GET" : "POST",
        headers: { host: "tandem", "content-type": "application/json" },
        timeout: ANSWER_MILLIS,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", (error) => reject(unreachable(socket, error)));
        response.on("end", () => resolve({ status: response.statusCode ?? 500, text }));
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    sent.on("error", (error) => reject(unreachable(socket, error)));
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function unreachable(socket: string, error: NodeJS.ErrnoException): CliError {
  if (error.code === "EACCES") {
    return new CliError(
      EXIT.unreachable,
      `${socket} may be used by the server's own user only`,
      "run the command as that user or as root",
    );
  }
  const why = error.code === "ENOENT" ? "it does not exist" : error.message;
  return new CliError(
    EXIT.unreachable,
    `no server answers on ${socket}: ${why}`,
    "is the server running (systemctl status tandem)? Name its socket with --socket or --config FILE",
  );
}
