// The door: the only way in and out of a server. It joins leasing, failover and the log through narrow types, and
// holds what goes out until what it rests on is durable (docs/internals/core.md).

import type { Command } from "../../api/commands.ts";
import type { Crc32, DiskReader, DiskResult } from "../../ports/disk.ts";
import type { CompiledConfig } from "../config/types.ts";
import type { Endpoint } from "../failover/endpoint/endpoint.ts";
import { FailoverService } from "../failover/link/service.ts";
import { type Capacity, capacityOf, type Machine } from "../leasing/capacity.ts";
import { handleMessage } from "../leasing/engine.ts";
import { type ExpiryContext, expire } from "../leasing/expiry.ts";
import type { MessageName } from "../model/authority.ts";
import type { DiscardReason } from "../model/counter-names.ts";
import { Counters } from "../model/counters.ts";
import { hashKeyOf } from "../model/hash.ts";
import { formatIpv6 } from "../model/ipv6.ts";
import { DEFAULTS } from "../model/limits.ts";
import type { LogEvent } from "../model/log-events.ts";
import { hexOf } from "../model/octets.ts";
import { Random } from "../model/random.ts";
import type { ReceivedDatagram } from "../model/received-datagram.ts";
import type { Millis } from "../model/time.ts";
import { unreachable } from "../model/unreachable.ts";
import { viewRequest } from "../wire/request-view.ts";
import type { RequestView } from "../wire/view.ts";
import { AlarmBoard } from "./alarm-board.ts";
import { serverAlarms } from "./alarms.ts";
import { ClockKeeper } from "./clock-keeper.ts";
import { runCommand } from "./command-results.ts";
import { DiskWatch } from "./disk-watch.ts";
import type { ServerDoor, ServerEvent, Sink } from "./events.ts";
import { failoverContext } from "./failover-context.ts";
import { Gate } from "./gate.ts";
import { inLeaseTime } from "./lease-clock.ts";
import { LeaseWatch } from "./lease-watch.ts";
import { leasingContext } from "./leasing-context.ts";
import { Release } from "./release.ts";
import { startEvents } from "./start-events.ts";
import { ServerState } from "./state.ts";
import { Stopping } from "./stopping.ts";

export interface ServerOptions {
  readonly config: CompiledConfig;
  /** 24 random octets or more: the id of a new store, then what stays a secret. */
  readonly seed: Uint8Array;
  readonly crc32: Crc32;
  readonly reader: DiskReader;
  readonly machine: Machine;
  /** The shell's time of the start, which is the wall clock. */
  readonly now: Millis;
  /** Whether events of level debug are read by anybody; without it they are made. */
  readonly debug?: boolean;
  readonly segmentBytes?: number;
  readonly snapshotAfterBytes?: number;
}

/** Replays the log and makes a server of it. Throws StoreCorruptError when the log cannot be trusted. */
export function createServer(options: ServerOptions): Server {
  return new Server(options);
}

/** What these ask for is worth nothing before it is on disk. */
const NEEDS_WRITE: ReadonlySet<MessageName> = new Set([
  "REQUEST",
  "RENEW",
  "REBIND",
  "RELEASE",
  "DECLINE",
]);

export class Server implements ServerDoor {
  readonly config: CompiledConfig;
  readonly state: ServerState;
  readonly failover: FailoverService;
  readonly counters = new Counters();
  readonly alarms = new AlarmBoard(
    (now) => serverAlarms(this, now),
    () => this.state.clock.shift,
  );
  readonly startedAt: Millis;
  readonly time: ClockKeeper;
  readonly capacity: Capacity;
  readonly #leases = new LeaseWatch();
  readonly #release: Release;
  readonly #leasing: ExpiryContext;
  readonly #gate: Gate;
  /** Outputs of the step in progress; they get its last sequence at its end. */
  #stepOutputs: Parameters<Release["hold"]>[1][] = [];
  /** Log events before the first batch. */
  #early: LogEvent[] = [];
  #sink: Sink | undefined;
  #heartbeatAt: Millis;
  /** Some client could be answered after the last step. */
  #served = false;
  readonly #debug: boolean;
  readonly #disk: DiskWatch;
  #stopping: Stopping | undefined;
  #ended = false;

