// SOLICIT, ADVERTISE, REQUEST, REPLY (or SOLICIT, REPLY with Rapid Commit) by new clients at a fixed rate.

import { createSocket, type Socket } from "node:dgram";
import { addressBytes, parseDestination } from "../../tools/load/relay.ts";

export type Kind = "address" | "prefix" | "rapid";

export interface ExchangesOptions {
  readonly server: string;
  /** Own port; 547 needs root, any other asks for answers there (RFC 8357). */
  readonly port: number;
  readonly rate: number;
  readonly seconds: number;
  readonly kind: Kind;
  /** Number of the first client; each number is another client. */
  readonly first: number;
}

export interface Measured {
  readonly started: number;
  readonly completed: number;
  /** Exchanges asked for a second, and completed a second. */
  readonly asked: number;
  readonly done: number;
  /** Of the last message's answer, milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const HEADER = 38;
const IA_NA = 3;
const IA_PD = 25;
const LINK = "2001:db8:2::1";
/** After the last start: answers that come later than this are lost. */
const GRACE = 1_000;

export class Exchanges {
  readonly #options: ExchangesOptions;
  readonly #socket: Socket;
  readonly #template: Buffer;
  readonly #asked = new Map<number, number>();
  readonly #latencies: number[] = [];
  readonly #destination: { readonly address: string; readonly port: number };
  #started = 0;
  #tail = Buffer.alloc(0);

  constructor(options: ExchangesOptions) {
    this.#options = options;
    this.#destination = parseDestination(options.server);
    this.#template = solicit(options.kind);
    this.#socket = createSocket({
      type: "udp6",
      recvBufferSize: 8 * 1024 * 1024,
      sendBufferSize: 4 * 1024 * 1024,
      lookup: (host, _options, callback) => callback(null, host, 6),
    });
    this.#socket.on("message", (bytes) => this.#message(bytes));
    this.#socket.on("error", () => undefined);
  }

  async run(): Promise<Measured> {
    const { port, rate, seconds } = this.#options;
    await new Promise<void>((resolve) => {
      this.#socket.bind(port, "::1", resolve);
    });
    if (this.#socket.address().port !== 547) this.#tail = Buffer.from([0, 135, 0, 2, 0, 0]);
    const begin = performance.now();
    const total = Math.round(rate * seconds);
    await new Promise<void>((resolve) => {
      const step = () => {
        const due = Math.min(total, Math.floor(((performance.now() - begin) / 1000) * rate));
        // At most a small burst a turn, so that answers are read in between.
        for (let burst = 0; this.#started < due && burst < 64; burst++) this.#start();
        if (this.#started >= total) resolve();
        else setImmediate(step);
      };
      step();
    });
    const elapsed = (performance.now() - begin) / 1000;
    await new Promise((resolve) => {
      setTimeout(resolve, GRACE);
    });
    this.#socket.close();
    return this.#measured(elapsed);
  }

  #measured(elapsed: number): Measured {
    const sorted = this.#latencies.sort((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      started: this.#started,
      completed: sorted.length,
      asked: this.#started / elapsed,
      done: sorted.length / elapsed,
      p50: at(0.5),
      p99: at(0.99),
    };
  }

  #start(): void {
    const number = this.#options.first + this.#started++;
    const message = Buffer.from(this.#template);
    message.writeUIntBE(number & 0xffffff, 1, 3);
    message.writeUInt32BE(number, 14);
    if (this.#options.kind === "rapid") this.#asked.set(number, performance.now());
    this.#send(number, message);
  }

  #send(number: number, message: Buffer): void {
    const head = Buffer.from(RELAY);
    head.writeUInt32BE(number, 30);
    head.writeUInt16BE(message.length, 36);
    const { port, address } = this.#destination;
    this.#socket.send([head, message, this.#tail], port, address, ignore);
  }

  #message(bytes: Buffer): void {
    const number = bytes.readUInt32BE(30);
    const inner = innerMessage(bytes);
    if (inner === undefined) return;
    if (inner[0] === 2) {
      // The ADVERTISE becomes the REQUEST: same options, server identifier and lease included.
      const request = Buffer.from(inner);
      request[0] = 3;
      this.#asked.set(number, performance.now());
      this.#send(number, request);
      return;
    }
    const asked = this.#asked.get(number);
    if (inner[0] !== 7 || asked === undefined) return;
    this.#asked.delete(number);
    this.#latencies.push(performance.now() - asked);
  }
}

function ignore(): void {
  // A datagram that could not be sent counts as lost.
}

const RELAY = Buffer.concat([
  Buffer.from([12, 0]),
  addressBytes(LINK),
  addressBytes("fe80::1"),
  Buffer.from([0, 9, 0, 0]),
]);

/** A SOLICIT with a DUID-LL whose last four octets (14 to 17) are the client's number. */
function solicit(kind: Kind): Buffer {
  const duid = Buffer.from("0003000102000000000000".slice(0, 20), "hex");
  const parts = [
    Buffer.from([1, 0, 0, 0]),
    Buffer.from([0, 1, 0, duid.length]),
    duid,
    Buffer.from([0, 8, 0, 2, 0, 0]),
    Buffer.from([0, 6, 0, 4, 0, 23, 0, 24]),
    Buffer.from([0, kind === "prefix" ? IA_PD : IA_NA, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    kind === "rapid" ? Buffer.from([0, 14, 0, 0]) : Buffer.alloc(0),
  ];
  return Buffer.concat(parts);
}

function innerMessage(bytes: Buffer): Buffer | undefined {
  for (let at = HEADER - 4; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (bytes.readUInt16BE(at) === 9) return bytes.subarray(at + 4, end);
    at = end;
  }
  return undefined;
}
