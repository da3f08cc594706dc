// A client that asks again and again for an offer and takes none: how long it goes without an answer is what clients of
// a takeover see. A SOLICIT and its ADVERTISE promise nothing.

import { randomBytes, randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { type Duid, formatDuid } from "../../core/model/duid.ts";
import { type Ipv6Address, UNSPECIFIED } from "../../core/model/ipv6.ts";
import { DecodeError } from "../../core/wire/decode-error.ts";
import { decodeMessage, encodeMessage } from "../../core/wire/messages.ts";
import { firstOption, option } from "../../core/wire/options.ts";
import { isRelayMessage, unwrapRelay, wrapRelay } from "../../core/wire/relay.ts";

const CLIENT_PORT = 546;
const SERVER_PORT = 547;
const ALL_AGENTS_AND_SERVERS = "ff02::1:2";
const EVERY_MILLIS = 50;
/** More than a drill of ten minutes sends. */
const MOST_SENT = 20_000;

/** Where the probe asks: on a link as a client does, or at servers' addresses as a relay of a link does. */
export type ProbePlace =
  | { readonly type: "link"; readonly interface: string }
  | {
      readonly type: "relay";
      readonly linkAddress: Ipv6Address;
      readonly servers: readonly { readonly address: string; readonly port: number }[];
    };

/** One question and when its first answer came. */
export interface Asked {
  readonly sentAt: number;
  answeredAt: number | undefined;
  /** The server's DUID. */
  by: string | undefined;
}

export class Probe {
  /** In order of time. */
  readonly asked: Asked[] = [];
  readonly #place: ProbePlace;
  readonly #socket: Socket;
  readonly #open = new Map<number, Asked>();
  readonly #duid = `0004${randomBytes(16).toString("hex")}` as Duid;
  readonly #iaid = randomInt(1, 0xffff_ffff);
  #timer: NodeJS.Timeout | undefined;

  constructor(place: ProbePlace) {
    this.#place = place;
    this.#socket = createSocket({
      type: "udp6",
      reuseAddr: true,
      lookup: (host, _options, callback) => callback(null, host, 6),
    });
    this.#socket.on("message", (bytes) => this.#received(bytes));
  }

  /** Rejects when the port cannot be opened. */
  async start(): Promise<void> {
    const socket = this.#socket;
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(this.#place.type === "link" ? CLIENT_PORT : 0, () => {
        socket.off("error", reject);
        resolve();
      });
    });
    // A server that is off answers with port unreachable.
    socket.on("error", () => undefined);
    if (this.#place.type === "link") socket.setMulticastInterface(`::%${this.#place.interface}`);
    this.#timer = setInterval(() => this.#ask(), EVERY_MILLIS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #ask(): void {
    if (this.asked.length >= MOST_SENT) return;
    const transactionId = randomInt(0x100_0000);
    const asked: Asked = { sentAt: performance.now(), answeredAt: undefined, by: undefined };
    this.asked.push(asked);
    this.#open.set(transactionId, asked);
    const message = encodeMessage({
      type: "SOLICIT",
      transactionId,
      options: [
        option("CLIENTID", { duid: this.#duid }),
        option("ELAPSED_TIME", { value: 0 }),
        option("IA_NA", { iaid: this.#iaid, t1: 0, t2: 0, options: [] }),
      ],
    });
    this.#send(message);
  }

  #send(message: Uint8Array): void {
    const place = this.#place;
    if (place.type === "link") {
      const group = `${ALL_AGENTS_AND_SERVERS}%${place.interface}`;
      this.#socket.send(message, SERVER_PORT, group);
      return;
    }
    // RFC 8357: the answer comes to this port.
    const level = {
      type: "RELAY-FORW",
      hopCount: 0,
      linkAddress: place.linkAddress,
      peerAddress: UNSPECIFIED,
      options: [option("RELAY_PORT", { value: 0 })],
    } as const;
    const relayed = wrapRelay([level], message);
    for (const { address, port } of place.servers) this.#socket.send(relayed, port, address);
  }

  #received(bytes: Uint8Array): void {
    try {
      const message = decodeMessage(isRelayMessage(bytes) ? unwrapRelay(bytes).message : bytes);
      if (message.type !== "ADVERTISE") return;
      const asked = this.#open.get(message.transactionId);
      if (asked === undefined || asked.answeredAt !== undefined) return;
      // An ADVERTISE without an address is no service.
      const ia = firstOption(message.options, "IA_NA");
      if (ia === undefined || firstOption(ia.options, "IAADDR") === undefined) return;
      const server = firstOption(message.options, "SERVERID");
      asked.answeredAt = performance.now();
      asked.by = server === undefined ? "?" : formatDuid(server.duid);
    } catch (error) {
      // Not for us to judge: whatever comes to the port.
      if (!(error instanceof DecodeError)) throw error;
    }
  }
}

/** The longest time from a question that nobody answered to the next one that was, milliseconds; and when it began. */
export function longestGap(asked: readonly Pick<Asked, "sentAt" | "answeredAt">[]): {
  readonly millis: number;
  readonly from: number | undefined;
} {
  let longest = { millis: 0, from: undefined as number | undefined };
  let since: number | undefined;
  for (const { sentAt, answeredAt } of asked) {
    if (answeredAt === undefined) {
      since ??= sentAt;
      continue;
    }
    if (since !== undefined && answeredAt - since > longest.millis)
      longest = { millis: answeredAt - since, from: since };
    since = undefined;
  }
  return longest;
}
