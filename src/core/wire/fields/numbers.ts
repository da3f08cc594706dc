// Numbers: u8 to u32, intervals, absolute times, lists of u16 (RFC 8415 §21; RFC 8156 §3).

import { INFINITY_SECONDS } from "../../model/time.ts";
import type { ByteWriter, Cursor } from "../cursor.ts";
import { timeText } from "../time-text.ts";
import type { FieldCodec, Inputs } from "./kinds.ts";

function parseNumber(inputs: Inputs, most: number): number | undefined {
  const text = inputs.text();
  if (text === undefined || !/^(\d{1,10}|0x[0-9a-fA-F]{1,8})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= most ? value : undefined;
}

export const u8: FieldCodec<number> = {
  expects: "a number from 0 to 255",
  read: (cursor) => cursor.u8(),
  write: (out, value) => out.u8(value),
  text: String,
  parse: (inputs) => parseNumber(inputs, 0xff),
};

export const u16: FieldCodec<number> = {
  expects: "a number from 0 to 65535",
  read: (cursor) => cursor.u16(),
  write: (out, value) => out.u16(value),
  text: String,
  parse: (inputs) => parseNumber(inputs, 0xffff),
};

export const u32: FieldCodec<number> = {
  expects: "a number from 0 to 4294967295",
  read: (cursor) => cursor.u32(),
  write: (out, value) => out.u32(value),
  text: String,
  parse: (inputs) => parseNumber(inputs, 0xffffffff),
};

export const seconds: FieldCodec<number> = {
  ...u32,
  expects: "seconds, from 0 to 4294967295 (infinity)",
  // D-022: all ones is infinity.
  text: (value) => (value === INFINITY_SECONDS ? "infinity" : `${value}s`),
};

export const time: FieldCodec<number> = {
  ...u32,
  expects: "seconds since 2000-01-01T00:00:00Z",
  text: timeText,
};

/** D-241: a length over 128 is malformed. */
export const prefixLength: FieldCodec<number> = {
  expects: "a prefix length from 0 to 128",
  read: (cursor) => {
    const value = cursor.u8();
    if (value > 128) cursor.fail("prefix length over 128");
    return value;
  },
  write: (out, value) => out.u8(value),
  text: String,
  parse: (inputs) => parseNumber(inputs, 128),
};

function readList(cursor: Cursor): number[] {
  const values: number[] = [];
  while (cursor.left > 0) values.push(cursor.u16());
  return values;
}

function writeList(out: ByteWriter, values: readonly number[]): void {
  for (const value of values) out.u16(value);
}

function parseList(inputs: Inputs): number[] | undefined {
  const values: number[] = [];
  while (inputs.left > 0) {
    const value = parseNumber(inputs, 0xffff);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

export const u16Any: FieldCodec<readonly number[]> = {
  expects: "numbers from 0 to 65535",
  read: readList,
  write: writeList,
  text: (values) => values.join(","),
  parse: parseList,
};

export const u16Some: FieldCodec<readonly number[]> = {
  ...u16Any,
  expects: "one or more numbers from 0 to 65535",
  read: (cursor) => {
    if (cursor.left === 0) cursor.fail("empty list");
    return readList(cursor);
  },
  parse: (inputs) => (inputs.left === 0 ? undefined : parseList(inputs)),
};
