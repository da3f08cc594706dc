// Interface identifiers that no client gets (RFC 8415 §13.1; RFC 4291, RFC 2526, RFC 5453, RFC 6543).

import type { Ipv6Address, Prefix } from "../../model/ipv6.ts";

/** D-061: whether the address is the subnet-router anycast address, a reserved subnet anycast address,
 * or one of the proxy mobile or IEEE reserved range. */
export function isReservedIdentifier(address: Ipv6Address, subnet: Prefix): boolean {
  if (isZeroFrom(address, subnet.length)) return true;
  const identifier = address.slice(16);
  if (identifier >= "fdffffffffffff80" && identifier <= "fdffffffffffffff") return true;
  return identifier >= "02005efffe000000" && identifier <= "02005efffeffffff";
}

function isZeroFrom(address: Ipv6Address, bit: number): boolean {
  const nibble = bit >> 2;
  const rest = bit & 3;
  if (nibble >= 32) return false;
  const partial = Number.parseInt(address.charAt(nibble), 16) & (0xf >> rest);
  if (partial !== 0) return false;
  for (let i = nibble + 1; i < 32; i++) if (address.charCodeAt(i) !== 48) return false;
  return true;
}
