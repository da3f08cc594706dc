// Agreement with tshark: the same types, transaction-ids, options in the same order, and values.
// Its 4.0 decodes the failover options only inside an ordinary message, so they go into a REPLY.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIpv6 } from "../../src/core/model/ipv6.ts";
import { decodeFailoverMessage } from "../../src/core/wire/failover-messages.ts";
import { decodeMessage, encodeMessage, MESSAGE_TYPE } from "../../src/core/wire/messages.ts";
import { codeOf, type Option, option, optionDefinitions } from "../../src/core/wire/options.ts";
import { decodeRelay, isRelayMessage, RELAY_TYPE } from "../../src/core/wire/relay.ts";
import { optionOf } from "../property/wire-arbitraries.ts";
import { goldenPackets } from "./golden-file.ts";
import { tshark, tsharkAbsent } from "./tshark.ts";

const absent = tsharkAbsent();
if (absent !== undefined) console.log(`skipped: ${absent}`);

interface Seen {
  types: number[];
  transactionIds: string[];
  codes: number[];
  duids: string[];
  iaids: string[];
  addresses: string[];
  prefixes: string[];
  statuses: number[];
}

/** What the decoder makes of a message, in the order of the wire. */
function seen(
  bytes: Uint8Array,
  into: Seen = {
    types: [],
    transactionIds: [],
    codes: [],
    duids: [],
    iaids: [],
    addresses: [],
    prefixes: [],
    statuses: [],
  },
): Seen {
  if (isRelayMessage(bytes)) {
    const relay = decodeRelay(bytes);
    into.types.push(RELAY_TYPE[relay.type]);
    walk(relay.options, into);
    return into;
  }
  const message = decodeMessage(bytes);
  if (message.type === "unknown") throw new Error("unknown message");
  into.types.push(MESSAGE_TYPE[message.type]);
  into.transactionIds.push(`0x${message.transactionId.toString(16).padStart(6, "0")}`);
  walk(message.options, into);
  return into;
}

function walk(options: readonly Option[], into: Seen): void {
  for (const option of options) {
    into.codes.push(option.code);
    if (option.type === "CLIENTID" || option.type === "SERVERID") into.duids.push(option.duid);
    if (option.type === "IA_NA" || option.type === "IA_PD")
      into.iaids.push(option.iaid.toString(16).padStart(8, "0"));
    if (option.type === "IAADDR") into.addresses.push(formatIpv6(option.address));
    if (option.type === "IAPREFIX") into.prefixes.push(formatIpv6(option.prefix));
    if (option.type === "STATUS_CODE") into.statuses.push(option.status);
    // tshark does not open F_DNS_REMOVAL_INFO.
    if ("options" in option && option.type !== "F_DNS_REMOVAL_INFO") walk(option.options, into);
    if (option.type === "RELAY_MSG") seen(option.message, into);
  }
}

const FIELDS = {
  types: "dhcpv6.msgtype",
  transactionIds: "dhcpv6.xid",
  codes: "dhcpv6.option.type",
  duids: "dhcpv6.duid.bytes",
  iaids: "dhcpv6.iaid",
  addresses: "dhcpv6.iaaddr.ip",
  prefixes: "dhcpv6.iaprefix.pref_addr",
  statuses: "dhcpv6.status_code",
} as const;

function theirs(payloads: readonly Uint8Array[]): Seen[] {
  return tshark(payloads, [...Object.values(FIELDS), "_ws.malformed"]).map((record) => {
    expect(record["_ws.malformed"]).toEqual([]);
    const values = Object.fromEntries(
      Object.entries(FIELDS).map(([key, field]) => [key, record[field] ?? []]),
    ) as unknown as Record<keyof Seen, string[]>;
    const numbers = {
      types: values.types.map(Number),
      codes: values.codes.map(Number),
      statuses: values.statuses.map(Number),
    };
    return {
      ...values,
      ...numbers,
      duids: values.duids.map((each) => each.replaceAll(":", "")),
      iaids: values.iaids.map((each) => each.replace(/^0x/, "")),
    };
  });
}

const udp = goldenPackets().filter((each) => each.transport === "udp");
const failover = goldenPackets().filter((each) => each.transport === "failover");

const u32Fields = [
  ["F_EXPIRATION_TIME", "expiration_time"],
  ["F_MAX_UNACKED_BNDUPD", "max_unacked_bndupd"],
  ["F_MCLT", "mclt"],
  ["F_PARTNER_LIFETIME", "partner_lifetime"],
  ["F_PARTNER_LIFETIME_SENT", "partner_lifetime_sent"],
  ["F_PARTNER_DOWN_TIME", "partner_down_time"],
  ["F_PARTNER_RAW_CLT_TIME", "partner_raw_clt_time"],
  ["F_KEEPALIVE_TIME", "keepalive_time"],
  ["F_START_TIME_OF_STATE", "start_time_of_state"],
  ["F_STATE_EXPIRATION_TIME", "state_expiration_time"],
] as const;

