// Fields with a form of their own: vendor suboptions (RFC 8415 §21.17), the time source of NTP_SERVER
// (RFC 5908 §4) and the resolver of V6_DNR (RFC 9463 §4).

import {
  formatIpv6,
  type Ipv6Address,
  isMulticast,
  parseIpv6,
  UNSPECIFIED,
} from "../../model/ipv6.ts";
import { unreachable } from "../../model/unreachable.ts";
import { type ByteWriter, Cursor } from "../cursor.ts";
import { readName, wireName, writeName } from "../domain-name.ts";
import { parseHex } from "../hex.ts";
import { utf8Encode } from "../utf8.ts";
import { ip6, ip6Some, readAddress, writeAddress } from "./addresses.ts";
import {
  type EncryptedResolver,
  type FieldCodec,
  Inputs,
  type OptionInput,
  type SubOption,
  type TimeSource,
} from "./kinds.ts";
import { name, octetsText } from "./texts.ts";

function readSubOption(cursor: Cursor): SubOption {
  const code = cursor.u16();
  return { code, data: cursor.take(cursor.u16()) };
}

function writeSubOption(out: ByteWriter, code: number, content: () => void): void {
  out.u16(code);
  const mark = out.beginLength();
  content();
  out.endLength(mark);
}

function parseSubOption(input: OptionInput | undefined): SubOption | undefined {
  if (typeof input !== "object" || !("data" in input) || input.code === undefined) return undefined;
  const data = typeof input.data === "string" ? octetsOf(input.data) : undefined;
  if (data === undefined || !Number.isInteger(input.code) || input.code < 0 || input.code > 0xffff)
    return undefined;
  return { code: input.code, data };
}

/** Hex after `0x`, else the text itself. */
function octetsOf(value: string): Uint8Array | undefined {
  return /^0x/i.test(value) ? parseHex(value) : utf8Encode(value);
}

/** D-269: code, length, value; each inner length within the option, else the option is malformed. */
export const suboptions: FieldCodec<readonly SubOption[]> = {
  expects: "suboptions, each with code and data",
  read: (cursor) => {
    const list: SubOption[] = [];
    while (cursor.left > 0) list.push(readSubOption(cursor));
    return list;
  },
  write: (out, list) => {
    for (const { code, data } of list) writeSubOption(out, code, () => out.bytes(data));
  },
  text: (list) => `[${list.map(({ code, data }) => `${code}=${octetsText(data)}`).join(" ")}]`,
  parse: (inputs) => {
    const list: SubOption[] = [];
    while (inputs.left > 0) {
      const each = parseSubOption(inputs.take());
      if (each === undefined) return undefined;
      list.push(each);
    }
    return list;
  },
};

const TIME_SOURCE = { address: 1, multicast: 2, fqdn: 3 } as const;

/** X-250: exactly one time source an instance. */
export const timeSource: FieldCodec<TimeSource> = {
  expects: "an IPv6 address or a domain name",
  read: (cursor) => {
    const code = cursor.u16();
    const size = cursor.u16();
    if (cursor.failure === undefined && size !== cursor.left)
      cursor.fail("not exactly one time source");
    if (code === TIME_SOURCE.address) return { type: "address", address: readAddress(cursor) };
    if (code === TIME_SOURCE.multicast) return { type: "multicast", address: readAddress(cursor) };
    if (code === TIME_SOURCE.fqdn) return { type: "fqdn", name: readName(cursor) };
    cursor.fail("unknown time source");
    return { type: "address", address: UNSPECIFIED };
  },
  write: (out, value) => {
    writeSubOption(out, TIME_SOURCE[value.type], () => {
      if (value.type === "fqdn") writeName(out, value.name);
      else writeAddress(out, value.address);
    });
  },
  text: (value) => {
    switch (value.type) {
      case "address":
      case "multicast":
        return `${value.type} ${formatIpv6(value.address)}`;
      case "fqdn":
        return value.name;
      default:
        return unreachable(value);
    }
  },
  parse: (inputs) => {
    const text = inputs.text() ?? "";
    const address = parseIpv6(text);
    if (address !== undefined)
      return { type: isMulticast(address) ? "multicast" : "address", address };
    const parsed = name.parse(new Inputs([text]));
    return parsed === undefined ? undefined : { type: "fqdn", name: parsed };
  },
};

/** X-254: name with its length, then addresses with theirs and the service parameters, or neither. */
export const resolver: FieldCodec<EncryptedResolver> = {
  expects:
    "a domain name, then addresses, then service parameters in hex after 0x (both may be left out)",
  read: (cursor) => {
    const nameEnd = cursor.u16() + cursor.offset;
    if (nameEnd > cursor.end) cursor.fail("name passes the end");
    const nameCursor = new Cursor(cursor.bytes, cursor.offset, Math.min(nameEnd, cursor.end));
    const adn = cursor.failure === undefined ? readName(nameCursor) : ".";
    if (nameCursor.failure !== undefined) cursor.fail(nameCursor.failure);
    if (nameCursor.left > 0) cursor.fail("octets after the name");
    if (cursor.failure === undefined) cursor.offset = nameEnd;
    const addresses: Ipv6Address[] = [];
    if (cursor.left === 0) return { name: adn, addresses, parameters: new Uint8Array(0) };
    const size = cursor.u16();
    if (size === 0 || size % 16 !== 0 || size > cursor.left)
      cursor.fail("bad length of the addresses");
    for (let i = 0; i < size && cursor.failure === undefined; i += 16)
      addresses.push(readAddress(cursor));
    return { name: adn, addresses, parameters: cursor.rest() };
  },
  write: (out, value) => {
    const nameMark = out.beginLength();
    writeName(out, value.name);
    out.endLength(nameMark);
    if (value.addresses.length === 0) return;
    const addressMark = out.beginLength();
    ip6Some.write(out, value.addresses);
    out.endLength(addressMark);
    out.bytes(value.parameters);
  },
  text: (value) => {
    const addresses = value.addresses.length === 0 ? "" : ` ${ip6Some.text(value.addresses)}`;
    return `${value.name}${addresses}${value.parameters.length === 0 ? "" : ` ${octetsText(value.parameters)}`}`;
  },
  parse: (inputs) => {
    const adn = inputs.text() ?? "";
    if (wireName(adn) === undefined) return undefined;
    const addresses: Ipv6Address[] = [];
    let parameters = new Uint8Array(0);
    while (inputs.left > 0) {
      const text = inputs.text() ?? "";
      const hex = inputs.left === 0 && /^0x/i.test(text) ? parseHex(text) : undefined;
      const address = hex === undefined ? ip6.parse(new Inputs([text])) : undefined;
      if (address !== undefined) addresses.push(address);
      else if (hex !== undefined && addresses.length > 0) parameters = Uint8Array.from(hex);
      else return undefined;
    }
    return { name: adn.endsWith(".") ? adn : `${adn}.`, addresses, parameters };
  },
};
