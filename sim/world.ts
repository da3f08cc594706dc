// A world: two servers, their links, their clients, and everything that goes wrong between them. First a safety
// phase with faults, then everything is healed and the pair must settle (liveness phase).

import type { ServerName, Violation } from "./checkers/observation.ts";
import { unsettled } from "./checkers/settled.ts";
import { RELATIONSHIP, SERVER_ADDRESS } from "./config.ts";
import type { Counts } from "./coverage.ts";
import { describeMessage } from "./describe.ts";
import type { FaultGround } from "./fault-ground.ts";
import { Faults } from "./faults.ts";
import type { ServerFactory } from "./host.ts";
import { ClientNetwork } from "./network.ts";
import { Pair } from "./pair.ts";
import { Population, type PopulationEars, type SimClient } from "./population.ts";
import { LIFETIMES, MIN_CLIENTS, MIN_FAULTS } from "./scenario.ts";
import { Scene, type SceneOptions } from "./scene.ts";
import { beginTimeFaults } from "./time-faults.ts";

export interface WorldOptions extends SceneOptions {
  readonly createServer: ServerFactory;
}

export interface WorldResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly counts: Counts;
  readonly trace: readonly string[];
  readonly faults: number;
  /** Milliseconds of world time. */
  readonly duration: number;
  /** Enough clients, lifetimes and faults to prove something (core.md). */
  readonly itCounts: boolean;
}

const LOOK_EVERY = 3_000;
/** How often the disks are read as a start would read them, milliseconds. */
const PROBE_EVERY = 150_000;
/** Ordinary service after the healing, before the clients fall silent, milliseconds. */
const SERVICE = 75_000;

class World {
  readonly #scene: Scene;
  readonly #pair: Pair;
  readonly #network: ClientNetwork;
  readonly #population: Population;
  readonly #faults: Faults;
  #quiet = false;

