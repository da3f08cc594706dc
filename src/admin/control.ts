// The control socket: the operator's API as HTTP over a unix socket. Each route makes one command for
// the core and answers with what it says; nothing is decided here.

import * as fs from "node:fs";
import net from "node:net";
import { dirname } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Command } from "../core/server/commands.ts";
import type { CommandResult } from "../core/server/events.ts";
import { leasesList, leasesShow, partnerDown, RequestError, reclaim } from "./requests.ts";

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
  readonly ask: (command: Command) => Promise<CommandResult>;
  /** What the shell adds to `/v1/status`: its own counters, version, process. */
  readonly process: () => Readonly<Record<string, unknown>>;
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
  const answer = async (context: Context, command: Command): Promise<Response> =>
    respond(context, await options.ask(command));

  app.use(
    bodyLimit({
      maxSize: MAX_BODY,
      onError: (context) => failure(context, 413, "too-large", "the body is too large"),
    }),
  );
  app.get("/v1/status", async (context) => {
    const result = await options.ask({ type: "status" });
    if (!result.ok) return respond(context, result);
    return context.json({ ...asObject(result.value), process: options.process() });
  });
  app.get("/v1/failover", (context) => answer(context, { type: "failover-status" }));
  app.get("/v1/leases", (context) => answer(context, leasesList(context.req.query())));
  app.get("/v1/leases/:address", (context) =>
    answer(context, leasesShow(context.req.param("address"))),
  );
  app.get("/v1/leases/:address/:length", (context) => {
    const { address, length } = context.req.param();
    return answer(context, leasesShow(`${address}/${length}`));
  });
  // T-13: the command for the wait in COMMUNICATIONS-INTERRUPTED and the RECOVER states.
  app.post("/v1/failover/partner-down", async (context) =>
    answer(context, partnerDown(await context.req.text())),
  );
  // T-01: the second word, with the relationship's name.
  app.post("/v1/failover/reclaim", async (context) =>
    answer(context, reclaim(await context.req.text())),
  );
  app.post("/v1/stop", (context) => answer(context, { type: "stop" }));
  app.notFound((context) => failure(context, 404, "no-such-route", `no route ${context.req.path}`));
  app.onError((error, context) => {
    if (error instanceof RequestError) return failure(context, 400, error.code, error.message);
    throw error;
  });
  return app;
}

function respond(context: Context, result: CommandResult): Response {
  if (result.ok) return context.json(result.value ?? {});
  return failure(context, statusFor(result.code), result.code, result.message);
}

type FailureStatus = 400 | 404 | 409 | 413 | 503;

function statusFor(code: string): FailureStatus {
  if (/^(no-such|unknown|not-found)/.test(code)) return 404;
  if (/^(bad|invalid)/.test(code)) return 400;
  return ["stopped", "busy", "timeout"].includes(code) ? 503 : 409;
}

function failure(context: Context, status: FailureStatus, code: string, message: string): Response {
  return context.json({ code, message }, status);
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : { value };
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
