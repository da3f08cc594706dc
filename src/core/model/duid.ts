// DHCP unique identifiers: opaque octets, compared whole (RFC 8415 §11). None is taken apart, whatever its type
// (D-044, D-046, D-047, D-048).

import { hexOf } from "./octets.ts";

declare const duidBrand: unique symbol;

/** A DUID as lower-case hex digits, two an octet. Compare with `===`. */
export type Duid = string & { readonly [duidBrand]: true };

/** RFC 8415 §11.1: a 2-octet type and 1 to 128 octets. */
export const DUID_MIN_LENGTH = 3;
/** RFC 8415 §11.1. */
export const DUID_MAX_LENGTH = 130;

/** Copies the octets from `start` to `end` of `bytes`; the caller has checked the length. */
export function duidFromBytes(bytes: Uint8Array, start = 0, end = bytes.length): Duid {
  return hexOf(bytes, start, end) as Duid;
}

/** Parses hex digits with or without colons between octets; undefined when it is no DUID of 3 to 130 octets. */
export function parseDuid(text: string): Duid | undefined {
  const digits = text.replaceAll(":", "").toLowerCase();
  if (!/^([0-9a-f]{2})+$/.test(digits)) return undefined;
  const octets = digits.length / 2;
  return octets < DUID_MIN_LENGTH || octets > DUID_MAX_LENGTH ? undefined : (digits as Duid);
}

/** Octets in hex, separated by colons. */
export function formatDuid(duid: Duid): string {
  return duid.replaceAll(/(..)(?!$)/g, "$1:");
}
