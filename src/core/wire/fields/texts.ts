// Texts, domain names and octets.

import { assert } from "../../model/unreachable.ts";
import type { Cursor } from "../cursor.ts";
import {
  partialNameFault,
  partialNameText,
  readName,
  wireLabels,
  wireName,
  writeName,
} from "../domain-name.ts";
import { hexText, parseHex } from "../hex.ts";
import { utf8Decode, utf8Encode } from "../utf8.ts";
import type { FieldCodec, Inputs } from "./kinds.ts";

/** F-128, F-129, D-264: UTF-8, no NUL anywhere. */
export const text: FieldCodec<string> = {
  expects: "a text",
  read: (cursor) => {
    const value = utf8Decode(cursor.rest());
    if (value === undefined) cursor.fail("not UTF-8");
    else if (value.includes("\0")) cursor.fail("NUL in a text");
    return value ?? "";
  },
  write: (out, value) => {
    assert(!value.includes("\0"), "a text holds no NUL");
    out.bytes(utf8Encode(value));
  },
  text: (value) => JSON.stringify(value),
  parse: (inputs) => {
    const value = inputs.text();
    return value === undefined || value === "" || value.includes("\0") ? undefined : value;
  },
};

export const name: FieldCodec<string> = {
  expects: "a domain name",
  read: readName,
  write: writeName,
  text: String,
  parse: (inputs) => {
    const value = inputs.text();
    if (value === undefined || value === "" || wireName(value) === undefined) return undefined;
    return /(^|[^\\])(\\\\)*\.$/.test(value) ? value : `${value}.`;
  },
};

export const nameAny: FieldCodec<readonly string[]> = {
  expects: "domain names",
  read: (cursor) => {
    const names: string[] = [];
    while (cursor.left > 0) names.push(readName(cursor));
    return names;
  },
  write: (out, names) => {
    for (const each of names) writeName(out, each);
  },
  text: (names) => names.join(","),
  parse: (inputs) => {
    const names: string[] = [];
    while (inputs.left > 0) {
      const each = name.parse(inputs);
      if (each === undefined) return undefined;
      names.push(each);
    }
    return names;
  },
};

export const nameSome: FieldCodec<readonly string[]> = {
  ...nameAny,
  expects: "one or more domain names",
  read: (cursor) => {
    if (cursor.left === 0) cursor.fail("no name");
    return nameAny.read(cursor);
  },
  parse: (inputs) => (inputs.left === 0 ? undefined : nameAny.parse(inputs)),
};

/** complete, partial or empty. */
export const partialName: FieldCodec<Uint8Array> = {
  expects: "a domain name; with a last dot it is complete, without one partial",
  read: (cursor) => {
    const fault = partialNameFault(cursor.bytes, cursor.offset, cursor.end);
    if (fault !== undefined) cursor.fail(fault);
    return cursor.rest();
  },
  write: (out, value) => out.bytes(value),
  text: (value) => JSON.stringify(partialNameText(value)),
  parse: (inputs) => {
    const value = inputs.text() ?? "";
    return value.endsWith(".") ? wireName(value) : wireLabels(value);
  },
};

/** Longer octets are never shown as a text. */
const TEXT_SHOWN = 1024;

/** Octets for people: quoted when printable ASCII, else hex. */
export function octetsText(value: Uint8Array): string {
  const printable =
    value.length > 0 &&
    value.length <= TEXT_SHOWN &&
    value.every((octet) => octet >= 0x20 && octet < 0x7f);
  return printable
    ? JSON.stringify(String.fromCharCode(...value))
    : `0x${hexText(value).replaceAll(":", "")}`;
}

function parseOctets(inputs: Inputs): Uint8Array | undefined {
  const value = inputs.text();
  if (value === undefined) return undefined;
  const quoted = /^'(.*)'$/s.exec(value);
  return quoted === null ? parseHex(value) : utf8Encode(quoted[1] as string);
}

export const opaque: FieldCodec<Uint8Array> = {
  expects: "octets in hex, or a text in single quotes",
  read: (cursor) => cursor.rest(),
  write: (out, value) => out.bytes(value),
  text: (value) => `0x${hexText(value).replaceAll(":", "")}`,
  parse: parseOctets,
};

export const opaqueSome: FieldCodec<Uint8Array> = {
  ...opaque,
  expects: "at least one octet in hex, or a text in single quotes",
  read: (cursor) => {
    if (cursor.left === 0) cursor.fail("no octets");
    return cursor.rest();
  },
  parse: (inputs) => {
    const value = parseOctets(inputs);
    return value?.length === 0 ? undefined : value;
  },
};

export const octets8: FieldCodec<Uint8Array> = {
  ...opaque,
  expects: "eight octets in hex",
  read: (cursor) => (cursor.has(8) ? cursor.take(8) : new Uint8Array(8)),
  write: (out, value) => {
    assert(value.length === 8, "the field has eight octets");
    out.bytes(value);
  },
  parse: (inputs) => {
    const value = parseOctets(inputs);
    return value?.length === 8 ? value : undefined;
  },
};

/** D-267: the inner length stays within the option. */
function readTuple(cursor: Cursor): Uint8Array {
  return cursor.take(cursor.u16());
}

export const tuple: FieldCodec<Uint8Array> = {
  expects: "a text, or octets in hex after 0x",
  read: readTuple,
  write: (out, value) => {
    out.u16(value.length);
    out.bytes(value);
  },
  text: octetsText,
  parse: (inputs) => {
    const value = inputs.text();
    if (value === undefined) return undefined;
    const octets = /^0x/i.test(value) ? parseHex(value) : utf8Encode(value);
    return octets === undefined || octets.length > 0xffff ? undefined : octets;
  },
};

export const tupleAny: FieldCodec<readonly Uint8Array[]> = {
  expects: "texts, or octets in hex after 0x",
  read: (cursor) => {
    const list: Uint8Array[] = [];
    while (cursor.left > 0) list.push(readTuple(cursor));
    return list;
  },
  write: (out, list) => {
    for (const value of list) tuple.write(out, value);
  },
  text: (list) => list.map(octetsText).join(","),
  parse: (inputs) => {
    const list: Uint8Array[] = [];
    while (inputs.left > 0) {
      const value = tuple.parse(inputs);
      if (value === undefined) return undefined;
      list.push(value);
    }
    return list;
  },
};

export const tupleSome: FieldCodec<readonly Uint8Array[]> = {
  ...tupleAny,
  read: (cursor) => {
    if (cursor.left === 0) cursor.fail("empty list");
    return tupleAny.read(cursor);
  },
  parse: (inputs) => (inputs.left === 0 ? undefined : tupleAny.parse(inputs)),
};
