// A machine with one server on it: a clock, a disk, an inbox, and the loop that steps the server's door. It is
// paused, killed, loses power and starts again; the server inside never knows that the world is simulated.

import type { CompiledConfig } from "../src/core/config/types.ts";
import type { LogEvent } from "../src/core/model/log-events.ts";
import type { Millis } from "../src/core/model/time.ts";
import type { Command } from "../src/core/server/commands.ts";
import type { CommandResult, ServerDoor, ServerEvent, Sink } from "../src/core/server/events.ts";
import type { SentDatagram } from "../src/ports/datagram.ts";
import type { DiskReader, DiskRequest } from "../src/ports/disk.ts";
import type { LinkEvent, LinkRequest } from "../src/ports/partner-link.ts";
import type { ServerName } from "./checkers/observation.ts";
import type { SimClock } from "./clock.ts";
import type { SimDisk } from "./disk.ts";
import type { LinkPeer } from "./link.ts";
import type { Arrival } from "./network.ts";
import type { Prng } from "./prng.ts";
import type { EventQueue } from "./queue.ts";

export interface Boot {
  readonly config: CompiledConfig;
  /** Randomness for the server: as many octets as it may want. */
  readonly seed: Uint8Array;
  readonly disk: DiskReader;
  readonly now: Millis;
}

export type ServerFactory = (boot: Boot) => ServerDoor;

/** What the world hears of a machine. */
export interface HostEars {
  datagram(host: Host, datagram: SentDatagram): void;
  link(host: Host, request: LinkRequest): void;
  log(host: Host, event: LogEvent): void;
  stopped(host: Host, outcome: { readonly failed: boolean; readonly reason: string }): void;
  /** An event is handed to the server. */
  handed(host: Host, event: ServerEvent): void;
  /** A write to the log is asked for. */
  writing(host: Host, request: Extract<DiskRequest, { type: "write" }>): void;
}

export interface HostOptions {
  readonly name: ServerName;
  readonly queue: EventQueue;
  readonly prng: Prng;
  readonly clock: SimClock;
  readonly config: CompiledConfig;
  readonly disk: SimDisk;
  readonly createServer: ServerFactory;
  readonly ears: HostEars;
}

/** Datagrams that a socket keeps for a server that does not read. */
const RECEIVE_BUFFER = 256;
const SEED_BYTES = 64;
/** The shell ticks at least this often, milliseconds. */
const TICK = 1_000;

export class Host implements LinkPeer {
  readonly name: ServerName;
  readonly #options: HostOptions;
  #door: ServerDoor | undefined;
  #powered = true;
  #incarnation = 0;
  #inbox: ServerEvent[] = [];
  #datagrams = 0;
  /** When the next step is planned; undefined: not at all. */
  #stepAt: number | undefined;
  #tickPlanned = 0;
  #pausedUntil = 0;
  #commands = 0;
  readonly #answers = new Map<number, (result: CommandResult) => void>();
  /** How a write behaves now: usual, slow (up to 3 s) or failing. */
  diskMood: "usual" | "slow" | "failing" = "usual";

