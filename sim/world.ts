// A world: two servers on their machines, their links, their clients, and everything that goes wrong between them.
// First a safety phase with faults, then everything is healed and the pair must settle (liveness phase).

import type { LogEvent } from "../src/core/model/log-events.ts";
import type { ServerName, Violation } from "./checkers/observation.ts";
import { unsettled } from "./checkers/settled.ts";
import { SimClock } from "./clock.ts";
import { SERVER_ADDRESS, serverConfig } from "./config.ts";
import { type Counts, Coverage } from "./coverage.ts";
import { describeMessage, PartnerDescriber } from "./describe.ts";
import { SimDisk } from "./disk.ts";
import { type FaultGround, Faults } from "./faults.ts";
import { Host, type HostEars, type ServerFactory } from "./host.ts";
import { Judges } from "./judges.ts";
import { PartnerNetwork } from "./link.ts";
import { ClientNetwork } from "./network.ts";
import { Population } from "./population.ts";
import { Prng } from "./prng.ts";
import { EventQueue } from "./queue.ts";
import { LIFETIMES, MIN_CLIENTS, MIN_FAULTS, type Scenario } from "./scenario.ts";
import { changesIn, DiskTable, imageOf, readTable } from "./table.ts";
import { Trace } from "./trace.ts";

export interface WorldOptions {
  readonly scenario: Scenario;
  readonly createServer: ServerFactory;
  readonly trace: boolean;
  /** Names of the checkers to use; undefined: all. */
  readonly checkers?: readonly string[] | undefined;
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

const NAMES = ["a", "b"] as const;
const LOOK_EVERY = 3_000;
/** How often the disks are read as a start would read them, milliseconds. */
const PROBE_EVERY = 150_000;

/** A connection's number at one server: ids begin anew with every start. */
function linkNumber(host: Host, id: number): number {
  return host.incarnation * 1_000_000 + id;
}

class World {
  readonly #scenario: Scenario;
  readonly #queue = new EventQueue();
  readonly #prng: Prng;
  readonly #trace: Trace;
  readonly #describer = new PartnerDescriber();
  readonly #coverage = new Coverage();
  readonly #judges: Judges;
  readonly #hosts: Readonly<Record<ServerName, Host>>;
  readonly #partner: PartnerNetwork;
  readonly #network: ClientNetwork;
  readonly #population: Population;
  readonly #faults: Faults;
  readonly #states: Record<ServerName, string> = { a: "STARTUP", b: "STARTUP" };
  /** What was written, whether durable or not. */
  readonly #tables: Record<ServerName, DiskTable> = { a: new DiskTable(), b: new DiskTable() };
  readonly #wiped = new Set<ServerName>();
  readonly #lost = new Set<ServerName>();
  #healed = false;
  #quiet = false;

