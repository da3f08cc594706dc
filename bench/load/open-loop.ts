// Exchanges begun at a steady rate whatever the servers do (an open loop): a slow server meets a growing queue, as from
// real clients. Nothing is repeated: what is lost counts as lost.

import { createSocket, type Socket } from "node:dgram";
import { readAnswer, renew, request, solicit, TYPE, type Wanted } from "./packets.ts";

export type Kind = "address" | "prefix" | "rapid" | "renew-mix";

export interface RunOptions {
  readonly kind: Kind;
  /** Exchanges a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Client port of the server on ::1. */
  readonly port: number;
}

export interface RunResult {
  readonly asked: number;
  readonly begun: number;
  readonly done: number;
  /** Seconds in which exchanges were begun. */
  readonly seconds: number;
  /** Milliseconds from the last message of the client to its REPLY. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What may still come after the last exchange was begun. */
const DRAIN_MILLIS = 1_000;
const TICK_MILLIS = 1;
const BUFFER = 4 * 1024 * 1024;
/** Leases kept for renewals. */
const KEPT = 50_000;

interface Lease {
  readonly client: number;
  readonly server: Buffer;
  readonly ia: Buffer;
}

const literal = (
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void => done(null, host, 6);

export class OpenLoop {
  readonly #socket: Socket;
  /** When the message that a REPLY is awaited for was sent, by client. */
  #sentAt = new Map<number, number>();
  #latencies: number[] = [];
  #leases = new Map<number, Lease[]>();
  #nextClient: number;
  #port = 0;
  #wanted: Wanted = "address";
  #done = 0;

  /** `firstClient`: numbers from here on are this generator's. */
  constructor(firstClient: number) {
    this.#nextClient = firstClient;
    this.#socket = createSocket({
      type: "udp6",
      recvBufferSize: BUFFER,
      sendBufferSize: BUFFER,
      lookup: literal as never,
    });
    this.#socket.on("message", (bytes) => this.#received(bytes));
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.#socket.bind(0, "::1", resolve));
  }

  close(): void {
    this.#socket.close();
  }

  async run({ kind, rate, seconds, port }: RunOptions): Promise<RunResult> {
    this.#sentAt = new Map();
    this.#latencies = [];
    this.#done = 0;
    this.#port = port;
    this.#wanted = kind === "prefix" ? "prefix" : "address";
    const begun = await this.#begin(kind, rate, seconds);
    await new Promise((resolve) => setTimeout(resolve, DRAIN_MILLIS));
    const sorted = Float64Array.from(this.#latencies).sort();
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
    const counts = { asked: rate, begun: begun.count, done: this.#done, seconds: begun.seconds };
    return { ...counts, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }

  /** Each millisecond as many as are due; a generator that comes late does not make up for more than 50 ms. */
  #begin(kind: Kind, rate: number, seconds: number): Promise<{ count: number; seconds: number }> {
    return new Promise((resolve) => {
      const from = performance.now();
      let before = from;
      let due = 0;
      let count = 0;
      const timer = setInterval(() => {
        const now = performance.now();
        due += (rate * Math.min(now - before, 50)) / 1_000;
        before = now;
        for (; due >= 1; due--) this.#exchange(kind, count++, now);
        if (now - from < seconds * 1_000) return;
        clearInterval(timer);
        resolve({ count, seconds: (now - from) / 1_000 });
      }, TICK_MILLIS);
    });
  }

  #exchange(kind: Kind, count: number, now: number): void {
    if (kind === "renew-mix" && count % 2 === 1) {
      const leases = this.#leases.get(this.#port) ?? [];
      const lease = leases[(count >> 1) % leases.length];
      if (lease !== undefined) {
        this.#sentAt.set(lease.client, now);
        this.#send(renew(lease.client, lease.server, lease.ia));
        return;
      }
    }
    const client = this.#nextClient++;
    const rapid = kind === "rapid";
    this.#sentAt.set(client, now);
    this.#send(solicit(client, this.#wanted, rapid));
  }

  #send(bytes: Buffer): void {
    this.#socket.send(bytes, this.#port, "::1");
  }

  #received(bytes: Buffer): void {
    const offer = readAnswer(bytes);
    if (offer?.server === undefined || offer.ia === undefined) return;
    const { type, client, server, ia } = offer;
    const sentAt = this.#sentAt.get(client);
    if (sentAt === undefined) return;
    const now = performance.now();
    if (type === TYPE.ADVERTISE) {
      this.#sentAt.set(client, now);
      this.#send(request(client, server, ia));
    } else if (type === TYPE.REPLY) {
      this.#sentAt.delete(client);
      this.#latencies.push(now - sentAt);
      this.#done++;
      this.#keep({ client, server, ia });
    }
  }

  #keep({ client, server, ia }: Lease): void {
    let leases = this.#leases.get(this.#port);
    if (leases === undefined) {
      leases = [];
      this.#leases.set(this.#port, leases);
    }
    if (leases.length >= KEPT || this.#wanted !== "address") return;
    // Copies: the datagram's buffer is larger and would be kept with them.
    leases.push({ client, server: Buffer.from(server), ia: Buffer.from(ia) });
  }
}
