// The composition root: the only file that knows every adapter. It starts the command that was asked
// for, and for `serve` joins core, shell and control socket and ends them in order.

import { randomBytes, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { openControl, type ProcessReport, SocketInUseError } from "./admin/control.ts";
import { CliError, EXIT } from "./cli/errors.ts";
import { runProgram } from "./cli/program.ts";
import type { ServeOptions } from "./cli/serve.ts";
import { processTerminal } from "./cli/terminal.ts";
import type { CompiledConfig } from "./core/config/types.ts";
import type { ServerDoor } from "./core/server/events.ts";
import { createServer, type ServerOptions } from "./core/server/server.ts";
import { StoreCorruptError } from "./core/server/state.ts";
import { createClock } from "./shell/clock.ts";
import { openDgram } from "./shell/dgram.ts";
import { crc32, type Disk, openDisk } from "./shell/disk.ts";
import { openLinks } from "./shell/link.ts";
import type { TlsIdentity } from "./shell/link-tls.ts";
import { createLog, type Log } from "./shell/log.ts";
import { createLoop, type Loop, type StopOutcome } from "./shell/loop.ts";
import { machineOf } from "./shell/machine.ts";
import { checkSharedFolder, FolderError } from "./shell/own-folder.ts";
import { carrierOf, watchProcess } from "./shell/process-watch.ts";
import { lockState, StateInUseError, type StateLock } from "./shell/state-lock.ts";

const VERSION = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  }
).version;

