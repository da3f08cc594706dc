// Sound messages that are damaged afterwards: those of clients, and those that partners send each other.

import { type Duid, duidFromBytes } from "../../src/core/model/duid.ts";
import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import { encodeFailoverMessage, type FailoverType } from "../../src/core/wire/failover-messages.ts";
import { encodeMessage, type MessageType } from "../../src/core/wire/messages.ts";
import { type Option, option } from "../../src/core/wire/options.ts";
import { goldenPackets } from "../golden/golden-file.ts";
import { acquire, TestClient } from "../support/client.ts";
import { Pair } from "../support/pair.ts";
import { na, oro, pd, relayed } from "../support/requests.ts";
import { random } from "./harness.ts";

const TYPES: readonly MessageType[] = [
  ...["SOLICIT", "REQUEST", "RENEW", "REBIND", "RELEASE", "DECLINE", "CONFIRM"],
  "INFORMATION-REQUEST",
] as MessageType[];
const NAMING_SERVER: ReadonlySet<MessageType> = new Set(["REQUEST", "RENEW", "RELEASE", "DECLINE"]);

export interface Holder {
  readonly duid: Duid;
  readonly address: Ipv6Address;
  readonly prefix: Ipv6Address;
}

/** DUIDs that no damage brings forth. */
export function duids(count: number, label: string): readonly Duid[] {
  const numbers = random(label);
  const make = () => duidFromBytes(Uint8Array.of(0, 4, ...numbers.bytes(16)));
  return Array.from({ length: count }, make);
}

export interface Place {
  readonly server: Duid;
  /** An address of the link, as a relay gives it. */
  readonly link: string;
  /** Where a relay wants its answers (RFC 8357); 0: what it is sent from. */
  readonly relayOptions?: readonly Option[];
}

/** Messages of strangers that name their own leases and the victims', directly and relayed. */
export function clientCorpus(
  strangers: readonly Holder[],
  victims: readonly Holder[],
  { server, link, relayOptions = [] }: Place,
): readonly Uint8Array[] {
  const golden = goldenPackets().filter(({ transport }) => transport === "udp");
  const found = golden.map(({ bytes }) => bytes);
  const relay = relayed(link, "fe80::1", relayOptions);
  for (const [i, { duid, address, prefix }] of strangers.entries()) {
    const victim = victims[i % victims.length] as Holder;
    const sets: readonly (readonly Option[])[] = [
      [oro(23, 24), na(1, address), pd(1, `${prefixText(prefix)}/56`)],
      [oro(23, 24), na(1, victim.address), pd(1, `${prefixText(victim.prefix)}/56`)],
      [na(1), pd(1), option("RAPID_COMMIT", {})],
      [na(1, address, victim.address), na(2), pd(3, "::/56")],
    ];
    for (const [number, type] of TYPES.entries()) {
      const named = sets[(i + number) % sets.length] ?? [];
      const ias = type === "INFORMATION-REQUEST" ? [oro(23)] : named;
      const naming = NAMING_SERVER.has(type) ? [option("SERVERID", { duid: server })] : [];
      const options = [option("CLIENTID", { duid }), ...naming, ...ias];
      const message = encodeMessage({ type, transactionId: i, options });
      found.push(message, relay(message));
      if (i % 5 === 0) found.push(relayed("::", "fe80::2", relayOptions, 1)(relay(message)));
    }
  }
  return found;
}

export function prefixText(address: Ipv6Address): string {
  return address.replaceAll(/(.{4})(?!$)/g, "$1:");
}

/** Both directions of a pair that serves clients, the golden files, and CONNECT with these terms; without frames. */
export function partnerCorpus(connectTerms: readonly Option[]): readonly Uint8Array[] {
  const pair = new Pair();
  pair.startBoth();
  pair.run(30_000);
  for (let i = 0; i < 6; i++) {
    acquire(new TestClient(pair.a, i + 1), pair.a, pair.now);
    pair.run(i % 2 === 0 ? 41_000 : 1_000);
  }
  const found = pair.wire.flatMap(({ bytes }) => unframe(bytes));
  const golden = goldenPackets().filter(({ transport }) => transport === "failover");
  const make = (type: FailoverType, options: readonly Option[] = []): Uint8Array =>
    encodeFailoverMessage({ type, transactionId: 7, sentTime: 0, options });
  const asking = (["POOLREQ", "UPDREQ", "UPDREQALL"] as const).map((type) => make(type));
  const meeting = (["CONNECT", "CONNECTREPLY"] as const).map((type) => make(type, connectTerms));
  return [...found, ...golden.map(({ bytes }) => bytes), ...asking, ...meeting];
}

function unframe(bytes: Uint8Array): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const end = at + 2 + (((bytes[at] as number) << 8) | (bytes[at + 1] as number));
    found.push(bytes.slice(at + 2, end));
    at = end;
  }
  return found;
}

export function framed(message: Uint8Array): Uint8Array {
  return Uint8Array.of(message.length >> 8, message.length, ...message);
}

/** Writes the sent-time, where messages have one. */
export function putSentTime(message: Uint8Array, time: number): void {
  if (message.length < 8 || message[0] === 7 || message[0] === 23) return;
  new DataView(message.buffer, message.byteOffset).setUint32(4, time);
}
