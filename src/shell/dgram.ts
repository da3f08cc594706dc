// Adapter of the port `datagram socket` over node:dgram (D-001 to D-008, N-006, N-009, N-010).
// dgram tells neither the receiving interface nor the destination, so each interface has a socket
// bound to the multicast address and one bound to its link-local address; relays may be served on
// unicast sockets besides.

import { networkInterfaces } from "node:os";
import { formatIpv6, type Ipv6Address, isLinkLocal } from "../core/model/ipv6.ts";
import type { ReceivedDatagram } from "../core/model/received-datagram.ts";
import type { Millis } from "../core/model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { SentDatagram } from "../ports/datagram.ts";
import type { DatagramAdapter, ProcessCounters } from "./adapter.ts";
import { type ClockSource, MACHINE } from "./clock.ts";
import type { LogSink } from "./log-events.ts";
import { watchStalls } from "./stall.ts";
import { type UdpCounters, UdpSocket, type UdpSocketOptions } from "./udp-socket.ts";

/** D-002, RFC 8415 §7.1. */
const ALL_AGENTS_AND_SERVERS = "ff02::1:2";
const ALL_SERVERS = "ff05::1:3";
/** D-001. */
const SERVER_PORT = 547;
const RETRY_FIRST_MILLIS = 500;
const RETRY_MOST_MILLIS = 30_000;
/** How often it is checked that an interface still has its link-local address. */
const WATCH_MILLIS = 3_000;
/** How often the sockets are seen empty when nothing comes: a datagram looks older than it is by this much at most. */
const LOOK_MILLIS = 200;
/** That datagrams are dropped for their age is said at most this often. */
const SAY_MILLIS = 10_000;

export interface DgramOptions {
  /** Interfaces whose clients and relays are served. */
  readonly interfaces: readonly string[];
  /** Addresses on which relays are served. Port 0 takes any. */
  readonly unicast: readonly { readonly address: Ipv6Address; readonly port: number }[];
  readonly clock: Clock;
  readonly log: LogSink;
  readonly receive: (datagram: ReceivedDatagram) => void;
  /** The port on interfaces; another than 547 only in tests. */
  readonly port?: number;
  /** For the stall watch; the machine's clocks by default. */
  readonly source?: ClockSource;
}

/** Where datagrams of one `interface` of the port go out. */
interface Outlet {
  /** To addresses that are not link-local: the kernel takes a source address of the right scope. */
  readonly global: UdpSocket;
  /** To link-local addresses, from the interface's link-local address (D-007). */
  readonly local: UdpSocket | undefined;
}

export interface Dgram extends DatagramAdapter {
  /** The `interface` values that are open now, with their ports. */
  sockets(): readonly { readonly interface: string; readonly port: number }[];
}

/** Opens what can be opened now; goes on trying with the rest. Never throws. */
export function openDgram(options: DgramOptions): Dgram {
  return new DgramSockets(options);
}

