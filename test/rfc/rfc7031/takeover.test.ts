// RFC 7031 §7: high availability means the same address, prefix, names and relay data after a takeover, in both
// directions. Reservations and reconfigure keys are not built yet and not shown here.

import { describe, expect, it } from "vitest";
import { type Duid, duidFromBytes } from "../../../src/core/model/duid.ts";
import type { Lease, LeaseKind } from "../../../src/core/model/lease.ts";
import {
  type ClientServerMessage,
  encodeMessage,
  type MessageType,
} from "../../../src/core/wire/messages.ts";
import { firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { addresses, inside, prefixes } from "../../support/answers.ts";
import { CONFIG, type Host, ip, Pair } from "../../support/pair.ts";
import { na, oro, pd, relayed } from "../../support/requests.ts";

const CLIENT = duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 7, 7));
const AT_RELAY = { source: ip("2001:db8:f::9"), sourcePort: 547, multicast: false };
/** The DNS options of a client's answer. */
const NAMED = [23, 24, 39];
const NAME = Uint8Array.of(2, 0x50, 0x63, 7, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0);
/** S: the client wants this server to update the DNS. */
const FQDN = Uint8Array.of(1, ...NAME);
const TEXT = CONFIG.replace(
  '      - { name: dns-servers, data: "2001:db8::53" }',
  '      - { name: dns-servers, data: ["2001:db8::53", "2001:db8::54"] }\n      - { name: domain-search, data: ["example.com", "example.net"] }',
);

const text = (value: string) => new TextEncoder().encode(value);
const inner = relayed("2001:db8:1::1", "fe80::c", [
  option("INTERFACE_ID", { value: text("ge-0/0/1.100") }),
  { type: "unknown", code: 37, data: Uint8Array.of(0, 0, 0x7e, 0xd9, ...text("line 7")) },
  option("SUBSCRIBER_ID", { value: text("subscriber 7") }),
]);
const outer = relayed("::", "2001:db8:1::a", [option("INTERFACE_ID", { value: text("up") })], 1);

/** What must stay the same. */
interface Kept {
  readonly address: Lease["address"];
  readonly prefix: string;
  readonly dns: readonly Option[];
}

/** A client behind two relays, with a name. */
class Relayed {
  readonly pair: Pair;
  readonly duid: Duid = CLIENT;
  sendsName = true;
  #transaction = 0;

  constructor(pair: Pair) {
    this.pair = pair;
  }

