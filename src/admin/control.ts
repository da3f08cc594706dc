// The control socket: the operator's API as HTTP over a unix socket. Each route makes one command for
// the core and answers with what it says; nothing is decided here.

import * as fs from "node:fs";
import net from "node:net";
import { dirname } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AlarmResult } from "../api/alarms.ts";
import type { Command, CommandType } from "../api/commands.ts";
import { FAILURES, type FailureCode } from "../api/failures.ts";
import type { Ask, CommandResult, Refusal, Result } from "../api/results.ts";
import { ROUTES } from "../api/routes.ts";
import type { ProcessStatus } from "../api/status.ts";
import { bodyFields, commandOf, RequestError } from "./requests.ts";

/** A request's body is a small object. */
const MAX_BODY = 16 * 1024;
/** Operators and scripts at a time. */
const MAX_CONNECTIONS = 64;
const REQUEST_MILLIS = 35_000;
/** Only the server's own user (0600): the socket stops the server and declares the partner down. */
const SOCKET_UMASK = 0o177;
const DIRECTORY_MODE = 0o700;

export interface ControlOptions {
  readonly path: string;
  /** Hands a command to the core. */
  readonly ask: Ask;
  readonly process: () => ProcessReport;
}

/** What only the process knows. */
export interface ProcessReport {
  readonly status: ProcessStatus;
  readonly alarms: readonly AlarmResult[];
}

export interface Control {
  close(): Promise<void>;
}

/** Another server answers on the socket. */
export class SocketInUseError extends Error {
  readonly code = "socket-in-use";
}

/** Opens the socket; its folder is made (0700) when it is missing. */
export async function openControl(options: ControlOptions): Promise<Control> {
  fs.mkdirSync(dirname(options.path), { recursive: true, mode: DIRECTORY_MODE });
  await clearStaleSocket(options.path);
  const app = createControlApp(options);
  const server = createAdaptorServer({ fetch: app.fetch });
  server.maxConnections = MAX_CONNECTIONS;
  if ("requestTimeout" in server) server.requestTimeout = REQUEST_MILLIS;
  await listenPrivately(server, options.path);
  return {
    async close() {
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = setTimeout(() => {
        if ("closeAllConnections" in server) server.closeAllConnections();
      }, 1_000);
      await closed;
      clearTimeout(timer);
      fs.rmSync(options.path, { force: true });
    },
  };
}

/** The routes alone, for tests and for a later listener besides the unix socket. */
export function createControlApp(options: ControlOptions): Hono {
  const app = new Hono();
  app.use(
    bodyLimit({
      maxSize: MAX_BODY,
      onError: (context) => respond(context, refusal("too-large", "the body is too large")),
    }),
  );
  for (const type of Object.keys(ROUTES) as CommandType[]) {
    const { method, path } = ROUTES[type];
    app.on(method, path, async (context) => {
      const given = method === "GET" ? context.req.query() : bodyFields(await context.req.text());
      return answer(context, options, commandOf(type, { ...given, ...context.req.param() }));
    });
  }
  // A prefix as people write it, with its slash.
  app.get(`${ROUTES["leases-show"].path}/:length`, async (context) => {
    const { lease, length } = context.req.param();
    const fields = { ...context.req.query(), lease: `${lease}/${length}` };
    return answer(context, options, commandOf("leases-show", fields));
  });
  app.notFound((context) =>
    respond(context, refusal("no-such-route", `no route ${context.req.path}`)),
  );
  app.onError((error, context) => {
    if (error instanceof RequestError) return respond(context, refusal(error.code, error.message));
    throw error;
  });
  return app;
}

async function answer(
  context: Context,
  { ask, process }: ControlOptions,
  command: Command,
): Promise<Response> {
  if (command.type === "status") {
    const result = await ask(command);
    if (!result.ok) return respond(context, result);
    const { status, alarms } = process();
    const { value } = result;
    const whole: Result<"status"> = {
      ...value,
      alarms: [...value.alarms, ...alarms],
      process: status,
    };
    return context.json(whole);
  }
  if (command.type === "failover-status") {
    const result = await ask(command);
    if (!result.ok) return respond(context, result);
    const { value } = result;
    const whole: Result<"failover-status"> = {
      ...value,
      alarms: [...value.alarms, ...process().alarms],
    };
    return context.json(whole);
  }
  return respond(context, await ask(command));
}

function refusal(code: FailureCode, message: string): Refusal {
  return { ok: false, code, message };
}

function respond(context: Context, result: CommandResult): Response {
  if (result.ok) return context.json(result.value);
  const { code, message } = result;
  return context.json({ code, message }, FAILURES[code]);
}

/** The socket of a server that was killed is removed; that of a living one is not. */
async function clearStaleSocket(path: string): Promise<void> {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new SocketInUseError(`${path} is there and no socket`);
  if (stats.uid !== (process.geteuid?.() ?? stats.uid)) {
    throw new SocketInUseError(`${path} belongs to another user (${stats.uid})`);
  }
  const alive = await new Promise<boolean>((resolve) => {
    const probe = net.connect(path);
    probe.on("connect", () => resolve(true));
    probe.on("error", () => resolve(false));
    probe.on("close", () => resolve(false));
    probe.on("connect", () => probe.destroy());
  });
  if (alive) throw new SocketInUseError(`another server answers on ${path}`);
  fs.unlinkSync(path);
}

function listenPrivately(
  server: ReturnType<typeof createAdaptorServer>,
  path: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // The socket is bound within `listen`, so it never exists with a wider mode.
    const before = process.umask(SOCKET_UMASK);
    try {
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}
