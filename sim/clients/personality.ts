// How released DHCPv6 clients differ from the text and from each other (captures of dibbler, udhcpc6, dhcp6c,
// dhclient, dhcpcd, systemd-networkd and odhcp6c).

export interface Personality {
  readonly name: string;
  readonly address: boolean;
  readonly prefix: boolean;
  /** Asks for Rapid Commit in SOLICIT. */
  readonly rapidCommit: boolean;
  /** Each IA has its own exchanges, so RENEW and REBIND carry one IA. */
  readonly oneIaPerMessage: boolean;
  /** After a REBIND it goes on RENEWing with the old server's identifier. */
  readonly keepsOldServer: boolean;
  /** A new IAID at every start of soliciting. */
  readonly newIaidEachTime: boolean;
  /** REQUEST names no address. */
  readonly emptyIaInRequest: boolean;
  /** Renews at half the valid lifetime, whatever T1 says. */
  readonly halfValid: boolean;
  /** SOLICITs where others REBIND. */
  readonly neverRebinds: boolean;
  /** RENEW and RELEASE go by unicast first. */
  readonly unicastRenew: boolean;
  /** Goes over to REBIND only when its RENEW is due again. */
  readonly lateRebind: boolean;
  /** Asks all servers by REBIND in the moment it sends its RENEW, and takes both answers. */
  readonly impatient: boolean;
  /** RELEASE and DECLINE are sent once and no answer is awaited. */
  readonly endsOnce: boolean;
  /** Ignores an answer to RENEW from another server than the one named. */
  readonly comparesServerId: boolean;
  /** Lifetimes and timers that it writes into its IAs. */
  readonly hint: {
    readonly t1: number;
    readonly t2: number;
    readonly preferred: number;
    readonly valid: number;
  };
  readonly serverIdLast: boolean;
}

const plain: Personality = {
  name: "plain",
  address: true,
  prefix: false,
  rapidCommit: false,
  oneIaPerMessage: false,
  keepsOldServer: false,
  newIaidEachTime: false,
  emptyIaInRequest: false,
  halfValid: false,
  neverRebinds: false,
  unicastRenew: false,
  lateRebind: false,
  impatient: false,
  endsOnce: false,
  comparesServerId: false,
  hint: { t1: 0, t2: 0, preferred: 0, valid: 0 },
  serverIdLast: false,
};

export const PERSONALITIES: readonly Personality[] = [
  plain,
  { ...plain, name: "both", prefix: true },
  { ...plain, name: "router", address: false, prefix: true },
  { ...plain, name: "rapid", rapidCommit: true, prefix: true },
  {
    ...plain,
    name: "dibbler",
    prefix: true,
    oneIaPerMessage: true,
    keepsOldServer: true,
    serverIdLast: true,
    endsOnce: true,
    hint: { t1: 0xffffffff, t2: 0xffffffff, preferred: 0xffffffff, valid: 0xffffffff },
  },
  {
    ...plain,
    name: "udhcpc6",
    newIaidEachTime: true,
    emptyIaInRequest: true,
    halfValid: true,
    neverRebinds: true,
    unicastRenew: true,
    endsOnce: true,
  },
  {
    ...plain,
    name: "dhclient",
    prefix: true,
    lateRebind: true,
    endsOnce: true,
    hint: { t1: 3600, t2: 5400, preferred: 7200, valid: 7500 },
  },
  { ...plain, name: "dhcp6c", prefix: true, oneIaPerMessage: true },
  { ...plain, name: "odhcp6c", prefix: true, comparesServerId: true },
  { ...plain, name: "impatient", prefix: true, impatient: true },
];

/** Asks for information alone (RFC 8415 §18.2.6). */
export const STATELESS: Personality = { ...plain, name: "stateless", address: false };
