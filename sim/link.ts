// The servers' connections to each other, faked: octets in order but in arbitrary pieces, delay, STARTTLS with
// fingerprints, silence while the path is cut, resets.

import type { LinkEvent, LinkId, LinkRequest } from "../src/ports/partner-link.ts";
import type { ServerName } from "./checkers/observation.ts";
import { FINGERPRINT, SERVER_ADDRESS } from "./config.ts";
import type { Prng } from "./prng.ts";
import type { EventQueue } from "./queue.ts";

/** What a machine is to the network. */
export interface LinkPeer {
  readonly name: ServerName;
  /** "off": no power, nothing answers. "refuses": the machine runs, the server does not. */
  readonly presence: "off" | "refuses" | "serves";
  /** Counts its starts: what was meant for an earlier process never reaches a later one. */
  readonly incarnation: number;
  linkEvent(event: LinkEvent): void;
}

type Item =
  | { readonly type: "data"; readonly bytes: Uint8Array; readonly readyAt: number }
  | { readonly type: "tls"; readonly readyAt: number }
  | { readonly type: "end"; readonly reason: string; readonly readyAt: number };

interface End {
  readonly peer: LinkPeer;
  readonly id: LinkId;
  readonly incarnation: number;
  open: boolean;
  startedTls: boolean;
}

function newEnd(peer: LinkPeer, id: LinkId, open: boolean): End {
  return { peer, id, incarnation: peer.incarnation, open, startedTls: false };
}

interface Pipe {
  readonly from: End;
  readonly to: End;
  readonly items: Item[];
  queued: number;
  blocked: boolean;
  /** Its TLS marker was taken. */
  handshaken: boolean;
}

interface Connection {
  readonly number: number;
  readonly pipes: readonly [Pipe, Pipe];
}

/** Silence after which a connect is given up, milliseconds. */
const CONNECT_TIMEOUT = 5_000;
/** Octets the sending socket takes at once. */
const SOCKET_BUFFER = 16_384;

export class PartnerNetwork {
  readonly #queue: EventQueue;
  readonly #prng: Prng;
  readonly #peers: Readonly<Record<ServerName, LinkPeer>>;
  readonly #cut = new Set<string>();
  readonly #connections: Connection[] = [];
  #numbers = 0;
  #incoming = 0;
  /** Usual delay up to this, milliseconds. */
  delay = 5;

  constructor(options: {
    queue: EventQueue;
    prng: Prng;
    peers: Readonly<Record<ServerName, LinkPeer>>;
  }) {
    this.#queue = options.queue;
    this.#prng = options.prng;
    this.#peers = options.peers;
  }

  /** Cuts the path from one server to the other (one direction). */
  cut(from: ServerName): void {
    this.#cut.add(from);
  }

  heal(from: ServerName): void {
    this.#cut.delete(from);
    for (const connection of this.#connections)
      for (const pipe of connection.pipes) this.#pump(connection, pipe);
  }

  isCut(from: ServerName): boolean {
    return this.#cut.has(from);
  }

  /** Both ends learn that the connection is broken. */
  reset(): void {
    for (const connection of [...this.#connections]) {
      for (const pipe of connection.pipes) this.#close(pipe.to, "reset", 1);
    }
  }

  /** A process has ended: its machine resets what it had open. */
  processEnded(name: ServerName): void {
    for (const connection of [...this.#connections]) {
      for (const pipe of connection.pipes) {
        if (pipe.from.peer.name !== name || !pipe.from.open) continue;
        pipe.from.open = false;
        this.#end(connection, pipe, "reset", true);
      }
    }
  }

  /** A machine lost power: silence; what comes later is answered with a reset once it runs again. */
  powerLost(name: ServerName): void {
    for (const connection of this.#connections) {
      for (const pipe of connection.pipes) if (pipe.from.peer.name === name) pipe.from.open = false;
    }
  }

  powerBack(name: ServerName): void {
    for (const connection of [...this.#connections]) {
      for (const pipe of connection.pipes)
        if (pipe.to.peer.name === name) this.#pump(connection, pipe);
    }
  }

  request(name: ServerName, request: LinkRequest): void {
    if (request.type === "link-connect") return this.#connect(name, request);
    const found = this.#find(name, request.link);
    if (found === undefined) return;
    const { connection, pipe } = found;
    switch (request.type) {
      case "link-send":
        return this.#send(connection, pipe, request.bytes);
      case "link-start-tls":
        pipe.from.startedTls = true;
        pipe.items.push({ type: "tls", readyAt: this.#readyAt(pipe) });
        this.#plan(connection, pipe);
        return this.#pump(connection, this.#reverse(connection, pipe));
      case "link-close":
        pipe.from.open = false;
        this.#end(connection, pipe, "closed", request.abort);
        return this.#notify(
          pipe.from,
          { type: "link-closed", link: pipe.from.id, reason: "closed here" },
          1,
        );
    }
  }

  #connect(name: ServerName, request: Extract<LinkRequest, { type: "link-connect" }>): void {
    const from = this.#peers[name];
    const other: ServerName = name === "a" ? "b" : "a";
    const to = this.#peers[other];
    const fail = (reason: string, delay: number) => {
      const dead = newEnd(from, request.link, false);
      this.#notify(dead, { type: "link-closed", link: request.link, reason }, delay);
    };
    const silent = this.#cut.has(name) || this.#cut.has(other) || to.presence === "off";
    if (request.address !== SERVER_ADDRESS[other] || silent)
      return fail("timed out", CONNECT_TIMEOUT);
    if (to.presence === "refuses") return fail("refused", this.#latency());
    const dial = newEnd(from, request.link, true);
    const listen = newEnd(to, ++this.#incoming, true);
    const pipe = (one: End, two: End): Pipe => ({
      from: one,
      to: two,
      items: [],
      queued: 0,
      blocked: false,
      handshaken: false,
    });
    this.#connections.push({
      number: ++this.#numbers,
      pipes: [pipe(dial, listen), pipe(listen, dial)],
    });
    this.#notify(
      listen,
      { type: "link-opened", link: listen.id, peer: SERVER_ADDRESS[name] },
      this.#latency(),
    );
    this.#notify(
      dial,
      { type: "link-opened", link: dial.id, peer: SERVER_ADDRESS[other] },
      this.#latency() * 2,
    );
  }

  #send(connection: Connection, pipe: Pipe, bytes: Uint8Array): void {
    pipe.queued += bytes.length;
    if (pipe.queued > SOCKET_BUFFER) pipe.blocked = true;
    // TCP keeps the order of octets, not the borders of writes.
    for (let at = 0; at < bytes.length; ) {
      const size = this.#prng.chance(0.7)
        ? bytes.length - at
        : this.#prng.between(1, bytes.length - at);
      pipe.items.push({
        type: "data",
        bytes: bytes.slice(at, at + size),
        readyAt: this.#readyAt(pipe),
      });
      at += size;
    }
    this.#plan(connection, pipe);
  }

  #end(connection: Connection, pipe: Pipe, reason: string, abort: boolean): void {
    if (abort) pipe.items.length = 0;
    pipe.items.push({ type: "end", reason, readyAt: this.#readyAt(pipe) });
    this.#plan(connection, pipe);
  }

  #latency(): number {
    return 1 + this.#prng.below(this.delay);
  }

  #readyAt(pipe: Pipe): number {
    return Math.max(pipe.items.at(-1)?.readyAt ?? 0, this.#queue.now + this.#latency());
  }

  #plan(connection: Connection, pipe: Pipe): void {
    const last = pipe.items.at(-1);
    if (last !== undefined) this.#queue.at(last.readyAt, () => this.#pump(connection, pipe));
  }

