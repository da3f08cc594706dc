// One option at a time: decoded, and encoded to the same octets; addresses that the tests of options share.

import { expect } from "vitest";
import { ByteWriter } from "../../src/core/wire/cursor.ts";
import { decodeOptions, encodeOptions, type Option } from "../../src/core/wire/options.ts";
import { ip, join, opt, toHex } from "../unit/core/wire/bytes.ts";

/** Decodes one option and checks that it encodes to the same octets. */
export function one(code: number, ...data: readonly (Uint8Array | readonly number[])[]): Option {
  const bytes = opt(code, ...data);
  const options = decodeOptions(bytes);
  expect(options).toHaveLength(1);
  const out = new ByteWriter();
  encodeOptions(out, options);
  expect(toHex(out.finish())).toBe(toHex(bytes));
  return options[0] as Option;
}

/** The reason why it is malformed. */
export function fault(
  code: number,
  ...data: readonly (Uint8Array | readonly number[])[]
): string | undefined {
  const option = one(code, ...data);
  return option.type === "malformed" ? option.reason : undefined;
}

export const A = "20010db8000000000000000000000001";
export const B = "20010db8000000000000000000000002";
export const addresses = join(ip("2001:db8::1"), ip("2001:db8::2"));
