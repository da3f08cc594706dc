// A relay over a real socket: puts clients' messages into RELAY-FORW to both servers, as real relays do, and
// hands back what comes in RELAY-REPL. From another port than 547 it asks for answers there (RFC 8357).

import { createSocket, type Socket } from "node:dgram";

const RELAY_FORW = 12;
const RELAY_REPL = 13;
const RELAY_MSG = 9;
const RELAY_SOURCE_PORT = 135;
const HEADER = 34;
const BUFFER = 4 * 1024 * 1024;

export interface Destination {
  readonly address: string;
  readonly port: number;
}

/** `[address]:port`, or an address alone for port 547. */
export function parseDestination(text: string): Destination {
  const bracketed = /^\[([^\]]+)\]:(\d+)$/.exec(text);
  if (bracketed === null) return { address: text, port: 547 };
  return { address: bracketed[1] as string, port: Number(bracketed[2]) };
}

/** Octets of an IPv6 address with one `::` at most. */
export function addressBytes(text: string): Buffer {
  const [head, tail] = text.split("::");
  const groups = (part: string | undefined) =>
    part === undefined || part === "" ? [] : part.split(":");
  const before = groups(head);
  const after = groups(tail);
  const bytes = Buffer.alloc(16);
  for (const [i, group] of before.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), i * 2);
  for (const [i, group] of after.entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 16 - (after.length - i) * 2);
  }
  return bytes;
}

export interface RelayOptions {
  readonly bind: string;
  /** 0: any free port. */
  readonly port: number;
  readonly linkAddress: string;
  readonly servers: readonly Destination[];
  /** A client's number and the message for it; the octets are valid only during the call. */
  readonly receive: (client: number, message: Buffer) => void;
}

export class SocketRelay {
  readonly #socket: Socket;
  readonly #options: RelayOptions;
  readonly #link: Buffer;
  #port = 547;
  sent = 0;
  received = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#link = addressBytes(options.linkAddress);
    this.#socket = createSocket({
      type: "udp6",
      recvBufferSize: BUFFER,
      sendBufferSize: BUFFER,
      // A literal address needs no lookup, and the plain one costs a turn of the event loop.
      lookup: (host, _options, callback) => callback(null, host, 6),
    });
    this.#socket.on("message", (bytes) => this.#message(bytes));
    // A server that is down answers with port unreachable: nothing to do about it.
    this.#socket.on("error", () => undefined);
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once("error", reject);
      this.#socket.bind(this.#options.port, this.#options.bind, () => {
        this.#port = this.#socket.address().port;
        resolve();
      });
    });
  }

  close(): void {
    this.#socket.close();
  }

  /** Sends a client's message to the servers with these indexes. */
  send(client: number, message: Uint8Array, servers: readonly number[]): void {
    const other = this.#port !== 547;
    const bytes = Buffer.alloc(HEADER + 4 + message.length + (other ? 6 : 0));
    bytes[0] = RELAY_FORW;
    this.#link.copy(bytes, 2);
    // The peer address carries the client's number: it comes back in the answer.
    bytes.writeUInt16BE(0xfe80, 18);
    bytes.writeUInt32BE(client, 30);
    bytes.writeUInt16BE(RELAY_MSG, HEADER);
    bytes.writeUInt16BE(message.length, HEADER + 2);
    bytes.set(message, HEADER + 4);
    if (other) {
      bytes.writeUInt16BE(RELAY_SOURCE_PORT, HEADER + 4 + message.length);
      bytes.writeUInt16BE(2, HEADER + 6 + message.length);
    }
    for (const index of servers) {
      const server = this.#options.servers[index];
      if (server === undefined) continue;
      this.sent++;
      this.#socket.send(bytes, server.port, server.address, () => undefined);
    }
  }

  #message(bytes: Buffer): void {
    if (bytes[0] !== RELAY_REPL || bytes.length < HEADER) return;
    this.received++;
    const client = bytes.readUInt32BE(30);
    for (let at = HEADER; at + 4 <= bytes.length; ) {
      const end = at + 4 + bytes.readUInt16BE(at + 2);
      if (end > bytes.length) return;
      if (bytes.readUInt16BE(at) === RELAY_MSG) {
        this.#options.receive(client, bytes.subarray(at + 4, end));
        return;
      }
      at = end;
    }
  }
}