  constructor(options: ServerOptions) {
    const { config } = options;
    this.config = config;
    this.#debug = options.debug ?? true;
    this.capacity = capacityOf(config.tunables.maxLeases, options.machine);
    const newStoreId = hexOf(options.seed.subarray(0, 16));
    const { k0, k1 } = hashKeyOf(options.seed.subarray(16, 24));
    const state = new ServerState({ ...options, newStoreId, tableSeed: [k0, k1] });
    this.state = state;
    this.#early.push(...startEvents(config.server.name, state));
    this.time = new ClockKeeper(state, options.now, (event) => this.#log(event));
    const { clock } = this.time;
    const now = clock.at(options.now);
    this.startedAt = now;
    this.#heartbeatAt = now;
    this.#release = new Release(this.counters, (shell) => clock.told(clock.at(shell)));
    this.#disk = new DiskWatch(state.store);
    this.#gate = new Gate(config.tunables);
    const context = failoverContext({
      ...{ config, state, counters: this.counters, startedAt: now, time: this.time },
      random: new Random(options.seed),
      debug: this.#debug,
      sendFrame: (link, frame) => this.#stepOutputs.push({ type: "frame", link, frame }),
      link: (request) => this.#stepOutputs.push({ type: "link", request }),
      log: (event) => this.#log(event),
    });
    this.failover = new FailoverService(context, state.records, now);
    this.#leasing = leasingContext(
      {
        ...{ config, state, counters: this.counters, startedAt: now, capacity: this.capacity },
        debug: this.#debug,
        log: (event) => this.#log(event),
        isUnfit: () => this.#disk.isUnfit,
        silence: (message) => this.#silence(message),
      },
      this.failover.endpoints,
    );
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Leases that a partner must still be told. */
  get unacknowledged(): number {
    const { table } = this.state;
    return this.failover
      .relationshipNames()
      .reduce((sum, relationship) => sum + table.markedCount(relationship), 0);
  }

  stepBatch(events: readonly ServerEvent[], shellNow: Millis, sink: Sink): void {
    if (this.#ended) return;
    this.#sink = sink;
    for (const event of this.#early.splice(0)) sink.log(event);
    let ticked = false;
    for (const event of events) {
      if (event.type === "tick") ticked = true;
      else if (event.type === "clock") this.time.compared(event.wallAhead, shellNow);
      else this.#step(inLeaseTime(event, this.time.clock), this.time.clock.at(shellNow));
      if (this.#ended) return;
    }
    const now = this.time.clock.at(shellNow);
    this.#housekeeping(ticked, now);
    // core.md: an acknowledgement rides with the next group; it waits for a tick at most.
    const { durableSequence } = this.state.store;
    const all = ticked || this.isStopping || this.#release.last > durableSequence;
    this.state.store.poll((request) => sink.disk(request), all);
    this.#watchDisk(now, sink);
    this.#release.release(this.state.store.durableSequence, sink);
    this.#endIfStopped(now, sink);
    this.#sink = undefined;
  }

  nextTick(shellNow: Millis): Millis {
    const { clock } = this.time;
    const now = clock.at(shellNow);
    const heartbeat = Math.max(now, this.#heartbeatAt);
    const due = Math.min(this.failover.nextDue(now), heartbeat, this.#disk.due(now), now + 1_000);
    return clock.toShell(due);
  }

  // ---- steps ----

  #step(event: Exclude<ServerEvent, { type: "tick" | "clock" }>, now: Millis): void {
    switch (event.type) {
      case "datagram":
        this.#datagram(event.datagram, now);
        break;
      case "disk-done":
      case "disk-failed":
        this.#diskResult(event);
        break;
      case "command":
        this.#command(event.id, event.command, now);
        break;
      case "link-opened":
      case "link-data":
      case "link-secured":
      case "link-closed":
      case "link-drained":
        this.failover.handle(event, now);
        break;
      default:
        unreachable(event);
    }
    this.#endStep();
  }

  /** An output leaves when everything changed up to the end of its step is durable. */
  #endStep(): void {
    const after = this.state.store.lastSequence;
    for (const output of this.#stepOutputs) {
      // T-08: answers to commands and closed connections wait for no disk that is sick.
      if (this.#disk.isUnfit && this.#sink !== undefined && output.type !== "datagram")
        this.#release.emitNow([output], this.#sink);
      else this.#release.hold(after, output);
    }
    this.#stepOutputs = [];
  }

  #datagram(datagram: ReceivedDatagram, now: Millis): void {
    const view = viewRequest(datagram.bytes);
    if (view.type === "discard") {
      this.#discard("?", datagram, view.reason);
      return;
    }
    this.counters.add(`received-${view.type}`);
    const refusal = this.#refuses(datagram, view, now);
    if (refusal !== undefined) {
      this.#discard(view.type, datagram, refusal);
      return;
    }
    const outcome = handleMessage(this.#leasing, view, datagram, now);
    if (outcome.type === "discard") {
      this.#discard(view.type, datagram, outcome.reason);
      return;
    }
    this.counters.add(outcome.promisesNothing ? "sent-other" : "sent-about-leases");
    // D-004, D-005, D-006, D-201: by unicast to where it came from, on the same interface.
    const reply = {
      bytes: outcome.bytes,
      interface: datagram.interface,
      destination: datagram.source,
      port: outcome.port,
      dropAt: this.time.clock.toShell(datagram.receivedAt) + DEFAULTS.replyMaxAgeMillis,
    };
    if (!outcome.promisesNothing) this.#stepOutputs.push({ type: "datagram", datagram: reply });
    else if (this.#sink !== undefined) this.#release.send(reply, this.#sink);
  }

  #refuses(datagram: ReceivedDatagram, view: RequestView, now: Millis): DiscardReason | undefined {
    if (this.isStopping) return "stopping";
    const { type } = view;
    if (this.#disk.isUnfit && NEEDS_WRITE.has(type)) return "disk-unfit";
    // T-06 (1): nothing that writes, nor an offer, before the time is known.
    if (this.time.isUnsure && type !== "CONFIRM" && type !== "INFORMATION-REQUEST")
      return "clock-behind";
    return this.#gate.refuses(datagram, view, { held: this.#release.size, now });
  }

  #discard(message: string, datagram: ReceivedDatagram, reason: DiscardReason): void {
    this.counters.add(`discard-${reason}`);
    if (!this.#debug) return;
    this.#log({
      id: "DHCP6_DISCARD",
      fields: { message, source: formatIpv6(datagram.source), reason },
    });
  }

  #diskResult(result: DiskResult): void {
    const { store } = this.state;
    store.complete(result);
    if (store.failed !== undefined) this.#fail(store.failed);
  }

  /** A write error is final: nothing held may leave, the process ends, the partner takes over. */
  #fail(error: string): void {
    this.#ended = true;
    this.#log({ id: "STORE_FAILED", fields: { error } });
    this.#sink?.stopped({ failed: true, reason: `stable storage failed: ${error}` });
  }

  #command(id: number, command: Command, now: Millis): void {
    if (command.type === "stop") {
      if (this.#stopping === undefined) {
        this.#stopping = new Stopping(this, now);
        this.#log({ id: "TANDEM_STOPPING", fields: {} });
      }
      this.#stepOutputs.push({
        type: "answer",
        id,
        result: { ok: true, value: { stopping: true } },
      });
      return;
    }
    // A change that an answer speaks of is durable before it is told.
    this.#stepOutputs.push({ type: "answer", id, result: runCommand(this, command, now) });
  }

  // ---- the disk (T-08) ----

  #watchDisk(now: Millis, sink: Sink): void {
    const change = this.#disk.look(now, this.failover.isInContact);
    const { reason } = this.#disk;
    if (change === "became unfit") {
      this.#log({ id: "DISK_UNFIT", fields: { reason } });
      this.#release.dropFrames(sink);
      this.failover.suspend(`the disk is not written: ${reason}`, now);
    } else if (change === "became fit") {
      this.#log({ id: "DISK_FIT", fields: {} });
      this.failover.resume(now);
    }
    this.#endStep();
  }

  /** Why nothing can be promised; undefined: the disk takes what is written. */
  get unfitReason(): string | undefined {
    return this.#disk.isUnfit ? this.#disk.reason : undefined;
  }

  /** What a server in a relationship does not answer now: its partner does. A client that took an offer which nobody can
   * honour would be without a lease for minutes. */
  #silence(message: MessageName): DiscardReason | undefined {
    if (this.isStopping) return "stopping";
    return this.#disk.isUnfit && message === "SOLICIT" ? "disk-unfit" : undefined;
  }

  // ---- time ----

  #housekeeping(ticked: boolean, now: Millis): void {
    this.failover.tick(now);
    const mayEnd = !this.isStopping && !this.time.isUnsure && !this.#disk.isUnfit;
    if (ticked && mayEnd) expire(this.#leasing, now);
    this.#heartbeat(now);
    if (ticked) this.alarms.tick(now);
    const many = this.#leases.look(this.state.table.inUse, this.capacity);
    if (many !== undefined) this.#log(many);
    this.failover.pump(now);
    this.#stopping?.drain(now);
    this.#endStep();
  }

  /** F-376, F-542, A-36: recorded while this server may answer clients. */
  #heartbeat(now: Millis): void {
    const serves =
      !this.isStopping &&
      !this.time.isUnsure &&
      !this.#disk.isUnfit &&
      this.failover.endpoints.some((endpoint) => endpoint.behaviour.serves);
    // The first one at once: the last may be from long before a stop.
    const begins = serves && !this.#served;
    this.#served = serves;
    if (now < this.#heartbeatAt && !begins) return;
    this.#heartbeatAt = now + this.config.tunables.heartbeat;
    if (serves) this.state.heartbeat(now);
  }

  #endIfStopped(now: Millis, sink: Sink): void {
    const isIdle = this.#release.size === 0;
    if (this.#stopping?.hasEnded(now, isIdle, sink) !== true) return;
    this.#ended = true;
    this.#log({ id: "TANDEM_STOPPED", fields: { unacknowledged: this.unacknowledged } });
    sink.stopped({ failed: false, reason: "stopped" });
  }

  // ---- what leasing and failover are given ----

  #log(event: LogEvent): void {
    if (this.#sink === undefined) this.#early.push(event);
    else this.#sink.log(event);
  }

  /** The endpoint of a command's relationship; absent: the only one. */
  endpointNamed(name: string | undefined): Endpoint | undefined {
    return this.failover.relationshipNamed(name);
  }
}
