// One UDP socket of the dgram adapter: binding, the age of what is read (T-06 (3), (4)), counters.

import dgram from "node:dgram";
import { formatIpv6, type Ipv6Address, parseIpv6 } from "../core/model/ipv6.ts";
import type { Millis } from "../core/model/time.ts";
import { QueueAge } from "../core/server/queue-age.ts";
import type { Clock } from "../ports/clock.ts";
import type { SentDatagram } from "../ports/datagram.ts";
import { type Outgoing, type SendCounters, SendQueue } from "./send-queue.ts";

declare module "dgram" {
  interface Socket {
    /** In Node since 18.8, in its types later. */
    getSendQueueCount(): number;
  }
}

/**
 * A burst of clients after a power cut should wait and not be lost, but not for long: without time stamps
 * nobody knows how old a datagram in the queue is (F-562). The kernel doubles this; it holds about 2,000
 * small datagrams, which are served well within the 2 s of T-06 (4).
 */
const RECEIVE_BUFFER = 1024 * 1024;
/** The kernel counts at least this much of the buffer for a datagram, however small (it takes 768 or more). */
const OCTETS_PER_DATAGRAM = 512;
/** libuv reads at most this many datagrams of a socket in one turn; fewer mean that it was emptied. */
const READ_PER_TURN = 32;
/** Text forms kept, so that a relay's address is not parsed again for every datagram. */
const MAX_KEPT_TEXTS = 4_096;

/** Counters of the adapter, shared by its sockets. */
export interface UdpCounters extends SendCounters {
  received: number;
  stale: number;
  receiveErrors: number;
  notOpen: number;
}

/** A datagram as it is read. */
export interface Incoming {
  readonly bytes: Uint8Array;
  readonly source: Ipv6Address;
  readonly sourcePort: number;
  /** The interface of a link-local source, undefined for other sources. */
  readonly scope: string | undefined;
  /** The earliest time at which it can have come. */
  readonly receivedAt: Millis;
}

export interface UdpSocketOptions {
  /** `address%interface` or an address. */
  readonly address: string;
  readonly port: number;
  /** For multicast addresses: several servers of a host may have them. */
  readonly shared: boolean;
  readonly counters: UdpCounters;
  readonly clock: Clock;
  readonly receive: (datagram: Incoming) => void;
  /** The socket is of no more use (the interface is gone). */
  readonly failed: (reason: string) => void;
  /** A datagram is about to be read: the stall watch looks at the clock, and the end of this turn is told to the sockets. */
  readonly touch: () => void;
  /** What is read may be too old from now on, until the socket was emptied. */
  readonly tooOld: () => void;
}

/** Errors of a socket whose interface is gone; all others are counted and the socket stays. */
const FATAL = new Set(["ENODEV", "ENXIO", "EBADF", "ENOTSOCK"]);

/** Addresses are literal: no resolver, no thread of the pool (research: dgram without it waits a tick). */
const literal = (
  host: string,
  _family: unknown,
  done: (e: null, a: string, f: number) => void,
): void => done(null, host, 6);

export class UdpSocket {
  readonly #socket: dgram.Socket;
  readonly #options: UdpSocketOptions;
  readonly #sending: SendQueue;
  #open = false;
  /** Undefined until it is bound. */
  #age: QueueAge | undefined;
  #readThisTurn = 0;
  #lastRead: Millis = 0;

  constructor(options: UdpSocketOptions) {
    this.#options = options;
    this.#socket = dgram.createSocket({
      type: "udp6",
      ipv6Only: true,
      reuseAddr: options.shared,
      recvBufferSize: RECEIVE_BUFFER,
      lookup: literal as never,
    });
    const outlet = {
      send: ({ bytes, port, address }: Outgoing, done: (error: Error | null) => void) =>
        this.#socket.send(bytes, 0, bytes.length, port, address, done),
      waiting: () => this.#socket.getSendQueueCount(),
    };
    this.#sending = new SendQueue(outlet, options.clock, options.counters);
  }

  get open(): boolean {
    return this.#open;
  }

  /** The port it is bound to (another than asked for only when that was 0). */
  get port(): number {
    return this.#socket.address().port;
  }

  bind(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ address: this.#options.address, port: this.#options.port }, () => {
        socket.off("error", reject);
        socket.on("error", (error) => this.#error(error));
        socket.on("message", (bytes, from) => this.#message(bytes, from));
        const capacity = Math.ceil(socket.getRecvBufferSize() / OCTETS_PER_DATAGRAM) + 2;
        this.#age = new QueueAge({ capacity, now: this.#options.clock.now() });
        this.#open = true;
        resolve();
      });
    });
  }

  /** D-002. Throws when the interface is not there. */
  join(group: string, interfaceName: string): void {
    this.#socket.addMembership(group, `::%${interfaceName}`);
  }

  send({ bytes, destination, dropAt, port }: SentDatagram, scope: string | undefined): void {
    if (!this.#open) {
      this.#options.counters.notOpen++;
      return;
    }
    const text = textOf(destination);
    // D-005: a link-local address means something only together with its interface.
    const address = scope === undefined ? text : `${text}%${scope}`;
    this.#sending.send({ bytes, address, port, dropAt });
  }

  close(): void {
    this.#open = false;
    try {
      this.#socket.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SOCKET_DGRAM_NOT_RUNNING") throw error;
    }
  }

  /** T-06 (3): the loop stood still; nothing of what waits now may be believed to be young. */
  forgetAge(): void {
    this.#age?.forget();
  }

  /** The system was polled: what was there has been read, up to a limit. `before`: a time before the polling. */
  turned(before: Millis): void {
    if (this.#readThisTurn < READ_PER_TURN)
      this.#age?.empty(this.#readThisTurn === 0 ? before : this.#lastRead);
    this.#readThisTurn = 0;
  }

  #message(buffer: Buffer, from: dgram.RemoteInfo): void {
    const { clock, counters, receive, tooOld, touch } = this.#options;
    touch();
    counters.received++;
    this.#readThisTurn++;
    this.#lastRead = clock.now();
    const wasTooOld = this.#age?.isTooOld;
    const receivedAt = this.#age?.read(this.#lastRead);
    if (receivedAt === undefined) {
      counters.stale++;
      if (wasTooOld === false) tooOld();
      return;
    }
    const percent = from.address.indexOf("%");
    const source = addressOf(percent < 0 ? from.address : from.address.slice(0, percent));
    const scope = percent < 0 ? undefined : from.address.slice(percent + 1);
    if (source === undefined) counters.receiveErrors++;
    else receive({ bytes: plainBytes(buffer), source, sourcePort: from.port, scope, receivedAt });
  }

  /** ECONNREFUSED and the like tell of one datagram's fate; the socket serves on. */
  #error(error: NodeJS.ErrnoException): void {
    this.#options.counters.receiveErrors++;
    if (FATAL.has(error.code ?? "")) this.#options.failed(error.message);
  }
}

/** The core is given no Buffer, whose `slice` shares where that of an Uint8Array copies. */
function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** A bounded memory for the two text conversions; when it is full it begins anew. */
function remember<K, V>(compute: (key: K) => V): (key: K) => V {
  const kept = new Map<K, V>();
  return (key) => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const value = compute(key);
    if (kept.size >= MAX_KEPT_TEXTS) kept.clear();
    kept.set(key, value);
    return value;
  };
}

const textOf = remember(formatIpv6);
const addressOf = remember(parseIpv6);
