// The network between clients and servers: one link that both servers hear directly, one behind a relay. Datagrams
// are lost, delayed (they live at most 5 s), duplicated and so reordered; paths are cut in one or both directions.

import { type Ipv6Address, ipv6FromBytes, ipv6ToBytes } from "../src/core/model/ipv6.ts";
import type { SentDatagram } from "../src/ports/datagram.ts";
import type { ServerName } from "./checkers/observation.ts";
import { concat, decodeOptions, encodeOption, find } from "./clients/codec.ts";
import { LAN, RELAYS, type Relay, UPLINK } from "./config.ts";
import type { Prng } from "./prng.ts";
import type { EventQueue } from "./queue.ts";
import type { NetworkOptions, Scenario } from "./scenario.ts";

/** What arrives at a server's socket. */
export interface Arrival {
  readonly bytes: Uint8Array;
  readonly interface: string;
  readonly source: Ipv6Address;
  readonly sourcePort: number;
  readonly multicast: boolean;
}

export type LinkName = "lan" | "far";

export interface NetworkEnds {
  toServer(server: ServerName, arrival: Arrival): void;
  /** To the node that has the address on that link. */
  toClient(link: LinkName, address: Ipv6Address, bytes: Uint8Array): void;
}

const RELAY_FORW = 12;
const RELAY_MSG = 9;
const CLIENT_PORT = 546;
const SERVER_PORT = 547;
/** No datagram lives longer, milliseconds (core.md: 2 + 5 + 1 < 10, T-06). */
const LIFE = 5_000;

export class ClientNetwork {
  readonly #queue: EventQueue;
  readonly #prng: Prng;
  readonly #options: NetworkOptions;
  readonly #relays: readonly Relay[];
  readonly #ends: NetworkEnds;
  readonly #cut = new Set<string>();
  /** After the healing nothing is lost or late any more. */
  #healed = false;

  constructor(options: {
    queue: EventQueue;
    prng: Prng;
    scenario: Scenario;
    ends: NetworkEnds;
  }) {
    this.#queue = options.queue;
    this.#prng = options.prng;
    this.#options = options.scenario.network;
    this.#relays = options.scenario.twoRelays ? RELAYS : RELAYS.slice(0, 1);
    this.#ends = options.ends;
  }

  cut(link: LinkName, server: ServerName, direction: "in" | "out"): void {
    this.#cut.add(`${link} ${server} ${direction}`);
  }

  heal(link: LinkName, server: ServerName, direction: "in" | "out"): void {
    this.#cut.delete(`${link} ${server} ${direction}`);
  }

  healAll(): void {
    this.#cut.clear();
    this.#healed = true;
  }

  /** A client's multicast reaches both servers, directly or by each relay; a unicast reaches one, directly. */
  fromClient(
    link: LinkName,
    source: Ipv6Address,
    bytes: Uint8Array,
    only: ServerName | undefined,
  ): void {
    const multicast = only === undefined;
    const arrivals: readonly Arrival[] =
      link === "lan"
        ? [{ bytes, interface: LAN, source, sourcePort: CLIENT_PORT, multicast }]
        : this.#relays.map((relay) => ({
            bytes: relayed(bytes, source, relay),
            interface: UPLINK,
            source: relay.address,
            sourcePort: SERVER_PORT,
            multicast: false,
          }));
    for (const server of only === undefined ? (["a", "b"] as const) : [only]) {
      if (this.#cut.has(`${link} ${server} in`)) continue;
      for (const arrival of arrivals)
        this.#travel(() => {
          if (!this.#cut.has(`${link} ${server} in`)) this.#ends.toServer(server, arrival);
        });
    }
  }

  fromServer(server: ServerName, datagram: SentDatagram): void {
    const relay = RELAYS.some(({ address }) => address === datagram.destination);
    const link: LinkName = relay ? "far" : "lan";
    const unwrapped = relay
      ? unrelayed(datagram.bytes)
      : { peer: datagram.destination, bytes: datagram.bytes };
    if (unwrapped === undefined)
      throw new Error("a server sent a relay something that is no RELAY-REPL with a message");
    if (this.#cut.has(`${link} ${server} out`)) return;
    this.#travel(() => {
      if (!this.#cut.has(`${link} ${server} out`))
        this.#ends.toClient(link, unwrapped.peer, unwrapped.bytes);
    });
  }

  #travel(arrive: () => void): void {
    const { delay, duplicate, late, loss } = this.#options;
    if (this.#healed) return this.#queue.after(1 + this.#prng.below(delay), arrive);
    if (this.#prng.chance(loss)) return;
    const copies = this.#prng.chance(duplicate) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const isLate = this.#prng.chance(late);
      this.#queue.after(1 + this.#prng.below(isLate ? LIFE : delay), arrive);
    }
  }
}

/** RELAY-FORW as a relay on the second link sends it (RFC 8415 §19.1). */
function relayed(message: Uint8Array, peer: Ipv6Address, relay: Relay): Uint8Array {
  const head = new Uint8Array(34);
  head[0] = RELAY_FORW;
  ipv6ToBytes(relay.link, head, 2);
  ipv6ToBytes(peer, head, 18);
  return concat([head, encodeOption({ code: RELAY_MSG, data: message })]);
}

function unrelayed(
  bytes: Uint8Array,
): { readonly peer: Ipv6Address; readonly bytes: Uint8Array } | undefined {
  if (bytes.length < 34) return undefined;
  const message = find(decodeOptions(bytes, 34) ?? [], RELAY_MSG);
  return message === undefined ? undefined : { peer: ipv6FromBytes(bytes, 18), bytes: message };
}