  ask(host: Host, type: MessageType, options: readonly Option[]): ClientServerMessage | undefined {
    this.#transaction++;
    const named = [
      option("CLIENTID", { duid: this.duid }),
      ...(this.sendsName ? [{ type: "unknown", code: 39, data: FQDN } as const] : []),
      oro(...NAMED),
    ];
    const bytes = encodeMessage({
      ...{ type, transactionId: this.#transaction, options: [...named, ...options] },
    });
    host.sent = [];
    const receivedAt = this.pair.now;
    const datagram = { ...AT_RELAY, bytes: outer(inner(bytes)), interface: "lan", receivedAt };
    host.step([{ type: "datagram", datagram }], this.pair.now);
    const [answer] = host.sent;
    return answer === undefined ? undefined : inside(answer.bytes);
  }

  answer(host: Host, type: MessageType, options: readonly Option[]): Kept {
    const message = this.ask(host, type, options);
    const [address, prefix] = [addresses(message ?? none)[0], prefixes(message ?? none)[0]];
    if (message === undefined || address === undefined || prefix === undefined)
      throw new Error(`${host.name} did not give both to ${type}`);
    expect(firstOption(message.options, "SERVERID")?.duid).toBe(host.config.server.duid);
    expect(address.validLifetime).toBeGreaterThan(0);
    expect(prefix.validLifetime).toBeGreaterThan(0);
    return {
      address: address.address,
      prefix: `${prefix.prefix}/${prefix.prefixLength}`,
      dns: message.options.filter(({ code }) => NAMED.includes(code)),
    };
  }

  bind(host: Host): Kept {
    const server = option("SERVERID", { duid: host.config.server.duid });
    return this.answer(host, "REQUEST", [server, na(1), pd(2)]);
  }

  /** RENEW to the server of its lease, REBIND: as a client does, and whoever answers. */
  extend(host: Host, kept: Kept, server?: Host): Kept {
    const ias = [na(1, kept.address), pd(2, `${colons(kept.prefix)}`)];
    if (server === undefined) return this.answer(host, "REBIND", ias);
    const named = option("SERVERID", { duid: server.config.server.duid });
    return this.answer(host, "RENEW", [named, ...ias]);
  }
}

const none: ClientServerMessage = { type: "REPLY", transactionId: 0, options: [] };

function colons(prefix: string): string {
  return prefix.replace(/^(.{32})/, (digits) => digits.replaceAll(/(.{4})(?!$)/g, "$1:"));
}

function record(host: Host, kept: Kept, kind: LeaseKind): Lease | undefined {
  const [address, length] =
    kind === "address"
      ? [kept.address, 128]
      : (kept.prefix.split("/") as [Lease["address"], string]);
  return host.up.state.table.get({ kind, address, length: Number(length) });
}

/** Client, name and relays of both leases as this server has them. */
function known(host: Host, kept: Kept): unknown {
  return (["address", "prefix"] as const).map((kind) => {
    const lease = record(host, kept, kind);
    return [lease?.status, lease?.duid, lease?.iaid, lease?.fqdn, lease?.relayData];
  });
}

function complete(host: Host, kept: Kept): void {
  const relays = record(host, kept, "address")?.relayData ?? new Uint8Array(0);
  for (const part of ["ge-0/0/1.100", "line 7", "subscriber 7", "up"])
    expect(Buffer.from(relays).includes(part)).toBe(true);
  expect(known(host, kept)).toEqual([
    ["ACTIVE", CLIENT, 1, FQDN, relays],
    ["ACTIVE", CLIENT, 2, FQDN, relays],
  ]);
}

function normal(): Pair {
  const pair = new Pair(TEXT);
  pair.startBoth();
  pair.run(30_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  return pair;
}

/** One server ends; `declared`: by the operator's word the other one is alone. */
function fails(pair: Pair, dead: Host, declared: boolean): void {
  const survivor = dead === pair.a ? pair.b : pair.a;
  pair.kill(dead);
  pair.run(2_000);
  if (declared)
    survivor.command({ type: "partner-down", relationship: undefined, force: false }, pair.now);
  const state = declared ? "PARTNER-DOWN" : "COMMUNICATIONS-INTERRUPTED";
  expect(pair.states).toBe(dead === pair.a ? `down ${state}` : `${state} down`);
}

/** Starts again; within two minutes, in which the client goes on, both are in NORMAL. */
function returns(pair: Pair, host: Host, goOn: () => void): void {
  host.start(pair.now);
  for (let i = 0; i < 12; i++) {
    pair.run(10_000);
    goOn();
  }
  expect(pair.states).toBe("NORMAL NORMAL");
  pair.run(1_000);
}

describe("RFC 7031 §7 after a takeover everything is as before (R7031-17)", () => {
  for (const declared of [false, true]) {
    const how = declared ? "and PARTNER-DOWN " : "";

    it(`7 the primary fails ${how}and returns: address, prefix, DNS servers, FQDN and relay data (R7031-17)`, () => {
      const pair = normal();
      const client = new Relayed(pair);
      const kept = client.bind(pair.a);
      expect(kept.dns.map(({ code }) => code).sort()).toEqual(NAMED);
      pair.run(1_000);
      complete(pair.a, kept);
      const before = known(pair.a, kept);
      expect(known(pair.b, kept)).toEqual(before);
      fails(pair, pair.a, declared);
      expect(known(pair.b, kept)).toEqual(before);
      expect(client.extend(pair.b, kept, pair.a)).toEqual(kept);
      expect(client.extend(pair.b, kept)).toEqual(kept);
      expect(known(pair.b, kept)).toEqual(before);
      returns(pair, pair.a, () => expect(client.extend(pair.b, kept, pair.b)).toEqual(kept));
      for (const host of [pair.a, pair.b]) expect(known(host, kept)).toEqual(before);
      expect(client.extend(pair.a, kept)).toEqual(kept);
    });

    it(`7 the secondary fails ${how}and returns: the client of the secondary is served by the primary (R7031-17)`, () => {
      const pair = normal();
      fails(pair, pair.a, declared);
      const client = new Relayed(pair);
      const kept = client.bind(pair.b);
      const go = (host: Host, server: Host) =>
        expect(client.extend(host, kept, server)).toEqual(kept);
      returns(pair, pair.a, () => go(pair.b, pair.b));
      complete(pair.a, kept);
      const before = known(pair.b, kept);
      fails(pair, pair.b, declared);
      expect(known(pair.a, kept)).toEqual(before);
      go(pair.a, pair.b);
      expect(client.extend(pair.a, kept)).toEqual(kept);
      returns(pair, pair.b, () => go(pair.a, pair.a));
      for (const host of [pair.a, pair.b]) expect(known(host, kept)).toEqual(before);
      go(pair.a, pair.a);
    });
  }

  it("7 the survivor offers the same to the client that begins anew, and forgets nothing of its name when that is not sent (R7031-17)", () => {
    const pair = normal();
    const client = new Relayed(pair);
    const kept = client.bind(pair.a);
    pair.run(1_000);
    const before = known(pair.b, kept);
    fails(pair, pair.a, false);
    expect(client.answer(pair.b, "SOLICIT", [na(1), pd(2)])).toEqual(kept);
    expect(client.bind(pair.b)).toEqual(kept);
    expect(known(pair.b, kept)).toEqual(before);
    client.sendsName = false;
    const { address, prefix } = client.extend(pair.b, kept, pair.a);
    expect({ address, prefix }).toEqual({ address: kept.address, prefix: kept.prefix });
    expect(known(pair.b, kept)).toEqual(before);
    client.sendsName = true;
    // The survivor's log alone has it, too.
    pair.kill(pair.b);
    pair.b.start(pair.now);
    pair.run(15_000);
    expect(known(pair.b, kept)).toEqual(before);
    expect(client.extend(pair.b, kept)).toEqual(kept);
  });
});
