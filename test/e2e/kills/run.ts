// One run of the long kill test: a pair under load, what a variant does to it, and the judgement from the
// captures, from what the clients remember, and from the two tables.

import type { FleetCounts } from "../../../tools/load/fleet.ts";
import type { LoadProcess } from "../../../tools/load/process.ts";
import { addressBytes } from "../../../tools/load/relay.ts";
import { sleep, until } from "../../../tools/netns/command.ts";
import { duidHexOf, POOLS, type Times } from "../../../tools/netns/pair-config.ts";
import { PairStage, type StageOptions } from "../../../tools/netns/pair-stage.ts";
import { Session } from "../../../tools/netns/session.ts";
import { type ServerName, STAGE } from "../../../tools/netns/topology.ts";
import { addressText } from "../oracle/frames.ts";
import { type GivenAgain, givenAgain, type Span } from "../oracle/given-again.ts";
import { type History, readHistory } from "../oracle/history.ts";
import { type BeyondBound, beyondBound } from "../oracle/lead-time.ts";
import { judge, type Kill, type KillReport, reportKill, type Verdict } from "../oracle/verdict.ts";
import { REAL_CLIENTS } from "../real-clients.ts";

export const SHORT: Times = { mclt: 8, valid: 24, preferred: 18 };
/** Resolution of a conflict answers nobody for a moment: leases must be longer than that. */
export const MIDDLE: Times = { mclt: 12, valid: 36, preferred: 28 };

export interface RunOptions {
  readonly times: Times;
  readonly clients: number;
  /** One of each real client as well, on the LAN; with a TCP session over the first one's address. */
  readonly real: boolean;
  readonly tls?: NonNullable<StageOptions["tls"]>;
  readonly tight?: boolean;
  readonly seed: number;
  /** Told of what goes on, and until when (milliseconds since 1970) where that is known. */
  readonly note?: (doing: string, until?: number) => void;
}

/** One kill -9, as it was done. */
export interface PlayedKill {
  readonly server: ServerName;
  readonly kill: Kill;
  /** Seconds; infinite while it has not come back. */
  readonly dead: number;
  readonly back: "data" | "empty" | undefined;
  /** Milliseconds since the partner link was cut; undefined when it was not. */
  readonly drop: number | undefined;
}

export interface RunResult {
  readonly counts: FleetCounts;
  readonly verdict: Verdict;
  readonly played: readonly PlayedKill[];
  readonly kills: readonly KillReport[];
  /** Of leases that ended while both links were cut; undefined when they were not. */
  readonly ended: GivenAgain | undefined;
  /** Grants that broke the MCLT bound; empty on TLS, where it cannot be seen. */
  readonly beyond: readonly BeyondBound[];
  /** Rows in which the tables differ at the end. */
  readonly differences: readonly string[];
  /** Seconds from the last repair to NORMAL on both. */
  readonly toNormal: number;
  readonly failures: readonly string[];
  readonly problems: readonly string[];
  /** Numbers that came back over the TCP session. */
  readonly echoed: number;
}

const RELATIONSHIP = { keepalive: "2s", "startup-time": "1s", "connect-retry": "300ms" };

/** Four in five generated clients want an address, and the primary gives half of a pool: few stay free there. */
function tightPools(clients: number): Readonly<Record<string, unknown>> {
  const last = Math.ceil(clients * (0.8 + 0.06) * 2).toString(16);
  const link = (number: number, end: string, prefix: string) => ({
    subnet: `2001:db8:${number}::/64`,
    pools: [{ pool: `2001:db8:${number}::1:0 - 2001:db8:${number}::1:${end}` }],
    "pd-pools": [{ prefix, "prefix-len": 36, "delegated-len": 56 }],
    "rapid-commit": true,
  });
  const lan = { ...link(1, "ffff", POOLS.lan.prefixes), interface: "lan0" };
  return { subnet6: [lan, link(2, last, POOLS.behind.prefixes)] };
}

export class Run {
  readonly options: RunOptions;
  readonly stage: PairStage;
  readonly #kills: PlayedKill[] = [];
  readonly #session = new Session();
  #held: readonly string[] = [];
  #load: LoadProcess | undefined;
  #repairedAt = Date.now();
  #cutAt: number | undefined;
  #split: Span | undefined;

