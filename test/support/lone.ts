// One server without a partner for tests by section: messages in, whole datagrams out, time that the test moves.

import { type Duid, duidFromBytes } from "../../src/core/model/duid.ts";
import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import type { Lease } from "../../src/core/model/lease.ts";
import type { ReceivedDatagram } from "../../src/core/model/received-datagram.ts";
import {
  type ClientServerMessage,
  encodeMessage,
  type MessageType,
} from "../../src/core/wire/messages.ts";
import { type Option, option } from "../../src/core/wire/options.ts";
import type { SentDatagram } from "../../src/ports/datagram.ts";
import { addresses, checkAnswer, inside, prefixes } from "./answers.ts";
import { configFor, EPOCH, Host, ip } from "./pair.ts";
import { na, OURS, pd } from "./requests.ts";

/** Header of a file with one server; what follows are links and settings at the top level. */
const SERVER = `
testing:
  allow-short-times: true
servers:
  a: { address: "2001:db8:f::1", state-directory: /tmp/a, duid: "00:03:00:01:02:00:00:00:00:0a" }
valid-lifetime: 4000s
preferred-lifetime: 3000s
`;

/** A link with addresses and prefixes, and a second one behind a relay. */
export const LINKS = `
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan
    pools: [{ pool: 2001:db8:1::1:0/112 }]
    pd-pools: [{ prefix: "2001:db8:8000::/48", delegated-len: 56 }]
    option-data:
      - { name: dns-servers, data: "2001:db8::53" }
      - { name: solmax-rt, data: 3600 }
      - { name: inf-max-rt, data: 7200 }
  - subnet: 2001:db8:2::/64
    interface: wan
    pools: [{ pool: 2001:db8:2::1:0/112 }]
`;

export interface Got {
  readonly datagram: SentDatagram;
  readonly message: ClientServerMessage;
}

type Where = Partial<Omit<ReceivedDatagram, "bytes">>;

export const fromClient = (number: number): Duid =>
  duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, number >> 8, number & 255));

export class Lone {
  host: Host;
  now = EPOCH;
  #transaction = 0;

  constructor(links: string = LINKS, more = "") {
    this.host = new Host("a", configFor("a", SERVER + more + links));
    this.host.start(this.now);
  }

  /** Octets in, datagrams out. */
  raw(bytes: Uint8Array, where: Where = {}): readonly SentDatagram[] {
    this.host.sent = [];
    const datagram = {
      bytes,
      interface: "lan",
      source: ip("fe80::1234"),
      sourcePort: 546,
      multicast: true,
      receivedAt: this.now + this.host.ahead,
      ...where,
    };
    this.host.step([{ type: "datagram", datagram }], this.now);
    return this.host.sent;
  }

  /** Stops and starts with another file and the same disk. */
  restartWith(links: string, more = ""): void {
    const { disk } = this.host;
    this.host.kill();
    const { ahead } = this.host;
    this.host = new Host("a", configFor("a", SERVER + more + links));
    this.host.disk = disk;
    this.host.ahead = ahead;
    this.host.start(this.now);
  }

  /** The octets of a message with a transaction-id of its own. */
  messageBytes(
    type: MessageType,
    client: Duid | undefined,
    options: readonly Option[],
  ): Uint8Array {
    this.#transaction = (this.#transaction + 1) & 0xffffff;
    const id = client === undefined ? [] : [option("CLIENTID", { duid: client })];
    return encodeMessage({ type, transactionId: this.#transaction, options: [...id, ...options] });
  }

  /** One message and its answer; every answer is checked for what all answers have. */
  ask(
    type: MessageType,
    client: Duid | undefined,
    options: readonly Option[] = [],
    where: Where & { readonly wrap?: (message: Uint8Array) => Uint8Array } = {},
  ): Got | undefined {
    const { wrap, ...rest } = where;
    const message = this.messageBytes(type, client, options);
    const [datagram, second] = this.raw(wrap === undefined ? message : wrap(message), rest);
    if (second !== undefined) throw new Error("two answers to one message");
    if (datagram === undefined) return undefined;
    const got = { datagram, message: inside(datagram.bytes) };
    checkAnswer(got.message, client, this.#transaction);
    return got;
  }

  /** The same where an answer is expected. */
  answer(...request: Parameters<Lone["ask"]>): ClientServerMessage {
    const got = this.ask(...request);
    if (got === undefined) throw new Error(`no answer to ${request[0]}: ${this.lastDiscard}`);
    return got.message;
  }

  /** SOLICIT and REQUEST of one address (and one prefix); the leases. */
  bind(
    client: Duid,
    options: { readonly iaid?: number; readonly prefix?: boolean; readonly where?: Where } = {},
  ): { readonly address: Ipv6Address; readonly prefix: Ipv6Address | undefined } {
    const { iaid = 1, prefix = false, where = {} } = options;
    const ias = [na(iaid), ...(prefix ? [pd(iaid)] : [])];
    this.answer("SOLICIT", client, ias, where);
    const reply = this.answer("REQUEST", client, [OURS, ...ias], where);
    const address = addresses(reply)[0]?.address;
    if (address === undefined) throw new Error("no address");
    return { address, prefix: prefixes(reply)[0]?.prefix };
  }

  lease(address: Ipv6Address, length = 128): Lease | undefined {
    return this.host.up.state.table.get({
      kind: length === 128 ? "address" : "prefix",
      address,
      length,
    });
  }

  get lastDiscard(): unknown {
    return this.host.logs.findLast((event) => event.id === "DHCP6_DISCARD")?.fields.reason;
  }

  /** Lets seconds pass, then ticks. */
  pass(seconds: number): void {
    this.now += seconds * 1000;
    this.host.step([{ type: "tick" }], this.now);
  }
}
