// The configuration after parsing and cross-checks: a frozen lookup structure.

import type { Duid } from "../model/duid.ts";
import type { Ipv6Address, Prefix } from "../model/ipv6.ts";
import type { Millis, Seconds } from "../model/time.ts";

/** What a client is told besides leases: code and encoded data, in the order of the file. */
export interface OptionValue {
  readonly code: number;
  readonly data: Uint8Array;
  /** Further instances of an option that may stand more than once, after `data`. */
  readonly further?: readonly Uint8Array[];
  /** Sent though the client did not ask for it (D-074). */
  readonly alwaysSend: boolean;
}

export interface Lifetimes {
  readonly preferred: Seconds;
  readonly valid: Seconds;
  /** Upper bounds of T1 and T2 (`renew-timer`, `rebind-timer`); undefined: 0.5 and 0.8 of preferred. */
  readonly renewTimer: Seconds | undefined;
  readonly rebindTimer: Seconds | undefined;
}

/** A range of addresses, both ends included. */
export interface AddressPool {
  readonly first: Ipv6Address;
  readonly last: Ipv6Address;
}

/** All prefixes of `delegatedLength` within `prefix`. */
export interface PrefixPool {
  readonly prefix: Prefix;
  readonly delegatedLength: number;
}

export interface Subnet {
  readonly id: number;
  readonly prefix: Prefix;
  readonly pools: readonly AddressPool[];
  readonly prefixPools: readonly PrefixPool[];
  readonly lifetimes: Lifetimes;
  readonly rapidCommit: boolean;
  /** Options by code; subnet before shared network before global. */
  readonly options: ReadonlyMap<number, OptionValue>;
  readonly preference: number;
}

/** What shares one link: a shared network or a single subnet. */
export interface Link {
  /** The shared network's name, or the subnet's text form. Stable over restarts. */
  readonly name: string;
  readonly subnets: readonly Subnet[];
  /** Interfaces of this server that are on the link. */
  readonly interfaces: readonly string[];
  /** Relay addresses (`relay.ip-addresses`) that mean this link, besides the subnets' prefixes. */
  readonly relayAddresses: readonly Ipv6Address[];
  /** Interface-Id option values that mean this link, hex (D-190). */
  readonly interfaceIds: readonly string[];
  /** The relationship that all its pools belong to (T-10: wholly or not at all). */
  readonly relationship: string | undefined;
  /** D-294: most leases in use on the link; undefined = unlimited. */
  readonly maxLeases: number | undefined;
}

export interface Relationship {
  readonly name: string;
  readonly role: "primary" | "secondary";
  readonly mclt: Seconds;
  readonly keepalive: Millis;
  readonly contactsPerKeepalive: number;
  readonly startupTime: Millis;
  readonly connectRetry: Millis;
  /** undefined = off (the default). */
  readonly autoPartnerDown: Millis | undefined;
  /** F-378: a newly commissioned server goes to PARTNER-DOWN when its partner is absent. */
  readonly partnerDownWhenNew: boolean;
  /** `strict-rfc8156`: all deviations from the RFC's text off. */
  readonly strict: boolean;
  readonly security: { readonly mode: "tls" } | { readonly mode: "plain" };
  readonly partner: {
    readonly server: string;
    readonly address: Ipv6Address;
    readonly port: number;
    readonly duid: Duid;
    /** SHA-256 of the partner's certificate, hex; undefined only in plain mode. */
    readonly fingerprint: string | undefined;
  };
}

export interface ServerSettings {
  readonly name: string;
  readonly address: Ipv6Address | undefined;
  readonly duid: Duid;
  readonly port: number;
  readonly listen: Ipv6Address | undefined;
  readonly stateDirectory: string;
  readonly controlSocket: string;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Interfaces to serve directly; `unicast` sockets serve relays. */
  readonly interfaces: readonly string[];
  readonly unicast: readonly { readonly address: Ipv6Address; readonly port: number }[];
  /** Whether the DUID was derived from name and address and not written in the file (T-03: warn). */
  readonly duidDerived: boolean;
}

export interface Tunables {
  readonly heartbeat: Millis;
  readonly offerHeld: Millis;
  readonly declinedHeld: Seconds;
  readonly drain: Millis;
  readonly createOnRenew: boolean;
  readonly leasesPerClient: number;
  readonly declinesPerClient: number;
  readonly maxLeases: number | undefined;
  /** N-013: client messages one client may send in ten seconds; undefined = unlimited. */
  readonly messagesPerClient: number | undefined;
  /** D-300: the same of one relay or address. */
  readonly messagesPerSource: number | undefined;
  /** D-298: whose RELAY-FORW is taken; empty = everybody's. */
  readonly trustedRelays: readonly AddressPool[];
  readonly informationRefreshTime: Seconds;
  /** D-061: reserved interface identifiers are always excluded; these besides (D-062). */
  readonly excluded: readonly AddressPool[];
}

export interface CompiledConfig {
  readonly server: ServerSettings;
  readonly links: readonly Link[];
  readonly relationships: readonly Relationship[];
  readonly tunables: Tunables;
  /** Options for clients whose link is not known, and for INFORMATION-REQUEST without a link. */
  readonly globalOptions: ReadonlyMap<number, OptionValue>;
  /** What lookup.ts searches; absent in a configuration made by hand, which is searched slowly. */
  readonly index?: ConfigIndex;
}

export interface SubnetPlace {
  readonly link: Link;
  readonly subnet: Subnet;
}

export interface PrefixPoolPlace extends SubnetPlace {
  readonly pool: PrefixPool;
}

export interface ConfigIndex {
  readonly byInterface: ReadonlyMap<string, Link>;
  readonly byRelayAddress: ReadonlyMap<Ipv6Address, Link>;
  readonly byInterfaceId: ReadonlyMap<string, Link>;
  readonly relationships: ReadonlyMap<string, Relationship>;
  /** By address; subnets never overlap. */
  readonly subnets: readonly SubnetPlace[];
  /** By address; pools never overlap. */
  readonly prefixPools: readonly PrefixPoolPlace[];
}