  constructor(options: WorldOptions) {
    const { createServer, scenario } = options;
    this.#scenario = scenario;
    this.#prng = new Prng(scenario.seed, "world");
    this.#trace = new Trace(options.trace);
    this.#judges = new Judges(scenario, this.#coverage, options.checkers);
    const queue = this.#queue;
    const host = (name: ServerName) =>
      new Host({
        name,
        queue,
        prng: this.#prng.fork(`host ${name}`),
        clock: new SimClock(scenario.clocks[name]),
        config: serverConfig(name, scenario),
        disk: new SimDisk(),
        createServer,
        ears: this.#ears,
      });
    this.#hosts = { a: host("a"), b: host("b") };
    this.#partner = new PartnerNetwork({
      queue,
      prng: this.#prng.fork("partner"),
      peers: this.#hosts,
    });
    this.#network = new ClientNetwork({
      queue,
      prng: this.#prng.fork("network"),
      network: scenario.network,
      ends: {
        toServer: (server, arrival) => this.#hosts[server].receive(arrival),
        toClient: (link, address, bytes) => this.#population.deliver(link, address, bytes),
      },
    });
    this.#population = this.#makePopulation();
    this.#faults = new Faults(this.#ground());
  }

  get #names(): readonly ServerName[] {
    return this.#scenario.single ? ["a"] : NAMES;
  }

  #makePopulation(): Population {
    const queue = this.#queue;
    return new Population({
      queue,
      prng: this.#prng.fork("population"),
      scenario: this.#scenario,
      ears: {
        send: (client, bytes, message, unicast) => {
          if (this.#quiet) return;
          this.#note(client.name, `> ${client.link}`, () => describeMessage(bytes));
          this.#judges.observe({
            type: "client-sent",
            at: queue.now,
            client: client.name,
            message,
            bytes,
          });
          const only =
            client.link === "lan"
              ? NAMES.find((name) => SERVER_ADDRESS[name] === unicast)
              : undefined;
          const leased = client.device.leases.find((lease) => lease.kind === "address")?.address;
          const source = only !== undefined && leased !== undefined ? leased : client.linkLocal;
          this.#network.fromClient(client.link, source, bytes, only);
        },
        accepted: (client, bytes, answered) => {
          this.#note(client.name, "accepts", () => describeMessage(bytes));
          const { name, rate } = client;
          this.#judges.observe({
            type: "reply-accepted",
            at: queue.now,
            client: name,
            rate,
            answered,
            bytes,
          });
        },
        moved: (client) => {
          this.#note(client.name, "moves", () => `to ${client.link}`);
          this.#judges.observe({ type: "client-moved", at: queue.now, client: client.name });
        },
      },
    });
  }

  readonly #ears: HostEars = {
    datagram: (host, datagram) => {
      const { bytes } = datagram;
      this.#note(host.name, "sends", () => describeMessage(bytes));
      this.#judges.observe({ type: "server-sent", ...this.#where(host), bytes });
      this.#network.fromServer(host.name, datagram);
    },
    link: (host, request) => {
      if (request.type === "link-send") this.#sentToPartner(host, request.link, request.bytes);
      else this.#note(host.name, request.type, () => `${request.link}`);
      this.#partner.request(host.name, request);
    },
    log: (host, event) => this.#log(host, event),
    stopped: (host, outcome) => {
      this.#note(
        host.name,
        "stopped",
        () => `${outcome.failed ? "failed" : "planned"}: ${outcome.reason}`,
      );
      this.#end(host.name, "kill");
      if (outcome.failed)
        this.#queue.after(1_000 + this.#prng.below(4_000), () => this.#boot(host.name, false));
    },
    handed: (host, event) => {
      if (event.type === "datagram") {
        const { bytes } = event.datagram;
        this.#judges.observe({ type: "server-received", ...this.#where(host), bytes });
      } else if (event.type === "link-data") {
        const { bytes } = event;
        const link = linkNumber(host, event.link);
        this.#judges.observe({ type: "link-received", ...this.#where(host), link, bytes });
      }
    },
    writing: (host, request) => {
      const changes = changesIn(request.bytes);
      for (const change of changes) this.#tables[host.name].apply(change);
      const leases = changes.flatMap((change) =>
        change.type === "lease" ? [imageOf(change.lease)] : [],
      );
      if (leases.length > 0)
        this.#judges.observe({ type: "written", ...this.#where(host), leases });
    },
  };

  #where(host: Host): {
    readonly at: number;
    readonly server: ServerName;
    readonly serverTime: number;
  } {
    return { at: this.#queue.now, server: host.name, serverTime: host.leaseTime };
  }

  #sentToPartner(host: Host, id: number, bytes: Uint8Array): void {
    const link = linkNumber(host, id);
    for (const text of this.#trace.on
      ? this.#describer.describe(`${host.name} ${link}`, bytes)
      : []) {
      this.#note(host.name, "to partner", () => text);
    }
    this.#judges.observe({ type: "link-sent", ...this.#where(host), link, bytes });
  }

  #note(who: string, what: string, detail: () => string): void {
    this.#trace.add(this.#queue.now, who, what, detail);
  }

  #log(host: Host, event: LogEvent): void {
    const fields = () =>
      Object.entries(event.fields)
        .map(([name, value]) => `${name}=${value}`)
        .join(" ");
    this.#note(host.name, "log", () => `${event.id} ${fields()}`);
    if (String(event.id) === "FAILOVER_DECISION") {
      const { order, own, received, verdict } = event.fields;
      this.#coverage.add(`decision own ${own} received ${received} ${order}: ${verdict}`);
    }
    if (event.id !== "FAILOVER_STATE") return;
    const [from, to, reason] = ["from", "to", "reason"].map((name) =>
      String(event.fields[name]),
    ) as [string, string, string];
    this.#states[host.name] = to;
    this.#judges.observe({
      type: "endpoint",
      at: this.#queue.now,
      server: host.name,
      from,
      to,
      reason,
    });
    if (this.#states.a === "NORMAL" && this.#states.b === "NORMAL") this.#wiped.clear();
  }

  #ground(): FaultGround {
    return {
      queue: this.#queue,
      prng: this.#prng.fork("faults"),
      scenario: this.#scenario,
      hosts: this.#hosts,
      partner: this.#partner,
      network: this.#network,
      note: (what, detail) => this.#note("fault", what, () => detail),
      crash: (name, how) => {
        if (!this.#healed) this.#end(name, how);
      },
      boot: (name, wipe) => this.#boot(name, wipe && !this.#healed),
      stop: (name) => {
        if (!this.#healed) this.#command(name, { type: "stop" });
      },
      partnerDown: (name, force) => {
        if (!this.#healed)
          this.#command(name, { type: "partner-down", relationship: undefined, force });
      },
      mayWipe: () => this.#wiped.size === 0,
    };
  }

  #command(
    name: ServerName,
    command: { type: "stop" } | { type: "partner-down"; relationship: undefined; force: boolean },
  ): void {
    const host = this.#hosts[name];
    if (!host.runs) return;
    this.#note("fault", command.type, () => `at ${name}`);
    this.#judges.observe({
      type: "command",
      at: this.#queue.now,
      server: name,
      name: command.type,
    });
    host.command(command, (result) => {
      this.#note(name, "answers", () => JSON.stringify(result));
      this.#coverage.add(`command ${command.type}: ${result.ok ? "ok" : result.code}`);
    });
  }

  #end(name: ServerName, how: "kill" | "power"): void {
    const host = this.#hosts[name];
    if (!host.runs) return;
    this.#note("fault", how, () => name);
    this.#coverage.add(`fault ${how}`);
    this.#judges.observe({ type: "crashed", ...this.#where(host) });
    host.end(how === "power");
    if (how === "power") this.#partner.powerLost(name);
    else this.#partner.processEnded(name);
  }

  #boot(name: ServerName, wipe: boolean): void {
    const host = this.#hosts[name];
    if (host.runs) return;
    if (wipe && this.#wiped.size === 0) {
      host.disk.restore(new Map());
      this.#wiped.add(name);
      this.#lost.add(name);
    }
    const diskKept = !this.#lost.delete(name);
    this.#note("fault", "boot", () => `${name}${diskKept ? "" : " with an empty disk"}`);
    this.#tables[name] = readTable(host.disk.reader());
    const { leases } = this.#tables[name];
    this.#states[name] = "STARTUP";
    this.#judges.observe({ type: "started", ...this.#where(host), diskKept, leases });
    host.start();
    this.#partner.powerBack(name);
  }

  #heal(): void {
    this.#healed = true;
    this.#note("fault", "healed", () => "everything");
    this.#judges.observe({ type: "healed", at: this.#queue.now });
    this.#network.healAll();
    for (const name of this.#names) {
      this.#hosts[name].diskMood = "usual";
      this.#hosts[name].unpause();
      this.#partner.heal(name);
      this.#boot(name, false);
    }
  }

  #probe(): void {
    for (const name of this.#names) {
      const host = this.#hosts[name];
      if (!host.runs) continue;
      const { leases } = readTable(host.disk.reader());
      this.#judges.observe({ type: "durable", ...this.#where(host), leases });
    }
    if (!this.#healed) this.#queue.after(PROBE_EVERY, () => this.#probe());
  }

  /** Looks at both servers; true when they have settled or the time is over. */
  #look(last: boolean): boolean {
    const tables = this.#tables;
    const status = (name: ServerName) => ({
      state: this.#states[name],
      unacknowledged: tables[name].markedBlocks,
    });
    const look = {
      status: { a: status("a"), b: status("b") },
      tables: { a: tables.a.leases, b: tables.b.leases },
    };
    const isSettled = unsettled(look).length === 0;
    if (isSettled || last) {
      this.#judges.observe({ type: "looked", at: this.#queue.now, last: true, ...look });
      if (isSettled) this.#note("world", "settled", () => "");
    }
    return isSettled || last;
  }

  /** World milliseconds in which a healed pair must be in NORMAL. */
  get #patience(): number {
    const { keepalive, mclt, startup } = this.#scenario;
    return startup + 4 * (mclt + 18) * 1_000 + 6 * keepalive + 60_000;
  }

  #safety(): void {
    for (const name of this.#names) this.#boot(name, false);
    this.#population.begin();
    this.#faults.begin();
    this.#queue.after(PROBE_EVERY, () => this.#probe());
    this.#run(this.#scenario.safety);
  }

  #liveness(): void {
    this.#heal();
    const end = this.#queue.now + this.#patience;
    const normal = () => this.#names.every((name) => this.#states[name] === "NORMAL");
    while (!this.#judges.failed && !normal() && this.#queue.now < end)
      this.#run(this.#queue.now + LOOK_EVERY);
    // A while of ordinary service, then the clients fall silent, as updates would never cease otherwise.
    this.#run(this.#queue.now + 30_000);
    this.#quiet = true;
    const over = this.#queue.now + this.#patience;
    while (!this.#judges.failed) {
      this.#run(this.#queue.now + LOOK_EVERY);
      if (this.#look(this.#queue.now >= over)) return;
    }
  }

  #run(until: number): void {
    this.#queue.runUntil(until, () => this.#judges.failed);
  }

  run(): WorldResult {
    try {
      this.#safety();
      if (!this.#judges.failed && !this.#scenario.single) this.#liveness();
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#judges.violations.push({ checker: "exception", at: this.#queue.now, message });
    }
    for (const { at, checker, message } of this.#judges.violations) {
      this.#trace.add(at, "!!!!!", checker, () => message);
    }
    const { clients, safety, seed, valid } = this.#scenario;
    const lifetimes = safety / (valid * 1_000);
    const faults = this.#faults.count;
    return {
      seed,
      violations: this.#judges.violations,
      counts: this.#coverage.counts,
      trace: this.#trace.lines,
      faults,
      duration: this.#queue.now,
      itCounts: clients >= MIN_CLIENTS && lifetimes >= LIFETIMES && faults >= MIN_FAULTS,
    };
  }
}

/** Runs one world to its end or to its first violation. */
export function runWorld(options: WorldOptions): WorldResult {
  return new World(options).run();
}
