// The two servers of a world on their machines, with their partner link: what happens to them, and what the checkers
// and the trace hear of it.

import type { Command } from "../src/api/commands.ts";
import type { LogEvent } from "../src/core/model/log-events.ts";
import type { SentDatagram } from "../src/ports/datagram.ts";
import { RESET_ACCEPTED } from "./ambush.ts";
import { PartnerReader } from "./checkers/decode-partner.ts";
import type { LeaseImage, Observation, ServerName } from "./checkers/observation.ts";
import { SimClock } from "./clock.ts";
import { serverConfig } from "./config.ts";
import { damage } from "./damage.ts";
import { describeMessage, describePartner } from "./describe.ts";
import { type DiskImage, SimDisk } from "./disk.ts";
import type { BootDisk } from "./fault-ground.ts";
import { Host, type HostEars, type ServerFactory } from "./host.ts";
import { PartnerNetwork } from "./link.ts";
import type { Scene } from "./scene.ts";
import { changesIn, DiskTable, imageOf, readTable } from "./table.ts";

export interface PairOptions {
  readonly scene: Scene;
  readonly createServer: ServerFactory;
  readonly datagram: (server: ServerName, datagram: SentDatagram) => void;
  readonly entered: (server: ServerName, moment: string) => void;
}

type Look = Pick<Extract<Observation, { type: "looked" }>, "blocks" | "status" | "tables">;

/** A connection's number at one server: ids begin anew with every start. */
function linkNumber(host: Host, id: number): number {
  return host.incarnation * 1_000_000 + id;
}

export class Pair {
  readonly hosts: Readonly<Record<ServerName, Host>>;
  readonly partner: PartnerNetwork;
  readonly #scene: Scene;
  readonly #datagram: PairOptions["datagram"];
  readonly #entered: PairOptions["entered"];
  readonly #reader = new PartnerReader();
  readonly #states: Record<ServerName, string> = { a: "STARTUP", b: "STARTUP" };
  /** What was written, whether durable or not. */
  readonly #tables: Record<ServerName, DiskTable> = { a: new DiskTable(), b: new DiskTable() };
  /** Disks lost since both servers last were in NORMAL. */
  readonly #wiped = new Set<ServerName>();
  /** A server was told to reclaim: what it gives since has no bound, and is on its disk alone. */
  #hasReclaimed = false;
  /** From here on whatever stopped is started again. */
  #isHealed = false;
  readonly #backups = new Map<ServerName, DiskImage>();

  constructor({ createServer, datagram, entered, scene }: PairOptions) {
    this.#scene = scene;
    this.#datagram = datagram;
    this.#entered = entered;
    const { prng, queue, scenario } = scene;
    const host = (name: ServerName) =>
      new Host({
        name,
        queue,
        prng: prng.fork(`host ${name}`),
        clock: new SimClock(scenario.clocks[name]),
        config: serverConfig(name, scenario),
        disk: new SimDisk(),
        createServer,
        ears: this.#ears,
      });
    this.hosts = { a: host("a"), b: host("b") };
    this.partner = new PartnerNetwork({ queue, prng: prng.fork("partner"), peers: this.hosts });
  }

  /** The servers of this world. */
  get names(): readonly ServerName[] {
    return this.#scene.scenario.single ? ["a"] : ["a", "b"];
  }

  get bothNormal(): boolean {
    return this.names.every((name) => this.#states[name] === "NORMAL");
  }

  /** A disk may be lost while the other's holds all that was acknowledged. */
  get mayWipe(): boolean {
    return this.#wiped.size === 0 && !this.#hasReclaimed;
  }

  readonly #ears: HostEars = {
    datagram: (host, datagram) => {
      const { bytes } = datagram;
      this.#scene.note(host.name, "sends", () => describeMessage(bytes));
      this.#scene.observe({ type: "server-sent", ...this.#where(host), bytes });
      this.#datagram(host.name, datagram);
    },
    link: (host, request) => {
      if (request.type === "link-send") this.#sentToPartner(host, request.link, request.bytes);
      else this.#scene.note(host.name, request.type, () => `${request.link}`);
      this.partner.request(host.name, request);
    },
    log: (host, event) => this.#log(host, event),
    stopped: (host, outcome) => this.#stopped(host, outcome),
    handed: (host, event) => {
      if (event.type === "datagram") {
        const { bytes, receivedAt } = event.datagram;
        const waited = host.leaseTime - receivedAt;
        this.#scene.observe({ type: "server-received", ...this.#where(host), waited, bytes });
      } else if (event.type === "link-data") {
        const link = linkNumber(host, event.link);
        const messages = this.#reader.read(`${host.name} received ${link}`, event.bytes);
        if (messages.length === 0) return;
        this.#scene.observe({ type: "link-received", ...this.#where(host), link, messages });
      }
    },
    writing: (host, request) => {
      const changes = changesIn(request.bytes);
      for (const change of changes) this.#tables[host.name].apply(change);
      const leases = changes.flatMap((change) =>
        change.type === "lease" ? [imageOf(change.lease)] : [],
      );
      if (leases.length > 0) this.#scene.observe({ type: "written", ...this.#where(host), leases });
    },
  };