class DgramSockets implements Dgram {
  readonly #options: DgramOptions;
  readonly #outlets = new Map<string, Outlet>();
  readonly #sockets = new Set<UdpSocket>();
  readonly #retries = new Map<string, NodeJS.Timeout>();
  readonly #watched = new Map<string, string>();
  readonly #waiting = new Map<string, string>();
  readonly #counters: UdpCounters = {
    received: 0,
    sent: 0,
    stale: 0,
    receiveErrors: 0,
    sendErrors: 0,
    sendQueueFull: 0,
    sendTooLate: 0,
    notOpen: 0,
  };
  readonly #stalls: { touch(): void; stop(): void };
  readonly #watch: NodeJS.Timeout;
  readonly #looks: NodeJS.Timeout;
  #site: UdpSocket | undefined;
  #turning = false;
  /** A time before the next polling of the system. */
  #beforePoll: Millis;
  #saidOld: Millis = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: DgramOptions) {
    this.#options = options;
    const source = options.source ?? MACHINE;
    this.#stalls = watchStalls((gap) => this.#stalled(gap), source);
    for (const name of options.interfaces) this.#keepOpen(name, () => this.#openInterface(name));
    if (options.interfaces.length > 0) this.#keepOpen(siteLabel(), () => this.#openSite());
    for (const { address, port } of options.unicast) {
      const label = unicastLabel(address, port);
      this.#keepOpen(label, () => this.#openUnicast(label, formatIpv6(address), port));
    }
    this.#watch = setInterval(() => this.#checkInterfaces(), WATCH_MILLIS);
    this.#watch.unref();
    this.#beforePoll = options.clock.now();
    this.#looks = setInterval(() => this.#look(), LOOK_MILLIS);
    this.#looks.unref();
  }

  send(datagram: SentDatagram): void {
    const { destination } = datagram;
    const [name, scope] = splitLabel(datagram.interface);
    const outlet = this.#outlets.get(name);
    if (outlet === undefined) {
      this.#counters.notOpen++;
      return;
    }
    // D-004 to D-006: by unicast to the source of the request, on the interface that it came in on.
    if (!isLinkLocal(destination)) outlet.global.send(datagram, undefined);
    else if (outlet.local !== undefined) outlet.local.send(datagram, name);
    else outlet.global.send(datagram, scope);
  }

  flush(): void {
    // Each datagram has left or waits in its socket's queue.
  }

  counters(): ProcessCounters {
    const { received, sent, stale, receiveErrors, sendErrors, notOpen } = this.#counters;
    const { sendQueueFull, sendTooLate } = this.#counters;
    return {
      udp_received_total: received,
      udp_sent_total: sent,
      udp_dropped_stale_total: stale,
      udp_receive_errors_total: receiveErrors,
      udp_send_errors_total: sendErrors,
      udp_dropped_send_queue_total: sendQueueFull,
      udp_dropped_too_late_total: sendTooLate,
      udp_dropped_not_open_total: notOpen,
    };
  }

  waiting(): ReadonlyMap<string, string> {
    return this.#waiting;
  }

  sockets(): readonly { readonly interface: string; readonly port: number }[] {
    return [...this.#outlets].map(([name, outlet]) => ({
      interface: name,
      port: outlet.global.port,
    }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stalls.stop();
    clearInterval(this.#watch);
    clearInterval(this.#looks);
    for (const timer of this.#retries.values()) clearTimeout(timer);
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
    this.#outlets.clear();
  }

  /** Opens, and tries again with growing pauses; says so once a reason. */
  #keepOpen(label: string, open: () => Promise<void>): void {
    let pause = RETRY_FIRST_MILLIS;
    let said = "";
    const attempt = async (): Promise<void> => {
      this.#retries.delete(label);
      try {
        await open();
        this.#waiting.delete(label);
        if (!this.#closed) this.#options.log({ id: "UDP_LISTENING", fields: { socket: label } });
      } catch (error) {
        if (this.#closed) return;
        const reason = error instanceof Error ? error.message : String(error);
        if (reason !== said) {
          this.#options.log({ id: "UDP_WAITING", fields: { socket: label, reason } });
        }
        said = reason;
        this.#waiting.set(label, reason);
        this.#retries.set(label, setTimeout(attempt, pause));
        pause = Math.min(pause * 2, RETRY_MOST_MILLIS);
      }
    };
    void attempt();
  }

  async #openInterface(name: string): Promise<void> {
    const linkLocal = linkLocalOf(name);
    if (linkLocal === undefined) {
      throw new Error("no link-local address (is the interface there, and up?)");
    }
    const multicast = this.#create({ name, address: `${ALL_AGENTS_AND_SERVERS}%${name}` });
    const unicast = this.#create({ name, address: `${linkLocal.address}%${name}` });
    try {
      await multicast.bind();
      multicast.join(ALL_AGENTS_AND_SERVERS, name);
      await unicast.bind();
    } catch (error) {
      this.#drop(multicast, unicast);
      throw error;
    }
    this.#watched.set(name, linkLocal.identity);
    this.#outlets.set(name, { global: multicast, local: unicast });
    this.#joinSite(name);
  }

  /** D-002: one socket for the site's group; Linux delivers by group, whichever interface joined it. */
  async #openSite(): Promise<void> {
    const label = siteLabel();
    const socket = this.#create({ name: label, address: ALL_SERVERS });
    try {
      await socket.bind();
    } catch (error) {
      this.#drop(socket);
      throw error;
    }
    this.#site = socket;
    this.#outlets.set(label, { global: socket, local: undefined });
    for (const name of this.#watched.keys()) this.#joinSite(name);
  }

  #joinSite(name: string): void {
    try {
      this.#site?.join(ALL_SERVERS, name);
    } catch (error) {
      // Joined before, or the interface has no site scope; clients use ff02::1:2 in any case.
      if (!(error instanceof Error)) throw error;
    }
  }

  async #openUnicast(label: string, address: string, port: number): Promise<void> {
    const socket = this.#create({ name: label, address, port });
    try {
      await socket.bind();
    } catch (error) {
      this.#drop(socket);
      throw error;
    }
    this.#outlets.set(label, { global: socket, local: undefined });
  }

  #create(socket: { name: string; address: string; port?: number }): UdpSocket {
    const multicast = socket.address.startsWith("ff");
    // F-077, F-562: the time of arrival is told when it is read, before any queue of ours.
    const receive: UdpSocketOptions["receive"] = ({ scope, ...datagram }) =>
      this.#options.receive({
        ...datagram,
        // D-003: whatever the layer-2 destination was; the sockets are chosen by the layer-3 one.
        interface: this.#interfaceOf(socket.name, scope),
        multicast,
      });
    const created = new UdpSocket({
      address: socket.address,
      port: socket.port ?? this.#options.port ?? SERVER_PORT,
      shared: multicast,
      counters: this.#counters,
      clock: this.#options.clock,
      receive,
      failed: (reason) => this.#lost(socket.name, reason),
      touch: () => this.#touch(),
      tooOld: () => this.#tooOld(socket.name),
    });
    this.#sockets.add(created);
    return created;
  }

  /** On sockets that serve several interfaces only the scope of a link-local source tells which it was. */
  #interfaceOf(name: string, scope: string | undefined): string {
    if (name === scope || !name.startsWith("[")) return name;
    if (scope !== undefined) return this.#outlets.has(scope) ? scope : `${name}%${scope}`;
    const [only, second] = this.#options.interfaces;
    return name === siteLabel() && only !== undefined && second === undefined ? only : name;
  }

  #drop(...sockets: readonly UdpSocket[]): void {
    for (const socket of sockets) {
      socket.close();
      this.#sockets.delete(socket);
    }
  }

  /** An interface that lost its address or was made anew needs new sockets. */
  #checkInterfaces(): void {
    for (const [name, identity] of this.#watched) {
      const now = linkLocalOf(name)?.identity;
      if (now !== identity) {
        this.#lost(name, now === undefined ? "its link-local address is gone" : "it has changed");
      }
    }
  }

  #lost(name: string, reason: string): void {
    const outlet = this.#outlets.get(name);
    if (outlet === undefined || this.#closed) return;
    this.#outlets.delete(name);
    this.#drop(outlet.global, ...(outlet.local === undefined ? [] : [outlet.local]));
    this.#options.log({ id: "UDP_LOST", fields: { socket: name, reason } });
    if (this.#watched.delete(name)) this.#keepOpen(name, () => this.#openInterface(name));
    else this.#reopenOther(name);
  }

  #reopenOther(label: string): void {
    if (label === siteLabel()) {
      this.#keepOpen(label, () => this.#openSite());
      return;
    }
    for (const { address, port } of this.#options.unicast) {
      if (unicastLabel(address, port) !== label) continue;
      this.#keepOpen(label, () => this.#openUnicast(label, formatIpv6(address), port));
    }
  }

  // ---- the age of what waited (T-06 (3), (4)) ----

  /** When nothing comes the sockets are seen empty now and then, so that what comes next is known to be young. */
  #look(): void {
    this.#stalls.touch();
    // Timers run before the polling.
    this.#beforePoll = this.#options.clock.now();
    this.#awaitTurn();
  }

  #touch(): void {
    this.#stalls.touch();
    this.#awaitTurn();
  }

  /** Immediates run right after the polling, with nothing between but what was read. */
  #awaitTurn(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() => {
      this.#turning = false;
      for (const socket of this.#sockets) socket.turned(this.#beforePoll);
      this.#beforePoll = this.#options.clock.now();
    });
  }

  #stalled(gap: number): void {
    for (const socket of this.#sockets) socket.forgetAge();
    this.#options.log({ id: "UDP_STALE", fields: { millis: gap } });
  }

  /** The machine is slower than what comes. Said once in a while. */
  #tooOld(socket: string): void {
    const now = this.#options.clock.now();
    if (now - this.#saidOld < SAY_MILLIS) return;
    this.#saidOld = now;
    this.#options.log({ id: "UDP_OLD", fields: { socket } });
  }
}

/** What a datagram of a unicast socket carries as its interface; no interface has such a name. */
export function unicastLabel(address: Ipv6Address, port: number): string {
  return `[${formatIpv6(address)}]:${port}`;
}

/** The name of an outlet, and the interface of a link-local source where the name does not tell it. */
function splitLabel(label: string): [name: string, scope: string | undefined] {
  const percent = label.lastIndexOf("%");
  if (percent < 0 || !label.startsWith("[")) return [label, undefined];
  return [label.slice(0, percent), label.slice(percent + 1)];
}

function siteLabel(): string {
  return `[${ALL_SERVERS}]`;
}

/** The link-local address of an interface that is up, with what changes when it is made anew. */
function linkLocalOf(name: string): { address: string; identity: string } | undefined {
  for (const entry of networkInterfaces()[name] ?? []) {
    if (entry.family !== "IPv6" || !/^fe[89ab]/i.test(entry.address)) continue;
    return { address: entry.address, identity: `${entry.address}%${entry.scopeid}` };
  }
  return undefined;
}
