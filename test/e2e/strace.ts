// Delays or fails a server's log writes under strace, and reads back when each of them began and ended.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../tools/netns/command.ts";
import type { Daemon } from "../../tools/netns/daemon.ts";
import { spawnInside } from "../../tools/netns/namespaces.ts";

const WRITES = "pwrite64,pwritev,pwritev2,write,writev";

export interface LogWrite {
  /** Microseconds since 1970: when the call was entered (before any delay) and when it returned. */
  readonly from: number;
  readonly to: number;
  readonly failed: boolean;
}

export class Tracer {
  readonly #child: ChildProcess;
  readonly #file: string;

  private constructor(child: ChildProcess, file: string) {
    this.#child = child;
    this.#file = file;
  }

  /** Attaches to a running server and does `injection` to the writes to its log, for example
   * `delay_enter=300ms` or `error=EIO:when=50+`. */
  static async attach(daemon: Daemon, injection: string, file: string): Promise<Tracer> {
    const { stateDirectory } = daemon.options;
    const paths = readdirSync(stateDirectory).flatMap((name) => ["-P", join(stateDirectory, name)]);
    const command = [
      ...["strace", "-f", "-ttt", "-T", "-s", "0", "-o", file, ...paths],
      ...["-e", `trace=${WRITES}`, "-e", `inject=${WRITES}:${injection}`, "-p", String(daemon.pid)],
    ];
    const child = spawnInside(undefined, command, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr?.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
    await until("strace to attach", 10_000, () => {
      if (child.exitCode !== null) throw new Error(`strace: ${said}`);
      return said.includes("attached") ? true : undefined;
    });
    return new Tracer(child, file);
  }

  async detach(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGINT");
    await gone;
  }

  /** The log's writes so far, in order. Calls that never returned are left out. */
  writes(): readonly LogWrite[] {
    const found: LogWrite[] = [];
    const entered = new Map<string, number>();
    for (const line of readFileSync(this.#file, "utf8").split("\n")) {
      const match = /^(\d+) +(\d+\.\d+) (.*)$/.exec(line);
      if (match === null) continue;
      const [, thread, seconds, text] = match as unknown as [string, string, string, string];
      const at = Number(seconds) * 1_000_000;
      if (text.includes("<unfinished ...>")) {
        entered.set(thread, at);
        continue;
      }
      const duration = /<(\d+\.\d+)>$/.exec(text)?.[1];
      if (duration === undefined) continue;
      const from = text.startsWith("<...") ? (entered.get(thread) ?? at) : at;
      const to = from + Number(duration) * 1_000_000;
      found.push({ from, to, failed: / = -1 E/.test(text) });
    }
    return found;
  }
}
