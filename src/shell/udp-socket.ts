// One UDP socket of the dgram adapter: binding, the drop of what waited through a stall (T-06 (3)),
// a bounded send queue, counters.

import dgram from "node:dgram";
import { formatIpv6, type Ipv6Address, parseIpv6 } from "../core/model/ipv6.ts";

declare module "dgram" {
  interface Socket {
    /** In Node since 18.8, in its types later. */
    getSendQueueSize(): number;
  }
}

/**
 * A burst of clients after a power cut should wait and not be lost, but not for long: without time stamps
 * nobody knows how old a datagram in the queue is (F-562). The kernel doubles this; it holds about 2,000
 * small datagrams, which are served well within the 2 s of T-06 (4).
 */
const RECEIVE_BUFFER = 1024 * 1024;
/** Octets that the kernel has not taken yet; beyond, replies are dropped (clients repeat). */
const SEND_QUEUE = 4 * 1024 * 1024;
/** libuv reads at most this many datagrams of a socket in one turn; fewer mean that it was emptied. */
const READ_PER_TURN = 32;
/** Text forms kept, so that a relay's address is not parsed again for every datagram. */
const MAX_KEPT_TEXTS = 4_096;

/** Counters of the adapter, shared by its sockets. */
export interface UdpCounters {
  received: number;
  sent: number;
  stale: number;
  receiveErrors: number;
  sendErrors: number;
  sendQueueFull: number;
  notOpen: number;
}

export interface UdpSocketOptions {
  /** `address%interface` or an address. */
  readonly address: string;
  readonly port: number;
  /** For multicast addresses: several servers of a host may have them. */
  readonly shared: boolean;
  readonly counters: UdpCounters;
  /** A datagram; `scope` is the interface of a link-local source, undefined for other sources. */
  readonly receive: (
    bytes: Uint8Array,
    source: Ipv6Address,
    port: number,
    scope: string | undefined,
  ) => void;
  /** The socket is of no more use (the interface is gone). */
  readonly failed: (reason: string) => void;
  /** A callback begins to run; the stall watch looks at the clock. */
  readonly touch: () => void;
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
  #open = false;
  /** T-06 (3): what is read is of unknown age until a turn has emptied the socket. */
  #suspect = false;
  #readThisTurn = 0;

  constructor(options: UdpSocketOptions) {
    this.#options = options;
    this.#socket = dgram.createSocket({
      type: "udp6",
      ipv6Only: true,
      reuseAddr: options.shared,
      recvBufferSize: RECEIVE_BUFFER,
      lookup: literal as never,
    });
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
        this.#open = true;
        resolve();
      });
    });
  }

  /** D-002. Throws when the interface is not there. */
  join(group: string, interfaceName: string): void {
    this.#socket.addMembership(group, `::%${interfaceName}`);
  }

  send(bytes: Uint8Array, destination: Ipv6Address, port: number, scope: string | undefined): void {
    const { counters } = this.#options;
    if (!this.#open) {
      counters.notOpen++;
      return;
    }
    if (this.#socket.getSendQueueSize() > SEND_QUEUE) {
      counters.sendQueueFull++;
      return;
    }
    const text = textOf(destination);
    // D-005: a link-local address means something only together with its interface.
    const address = scope === undefined ? text : `${text}%${scope}`;
    this.#socket.send(bytes, 0, bytes.length, port, address, (error) => {
      if (error === null) counters.sent++;
      else counters.sendErrors++;
    });
  }

  close(): void {
    this.#open = false;
    try {
      this.#socket.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SOCKET_DGRAM_NOT_RUNNING") throw error;
    }
  }

  /** The loop stood still: nothing of what waits now may be believed to be young. */
  suspect(): void {
    this.#suspect = true;
    this.#readThisTurn = 0;
  }

  /** The turn is over. Whether the socket was emptied, so that what comes from now on is young. */
  settle(): boolean {
    if (this.#readThisTurn < READ_PER_TURN) this.#suspect = false;
    this.#readThisTurn = 0;
    return !this.#suspect;
  }

  #message(buffer: Buffer, from: dgram.RemoteInfo): void {
    const { counters, touch, receive } = this.#options;
    touch();
    counters.received++;
    if (this.#suspect) {
      this.#readThisTurn++;
      counters.stale++;
      return;
    }
    const percent = from.address.indexOf("%");
    const source = addressOf(percent < 0 ? from.address : from.address.slice(0, percent));
    const scope = percent < 0 ? undefined : from.address.slice(percent + 1);
    if (source === undefined) counters.receiveErrors++;
    else receive(plainBytes(buffer), source, from.port, scope);
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
