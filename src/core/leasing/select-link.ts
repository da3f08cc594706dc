// Which link a client is on (RFC 8415 §13.1; RFC 6221 for LDRAs).

import { linkOfInterface, linkOfRelay } from "../config/lookup.ts";
import type { CompiledConfig, Link } from "../config/types.ts";
import { type Ipv6Address, isLinkLocal, UNSPECIFIED } from "../model/ipv6.ts";
import { hexOf } from "../model/octets.ts";
import type { RelayLevel, RequestView } from "../wire/view.ts";

/** Where a datagram came in. */
export interface Arrival {
  readonly interface: string;
  readonly source: Ipv6Address;
}

/** Undefined when neither relay nor interface says (D-057: the message is discarded). */
export function selectLink(
  config: CompiledConfig,
  { relays }: RequestView,
  arrival: Arrival,
): Link | undefined {
  // D-053, N-011: directly, the client is on the link of the receiving interface.
  if (relays.length === 0) return linkOfInterface(config, arrival.interface);
  // D-055, D-059, X-171, X-172: the link-address closest to the client that says something.
  let first = relays.length - 1;
  while (first >= 0 && !isUsable(config, relays[first] as RelayLevel)) first--;
  const named = relays[first];
  const link = named === undefined ? undefined : linkOfRelay(config, named.linkAddress, []);
  if (link !== undefined) return link;
  // D-057, D-190, D-191, X-173: else an Interface-Id, but none of a relay behind a link-address that no link has.
  for (let i = relays.length - 1; i >= Math.max(first, 0); i--) {
    const { linkAddress, interfaceId } = relays[i] as RelayLevel;
    if (interfaceId === undefined) continue;
    const byId = linkOfRelay(config, linkAddress, [hexOf(interfaceId)]);
    if (byId !== undefined) return byId;
  }
  // an LDRA on our own link gives no link-address at all, and its datagrams have the client's source. A relay
  // elsewhere that names no link is on none.
  return named === undefined && isLinkLocal(arrival.source)
    ? linkOfInterface(config, arrival.interface)
    : undefined;
}

/** D-056, X-167: `::` says nothing; D-058: a link-local address only where the file lists it. */
function isUsable(config: CompiledConfig, { linkAddress }: RelayLevel): boolean {
  if (linkAddress !== UNSPECIFIED && !isLinkLocal(linkAddress)) return true;
  return linkOfRelay(config, linkAddress, []) !== undefined;
}
