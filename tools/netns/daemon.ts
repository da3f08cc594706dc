// A server under test: starts `tandem serve`, waits for its control socket, asks it things, and ends it in
// every way that a server can end.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { ROOT, sleep, until } from "./command.ts";
import { logged, spawnInside } from "./namespaces.ts";

/** The command, as people run it. */
export const TANDEM = join(ROOT, "bin/tandem.mjs");

export interface DaemonOptions {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly config: string;
  readonly stateDirectory: string;
  readonly controlSocket: string;
  /** Log lines go here, over all starts. */
  readonly log: string;
  /** Put before the command: strace and its options. */
  readonly wrapper?: readonly string[];
  /** `info` unless told. */
  readonly logLevel?: "error" | "warn" | "info" | "debug";
  readonly environment?: Readonly<Record<string, string>>;
}

export class Daemon {
  readonly options: DaemonOptions;
  #child: ChildProcess | undefined;

  constructor(options: DaemonOptions) {
    this.options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return (
      this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
    );
  }

  /** Starts it and waits until its control socket answers. */
  async start(): Promise<void> {
    if (this.running) throw new Error(`server ${this.options.name} runs already`);
    const { name, namespace, config, log, wrapper, environment } = this.options;
    const command = [
      ...[process.execPath, TANDEM, "serve", "--config", config, "--server", name],
      ...["--log-level", this.options.logLevel ?? "info"],
    ];
    const child = spawnInside(namespace, [...(wrapper ?? []), ...command], {
      stdio: logged(log),
      env: { ...process.env, ...environment },
    });
    this.#child = child;
    await until(`server ${name} to answer (see ${log})`, 20_000, async () => {
      if (!this.running) throw new Error(`server ${name} ended at its start, see ${log}`);
      return (await this.ask("/v1/status").catch(() => undefined)) === undefined ? undefined : true;
    });
  }

  /** The planned stop; returns the exit code. */
  async stop(limit = 15_000): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || !this.running) return child?.exitCode ?? null;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await Promise.race([gone, sleep(limit)]);
    if (this.running) {
      await this.kill();
      throw new Error(`server ${this.options.name} did not stop within ${limit} ms`);
    }
    return child.exitCode;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** Ended by whatever means: its exit code or signal. */
  async ended(limit: number): Promise<number | string> {
    const child = this.#child;
    if (child === undefined) throw new Error("never started");
    return await until(
      `server ${this.options.name} to end`,
      limit,
      () => child.exitCode ?? child.signalCode ?? undefined,
    );
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** A machine that comes back with an empty disk. */
  empty(): void {
    rmSync(this.options.stateDirectory, { recursive: true, force: true });
  }

  /** The answer of a route of the control socket, as plain data. */
  ask(path: string, body?: unknown): Promise<unknown> {
    return askSocket(this.options.controlSocket, path, body);
  }
}

/** GET, or POST when there is a body, over the control socket. */
export function askSocket(socketPath: string, path: string, body?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const headers = { "content-type": "application/json" };
    const asked = request({ socketPath, path, method, headers, timeout: 5_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        if (status >= 400) reject(new Error(`${path}: ${status} ${text}`));
        else resolve(JSON.parse(text));
      });
    });
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(new Error(`${path}: no answer within 5 s`)));
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
