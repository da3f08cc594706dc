// IPv6 addresses and prefixes as immutable values that compare with `===` (RFC 4291, RFC 5952).
// The value is 32 lower-case hex digits without colons, so string order is numeric order.

import { hexOf } from "./octets.ts";

declare const ipv6Brand: unique symbol;

/** An IPv6 address: 32 lower-case hex digits. Compare with `===`, order with `<`. */
export type Ipv6Address = string & { readonly [ipv6Brand]: true };

/** A prefix: bits beyond `length` (0 to 128) are zero in `address`. */
export interface Prefix {
  readonly address: Ipv6Address;
  readonly length: number;
}

/** The unspecified address `::`. */
export const UNSPECIFIED = "0".repeat(32) as Ipv6Address;

/** Reads 16 octets at `offset`; the caller has checked the bounds. */
export function ipv6FromBytes(bytes: Uint8Array, offset = 0): Ipv6Address {
  return hexOf(bytes, offset, offset + 16) as Ipv6Address;
}

/** Writes 16 octets at `offset`. */
export function ipv6ToBytes(address: Ipv6Address, into: Uint8Array, offset = 0): void {
  for (let i = 0; i < 16; i++) into[offset + i] = octetOf(address, i);
}

/** The octet number `index` (0 to 15) of an address. */
export function octetOf(address: Ipv6Address, index: number): number {
  return (nibble(address.charCodeAt(index * 2)) << 4) | nibble(address.charCodeAt(index * 2 + 1));
}

function nibble(code: number): number {
  return code <= 57 ? code - 48 : code - 87;
}

/** The address as an unsigned 128-bit number (for pool arithmetic; never a key of a Map). */
export function ipv6ToBigint(address: Ipv6Address): bigint {
  return BigInt(`0x${address}`);
}

/** From an unsigned number below 2^128. */
export function ipv6FromBigint(value: bigint): Ipv6Address {
  return value.toString(16).padStart(32, "0") as Ipv6Address;
}

/** The lowest bit (bit 127), by which RFC 8156 §4.2.1.1 splits addresses: 1 primary, 0 secondary. */
export function lowBit(address: Ipv6Address): 0 | 1 {
  return (nibble(address.charCodeAt(31)) & 1) as 0 | 1;
}

/** `address` with all bits beyond `length` zero. */
export function maskTo(address: Ipv6Address, length: number): Ipv6Address {
  const whole = length >> 2;
  const rest = length & 3;
  if (whole >= 32) return address;
  const head = address.slice(0, whole);
  const partial = nibble(address.charCodeAt(whole)) & (0xf << (4 - rest)) & 0xf;
  return (head + partial.toString(16)).padEnd(32, "0") as Ipv6Address;
}

/** Whether `address` lies in `prefix`. */
export function inPrefix(address: Ipv6Address, prefix: Prefix): boolean {
  const whole = prefix.length >> 2;
  if (!address.startsWith(prefix.address.slice(0, whole))) return false;
  const rest = prefix.length & 3;
  if (rest === 0) return true;
  const a = nibble(address.charCodeAt(whole));
  const b = nibble(prefix.address.charCodeAt(whole));
  return a >> (4 - rest) === b >> (4 - rest);
}

/** Whether `inner` lies wholly in `outer` (equal prefixes contain each other). */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return inner.length >= outer.length && inPrefix(inner.address, outer);
}

/** Whether two prefixes share an address: then one contains the other. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return containsPrefix(a, b) || containsPrefix(b, a);
}

/** Whether the address is in fe80::/10. */
export function isLinkLocal(address: Ipv6Address): boolean {
  return address.startsWith("fe") && (nibble(address.charCodeAt(2)) & 0xc) === 8;
}

/** Whether the address is in ff00::/8. */
export function isMulticast(address: Ipv6Address): boolean {
  return address.startsWith("ff");
}

/** Parses the text forms of RFC 4291 §2.2 (zone ids are refused). Undefined when it is no address. */
export function parseIpv6(text: string): Ipv6Address | undefined {
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text)) return undefined;
  let body = text;
  const dotted = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (dotted !== null) {
    const octets = dotted.slice(2, 6).map(Number);
    if (octets.some((octet) => octet > 255)) return undefined;
    const [a, b, c, d] = octets as [number, number, number, number];
    body = `${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const halves = body.split("::");
  if (halves.length > 2) return undefined;
  const left = groupsOf(halves[0] as string);
  const right = halves.length === 2 ? groupsOf(halves[1] as string) : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...Array<string>(missing).fill("0"), ...right];
  return groups.map((group) => group.padStart(4, "0").toLowerCase()).join("") as Ipv6Address;
}

function groupsOf(text: string): string[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) ? groups : undefined;
}

/** Parses `address/length`; undefined when it is no prefix or has bits set beyond its length. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const address = parseIpv6(match[1] as string);
  const length = Number(match[2]);
  if (address === undefined || length > 128 || maskTo(address, length) !== address)
    return undefined;
  return { address, length };
}

/** The canonical text of RFC 5952. */
export function formatIpv6(address: Ipv6Address): string {
  const groups: string[] = [];
  for (let end = 4; end <= 32; end += 4) {
    let start = end - 4;
    while (start < end - 1 && address.charCodeAt(start) === 48) start++;
    groups.push(address.slice(start, end));
  }
  const run = longestZeroRun(groups);
  if (run.length < 2) return groups.join(":");
  return `${groups.slice(0, run.start).join(":")}::${groups.slice(run.start + run.length).join(":")}`;
}

function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === "0") continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

/** `address/length` in the text of RFC 5952. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIpv6(prefix.address)}/${prefix.length}`;
}
