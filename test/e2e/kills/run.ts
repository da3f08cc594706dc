// One run of the long kill test: a pair under load, what a variant does to it, and the judgement from the
// captures, from what the clients remember, and from the two tables.

import type { FleetCounts } from "../../../tools/load/fleet.ts";
import type { LoadProcess } from "../../../tools/load/process.ts";
import { addressBytes } from "../../../tools/load/relay.ts";
import { sleep, until } from "../../../tools/netns/command.ts";
import { duidHexOf, type Times } from "../../../tools/netns/pair-config.ts";
import { PairStage, type StageOptions } from "../../../tools/netns/pair-stage.ts";
import { Session } from "../../../tools/netns/session.ts";
import { type ServerName, STAGE } from "../../../tools/netns/topology.ts";
import { addressText } from "../oracle/frames.ts";
import { type History, readHistory } from "../oracle/history.ts";
import { type BeyondBound, beyondBound } from "../oracle/lead-time.ts";
import { judge, type Kill, type KillReport, reportKill, type Verdict } from "../oracle/verdict.ts";
import { REAL_CLIENTS } from "../real-clients.ts";

export const SHORT: Times = { mclt: 8, valid: 24, preferred: 18 };
/** Resolution of a conflict answers nobody for a moment: leases must be longer than that. */
export const MIDDLE: Times = { mclt: 12, valid: 36, preferred: 28 };
export const LONG: Times = { mclt: 60, valid: 180, preferred: 120 };

export interface RunOptions {
  readonly times: Times;
  readonly clients: number;
  /** One of each real client as well, on the LAN; with a TCP session over the first one's address. */
  readonly real: boolean;
  readonly tls?: NonNullable<StageOptions["tls"]>;
  readonly seed: number;
}

export interface RunResult {
  readonly counts: FleetCounts;
  readonly verdict: Verdict;
  readonly kills: readonly KillReport[];
  /** Grants that broke the MCLT bound; empty on TLS, where it cannot be seen. */
  readonly beyond: readonly BeyondBound[];
  /** Rows in which the tables differ at the end. */
  readonly differences: readonly string[];
  /** Seconds from the last repair to NORMAL on both. */
  readonly toNormal: number;
  readonly failures: readonly string[];
  readonly problems: readonly string[];
}

const RELATIONSHIP = { keepalive: "2s", "startup-time": "1s", "connect-retry": "300ms" };

export class Run {
  readonly options: RunOptions;
  readonly stage: PairStage;
  readonly #kills: Kill[] = [];
  readonly #session = new Session();
  #load: LoadProcess | undefined;
  #repairedAt = Date.now();

  constructor(options: RunOptions) {
    this.options = options;
    this.stage = new PairStage({
      times: options.times,
      failover: true,
      relationship: RELATIONSHIP,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      extra: { "offer-lifetime": "5s" },
    });
  }

  get load(): LoadProcess {
    if (this.#load === undefined) throw new Error("the run has not begun");
    return this.#load;
  }

  /** Both servers up, all clients with leases that the partner knows. */
  async begin(): Promise<void> {
    const { clients, real, seed, times } = this.options;
    const { stage } = this;
    await stage.capture();
    if (real) for (const program of REAL_CLIENTS) await stage.client(program, "lan");
    await stage.startPair();
    for (const client of stage.clients) client.start();
    const scale = Math.min(1, times.mclt / 24);
    this.#load = await stage.load(seed, scale);
    this.load.add("base", clients, Math.min(10_000, clients * 8));
    await this.load.when("all clients to have leases", 60_000, ({ bound }) => bound === clients);
    if (real) await this.#openSession();
    await stage.settled(20_000);
  }

  async #openSession(): Promise<void> {
    const [first] = this.stage.clients;
    if (first === undefined) return;
    await until("the real clients' leases", 20_000, () =>
      this.stage.clients.every((one) => one.addresses().length > 0) ? true : undefined,
    );
    const echo = { namespace: this.stage.topology.lan, peer: STAGE.lanPeer };
    await this.#session.open(first.options.at, first.addresses()[0] as string, echo);
  }

  /** kill -9, noted for the oracle. */
  async kill(name: ServerName): Promise<void> {
    const from = Date.now() * 1_000;
    await this.stage.servers[name].kill();
    const address = addressText(addressBytes(STAGE.partner[name]));
    this.#kills.push({ server: duidHexOf(name), address, from, to: Number.POSITIVE_INFINITY });
  }

  /** The server comes back, with its data or with an empty disk. */
  async restart(name: ServerName, how: "data" | "empty"): Promise<void> {
    if (how === "empty") this.stage.servers[name].empty();
    const last = this.#kills.pop();
    if (last !== undefined) this.#kills.push({ ...last, to: Date.now() * 1_000 });
    this.repaired();
    await this.stage.servers[name].start();
  }

  /** From now on it counts how long NORMAL takes. */
  repaired(): void {
    this.#repairedAt = Date.now();
  }

  async partnerDown(name: ServerName): Promise<void> {
    await this.stage.servers[name].ask("/v1/failover/partner-down", {});
    await this.stage.inState("PARTNER-DOWN", [name], 5_000);
  }

  /** Waits for NORMAL, lets the pair work for a while, and judges. */
  async finish(): Promise<RunResult> {
    const { stage, options } = this;
    const problems: string[] = [];
    const note = (error: unknown) =>
      problems.push(error instanceof Error ? error.message : String(error));
    // RECOVER-WAIT after a lost disk takes the MCLT with its margins; then two lifetimes at most.
    const limit = (options.times.mclt + 60) * 1_000;
    await stage.inState("NORMAL", ["a", "b"], limit).catch(note);
    const toNormal = (Date.now() - this.#repairedAt) / 1_000;
    await sleep(options.times.mclt * 1_000);
    if (options.real) this.#judgeSession(problems);
    const counts = await this.load.stop();
    await stage.settled(20_000).catch(note);
    const differences = await this.#equalTables();
    await stage.stopCaptures();
    const history = readHistory(stage.captureFiles);
    const verdict = judge(history);
    const kills = this.#kills.map((kill) => reportKill(history, verdict.holdings, kill));
    const beyond = options.tls === undefined ? this.#beyond(history, verdict) : [];
    const failures = stage.failures();
    return { counts, verdict, kills, beyond, differences, toNormal, failures, problems };
  }

  #beyond(history: History, verdict: Verdict): readonly BeyondBound[] {
    const names: readonly ServerName[] = ["a", "b"];
    const addresses = new Map(
      names.map((name) => [duidHexOf(name), addressText(addressBytes(STAGE.partner[name]))]),
    );
    const { mclt } = this.options.times;
    return beyondBound(history, verdict.holdings.grants, { mclt, addresses });
  }

  #judgeSession(problems: string[]): void {
    const { broken, echoed } = this.#session;
    if (broken !== undefined) problems.push(`the TCP session broke: ${broken}`);
    if (echoed < 10) problems.push(`the TCP session moved only ${echoed} numbers`);
    this.#session.close();
  }

  /** What still ends at this moment differs for an instant: looks again for a while. */
  async #equalTables(): Promise<readonly string[]> {
    let found = await this.stage.tableDifferences();
    for (let again = 0; again < 20 && found.length > 0; again++) {
      await sleep(500);
      found = await this.stage.tableDifferences();
    }
    return found;
  }

  async end(keep: boolean): Promise<void> {
    this.#session.close();
    await this.stage.end(keep);
  }
}