  #where(host: Host): {
    readonly at: number;
    readonly server: ServerName;
    readonly serverTime: number;
  } {
    return { at: this.#scene.now, server: host.name, serverTime: host.leaseTime };
  }

  #sentToPartner(host: Host, id: number, bytes: Uint8Array): void {
    const link = linkNumber(host, id);
    const messages = this.#reader.read(`${host.name} sent ${link}`, bytes);
    for (const message of messages) {
      this.#scene.note(host.name, "to partner", () => describePartner(message));
    }
    this.#scene.observe({ type: "link-sent", ...this.#where(host), link, messages });
  }

  #log(host: Host, event: LogEvent): void {
    const { fields } = event;
    const text = () =>
      Object.entries(fields)
        .map(([name, value]) => `${name}=${value}`)
        .join(" ");
    this.#scene.note(host.name, "log", () => `${event.id} ${text()}`);
    if (event.id === "FAILOVER_DECISION") {
      const { order, own, received, verdict } = fields;
      this.#scene.coverage.add(`decision own ${own} received ${received} ${order}: ${verdict}`);
      if (own === "ABANDONED" && received === "RESET" && verdict === "accept")
        this.#entered(host.name, RESET_ACCEPTED);
    }
    if (event.id !== "FAILOVER_STATE") return;
    const [from, to, reason] = ["from", "to", "reason"].map((name) => String(fields[name])) as [
      string,
      string,
      string,
    ];
    this.#states[host.name] = to;
    this.#scene.observe({
      type: "endpoint",
      at: this.#scene.now,
      server: host.name,
      from,
      to,
      reason,
    });
    if (this.bothNormal) this.#wiped.clear();
    this.#entered(host.name, to);
  }

  #stopped(
    host: Host,
    { failed, reason }: { readonly failed: boolean; readonly reason: string },
  ): void {
    const { prng, queue } = this.#scene;
    this.#scene.note(host.name, "stopped", () => `${failed ? "failed" : "planned"}: ${reason}`);
    this.end(host.name, "kill");
    if (failed || this.#isHealed)
      queue.after(1_000 + prng.below(4_000), () => this.boot(host.name, "kept"));
  }

  command(
    name: ServerName,
    command: Extract<Command, { type: "stop" | "partner-down" | "reclaim" }>,
  ): void {
    const host = this.hosts[name];
    if (!host.runs) return;
    if (command.type === "reclaim") this.#hasReclaimed = true;
    this.#scene.note("fault", command.type, () => `at ${name}`);
    this.#scene.observe({ type: "command", at: this.#scene.now, server: name, name: command.type });
    host.command(command, (result) => {
      const told = `${command.type} ${result.ok ? "accepted" : "refused"}`;
      this.#scene.observe({ type: "command", at: this.#scene.now, server: name, name: told });
      this.#scene.note(name, "answers", () => JSON.stringify(result));
      this.#scene.coverage.add(`command ${command.type}: ${result.ok ? "ok" : result.code}`);
    });
  }

  /** The process, or with "power" the machine, is gone at once. */
  end(name: ServerName, how: "kill" | "power"): void {
    const host = this.hosts[name];
    if (!host.runs) return;
    this.#scene.note("fault", how, () => name);
    this.#scene.coverage.add(`fault ${how}`);
    this.#scene.observe({ type: "crashed", ...this.#where(host) });
    host.end(how === "power");
    if (how === "power") this.partner.powerLost(name);
    else this.partner.processEnded(name);
  }

  backup(name: ServerName): void {
    this.#backups.set(name, this.hosts[name].disk.image());
  }

  /** Starts a server that does not run. A disk is not lost while the other server needs it. */
  boot(name: ServerName, disk: BootDisk): void {
    const host = this.hosts[name];
    if (host.runs) return;
    const diskKept = this.#keeps(host, disk);
    const isOlder = !diskKept && disk === "rolled-back" && this.#backups.has(name);
    if (!diskKept) {
      const backup = disk === "rolled-back" ? this.#backups.get(name) : undefined;
      host.disk.restore(backup ?? new Map());
      this.#wiped.add(name);
    }
    this.#scene.note(
      "fault",
      "boot",
      () => `${name}${diskKept ? "" : ` with a disk that is ${disk}`}`,
    );
    this.#tables[name] = readTable(host.disk.reader());
    const { leases } = this.#tables[name];
    this.#states[name] = "STARTUP";
    this.#scene.observe({ type: "started", ...this.#where(host), diskKept, isOlder, leases });
    host.start();
    this.partner.powerBack(name);
  }

  /** A disk that is refused is moved away, as the server says. */
  #keeps(host: Host, disk: BootDisk): boolean {
    if (disk === "kept" || !this.mayWipe) return true;
    if (disk !== "rotten") return false;
    const harm = damage(host.disk, this.#scene.prng.fork("rot"));
    this.#scene.note("fault", "rot", () => harm);
    try {
      readTable(host.disk.reader());
      this.#scene.coverage.add(`rot ${harm}: kept`);
      return true;
    } catch (error) {
      this.#scene.note(host.name, "refuses", () => String(error));
      this.#scene.coverage.add(`rot ${harm}: refused`);
      return false;
    }
  }

  heal(): void {
    this.#isHealed = true;
    for (const name of this.names) {
      this.hosts[name].mendDisk();
      this.hosts[name].unpause();
      this.partner.heal(name);
      this.boot(name, "kept");
    }
  }

  /** Reads the disks as a start at this moment would. */
  probe(): void {
    for (const name of this.names) {
      const host = this.hosts[name];
      if (!host.runs) continue;
      const { leases } = readTable(host.disk.reader());
      this.#scene.observe({ type: "durable", ...this.#where(host), leases });
    }
  }

  leases(name: ServerName): readonly LeaseImage[] {
    return this.#tables[name].leases;
  }

  look(): Look {
    const status = (name: ServerName) => {
      return { state: this.#states[name], unacknowledged: this.#tables[name].markedBlocks };
    };
    const { a, b } = this.#tables;
    return {
      status: { a: status("a"), b: status("b") },
      tables: { a: a.leases, b: b.leases },
      blocks: { a: a.blocks, b: b.blocks },
    };
  }
}
