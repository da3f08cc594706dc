// Asks the running server over its control socket.

import { request } from "node:http";
import type { Command } from "commander";
import type { CommandInput, CommandType } from "../api/commands.ts";
import { FAILURE } from "../api/failures.ts";
import { RESULTS, type Result } from "../api/results.ts";
import { ROUTES } from "../api/routes.ts";
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

/** One command and its answer. Throws CliError with the server's own words when it refuses. */
export async function askServer<Type extends CommandType>(
  socket: string,
  type: Type,
  fields: CommandInput<Type>,
): Promise<Result<Type>> {
  const { status, text } = await exchange(socket, requestOf(type, fields));
  const value = readJson(socket, text);
  if (status >= 400) {
    const failure = FAILURE.safeParse(value);
    const said = failure.success ? failure.data.message : `the server answered ${status}`;
    throw new CliError(EXIT.failure, said);
  }
  const result = RESULTS[type].safeParse(value);
  if (result.success) return result.data as Result<Type>;
  const [issue] = result.error.issues;
  throw new CliError(
    EXIT.failure,
    `the server's answer is not understood: ${issue?.path.join(".")}: ${issue?.message}`,
    "is the running server of another version? Restart it after an upgrade",
  );
}

function readJson(socket: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CliError(EXIT.failure, `what answers on ${socket} is no Tandem server`);
  }
}

interface Sent {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body: string | undefined;
}

/** Fields that the path names stand in it; the others in the query or the body. */
function requestOf(type: CommandType, fields: Readonly<Record<string, unknown>>): Sent {
  const { method, path } = ROUTES[type];
  const rest = new Map(Object.entries(fields).filter(([, value]) => value !== undefined));
  const filled = path.replaceAll(/:(\w+)/g, (_all, name: string) => {
    const value = String(rest.get(name));
    rest.delete(name);
    return encodeURIComponent(value);
  });
  if (method === "POST")
    return { method, path: filled, body: JSON.stringify(Object.fromEntries(rest)) };
  const query = new URLSearchParams(
    Object.fromEntries([...rest].map(([name, value]) => [name, String(value)])),
  );
  return { method, path: rest.size === 0 ? filled : `${filled}?${query}`, body: undefined };
}

function exchange(
  socket: string,
  { method, path, body }: Sent,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: socket,
        path,
        method,
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
    sent.end(body);
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
