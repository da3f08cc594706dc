// Interface identifiers that no client may get (RFC 8415 §13.1; D-061).

import type { Ipv6Address, Prefix } from "../model/ipv6.ts";
import type { AddressPool } from "./types.ts";

/** Lower 64 bits as 16 hex digits, which order as numbers do (IANA; RFC 4291, 2526, 5453, 6543). */
const RESERVED: readonly { readonly first: string; readonly last: string }[] = [
  { first: "0000000000000000", last: "0000000000000000" },
  { first: "02005efffe000000", last: "02005efffeffffff" },
  { first: "fdffffffffffff80", last: "fdffffffffffffff" },
];

/** D-061: whether the address has a reserved interface identifier, or is its subnet's router anycast address. */
export function isReserved(address: Ipv6Address, subnet: Prefix): boolean {
  return address === subnet.address || reservedRange(address.slice(16)) !== undefined;
}

/** D-061: whether all addresses of a pool are reserved. */
export function isWhollyReserved(pool: AddressPool, subnet: Prefix): boolean {
  if (pool.first === pool.last) return isReserved(pool.first, subnet);
  const range = reservedRange(pool.first.slice(16));
  return (
    range !== undefined &&
    pool.first.slice(0, 16) === pool.last.slice(0, 16) &&
    pool.last.slice(16) <= range.last
  );
}

function reservedRange(identifier: string) {
  return RESERVED.find((range) => identifier >= range.first && identifier <= range.last);
}
