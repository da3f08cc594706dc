// A pair of servers on its stage: starts and ends them, asks them, compares their tables, and cleans up.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LoadProcess } from "../load/process.ts";
import { type Capture, capture } from "./capture.ts";
import { type ClientProgram, hasLinkLocal, RealClient, startRelay } from "./clients.ts";
import { until } from "./command.ts";
import type { Daemon } from "./daemon.ts";
import type { End } from "./namespaces.ts";
import { makeDaemon, type PairConfig } from "./pair-config.ts";
import { type ServerName, STAGE, Topology } from "./topology.ts";

export interface Relationship {
  readonly state: string;
  readonly partnerState: string | null;
  readonly communications: string;
  readonly backlog: number;
}

/** One row of a server's table, as `tandem leases list --json` prints it. */
export type LeaseRow = Readonly<Record<string, unknown>> & {
  readonly lease: string;
  readonly kind: "address" | "prefix";
  readonly status: string;
  readonly duid: string | null;
  readonly iaid: number;
  readonly clientExpiry: string | null;
  readonly marked: boolean;
};

export type StageOptions = Omit<PairConfig, "folder" | "loopback"> & {
  readonly wrappers?: Partial<Record<ServerName, readonly string[]>>;
};

export class PairStage {
  readonly folder: string;
  readonly topology: Topology;
  readonly servers: Readonly<Record<ServerName, Daemon>>;
  readonly clients: RealClient[] = [];
  readonly #captures: Capture[] = [];
  readonly #loads: LoadProcess[] = [];
  readonly #expected = new Set<string>();
  #relay: ReturnType<typeof startRelay> | undefined;

  constructor(options: StageOptions) {
    this.folder = mkdtempSync(join(tmpdir(), "tandem-e2e-"));
    this.topology = new Topology();
    const config: PairConfig = { ...options, folder: this.folder, loopback: false };
    const make = (name: ServerName) => {
      const wrapper = options.wrappers?.[name];
      const namespace = this.topology.servers[name];
      return makeDaemon(config, name, { namespace, ...(wrapper === undefined ? {} : { wrapper }) });
    };
    this.servers = { a: make("a"), b: make("b") };
  }

  /** Captures the LAN, and on the partner link what arrives at each end. */
  async capture(): Promise<void> {
    const { lan, servers } = this.topology;
    const places = [
      { name: "lan", namespace: lan, interface: "br0", arriving: false },
      { name: "to-a", namespace: servers.a, interface: "pair0", arriving: true },
      { name: "to-b", namespace: servers.b, interface: "pair0", arriving: true },
    ];
    for (const { name, ...place } of places) {
      const file = join(this.folder, `${name}.pcap`);
      this.#captures.push(await capture({ ...place, file }));
    }
  }

  get captureFiles(): readonly string[] {
    return this.#captures.map(({ file }) => file);
  }

  async stopCaptures(): Promise<void> {
    await Promise.all(this.#captures.map((one) => one.stop()));
  }

  /** Starts both servers and waits until both are in NORMAL with nothing left to tell. */
  async startPair(limit = 30_000): Promise<void> {
    await Promise.all([this.servers.a.start(), this.servers.b.start()]);
    await this.inState("NORMAL", ["a", "b"], limit);
  }

  async relationship(server: ServerName): Promise<Relationship> {
    return await askRelationship(this.servers[server]);
  }

  /** Waits until the named servers are in a state. */
  async inState(state: string, servers: readonly ServerName[], limit: number): Promise<void> {
    await until(`${servers.join(" and ")} to be in ${state}`, limit, async () => {
      const found = await Promise.all(servers.map((server) => this.relationship(server)));
      return found.every((one) => one.state === state) ? true : undefined;
    });
  }

  /** Waits until a server's log says that it went through a state since its last start. */
  async passed(server: ServerName, state: string, limit: number): Promise<void> {
    const { log } = this.servers[server].options;
    await until(`server ${server} to go through ${state}`, limit, () => {
      const text = readFileSync(log, "utf8");
      const since = text.slice(text.lastIndexOf('"TANDEM_STARTED"'));
      return since.includes(`"to":"${state}"`) ? true : undefined;
    });
  }

  /** Waits until neither server has anything left to tell the other. */
  async settled(limit: number): Promise<void> {
    await until("both servers to have told each other everything", limit, async () => {
      const [a, b] = await Promise.all([this.relationship("a"), this.relationship("b")]);
      const quiet = a.state === "NORMAL" && b.state === "NORMAL" && a.backlog + b.backlog === 0;
      return quiet ? true : undefined;
    });
  }

  async leases(server: ServerName): Promise<readonly LeaseRow[]> {
    return await leasesOf(this.servers[server]);
  }

  /** Differences between the tables in what both must agree on; empty when they are equal. */
  async tableDifferences(): Promise<readonly string[]> {
    const [a, b] = await Promise.all([this.leases("a"), this.leases("b")]);
    return differences(a, b);
  }

  /** A real client on the LAN or behind the relay, not started. */
  async client(program: ClientProgram, place: "lan" | "relayed"): Promise<RealClient> {
    const at = place === "lan" ? this.topology.client() : this.topology.relayedClient();
    await this.#linkLocal(at);
    const folder = join(this.folder, `${program}-${place}-${this.clients.length}`);
    const client = new RealClient({ program, at, folder, prefix: true });
    this.clients.push(client);
    return client;
  }

  async #linkLocal(at: End): Promise<void> {
    await until(`a link-local address in ${at.namespace}`, 5_000, () =>
      hasLinkLocal(at) ? true : undefined,
    );
  }

