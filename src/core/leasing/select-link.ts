// Which link a client is on (RFC 8415 §13.1; RFC 6221 for LDRAs).

import { linkOfInterface, linkOfRelay } from "../config/lookup.ts";
import type { CompiledConfig, Link } from "../config/types.ts";
import { isLinkLocal, UNSPECIFIED } from "../model/ipv6.ts";
import type { RequestView } from "../wire/view.ts";

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const octet of bytes) text += HEX[octet];
  return text;
}

/** Undefined when neither relay nor interface says (D-057: the message is discarded). */
export function selectLink(
  config: CompiledConfig,
  view: RequestView,
  interfaceName: string,
): Link | undefined {
  // D-053, N-011: directly, the client is on the link of the receiving interface.
  if (view.relays.length === 0) return linkOfInterface(config, interfaceName);
  // D-055, X-172: the level closest to the client that says something, D-056: `::` says nothing.
  for (let i = view.relays.length - 1; i >= 0; i--) {
    const level = view.relays[i] as RequestView["relays"][number];
    const ids = level.interfaceId === undefined ? [] : [hex(level.interfaceId)];
    const link = linkOfRelay(config, level.linkAddress, ids);
    if (link !== undefined) return link;
    // A usable link-address that no link has: the client is on a link that we do not serve.
    if (level.linkAddress !== UNSPECIFIED && !isLinkLocal(level.linkAddress)) return undefined;
  }
  // an LDRA on our own link gives no link-address at all.
  return linkOfInterface(config, interfaceName);
}
