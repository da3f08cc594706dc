// Addresses, prefixes and DUIDs.

import {
  DUID_MAX_LENGTH,
  DUID_MIN_LENGTH,
  type Duid,
  duidFromBytes,
  formatDuid,
  parseDuid,
} from "../../model/duid.ts";
import {
  formatIpv6,
  formatPrefix,
  type Ipv6Address,
  ipv6FromBytes,
  ipv6ToBytes,
  maskTo,
  type Prefix,
  parseIpv6,
  parsePrefix,
  UNSPECIFIED,
} from "../../model/ipv6.ts";
import { assert } from "../../model/unreachable.ts";
import type { ByteWriter, Cursor } from "../cursor.ts";
import type { FieldCodec, Inputs } from "./kinds.ts";

export function readAddress(cursor: Cursor): Ipv6Address {
  if (!cursor.has(16)) return UNSPECIFIED;
  cursor.offset += 16;
  return ipv6FromBytes(cursor.bytes, cursor.offset - 16);
}

export function writeAddress(out: ByteWriter, address: Ipv6Address): void {
  out.digits(address);
}

function parseAddress(inputs: Inputs): Ipv6Address | undefined {
  const text = inputs.text();
  return text === undefined ? undefined : parseIpv6(text);
}

export const ip6: FieldCodec<Ipv6Address> = {
  expects: "an IPv6 address",
  read: readAddress,
  write: writeAddress,
  text: formatIpv6,
  parse: parseAddress,
};

export const ip6Any: FieldCodec<readonly Ipv6Address[]> = {
  expects: "IPv6 addresses",
  read: (cursor) => {
    const list: Ipv6Address[] = [];
    while (cursor.left > 0) list.push(readAddress(cursor));
    return list;
  },
  write: (out, list) => {
    for (const address of list) writeAddress(out, address);
  },
  text: (list) => list.map(formatIpv6).join(","),
  parse: (inputs) => {
    const list: Ipv6Address[] = [];
    while (inputs.left > 0) {
      const address = parseAddress(inputs);
      if (address === undefined) return undefined;
      list.push(address);
    }
    return list;
  },
};

export const ip6Some: FieldCodec<readonly Ipv6Address[]> = {
  ...ip6Any,
  expects: "one or more IPv6 addresses",
  read: (cursor) => {
    if (cursor.left === 0) cursor.fail("no address");
    return ip6Any.read(cursor);
  },
  parse: (inputs) => (inputs.left === 0 ? undefined : ip6Any.parse(inputs)),
};

export const ip4: FieldCodec<string> = {
  expects: "an IPv4 address",
  read: (cursor) => (cursor.has(4) ? Array.from(cursor.take(4)).join(".") : "0.0.0.0"),
  write: (out, value) => {
    const octets = parseIp4(value);
    assert(octets !== undefined, `${value} is an IPv4 address`);
    out.bytes(octets);
  },
  text: String,
  parse: (inputs) => {
    const octets = parseIp4(inputs.text() ?? "");
    return octets === undefined ? undefined : Array.from(octets).join(".");
  },
};

function parseIp4(text: string): Uint8Array | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const octets = text.split(".").map(Number);
  return octets.some((octet) => octet > 255) ? undefined : Uint8Array.from(octets);
}

/** D-277: bits beyond the prefix-length (the octet before) are sent as zero and ignored on receipt. */
export const prefix: FieldCodec<Ipv6Address> = {
  ...ip6,
  read: (cursor) => {
    const length = cursor.bytes[cursor.offset - 1] ?? 0;
    return maskTo(readAddress(cursor), Math.min(length, 128));
  },
  write: (out, address) => writeAddress(out, maskTo(address, out.last)),
};

export const prefix6: FieldCodec<Prefix> = {
  expects: "a prefix, ADDRESS/LENGTH",
  read: (cursor) => {
    const length = cursor.u8();
    if (length > 128) cursor.fail("prefix length over 128");
    const octets = new Uint8Array(16);
    if (cursor.failure === undefined) octets.set(cursor.take((length + 7) >> 3));
    return { address: maskTo(ipv6FromBytes(octets), Math.min(length, 128)), length };
  },
  write: (out, { address, length }) => {
    assert(length <= 128, "a prefix length is 128 at most");
    const octets = new Uint8Array(16);
    ipv6ToBytes(maskTo(address, length), octets);
    out.u8(length);
    out.bytes(octets.subarray(0, (length + 7) >> 3));
  },
  text: formatPrefix,
  parse: (inputs) => parsePrefix(inputs.text() ?? ""),
};

/** D-042: 3 to 130 octets, opaque (D-039, D-040). */
export const duid: FieldCodec<Duid> = {
  expects: "a DUID of 3 to 130 octets in hex",
  read: (cursor) => {
    const size = cursor.left;
    if (size < DUID_MIN_LENGTH || size > DUID_MAX_LENGTH)
      cursor.fail("DUID not of 3 to 130 octets");
    return duidFromBytes(cursor.rest());
  },
  write: (out, value) => out.digits(value),
  text: formatDuid,
  parse: (inputs) => parseDuid((inputs.text() ?? "").replace(/^0x/i, "")),
};