  /** The relay program; after the relayed clients' namespaces are there. */
  startRelay(): void {
    const servers = [STAGE.lanServer.a, STAGE.lanServer.b];
    const log = join(this.folder, "relay.log");
    this.#relay = startRelay(this.topology.relay(), servers, log);
  }

  /** A load generator in the relay's place. */
  async load(seed: number, timeScale: number): Promise<LoadProcess> {
    const load = new LoadProcess({
      namespace: this.topology.relay(),
      servers: [STAGE.lanServer.a, STAGE.lanServer.b],
      linkAddress: STAGE.relayDown,
      bind: STAGE.relayUp,
      port: 547,
      seed,
      timeScale,
    });
    this.#loads.push(load);
    await load.ready();
    return load;
  }

  /** This server's failure was asked for by the test. */
  expectedFailure(server: ServerName): void {
    this.#expected.add(server);
  }

  /** What the servers' logs say of an end that nobody asked for. */
  failures(): readonly string[] {
    return Object.values(this.servers).flatMap(({ options }) => {
      if (!existsSync(options.log) || this.#expected.has(options.name)) return [];
      const lines = readFileSync(options.log, "utf8").split("\n");
      return lines.filter((line) => /"TANDEM_FAILED"|Error: /.test(line));
    });
  }

  /** Ends everything and removes the namespaces; the folder stays when `keep` is set. */
  async end(keep: boolean): Promise<void> {
    const { a, b } = this.servers;
    for (const load of this.#loads) load.kill();
    await Promise.all(this.clients.map((client) => client.kill()));
    this.#relay?.kill("SIGKILL");
    await Promise.all([a.kill(), b.kill(), this.stopCaptures()]);
    this.topology.remove();
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A server's side of its only relationship. */
export async function askRelationship(server: Daemon): Promise<Relationship> {
  const answer = (await server.ask("/v1/failover")) as {
    readonly relationships: readonly Relationship[];
  };
  const [first] = answer.relationships;
  if (first === undefined) throw new Error(`server ${server.options.name} has no relationship`);
  return first;
}

/** All rows of a server's table, page after page. */
export async function leasesOf(server: Daemon): Promise<readonly LeaseRow[]> {
  const rows: LeaseRow[] = [];
  let cursor: number | null | undefined = 0;
  while (typeof cursor === "number") {
    const page = (await server.ask(`/v1/leases?limit=1000&cursor=${cursor}`)) as {
      readonly leases: readonly LeaseRow[];
      readonly next?: number | null;
    };
    rows.push(...page.leases);
    cursor = page.next;
  }
  return rows;
}

/** Rows that are not the same on both servers: status, client, IAID, the client's expiry; and marks. */
export function differences(a: readonly LeaseRow[], b: readonly LeaseRow[]): readonly string[] {
  const free = (row: LeaseRow | undefined) =>
    row === undefined || row.status === "FREE" || row.status === "FREE-BACKUP";
  const text = (row: LeaseRow | undefined) =>
    free(row) ? "free" : [row?.status, row?.duid, row?.iaid, row?.clientExpiry].join(" ");
  const ofB = new Map(b.map((row) => [row.lease, row]));
  const ofA = new Map(a.map((row) => [row.lease, row]));
  const found: string[] = [];
  for (const lease of new Set([...ofA.keys(), ...ofB.keys()])) {
    const [one, other] = [ofA.get(lease), ofB.get(lease)];
    if (text(one) !== text(other)) found.push(`${lease}: a ${text(one)}, b ${text(other)}`);
    if (one?.marked === true) found.push(`${lease}: marked on a`);
    if (other?.marked === true) found.push(`${lease}: marked on b`);
  }
  return found;
}