  constructor(options: HostOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get presence(): "off" | "refuses" | "serves" {
    if (!this.#powered) return "off";
    return this.#door === undefined ? "refuses" : "serves";
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get runs(): boolean {
    return this.#door !== undefined;
  }

  get isPaused(): boolean {
    return this.#pausedUntil > this.#options.queue.now;
  }

  get disk(): SimDisk {
    return this.#options.disk;
  }

  get config(): CompiledConfig {
    return this.#options.config;
  }

  /** Lease time now. */
  get leaseTime(): Millis {
    return this.#options.clock.leaseTime(this.#options.queue.now);
  }

  start(): void {
    const { config, createServer, disk, prng } = this.#options;
    this.#powered = true;
    this.#incarnation += 1;
    this.#pausedUntil = 0;
    this.#stepAt = undefined;
    this.#door = createServer({
      config,
      seed: prng.bytes(SEED_BYTES),
      disk: disk.reader(),
      now: this.leaseTime,
    });
    this.#push({ type: "tick" });
  }

  /** The process is gone at once. `power`: so is the machine, for its peers. */
  end(power: boolean): void {
    this.#door = undefined;
    this.#powered = !power;
    this.#incarnation += 1;
    this.#inbox = [];
    this.#datagrams = 0;
    this.#answers.clear();
    this.#options.disk.crash(this.#options.prng, power ? "power" : "kill");
  }

  /** The server is not stepped for a while; what comes meanwhile waits with its time of arrival. */
  pause(duration: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#options.queue.now + duration);
  }

  unpause(): void {
    this.#pausedUntil = 0;
    if (this.#inbox.length > 0) this.#planStep(0);
  }

  receive(arrival: Arrival): void {
    if (this.#door === undefined || this.#datagrams >= RECEIVE_BUFFER) return;
    this.#datagrams += 1;
    const datagram = {
      ...arrival,
      bytes: Uint8Array.from(arrival.bytes),
      receivedAt: this.leaseTime,
    };
    this.#push({ type: "datagram", datagram });
  }

  linkEvent(event: LinkEvent): void {
    this.#push(
      event.type === "link-data"
        ? { ...event, bytes: Uint8Array.from(event.bytes), receivedAt: this.leaseTime }
        : event,
    );
  }

  /** Hands a command to the server; `answered` is called unless it ends first. */
  command(command: Command, answered: (result: CommandResult) => void): void {
    if (this.#door === undefined) return;
    const id = ++this.#commands;
    this.#answers.set(id, answered);
    this.#push({ type: "command", id, command });
  }

  #push(event: ServerEvent): void {
    if (this.#door === undefined) return;
    this.#inbox.push(event);
    this.#planStep(0);
  }

  #planStep(delay: number): void {
    const { queue } = this.#options;
    const at = queue.now + delay;
    if (this.#stepAt !== undefined && this.#stepAt <= at) return;
    this.#stepAt = at;
    queue.at(at, () => {
      // A pause that ended early has planned another one.
      if (this.#stepAt !== at) return;
      this.#stepAt = undefined;
      const { now } = queue;
      if (this.#pausedUntil > now) return this.#planStep(this.#pausedUntil - now);
      this.#step();
    });
  }

  #step(): void {
    const door = this.#door;
    if (door === undefined || this.#inbox.length === 0) return;
    const events = this.#inbox;
    this.#inbox = [];
    this.#datagrams = 0;
    for (const event of events) this.#options.ears.handed(this, event);
    door.stepBatch(events, this.leaseTime, this.#sink);
    for (const event of events) {
      // Received octets are valid only during the call: whoever kept them now reads rubbish.
      if (event.type === "datagram") event.datagram.bytes.fill(0xdb);
      else if (event.type === "link-data") event.bytes.fill(0xdb);
    }
    if (this.#door === door) this.#planTick(door);
  }

  #planTick(door: ServerDoor): void {
    const { clock, queue } = this.#options;
    const token = ++this.#tickPlanned;
    const due = Math.min(clock.worldTime(door.nextTick(this.leaseTime)), queue.now + TICK);
    queue.at(Math.max(due, queue.now + 1), () => {
      if (token === this.#tickPlanned && this.#door === door) this.#push({ type: "tick" });
    });
  }

  readonly #sink: Sink = {
    datagram: (datagram) => {
      const bytes = Uint8Array.from(datagram.bytes);
      this.#options.ears.datagram(this, { ...datagram, bytes });
    },
    link: (request) => {
      const copy =
        request.type === "link-send"
          ? { ...request, bytes: Uint8Array.from(request.bytes) }
          : request;
      this.#options.ears.link(this, copy);
    },
    disk: (request) => this.#startDisk(request),
    log: (event) => this.#options.ears.log(this, event),
    answer: (id, result) => {
      this.#answers.get(id)?.(result);
      this.#answers.delete(id);
    },
    stopped: (outcome) => {
      // The process ends when the call is over, as a shell's would.
      const { incarnation } = this;
      this.#options.queue.after(0, () => {
        if (incarnation === this.#incarnation) this.#options.ears.stopped(this, outcome);
      });
    },
  };

  #startDisk(request: DiskRequest): void {
    const { disk, ears, prng, queue } = this.#options;
    if (request.type === "write") ears.writing(this, request);
    disk.submit(request);
    const { incarnation } = this;
    const slow = this.diskMood === "slow";
    const failing = this.diskMood === "failing";
    queue.after(slow ? prng.below(3_000) : 1 + prng.below(4), () => {
      if (incarnation !== this.#incarnation) return;
      this.#push(
        failing ? disk.fail(request.id, "EIO: input/output error", prng) : disk.finish(request.id),
      );
    });
  }
}