  constructor({ createServer, ...options }: WorldOptions) {
    const scene = new Scene(options);
    this.#scene = scene;
    const { prng, queue, scenario } = scene;
    this.#pair = new Pair({
      scene,
      createServer,
      datagram: (server, datagram) => this.#network.fromServer(server, datagram),
      entered: (server, moment) => {
        if (!scene.healed) this.#faults.entered(server, moment);
      },
    });
    this.#network = new ClientNetwork({
      queue,
      prng: prng.fork("network"),
      scenario,
      ends: {
        toServer: (server, arrival) => {
          const { bytes } = arrival;
          scene.observe({ type: "arrived", at: scene.now, server, bytes });
          this.#pair.hosts[server].receive(arrival);
        },
        toClient: (link, address, bytes) => this.#population.deliver(link, address, bytes),
      },
    });
    this.#population = new Population({
      queue,
      prng: prng.fork("population"),
      scenario,
      ears: this.#ears,
    });
    this.#faults = new Faults(this.#ground());
  }

  readonly #ears: PopulationEars = {
    send: (client, bytes, message, unicast) => {
      if (this.#quiet) return;
      this.#scene.note(client.name, `> ${client.link}`, () => describeMessage(bytes));
      const { name, link } = client;
      this.#scene.observe({
        type: "client-sent",
        at: this.#scene.now,
        client: name,
        message,
        bytes,
      });
      const only = link === "lan" ? serverAt(unicast) : undefined;
      const leased = client.device.leases.find((lease) => lease.kind === "address")?.address;
      const source = only !== undefined && leased !== undefined ? leased : client.linkLocal;
      this.#network.fromClient(link, source, bytes, only);
    },
    accepted: (client, bytes, answered) => {
      this.#scene.note(client.name, "accepts", () => describeMessage(bytes));
      const { name, rate } = client;
      const at = this.#scene.now;
      this.#scene.observe({ type: "reply-accepted", at, client: name, rate, answered, bytes });
    },
    expired: () => this.#scene.coverage.add("lease expired at the client"),
    moved: (client) => {
      this.#scene.note(client.name, "moves", () => `to ${client.link}`);
      this.#scene.observe({ type: "client-moved", at: this.#scene.now, client: client.name });
    },
  };

  #ground(): FaultGround {
    const { prng, queue, scenario } = this.#scene;
    const pair = this.#pair;
    const unlessHealed = (act: () => void): void => {
      if (!this.#scene.healed) act();
    };
    return {
      queue,
      prng: prng.fork("faults"),
      scenario,
      hosts: pair.hosts,
      partner: pair.partner,
      network: this.#network,
      note: (what, detail) => this.#scene.note("fault", what, () => detail),
      crash: (name, how) => unlessHealed(() => pair.end(name, how)),
      boot: (name, disk) => pair.boot(name, this.#scene.healed ? "kept" : disk),
      backup: (name) => pair.backup(name),
      stop: (name) => unlessHealed(() => pair.command(name, { type: "stop" })),
      partnerDown: (name, force) =>
        unlessHealed(() =>
          pair.command(name, { type: "partner-down", relationship: undefined, force }),
        ),
      reclaim: (name, force) =>
        unlessHealed(() =>
          pair.command(name, { type: "reclaim", relationship: RELATIONSHIP, force }),
        ),
      inContact: () => pair.bothNormal,
      mayWipe: () => pair.mayWipe,
      reboot: (share) =>
        unlessHealed(() => {
          this.#scene.note("fault", "blackout", () => `for ${share} of the clients`);
          this.#population.reboot(share);
        }),
    };
  }

  #probe(): void {
    this.#pair.probe();
    if (!this.#scene.healed) this.#scene.queue.after(PROBE_EVERY, () => this.#probe());
  }

  #safety(): void {
    for (const name of this.#pair.names) this.#pair.boot(name, "kept");
    this.#population.begin();
    this.#faults.begin();
    this.#beginTimeFaults();
    this.#scene.queue.after(PROBE_EVERY, () => this.#probe());
    this.#run(this.#scene.scenario.safety);
  }

  #beginTimeFaults(): void {
    const { prng, queue, scenario } = this.#scene;
    const ground = {
      queue,
      prng: prng.fork("time faults"),
      hosts: this.#pair.hosts,
      note: (what: string, detail: string) => this.#scene.note("fault", what, () => detail),
      isHealed: () => this.#scene.healed,
    };
    const { faultInterval: interval, safety: until, timeFaults: kinds } = scenario;
    const plan = { kinds, servers: this.#pair.names, interval, until };
    beginTimeFaults(ground, plan, () => this.#faults.add());
  }

  #heal(): void {
    this.#scene.healed = true;
    this.#scene.note("fault", "healed", () => "everything");
    this.#scene.observe({ type: "healed", at: this.#scene.now });
    this.#network.healAll();
    this.#pair.heal();
  }

  /** World milliseconds in which a healed pair must be in NORMAL, and then be settled. */
  get #patience(): number {
    const { keepalive, mclt, startup } = this.#scene.scenario;
    return startup + 4 * (mclt + 18) * 1_000 + 6 * keepalive + 60_000;
  }

  #liveness(): void {
    this.#heal();
    const { judges, queue } = this.#scene;
    const end = queue.now + this.#patience;
    const isBack = () => this.#scene.scenario.single || this.#pair.bothNormal;
    while (!judges.failed && !isBack() && queue.now < end) this.#run(queue.now + LOOK_EVERY);
    this.#run(queue.now + SERVICE);
    this.#served();
    if (this.#scene.scenario.single) return;
    // Updates would never cease while clients renew.
    this.#quiet = true;
    const over = queue.now + this.#patience;
    while (!judges.failed) {
      this.#run(queue.now + LOOK_EVERY);
      if (this.#look(queue.now >= over)) return;
    }
  }

  #served(): void {
    if (this.#scene.judges.failed) return;
    const clients = this.#population.clients.filter((client) => client.on);
    const holding = clients.filter((client) => client.device.leases.length > 0).length;
    // The primary's halves of both links, less what is kept for clients that are gone or was declined.
    const present = new Set(clients.map((client) => client.duid));
    const kept = this.#pair.leases("a").filter((lease) => {
      const free = lease.status === "FREE" || lease.status === "FREE-BACKUP";
      const gone = lease.status !== "ACTIVE" || !present.has(lease.duid ?? "");
      return lease.kind === "address" && !free && gone;
    });
    const capacity = Math.max(0, this.#scene.scenario.poolSize - kept.length);
    this.#scene.observe({
      type: "served",
      at: this.#scene.now,
      wanting: clients.length,
      holding,
      capacity,
    });
  }

  /** Looks at both servers; true when they have settled or the time is over. */
  #look(last: boolean): boolean {
    const look = this.#pair.look();
    const isSettled = unsettled(look).length === 0;
    if (isSettled || last) {
      this.#scene.observe({ type: "looked", at: this.#scene.now, last: true, ...look });
      if (isSettled) this.#scene.note("world", "settled", () => "");
    }
    return isSettled || last;
  }

  #run(until: number): void {
    this.#scene.queue.runUntil(until, () => this.#scene.judges.failed);
  }

  run(): WorldResult {
    const { judges, queue, scenario, trace } = this.#scene;
    try {
      this.#safety();
      if (!judges.failed) this.#liveness();
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      judges.violations.push({ checker: "exception", at: queue.now, message });
    }
    for (const { at, checker, message } of judges.violations)
      trace.add(at, "!!!!!", checker, () => message);
    const { clients, safety, seed, valid } = scenario;
    const lifetimes = safety / (valid * 1_000);
    const faults = this.#faults.count;
    return {
      seed,
      violations: judges.violations,
      counts: this.#scene.coverage.counts,
      trace: trace.lines,
      faults,
      duration: queue.now,
      itCounts: clients >= MIN_CLIENTS && lifetimes >= LIFETIMES && faults >= MIN_FAULTS,
    };
  }
}

/** Whose address this is. */
function serverAt(address: SimClient["linkLocal"] | undefined): ServerName | undefined {
  return (["a", "b"] as const).find((name) => SERVER_ADDRESS[name] === address);
}

/** Runs one world to its end or to its first violation. */
export function runWorld(options: WorldOptions): WorldResult {
  return new World(options).run();
}
