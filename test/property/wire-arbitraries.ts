// Arbitrary options and messages, made from the option table: one generator a field kind.

import fc from "fast-check";
import { duidFromBytes } from "../../src/core/model/duid.ts";
import { type Ipv6Address, ipv6FromBytes, maskTo } from "../../src/core/model/ipv6.ts";
import { wireLabels, wireName } from "../../src/core/wire/domain-name.ts";
import {
  FAILOVER_TYPE,
  type FailoverMessage,
  type FailoverType,
} from "../../src/core/wire/failover-messages.ts";
import type { Kind } from "../../src/core/wire/fields/kinds.ts";
import {
  type ClientServerMessage,
  MESSAGE_TYPE,
  type MessageType,
} from "../../src/core/wire/messages.ts";
import type { OptionDefinition } from "../../src/core/wire/options/definition.ts";
import { type Option, optionDefinitions } from "../../src/core/wire/options.ts";

export const octets = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength });
const number = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
export const address: fc.Arbitrary<Ipv6Address> = octets(16, 16).map((bytes) =>
  ipv6FromBytes(bytes),
);
export const duid = octets(3, 130).map((bytes) => duidFromBytes(bytes));

const label = fc.string({ minLength: 1, maxLength: 12, unit: "binary-ascii" }).map((text) =>
  Array.from(text, (char) => {
    const code = char.charCodeAt(0);
    if (char === "." || char === "\\") return `\\${char}`;
    return code > 0x20 && code < 0x7f && char !== "," ? char : `\\${String(code).padStart(3, "0")}`;
  }).join(""),
);
export const domainName = fc.array(label, { maxLength: 8 }).map((labels) => `${labels.join(".")}.`);
const prefix6 = fc
  .tuple(address, number(128))
  .map(([raw, length]) => ({ address: maskTo(raw, length), length }));
const text = fc.string({ unit: "binary" }).map((raw) => raw.replaceAll("\0", "-"));

const KINDS: { readonly [K in Exclude<Kind, "options" | "prefix">]: fc.Arbitrary<unknown> } = {
  u8: number(0xff),
  u16: number(0xffff),
  u32: number(0xffffffff),
  seconds: number(0xffffffff),
  time: number(0xffffffff),
  "u16+": fc.array(number(0xffff), { minLength: 1 }),
  "u16*": fc.array(number(0xffff)),
  ip6: address,
  "ip6+": fc.array(address, { minLength: 1, maxLength: 5 }),
  "ip6*": fc.array(address, { maxLength: 5 }),
  ip4: octets(4, 4).map((bytes) => bytes.join(".")),
  "prefix-length": number(128),
  prefix6,
  duid,
  name: domainName,
  "name+": fc.array(domainName, { minLength: 1, maxLength: 4 }),
  "name*": fc.array(domainName, { maxLength: 4 }),
  "partial-name": fc.oneof(
    domainName.map((name) => wireName(name)),
    domainName.map((name) => wireLabels(name)),
  ),
  text,
  tuple: octets(0, 30),
  "tuple+": fc.array(octets(0, 30), { minLength: 1, maxLength: 4 }),
  "tuple*": fc.array(octets(0, 30), { maxLength: 4 }),
  octets8: octets(8, 8),
  opaque: octets(0, 60),
  "opaque+": octets(1, 60),
  message: octets(0, 60),
  suboptions: fc.array(fc.record({ code: number(0xffff), data: octets(0, 20) }), { maxLength: 4 }),
  "time-source": fc.oneof(
    fc.record({ type: fc.constantFrom("address", "multicast"), address }),
    fc.record({ type: fc.constant("fqdn"), name: domainName }),
  ),
  resolver: fc.oneof(
    fc.record({
      name: domainName,
      addresses: fc.constant([]),
      parameters: fc.constant(new Uint8Array(0)),
    }),
    fc.record({
      name: domainName,
      addresses: fc.array(address, { minLength: 1, maxLength: 3 }),
      parameters: octets(0, 20),
    }),
  ),
};

/** An option of the definition; options inside it are nested at most `depth` deep. */
export function optionOf(definition: OptionDefinition, depth: number): fc.Arbitrary<Option> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [field, kind] of Object.entries(definition.fields)) {
    if (kind === "options") fields[field] = options(depth - 1, 3);
    else fields[field] = kind === "prefix" ? address : KINDS[kind];
  }
  return fc.record(fields).map((values) => {
    const { prefix, prefixLength } = values as { prefix?: Ipv6Address; prefixLength?: number };
    const masked =
      prefix === undefined || prefixLength === undefined
        ? {}
        : { prefix: maskTo(prefix, prefixLength) };
    return {
      type: definition.type,
      code: definition.code,
      ...values,
      ...masked,
    } as unknown as Option;
  });
}

const KNOWN: ReadonlySet<number> = new Set(optionDefinitions.map((each) => each.code));
const unknownOption: fc.Arbitrary<Option> = fc.record({
  type: fc.constant("unknown" as const),
  code: number(0xffff).filter((code) => !KNOWN.has(code)),
  data: octets(0, 40),
});

/** Any options in any order, unknown ones among them. */
export function options(depth = 3, maxLength = 6): fc.Arbitrary<readonly Option[]> {
  if (depth <= 0) return fc.constant([]);
  const known = fc
    .constantFrom(...optionDefinitions)
    .chain((definition) => optionOf(definition, depth));
  return fc.array(
    fc.oneof({ arbitrary: known, weight: 9 }, { arbitrary: unknownOption, weight: 1 }),
    { maxLength },
  );
}

export const message: fc.Arbitrary<ClientServerMessage> = fc.record({
  type: fc.constantFrom(...(Object.keys(MESSAGE_TYPE) as MessageType[])),
  transactionId: number(0xffffff),
  options: options(),
});

export const failoverMessage: fc.Arbitrary<FailoverMessage> = fc.record({
  type: fc.constantFrom(...(Object.keys(FAILOVER_TYPE) as FailoverType[])),
  transactionId: number(0xffffff),
  sentTime: number(0xffffffff),
  options: options(),
});

/** Octets that were a message before one to four places were changed, cut or doubled. */
export function mutated(from: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    value: number(255),
    how: fc.constantFrom("set", "cut", "drop", "double"),
  });
  return fc
    .tuple(from, fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([bytes, changes]) => {
      let list = Array.from(bytes);
      for (const { at, value, how } of changes) {
        const place = Math.floor(at * list.length);
        if (how === "set") list[place] = value;
        else if (how === "cut") list = list.slice(0, place);
        else if (how === "drop") list.splice(place, 1);
        else list.splice(place, 0, ...list.slice(place, place + 4));
      }
      return Uint8Array.from(list);
    });
}