  constructor(options: RunOptions) {
    this.options = options;
    this.stage = new PairStage({
      times: options.times,
      failover: true,
      relationship: RELATIONSHIP,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      extra: {
        "offer-lifetime": "5s",
        ...(options.tight === true ? tightPools(options.clients) : {}),
      },
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
    this.options.note?.("clients get their leases");
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
    await until("every real client to hold an address and a prefix", 60_000, () =>
      this.stage.clients.every((one) => one.addresses().length > 0 && one.prefixes().length > 0)
        ? true
        : undefined,
    );
    this.#held = this.#holdings();
    const echo = { namespace: this.stage.topology.lan, peer: STAGE.lanPeer };
    await this.#session.open(first.options.at, first.addresses()[0] as string, echo);
  }

  /** What each real client says that it holds. */
  #holdings(): readonly string[] {
    return this.stage.clients.map((one) =>
      [one.options.program, ...one.addresses(), ...one.prefixes()].join(" "),
    );
  }

  cutLink(): void {
    this.stage.topology.cutLink();
    this.#cutAt = Date.now();
  }

  healLink(): void {
    this.stage.topology.healLink();
    this.#cutAt = undefined;
  }

  splitBegins(): void {
    this.#split = { from: Date.now() * 1_000, to: Number.POSITIVE_INFINITY };
  }

  splitEnds(): void {
    if (this.#split !== undefined) this.#split = { ...this.#split, to: Date.now() * 1_000 };
  }

  /** Waits, and says for what. */
  async pause(seconds: number, why: string): Promise<void> {
    this.options.note?.(why, Date.now() + seconds * 1_000);
    await sleep(seconds * 1_000);
    this.options.note?.("on the way to NORMAL");
  }

  /** kill -9, noted for the oracle. */
  async kill(server: ServerName): Promise<void> {
    const drop = this.#cutAt === undefined ? undefined : Date.now() - this.#cutAt;
    await this.stage.servers[server].kill();
    // Until it was gone it may have answered.
    const from = Date.now() * 1_000;
    const address = addressText(addressBytes(STAGE.partner[server]));
    const to = Number.POSITIVE_INFINITY;
    const kill = { server: duidHexOf(server), address, from, to };
    this.#kills.push({ server, kill, dead: to, back: undefined, drop });
  }

  /** Waits until the survivor of the latest kill has given up the connection. */
  async alone(survivor: ServerName): Promise<void> {
    await this.stage.inState("COMMUNICATIONS-INTERRUPTED", [survivor], 15_000);
    const last = this.#kills.pop();
    if (last === undefined) return;
    const kill = { ...last.kill, heardUntil: Date.now() * 1_000 };
    this.#kills.push({ ...last, kill });
  }

  /** The server comes back, with its data or with an empty disk. */
  async restart(name: ServerName, back: "data" | "empty"): Promise<void> {
    if (back === "empty") this.stage.servers[name].empty();
    const last = this.#kills.pop();
    if (last !== undefined) {
      const kill = { ...last.kill, to: Date.now() * 1_000 };
      this.#kills.push({ ...last, kill, back, dead: (kill.to - kill.from) / 1_000_000 });
    }
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
    await this.pause(options.times.mclt, "at work in NORMAL");
    options.note?.("the judgement");
    if (options.real) await this.#judgeReal(problems);
    const counts = await this.load.stop();
    await stage.settled(20_000).catch(note);
    const differences = await this.#equalTables();
    await stage.stopCaptures();
    const history = readHistory(stage.captureFiles);
    const verdict = judge(history);
    const kills = this.#kills.map(({ kill }) => reportKill(history, verdict.holdings, kill));
    const ended = this.#split === undefined ? undefined : givenAgain(verdict.holdings, this.#split);
    const beyond = options.tls === undefined ? this.#beyond(history, verdict) : [];
    const failures = stage.failures();
    const found = { counts, verdict, played: this.#kills, kills, ended, beyond, differences };
    return { ...found, toNormal, failures, problems, echoed: this.#session.echoed };
  }

  #beyond(history: History, verdict: Verdict): readonly BeyondBound[] {
    const names: readonly ServerName[] = ["a", "b"];
    const addresses = new Map(
      names.map((name) => [duidHexOf(name), addressText(addressBytes(STAGE.partner[name]))]),
    );
    const { mclt } = this.options.times;
    return beyondBound(history, verdict.holdings.grants, { mclt, addresses });
  }

  /** The session still moves, and each real client holds what it held at the beginning. */
  async #judgeReal(problems: string[]): Promise<void> {
    const before = this.#session.echoed;
    await sleep(2_000);
    const { broken, echoed } = this.#session;
    if (broken !== undefined) problems.push(`the TCP session broke: ${broken}`);
    else if (echoed === before) problems.push(`the TCP session stopped at number ${echoed}`);
    this.#session.close();
    for (const [index, after] of this.#holdings().entries()) {
      const held = this.#held[index];
      if (held !== after) problems.push(`a real client held ${held}, and in the end ${after}`);
    }
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