describe.skipIf(absent !== undefined)("tshark", () => {
  // covers D-010, D-011, D-012, D-015, D-255, D-256, D-258, D-262, D-264, D-275, D-276
  it("reads the golden packets as we do", () => {
    const got = theirs(udp.map((each) => each.bytes));
    for (const [index, { name, bytes }] of udp.entries())
      expect({ name, ...got[index] }).toEqual({ name, ...seen(bytes) });
  });

  // covers F-107, F-109, F-118, F-121, F-125, F-128, F-130, F-134, F-136, F-137
  it("reads the failover options of the golden packets as we do", () => {
    const ours = failover.map(({ bytes }) => {
      const message = decodeFailoverMessage(bytes);
      if (message.type === "unknown") throw new Error("unknown message");
      return encodeMessage({
        type: "REPLY",
        transactionId: message.transactionId,
        options: message.options.filter((each) => each.type !== "unknown"),
      });
    });
    const got = theirs(ours);
    for (const [index, bytes] of ours.entries())
      expect({ name: failover[index]?.name, ...got[index] }).toEqual({
        name: failover[index]?.name,
        ...seen(bytes),
      });
  });

  // covers F-107, F-109, F-114, F-115, F-116, F-118, F-119, F-120, F-121, F-122, F-123, F-124, F-125, F-126, F-127, F-128
  // covers F-130, F-134, F-136, F-137
  it("reads the values of the failover options as we wrote them", () => {
    const options: readonly Option[] = [
      ...u32Fields.map(
        ([type], i) => ({ type, code: codeOf(type), value: 4_000_000_000 + i }) as Option,
      ),
      option("F_BINDING_STATUS", { value: 6 }),
      option("F_CONNECT_FLAGS", { value: 1 }),
      option("F_SERVER_FLAGS", { value: 5 }),
      option("F_SERVER_STATE", { value: 3 }),
      option("F_RELATIONSHIP_NAME", { name: "campus" }),
      option("F_PROTOCOL_VERSION", { major: 1, minor: 2 }),
      option("F_RECONFIGURE_DATA", { time: 77, key: Uint8Array.of(1, 2) }),
      option("F_DNS_HOST_NAME", { name: "pc.example." }),
      option("F_DNS_FLAGS", { value: 9 }),
    ];
    const others = {
      binding_status: "6",
      "connect.flags": "0x0001",
      "server.flags": "0x05",
      server_state: "3",
      relationship_name: "campus",
      "protocol.major_version": "1",
      "protocol.minor_version": "2",
      reconfigure_time: "77",
      reconfigure_key: "0102",
      "dns.flags": "0x0009",
    };
    const fields = [...u32Fields.map(([, field]) => field), ...Object.keys(others)].map(
      (field) => `dhcpv6.failover.${field}`,
    );
    const [record] = tshark(
      [encodeMessage({ type: "REPLY", transactionId: 1, options })],
      [...fields, "_ws.malformed"],
    );
    for (const [i, [, field]] of u32Fields.entries())
      expect(record?.[`dhcpv6.failover.${field}`]).toEqual([String(4_000_000_000 + i)]);
    for (const [field, value] of Object.entries(others))
      expect(record?.[`dhcpv6.failover.${field}`]?.map((each) => each.replaceAll(":", ""))).toEqual(
        [value],
      );
  });

  it("reads any option of ours as one sound option", () => {
    // Relayed messages are random octets here; an empty Interface-Id and values that no sender gives are not to its taste.
    const odd = [
      "RELAY_MSG",
      "LQ_RELAY_DATA",
      "INTERFACE_ID",
      "LQ_QUERY",
      "S46_RULE",
      "S46_PORTPARAMS",
    ];
    const read = optionDefinitions.filter((each) => !odd.includes(each.type));
    const message = fc
      .array(
        fc
          .constantFrom(...read)
          .chain((each) => optionOf({ ...each, fields: without(each.fields) }, 1)),
        { minLength: 1, maxLength: 8 },
      )
      .map((options) =>
        encodeMessage({
          type: "REPLY",
          transactionId: 7,
          options: options.map((each) => ({ options: [], ...each })) as readonly Option[],
        }),
      );
    const samples = fc.sample(message, { numRuns: 1000, seed: 42 });
    const got = theirs(samples);
    for (const [index, bytes] of samples.entries())
      expect(got[index]?.codes).toEqual(seen(bytes).codes);
  });
});

/** Fields without nested options. */
function without<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, kind]) => kind !== "options")) as T;
}
