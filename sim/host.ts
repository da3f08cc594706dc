// A machine with one server on it: a clock, a disk, an inbox, and the loop that steps the server's door. It is
// paused, killed, loses power and starts again; the server inside never knows that the world is simulated.

import type { Command } from "../src/api/commands.ts";
import type { CommandResult } from "../src/api/results.ts";
import type { CompiledConfig } from "../src/core/config/types.ts";
import type { LogEvent } from "../src/core/model/log-events.ts";
import type { ReceivedDatagram } from "../src/core/model/received-datagram.ts";
import type { Millis } from "../src/core/model/time.ts";
import type { ServerDoor, ServerEvent, Sink } from "../src/core/server/events.ts";
import { QueueAge } from "../src/core/server/queue-age.ts";
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

/** Datagrams that the kernel keeps for a server that does not read; what comes beyond is lost. */
const KERNEL_QUEUE = 256;
/** The shell reads at most this many of them in one turn. */
const READ_PER_TURN = 32;
/** So many messages of a turn are served, usually and by a machine that is slow; dropping takes no time. */
const SERVED_PER_TURN = 8;
const SERVED_PER_SLOW_TURN = 1;
/** The shell sees its socket empty at least this often when nothing comes, milliseconds. */
const LOOK = 200;
/** T-06 (3): after a longer gap nobody can tell the age of what waited, milliseconds. */
const STALL = 1_000;
/** A turn of the loop that leaves something unread, milliseconds. */
const TURN = 1;
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
  /** What the kernel holds of the socket. */
  #kernel: Omit<ReceivedDatagram, "receivedAt">[] = [];
  #age: QueueAge;
  #pausedSince: number | undefined;
  /** The process will stand still in a batch: for how long, and after how many of its datagrams. */
  #standstill: { readonly duration: number; after: number } | undefined;
  /** World time that has passed within the batch. */
  #within = 0;
  /** When the next step is planned; undefined: not at all. */
  #stepAt: number | undefined;
  #tickPlanned = 0;
  #pausedUntil = 0;
  #commands = 0;
  readonly #answers = new Map<number, (result: CommandResult) => void>();
  /** The process gets little of its machine. */
  isSlow = false;
  #stalledUntil = 0;
  /** How a write behaves now: usual, slow (up to 3 s) or failing. */
  diskMood: "usual" | "slow" | "failing" = "usual";

  constructor(options: HostOptions) {
    this.name = options.name;
    this.#options = options;
    this.#age = this.#freshAge();
  }

  #freshAge(): QueueAge {
    return new QueueAge({ capacity: KERNEL_QUEUE + 2, now: this.leaseTime });
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
    return this.#options.clock.leaseTime(this.#options.queue.now + this.#within);
  }

  start(): void {
    const { config, createServer, disk, prng } = this.#options;
    this.#powered = true;
    this.#incarnation += 1;
    this.#pausedUntil = 0;
    this.#pausedSince = undefined;
    this.#stepAt = undefined;
    this.#age = this.#freshAge();
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
    this.#kernel = [];
    this.#standstill = undefined;
    this.#answers.clear();
    this.#options.disk.crash(this.#options.prng, power ? "power" : "kill");
  }

  /** The process stands still for a while, between two batches; what comes meanwhile waits in the kernel. */
  pause(duration: number): void {
    const { now } = this.#options.queue;
    if (!this.isPaused) this.#pausedSince = now;
    this.#pausedUntil = Math.max(this.#pausedUntil, now + duration);
  }

  /** The disk finishes nothing for a while. */
  stallDisk(duration: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#options.queue.now + duration);
  }

  /** Every disk is as it should be. */
  mendDisk(): void {
    this.diskMood = "usual";
    this.#stalledUntil = 0;
    this.disk.capacity = Number.POSITIVE_INFINITY;
  }

  unpause(): void {
    this.#pausedUntil = 0;
    this.#standstill = undefined;
    if (this.#inbox.length > 0 || this.#kernel.length > 0) this.#planStep(0);
  }

  /** The process will stand still in the middle of a batch, when it has sent `after` more datagrams. */
  standStillInBatch(duration: number, after: number): void {
    this.#standstill = { duration, after };
  }

  receive(arrival: Arrival): void {
    if (this.#door === undefined || this.#kernel.length >= KERNEL_QUEUE) return;
    // An idle loop looks now and then.
    if (this.#kernel.length === 0 && !this.isPaused)
      this.#age.empty(this.leaseTime - this.#options.prng.below(LOOK));
    this.#kernel.push({ ...arrival, bytes: Uint8Array.from(arrival.bytes) });
    this.#planStep(0);
  }

  linkEvent(event: LinkEvent): void {
    this.#push(
      event.type === "link-data" ? { ...event, bytes: Uint8Array.from(event.bytes) } : event,
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
    if (door === undefined) return;
    const events = [...this.#timed(this.#woke()), ...this.#read()];
    if (this.#kernel.length > 0) this.#planStep(TURN);
    if (events.length === 0) return;
    for (const event of events) this.#options.ears.handed(this, event);
    const now = this.leaseTime;
    // Most promises wait for the disk; the process may stand still before the first of them.
    if (this.#standstill?.after === 0 && events.some(({ type }) => type === "disk-done"))
      this.#standStill();
    door.stepBatch(events, now, this.#sink);
    for (const event of events) {
      // Received octets are valid only during the call: whoever kept them now reads rubbish.
      if (event.type === "datagram") event.datagram.bytes.fill(0xdb);
      else if (event.type === "link-data") event.bytes.fill(0xdb);
    }
    const passed = this.#within;
    this.#within = 0;
    if (passed > 0) this.pause(passed);
    if (this.#door === door) this.#planTick(door);
  }

  /** Whether the process stood still for so long that nobody can tell the age of what waited. */
  #woke(): boolean {
    const since = this.#pausedSince;
    this.#pausedSince = undefined;
    const isStalled = since !== undefined && this.#options.queue.now - since > STALL;
    if (isStalled) this.#age.forget();
    return isStalled;
  }

  /** All but datagrams, as the shell hands it over. */
  #timed(isStalled: boolean): readonly ServerEvent[] {
    const events = this.#inbox;
    this.#inbox = [];
    const receivedAt = isStalled ? undefined : this.leaseTime;
    return events.map((event) => (event.type === "link-data" ? { ...event, receivedAt } : event));
  }

  /** What the shell reads of the socket in one turn. */
  #read(): readonly ServerEvent[] {
    const events: ServerEvent[] = [];
    const most = this.isSlow ? SERVED_PER_SLOW_TURN : SERVED_PER_TURN;
    for (let i = 0; i < READ_PER_TURN && events.length < most; i++) {
      const datagram = this.#kernel.shift();
      if (datagram === undefined) break;
      const receivedAt = this.#age.read(this.leaseTime);
      if (receivedAt !== undefined)
        events.push({ type: "datagram", datagram: { ...datagram, receivedAt } });
    }
    if (this.#kernel.length === 0) this.#age.empty(this.leaseTime);
    return events;
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
    now: () => this.leaseTime,
    datagram: (datagram) => {
      const bytes = Uint8Array.from(datagram.bytes);
      this.#out(() => this.#options.ears.datagram(this, { ...datagram, bytes }));
      this.#sent();
    },
    link: (request) => {
      const copy =
        request.type === "link-send"
          ? { ...request, bytes: Uint8Array.from(request.bytes) }
          : request;
      this.#out(() => this.#options.ears.link(this, copy));
    },
    disk: (request) => this.#out(() => this.#startDisk(request)),
    log: (event) => this.#options.ears.log(this, event),
    answer: (id, result) => {
      this.#answers.get(id)?.(result);
      this.#answers.delete(id);
    },
    stopped: (outcome) => {
      // The process ends when the call is over, as a shell's would.
      const { incarnation } = this;
      this.#options.queue.after(this.#within, () => {
        if (incarnation === this.#incarnation) this.#options.ears.stopped(this, outcome);
      });
    },
  };

  /** An output leaves now, or when the process goes on, if it ever does. */
  #out(leave: () => void): void {
    if (this.#within === 0) return leave();
    const { incarnation } = this;
    this.#options.queue.after(this.#within, () => {
      if (incarnation === this.#incarnation) leave();
    });
  }

  #sent(): void {
    if (this.#standstill === undefined || this.#standstill.after === 0) return;
    this.#standstill.after -= 1;
    if (this.#standstill.after === 0) this.#standStill();
  }

  #standStill(): void {
    this.#within += this.#standstill?.duration ?? 0;
    this.#standstill = undefined;
  }

  #startDisk(request: DiskRequest): void {
    const { disk, ears, prng, queue } = this.#options;
    if (request.type === "write" && request.file.startsWith("log-")) ears.writing(this, request);
    disk.submit(request);
    const { incarnation } = this;
    const slow = this.diskMood === "slow";
    const failing = this.diskMood === "failing";
    const usual = slow ? prng.below(3_000) : 1 + prng.below(4);
    const stall = Math.max(0, this.#stalledUntil - queue.now);
    queue.after(stall + usual, () => {
      if (incarnation !== this.#incarnation) return;
      this.#push(
        failing ? disk.fail(request.id, "EIO: input/output error", prng) : disk.finish(request.id),
      );
    });
  }
}
