// Servers on ::1 without namespaces: ports that are free, folders of their own, everything ended afterwards.

import { createSocket } from "node:dgram";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LoadProcess } from "../../tools/load/process.ts";
import { until } from "../../tools/netns/command.ts";
import type { Daemon } from "../../tools/netns/daemon.ts";
import { makeDaemon, type PairConfig, type Ports } from "../../tools/netns/pair-config.ts";
import { askRelationship } from "../../tools/netns/pair-stage.ts";
import type { ServerName } from "../../tools/netns/topology.ts";

/** The link behind the relay; both pools of the configuration serve it. */
export const LINK_ADDRESS = "2001:db8:2::1";

export type LoopbackOptions = Pick<
  PairConfig,
  "times" | "failover" | "relationship" | "extra" | "tls"
> & {
  /** Put before the command of a server; it may write into the folder. */
  readonly wrapper?: (server: ServerName, folder: string) => readonly string[] | undefined;
};

export class Loopback {
  readonly folder: string;
  readonly ports: Ports;
  readonly servers: Readonly<Record<ServerName, Daemon>>;
  readonly #closers: (() => void)[] = [];

  private constructor(options: LoopbackOptions, ports: Ports) {
    const { wrapper, ...rest } = options;
    this.folder = mkdtempSync(join(tmpdir(), "tandem-loopback-"));
    this.ports = ports;
    const config: PairConfig = { ...rest, ports, folder: this.folder, loopback: true };
    const make = (name: ServerName): Daemon => {
      const before = wrapper?.(name, this.folder);
      const wrapped = before === undefined ? {} : { wrapper: before };
      return makeDaemon(config, name, { namespace: undefined, ...wrapped });
    };
    const a = make("a");
    this.servers = { a, b: options.failover ? make("b") : a };
  }

  static async open(options: LoopbackOptions): Promise<Loopback> {
    const [clientsA, clientsB] = [await freeUdpPort(), await freeUdpPort()];
    const [failoverA, failoverB] = [await freeTcpPort(), await freeTcpPort()];
    const ports = { clientsA, clientsB, failoverA, failoverB, proxyB: undefined };
    return new Loopback(options, ports);
  }

  async startPair(limit: number): Promise<void> {
    await Promise.all([this.servers.a.start(), this.servers.b.start()]);
    await this.inState("NORMAL", ["a", "b"], limit);
  }

  async inState(state: string, servers: readonly ServerName[], limit: number): Promise<void> {
    await until(`${servers.join(" and ")} to be in ${state}`, limit, async () => {
      // An answer waits for the disk as everything else: with a slow one it may come too late.
      const ask = (name: ServerName) => askRelationship(this.servers[name]).catch(() => undefined);
      const found = await Promise.all(servers.map(ask));
      return found.every((one) => one?.state === state) ? true : undefined;
    });
  }

  /** Generated clients behind a relay on ::1 that sends to both servers. */
  async load(seed: number): Promise<LoadProcess> {
    const { clientsA, clientsB } = this.ports;
    const load = new LoadProcess({
      namespace: undefined,
      servers: [`[::1]:${clientsA}`, `[::1]:${clientsB}`],
      linkAddress: LINK_ADDRESS,
      bind: "::1",
      port: 0,
      seed,
      timeScale: 1,
    });
    this.#closers.push(() => load.kill());
    await load.ready();
    return load;
  }

  /** Closed at the end, whatever happens. */
  closing(close: () => void): void {
    this.#closers.push(close);
  }

  logOf(server: ServerName): string {
    const { log } = this.servers[server].options;
    return existsSync(log) ? readFileSync(log, "utf8") : "";
  }

  async end(keep: boolean): Promise<void> {
    for (const close of this.#closers) close();
    await Promise.all([this.servers.a.kill(), this.servers.b.kill()]);
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a body with servers on ::1; on a failure their files stay and are named. */
export async function onLoopback(
  options: LoopbackOptions,
  body: (loopback: Loopback) => Promise<void>,
): Promise<void> {
  const loopback = await Loopback.open(options);
  let passed = false;
  try {
    await body(loopback);
    passed = true;
  } finally {
    if (!passed) console.log(`files of the failed run are in ${loopback.folder}`);
    await loopback.end(!passed);
  }
}

export function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "::1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

export function freeUdpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createSocket("udp6");
    probe.once("error", reject);
    probe.bind(0, "::1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
