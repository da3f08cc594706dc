// Options of client messages for tests, and the relay levels around them.

import type { Duid } from "../../src/core/model/duid.ts";
import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import { type Option, option } from "../../src/core/wire/options.ts";
import { encodeRelay } from "../../src/core/wire/relay.ts";
import { ip } from "./pair.ts";

export const SERVER_DUID = "0003000102000000000a" as Duid;
export const OURS = option("SERVERID", { duid: SERVER_DUID });

/** An IA_NA that names these addresses. */
export function na(iaid: number, ...named: readonly (Ipv6Address | string)[]): Option {
  const options = named.map((each) =>
    option("IAADDR", {
      address: address(each),
      preferredLifetime: 7,
      validLifetime: 8,
      options: [],
    }),
  );
  return option("IA_NA", { iaid, t1: 5, t2: 6, options });
}

/** An IA_PD that names these prefixes (`2001:db8::/56`, or `::/56` for a length). */
export function pd(iaid: number, ...named: readonly string[]): Option {
  const options = named.map((each) => {
    const [prefix = "", length] = each.split("/");
    return option("IAPREFIX", {
      preferredLifetime: 7,
      validLifetime: 8,
      prefixLength: Number(length),
      prefix: address(prefix),
      options: [],
    });
  });
  return option("IA_PD", { iaid, t1: 5, t2: 6, options });
}

function address(text: string): Ipv6Address {
  return text.includes(":") ? ip(text) : (text as Ipv6Address);
}

export function oro(...codes: readonly number[]): Option {
  return option("ORO", { codes });
}

/** One RELAY-FORW level around a message; options before RELAY_MSG. */
export function relayed(
  link: string,
  peer: string,
  options: readonly Option[] = [],
  hopCount = 0,
): (message: Uint8Array) => Uint8Array {
  return (message) =>
    encodeRelay({
      type: "RELAY-FORW",
      hopCount,
      linkAddress: ip(link),
      peerAddress: ip(peer),
      options: [...options, option("RELAY_MSG", { message })],
    });
}
