// Steers a load generator that runs as a process of its own, in a namespace or not.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT, sleep, until } from "../netns/command.ts";
import { spawnInside } from "../netns/namespaces.ts";
import type { FleetCounts, FleetEvent } from "./fleet.ts";

export interface LoadOptions {
  readonly namespace: string | undefined;
  /** Where messages go: `[address]:port` or an address. */
  readonly servers: readonly string[];
  readonly linkAddress: string;
  readonly bind: string;
  readonly port: number;
  readonly seed: number;
  readonly timeScale: number;
}

/** A finding or renewal with its time, milliseconds since 1970. */
export type LoadEvent = FleetEvent & { readonly at: number };

export class LoadProcess {
  readonly #child: ChildProcess;
  readonly events: LoadEvent[] = [];
  #counts: FleetCounts | undefined;
  #ready = false;
  #stopped = false;
  onEvent: ((event: LoadEvent) => void) | undefined;

  constructor(options: LoadOptions) {
    const { namespace, servers, linkAddress, bind, port, seed, timeScale } = options;
    this.#child = spawnInside(
      namespace,
      [
        ...[process.execPath, join(ROOT, "dist/tools/load.js"), "--servers", servers.join(",")],
        ...["--link", linkAddress, "--bind", bind, "--port", String(port), "--seed", String(seed)],
        ...["--time-scale", String(timeScale)],
      ],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => this.#line(line));
  }

  #line(line: string): void {
    const value = JSON.parse(line) as { type: string; counts?: FleetCounts };
    if (value.type === "ready") this.#ready = true;
    else if (value.type === "stopped") this.#stopped = true;
    else if (value.counts !== undefined) this.#counts = value.counts;
    else if (["renewed", "changed", "two-holders"].includes(value.type)) {
      const event = value as unknown as LoadEvent;
      this.events.push(event);
      this.onEvent?.(event);
    }
  }

  async ready(): Promise<void> {
    await until("the load generator to start", 10_000, () => (this.#ready ? true : undefined));
  }

  get counts(): FleetCounts {
    if (this.#counts === undefined) throw new Error("the load generator has not counted yet");
    return this.#counts;
  }

  /** The counts, if there are any yet. */
  get latest(): FleetCounts | undefined {
    return this.#counts;
  }

  /** The counts once they fulfil a condition. */
  async when(
    what: string,
    limit: number,
    holds: (counts: FleetCounts) => boolean,
  ): Promise<FleetCounts> {
    return await until(what, limit, () =>
      this.#counts !== undefined && holds(this.#counts) ? this.#counts : undefined,
    );
  }

  #tell(command: unknown): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  add(group: string, count: number, over = 0): void {
    this.#tell({ type: "add", group, count, over });
  }

  /** Which servers the messages of a group reach, by index. */
  route(group: string, servers: readonly number[]): void {
    this.#tell({ type: "route", group, servers });
  }

  release(group: string, count: number): void {
    this.#tell({ type: "release", group, count });
  }

  vanish(group: string, count: number): void {
    this.#tell({ type: "vanish", group, count });
  }

  /** The final counts. */
  async stop(): Promise<FleetCounts> {
    const gone = once(this.#child, "exit");
    this.#tell({ type: "stop" });
    await Promise.race([gone, sleep(5_000)]);
    this.kill();
    if (!this.#stopped) throw new Error("the load generator did not stop in order");
    return this.counts;
  }

  kill(): void {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
  }
}