async function serve(options: ServeOptions): Promise<number> {
  const identity = readIdentity(options);
  const log = createLog({
    level: options.logLevel,
    format: options.logFormat,
    server: options.config.server.name,
  });
  // What was opened is closed in the reverse order, whether the server ended or never began.
  const closers: (() => void | Promise<void>)[] = [() => log.drain()];
  try {
    return exitCode(await runServer(options, identity, log, closers));
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function runServer(
  { config, digest, logLevel }: ServeOptions,
  identity: TlsIdentity | undefined,
  log: Log,
  closers: (() => void | Promise<void>)[],
): Promise<StopOutcome> {
  const { stateDirectory } = config.server;
  const lock = await lockStateOrExplain(stateDirectory);
  closers.push(() => lock.release());
  const guard = (): void => {
    if (lock.isHeld()) return;
    // T-15: nothing more is written or sent, not even a farewell.
    log.write({ id: "STATE_LOST", fields: { directory: stateDirectory } });
    log.flush();
    process.exit(EXIT.failure);
  };
  const clock = createClock();
  // The core asks the disk for nothing before its first batch, so the loop is there for every result.
  let loop: Loop | undefined;
  const disk = openDisk({
    directory: lock.folder.path,
    done: (result) => loop?.post(result),
    guard,
  });
  closers.push(() => disk.close());
  const running = createLoop({
    door: createDoor(
      {
        config,
        debug: logLevel === "debug",
        now: clock.now(),
        machine: machineOf(lock.folder.path),
      },
      disk,
    ),
    clock,
    log: log.write,
    guard,
  });
  loop = running;
  const datagrams = openDgram({
    interfaces: config.server.interfaces,
    unicast: config.server.unicast,
    clock,
    log: log.write,
    receive: (datagram) => running.post({ type: "datagram", datagram }),
  });
  closers.push(() => datagrams.close());
  const links = openLinks({
    ...linkSettings(config),
    identity,
    clock,
    emit: (event, processed) => running.post(event, processed),
    log: log.write,
  });
  // The partner's last message (DISCONNECT) leaves before anything else is closed.
  closers.push(() => links.close());
  const { name: server, interfaces } = config.server;
  const certificate = certificateOf(identity);
  const around = {
    server,
    interfaces,
    datagrams,
    links,
    certificate,
    wallNow: Date.now,
    carrierOf,
  };
  const watch = watchProcess(around, log.write);
  closers.push(() => watch.stop());
  const control = await openControlOrExplain(config, running, () => ({
    alarms: watch.alarms(),
    status: {
      version: VERSION,
      pid: process.pid,
      configuration: digest,
      udpAdapter: "dgram",
      interfaces: watch.interfaces(),
      sockets: datagrams.sockets().map((socket) => socket.interface),
      counters: { ...datagrams.counters(), ...links.counters(), ...log.counters() },
    },
  }));
  closers.push(() => control.close());
  log.write({ id: "CONTROL_LISTENING", fields: { path: config.server.controlSocket } });
  closers.push(handleSignals(running, log));
  running.run({ datagrams, links, disk });
  return await running.finished;
}

/** Replays the log. A log that cannot be trusted is not served from. */
function createDoor(
  options: Pick<ServerOptions, "config" | "debug" | "now" | "machine">,
  disk: Disk,
): ServerDoor {
  const seed = new Uint8Array(randomBytes(24));
  try {
    return createServer({ ...options, seed, crc32, reader: disk.reader });
  } catch (error) {
    const where = options.config.server.stateDirectory;
    if (!(error instanceof StoreCorruptError)) {
      throw systemError(error, `cannot read the state in ${where}`);
    }
    throw new CliError(EXIT.failure, `the state in ${where} is damaged: ${error.message}`);
  }
}

function exitCode(outcome: StopOutcome): number {
  return outcome.failed ? EXIT.failure : EXIT.ok;
}

async function lockStateOrExplain(directory: string): Promise<StateLock> {
  try {
    return await lockState(directory);
  } catch (error) {
    if (error instanceof StateInUseError) {
      throw new CliError(EXIT.failure, error.message, "two servers of a host need two directories");
    }
    throw systemError(error, `cannot use the state directory ${directory}`);
  }
}

async function openControlOrExplain(
  config: CompiledConfig,
  loop: Loop,
  process: () => ProcessReport,
): ReturnType<typeof openControl> {
  const path = config.server.controlSocket;
  try {
    checkSharedFolder(dirname(path));
    return await openControl({ path, ask: (command) => loop.ask(command), process });
  } catch (error) {
    if (error instanceof SocketInUseError) throw new CliError(EXIT.failure, error.message);
    throw systemError(error, `cannot open the control socket ${path}`);
  }
}

/** An error of the operating system in words; anything else is a bug and stays what it is. */
function systemError(error: unknown, what: string): unknown {
  if (error instanceof FolderError) {
    return new CliError(EXIT.failure, `${what}: ${error.message}`, error.hint);
  }
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  return new CliError(EXIT.failure, `${what}: ${error.message}`);
}

function linkSettings({ server, relationships }: CompiledConfig) {
  const { listen, port, address } = server;
  // F-149, F-153: the secondary listens, the primary connects.
  const listens = relationships.some((relationship) => relationship.role === "secondary");
  return {
    listen: listens && listen !== undefined ? { address: listen, port } : undefined,
    source: listen ?? address,
    partners: relationships.length,
    // F-226, F-550: a peer may present the certificate that is pinned for a partner at its address.
    acceptable: (peer: string) =>
      relationships
        .filter((relationship) => relationship.partner.address === peer)
        .flatMap((relationship) => relationship.partner.fingerprint ?? []),
  };
}

/** The certificate and key that the file names; a fault is found now and not at the first contact. */
function readIdentity({ config, file }: ServeOptions): TlsIdentity | undefined {
  const { certificate, key } = config.server;
  if (certificate === undefined || key === undefined) return undefined;
  const path = (name: string): string => resolve(dirname(file), name);
  try {
    const identity = {
      certificate: readFileSync(path(certificate), "utf8"),
      key: readFileSync(path(key), "utf8"),
    };
    createSecureContext({ cert: identity.certificate, key: identity.key });
    return identity;
  } catch (error) {
    throw new CliError(
      EXIT.failure,
      `cannot use ${certificate} and ${key}: ${(error as Error).message}`,
      "`certificate` and `key` of this server; tandem failover keygen makes them",
    );
  }
}

function certificateOf(identity: TlsIdentity | undefined): X509Certificate | undefined {
  return identity === undefined ? undefined : new X509Certificate(identity.certificate);
}

/** T-05: the first signal is a planned stop, the second ends the process at once. */
function handleSignals(loop: Loop, log: Log): () => void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.flush();
      process.exit(EXIT.failure);
    }
    stopping = true;
    log.write({ id: "SIGNAL_STOP", fields: { signal } });
    void loop.ask({ type: "stop" });
  };
  const ignore = (signal: NodeJS.Signals): void =>
    log.write({ id: "SIGNAL_IGNORED", fields: { signal } });
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", ignore);
  const bug = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.write({ id: "TANDEM_FAILED", fields: { error: text } });
    log.flush();
    process.exit(EXIT.failure);
  };
  process.on("uncaughtException", bug);
  return () => {
    process.off("uncaughtException", bug);
    process.off("SIGTERM", stop);
    process.off("SIGINT", stop);
    process.off("SIGHUP", ignore);
  };
}

const terminal = processTerminal(hostname());
process.exitCode = await runProgram({ terminal, version: VERSION, serve }, process.argv.slice(2));
