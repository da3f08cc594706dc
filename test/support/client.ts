// A client for tests: builds messages, sends them to a host, reads the answers.

import { type Duid, duidFromBytes } from "../../src/core/model/duid.ts";
import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import { decodeMessage, encodeMessage, type MessageType } from "../../src/core/wire/messages.ts";
import { allOptions, firstOption, type Option, option } from "../../src/core/wire/options.ts";
import { type Host, ip, Pair } from "./pair.ts";

export interface Held {
  readonly kind: "address" | "prefix";
  readonly address: Ipv6Address;
  readonly length: number;
  readonly valid: number;
  readonly preferred: number;
  readonly t1: number;
}

export interface Answer {
  readonly type: string;
  readonly serverId: Duid | undefined;
  readonly options: readonly Option[];
  readonly leases: readonly Held[];
  /** Status of the message, else of the first IA that has one. */
  readonly status: number | undefined;
}

export class TestClient {
  readonly duid: Duid;
  readonly #host: Host;
  #transaction = 0;

  constructor(host: Host, number: number) {
    this.#host = host;
    this.duid = duidFromBytes(
      Uint8Array.of(0, 3, 0, 1, 2, 0, 0, number >> 16, (number >> 8) & 255, number & 255),
    );
  }

  /** The same client, talking to another server. */
  at(host: Host): TestClient {
    return Object.assign(Object.create(TestClient.prototype), new TestClient(host, 0), {
      duid: this.duid,
    });
  }

  /** Sends a message with these options (client identifier added) and returns the answer, if one came. */
  send(
    type: MessageType,
    options: readonly Option[],
    now: number,
    extra: { multicast?: boolean; host?: Host; receivedAt?: number } = {},
  ): Answer | undefined {
    const host = extra.host ?? this.#host;
    this.#transaction = (this.#transaction + 1) & 0xffffff;
    const bytes = encodeMessage({
      type,
      transactionId: this.#transaction,
      options: [option("CLIENTID", { duid: this.duid }), ...options],
    });
    host.sent = [];
    const datagram = {
      bytes,
      interface: "lan",
      source: ip("fe80::1234"),
      sourcePort: 546,
      multicast: extra.multicast ?? true,
      receivedAt: extra.receivedAt ?? now,
    };
    host.step([{ type: "datagram", datagram }], now);
    const [reply] = host.sent;
    return reply === undefined ? undefined : readAnswer(reply.bytes);
  }
}

export function readAnswer(bytes: Uint8Array): Answer {
  const message = decodeMessage(bytes);
  if (message.type === "unknown") throw new Error("an unknown message");
  const leases: Held[] = [];
  let status = firstOption(message.options, "STATUS_CODE")?.status;
  for (const ia of [
    ...allOptions(message.options, "IA_NA"),
    ...allOptions(message.options, "IA_PD"),
  ]) {
    status ??= firstOption(ia.options, "STATUS_CODE")?.status;
    for (const each of allOptions(ia.options, "IAADDR"))
      leases.push({
        kind: "address",
        address: each.address,
        length: 128,
        valid: each.validLifetime,
        preferred: each.preferredLifetime,
        t1: ia.t1,
      });
    for (const each of allOptions(ia.options, "IAPREFIX"))
      leases.push({
        kind: "prefix",
        address: each.prefix,
        length: each.prefixLength,
        valid: each.validLifetime,
        preferred: each.preferredLifetime,
        t1: ia.t1,
      });
  }
  return {
    type: message.type,
    serverId: firstOption(message.options, "SERVERID")?.duid,
    options: message.options,
    leases,
    status,
  };
}

export function iaNa(iaid: number, ...addresses: Ipv6Address[]): Option {
  const options = addresses.map((address) =>
    option("IAADDR", { address, preferredLifetime: 0, validLifetime: 0, options: [] }),
  );
  return option("IA_NA", { iaid, t1: 0, t2: 0, options });
}

export function iaPd(
  iaid: number,
  ...prefixes: { address: Ipv6Address; length: number }[]
): Option {
  const options = prefixes.map(({ address, length }) =>
    option("IAPREFIX", {
      preferredLifetime: 0,
      validLifetime: 0,
      prefixLength: length,
      prefix: address,
      options: [],
    }),
  );
  return option("IA_PD", { iaid, t1: 0, t2: 0, options });
}

export function serverId(duid: Duid): Option {
  return option("SERVERID", { duid });
}

/** SOLICIT and REQUEST for one address and one prefix. */
export function acquire(client: TestClient, host: Host, now: number): readonly Held[] {
  const advertised = client.send("SOLICIT", [iaNa(1), iaPd(1)], now, { host });
  if (advertised === undefined) return [];
  const [address] = advertised.leases.filter((lease) => lease.kind === "address");
  const [prefix] = advertised.leases.filter((lease) => lease.kind === "prefix");
  const ias = [
    address === undefined ? iaNa(1) : iaNa(1, address.address),
    prefix === undefined ? iaPd(1) : iaPd(1, prefix),
  ];
  return (
    client.send("REQUEST", [serverId(host.config.server.duid), ...ias], now, { host })?.leases ?? []
  );
}

/** A pair in NORMAL, and a client that has had an address of `a` for `age` milliseconds. */
export function pairWithLease(age: number): {
  readonly pair: Pair;
  readonly client: TestClient;
  readonly held: Held;
} {
  const pair = new Pair();
  pair.startBoth();
  pair.run(15_000);
  const client = new TestClient(pair.a, 1);
  const [held] = acquire(client, pair.a, pair.now);
  if (held === undefined) throw new Error("no lease");
  pair.run(age);
  return { pair, client, held };
}

/** `a` dies and the client REBINDs at `b`; whoever calls starts `a` again. */
export function rebindAtSecondary({ pair, client, held }: ReturnType<typeof pairWithLease>): void {
  pair.kill(pair.a);
  pair.run(15_000);
  const rebound = client.send("REBIND", [iaNa(1, held.address)], pair.now, { host: pair.b });
  if (rebound === undefined) throw new Error("b does not know the lease");
}

/** How many addresses the client has on record at a server. */
export function activeAddresses(host: Host, client: TestClient): number {
  return host.up.state.table
    .ofClient(client.duid)
    .filter((lease) => lease.kind === "address" && lease.status === "ACTIVE").length;
}