  /** Delivers what is due and not held back. */
  #pump(connection: Connection, pipe: Pipe): void {
    const { to } = pipe;
    for (let item = pipe.items[0]; item !== undefined; item = pipe.items[0]) {
      if (
        item.readyAt > this.#queue.now ||
        this.#cut.has(pipe.from.peer.name) ||
        to.peer.presence === "off"
      )
        return;
      const reverse = this.#reverse(connection, pipe);
      if (!to.open) {
        pipe.items.length = 0;
        // Octets for a connection that its end has forgotten are answered with a reset.
        if (pipe.from.open) this.#end(connection, reverse, "reset", true);
        return;
      }
      if (item.type === "tls" && !to.startedTls) return;
      if (item.type === "data" && pipe.handshaken && !reverse.handshaken) return;
      pipe.items.shift();
      this.#deliver(connection, pipe, item);
    }
  }

  #deliver(connection: Connection, pipe: Pipe, item: Item): void {
    const { from, to } = pipe;
    if (item.type === "data") {
      to.peer.linkEvent({
        type: "link-data",
        link: to.id,
        bytes: item.bytes,
        // The machine that gets it notes the time by its own clock.
        receivedAt: undefined,
      });
      pipe.queued -= item.bytes.length;
      if (pipe.blocked && pipe.queued === 0) {
        pipe.blocked = false;
        this.#notify(from, { type: "link-drained", link: from.id }, 1);
      }
    } else if (item.type === "tls") {
      pipe.handshaken = true;
      const reverse = this.#reverse(connection, pipe);
      if (!reverse.handshaken) return;
      for (const end of [from, to]) {
        const other = end === from ? to : from;
        if (end.open)
          end.peer.linkEvent({
            type: "link-secured",
            link: end.id,
            fingerprint: FINGERPRINT[other.peer.name],
          });
      }
      this.#queue.after(0, () => this.#pump(connection, reverse));
    } else this.#close(to, item.reason, 0);
  }

  #close(end: End, reason: string, delay: number): void {
    if (!end.open) return;
    end.open = false;
    this.#notify(end, { type: "link-closed", link: end.id, reason }, delay);
    this.#forget();
  }

  #notify(end: End, event: LinkEvent, delay: number): void {
    this.#queue.after(delay, () => {
      if (end.incarnation !== end.peer.incarnation) return;
      if (end.open || event.type === "link-closed") end.peer.linkEvent(event);
    });
  }

  #reverse(connection: Connection, pipe: Pipe): Pipe {
    return connection.pipes[0] === pipe ? connection.pipes[1] : connection.pipes[0];
  }

  #find(name: ServerName, id: LinkId): { connection: Connection; pipe: Pipe } | undefined {
    for (const connection of this.#connections) {
      for (const pipe of connection.pipes) {
        if (pipe.from.peer.name === name && pipe.from.id === id && pipe.from.open)
          return { connection, pipe };
      }
    }
    return undefined;
  }

  #forget(): void {
    for (let i = this.#connections.length - 1; i >= 0; i--) {
      const [one, two] = (this.#connections[i] as Connection).pipes;
      if (!one.from.open && !two.from.open && one.items.length === 0 && two.items.length === 0)
        this.#connections.splice(i, 1);
    }
  }
}
