// The configuration of a world's servers: two links, one heard directly and one behind a relay, the same on both.

import type {
  CompiledConfig,
  Link,
  Relationship,
  ServerSettings,
  Subnet,
} from "../src/core/config/types.ts";
import type { Duid } from "../src/core/model/duid.ts";
import { type Ipv6Address, ipv6FromBigint, ipv6ToBigint } from "../src/core/model/ipv6.ts";
import type { ServerName } from "./checkers/observation.ts";
import type { Scenario } from "./scenario.ts";

const hexAddress = (text: string): Ipv6Address => text.padEnd(32, "0") as Ipv6Address;
const within = (base: Ipv6Address, offset: number): Ipv6Address =>
  ipv6FromBigint(ipv6ToBigint(base) + BigInt(offset));

const SUBNETS = [hexAddress("20010db800010000"), hexAddress("20010db800020000")] as const;
const PREFIXES = [hexAddress("20010db880000000"), hexAddress("20010db890000000")] as const;
const SERVERS = hexAddress("20010db8ffff0000");

export const SERVER_ADDRESS: Readonly<Record<ServerName, Ipv6Address>> = {
  a: within(SERVERS, 0xa),
  b: within(SERVERS, 0xb),
};

/** DUID-LL of made-up interfaces. */
export const SERVER_DUID: Readonly<Record<ServerName, Duid>> = {
  a: "000300010200000000aa" as Duid,
  b: "000300010200000000bb" as Duid,
};

export const FINGERPRINT: Readonly<Record<ServerName, string>> = {
  a: "a".repeat(64),
  b: "b".repeat(64),
};

/** The interface on the first link, and the one that hears relays. */
export const LAN = "lan0";
export const UPLINK = "up0";

export interface Relay {
  /** Its address on the second link. */
  readonly link: Ipv6Address;
  /** Its own address towards the servers. */
  readonly address: Ipv6Address;
}

/** The relays of the second link; most worlds have the first alone. */
export const RELAYS: readonly [Relay, Relay] = [
  { link: within(SUBNETS[1], 0xfffe), address: within(SERVERS, 0x100) },
  { link: within(SUBNETS[1], 0xfffd), address: within(SERVERS, 0x101) },
];

export const RELATIONSHIP = "pair";
export const DELEGATED_LENGTH = 60;
export const FAILOVER_PORT = 647;

function subnet(index: 0 | 1, scenario: Scenario): Subnet {
  const first = within(SUBNETS[index], 0x1000);
  return {
    id: index + 1,
    prefix: { address: SUBNETS[index], length: 64 },
    pools: [{ first, last: within(first, scenario.poolSize - 1) }],
    prefixPools: [
      {
        prefix: { address: PREFIXES[index], length: DELEGATED_LENGTH - scenario.prefixBits },
        delegatedLength: DELEGATED_LENGTH,
      },
    ],
    lifetimes: {
      preferred: scenario.preferred,
      valid: scenario.valid,
      renewTimer: undefined,
      rebindTimer: undefined,
    },
    rapidCommit: scenario.rapidCommit,
    options: new Map(),
    preference: 0,
  };
}

function links(scenario: Scenario): readonly Link[] {
  const relationship = scenario.single ? undefined : RELATIONSHIP;
  const common = { interfaceIds: [], relationship, maxLeases: undefined };
  return [
    {
      ...common,
      name: "lan",
      subnets: [subnet(0, scenario)],
      interfaces: [LAN],
      relayAddresses: [],
    },
    { ...common, name: "far", subnets: [subnet(1, scenario)], interfaces: [], relayAddresses: [] },
  ];
}

function relationship(me: ServerName, scenario: Scenario): Relationship {
  const partner: ServerName = me === "a" ? "b" : "a";
  return {
    name: RELATIONSHIP,
    role: me === "a" ? "primary" : "secondary",
    mclt: scenario.mclt,
    keepalive: scenario.keepalive,
    contactsPerKeepalive: 4,
    startupTime: scenario.startup,
    connectRetry: 1_000,
    autoPartnerDown: undefined,
    partnerDownWhenNew: false,
    strict: false,
    security: { mode: scenario.tls ? "tls" : "plain" },
    partner: {
      server: partner,
      address: SERVER_ADDRESS[partner],
      port: FAILOVER_PORT,
      duid: SERVER_DUID[partner],
      fingerprint: scenario.tls ? FINGERPRINT[partner] : undefined,
    },
  };
}

function settings(me: ServerName, scenario: Scenario): ServerSettings {
  return {
    name: me,
    address: SERVER_ADDRESS[me],
    duid: SERVER_DUID[me],
    port: FAILOVER_PORT,
    listen: SERVER_ADDRESS[me],
    stateDirectory: `/state/${me}`,
    controlSocket: `/state/${me}/control`,
    certificate: scenario.tls ? "certificate" : undefined,
    key: scenario.tls ? "key" : undefined,
    interfaces: [LAN],
    unicast: [{ address: SERVER_ADDRESS[me], port: 547 }],
    duidDerived: false,
  };
}

export function serverConfig(me: ServerName, scenario: Scenario): CompiledConfig {
  return {
    server: settings(me, scenario),
    links: links(scenario),
    relationships: scenario.single ? [] : [relationship(me, scenario)],
    tunables: {
      heartbeat: 2_000,
      offerHeld: scenario.offerHeld,
      declinedHeld: scenario.declinedHeld,
      drain: 5_000,
      createOnRenew: false,
      leasesPerClient: 32,
      declinesPerClient: 8,
      maxLeases: undefined,
      messagesPerClient: undefined,
      messagesPerSource: undefined,
      trustedRelays: [],
      informationRefreshTime: 86_400,
      excluded: [],
    },
    globalOptions: new Map(),
  };
}
