// A lease: one address or delegated prefix and all that a server knows of it
// (RFC 8156 §7.3; the row of docs/internals/core.md). Plain and readonly: a change makes a new value.

import type { BindingStatus } from "./binding-status.ts";
import type { Duid } from "./duid.ts";
import type { Ipv6Address } from "./ipv6.ts";
import type { DhcpTime, Seconds } from "./time.ts";

/** An address of an IA_NA, or a prefix of an IA_PD. */
export type LeaseKind = "address" | "prefix";

/** What names a lease: a client holds it for an IA, the lease is there without one. */
export interface LeaseKey {
  readonly kind: LeaseKind;
  readonly address: Ipv6Address;
  /** 128 for an address. */
  readonly length: number;
}

export interface Lease extends LeaseKey {
  /** Name of the link (subnet6 or shared network) that has its address now: the table gives it by the configuration. What
   * a record of the log says is only for people. undefined: no link of the configuration has it. */
  readonly link: string | undefined;
  /** The client that holds it or held it last; undefined when there never was one. */
  readonly duid: Duid | undefined;
  readonly iaid: number;
  readonly status: BindingStatus;

  /** Lifetimes, T1 and T2 as last told to the client (by either server), seconds. */
  readonly validLifetime: Seconds;
  readonly preferredLifetime: Seconds;
  readonly t1: Seconds;
  readonly t2: Seconds;
  /** When the client's valid lifetime ends: the latest that any server told it and is known here (F-558). */
  readonly clientExpiry: DhcpTime;

  /** RFC 8156 §7.3, the seven times; 0 = none. */
  readonly expirationTime: DhcpTime;
  readonly ackedPartnerLifetime: DhcpTime;
  readonly partnerLifetime: DhcpTime;
  readonly clientLastTransactionTime: DhcpTime;
  readonly partnerRawCltTime: DhcpTime;
  readonly startTimeOfState: DhcpTime;
  readonly stateExpirationTime: DhcpTime;

  /** the partner-lifetime last transmitted, and the highest ever transmitted for this lease. */
  readonly partnerLifetimeSent: DhcpTime;
  readonly partnerLifetimeHighest: DhcpTime;

  /** The log sequence of its last change: 53 bits, never reused. */
  readonly version: number;
  /** F-028: a free prefix has been the primary's since this change, so it is a hole in every block given before it;
   * 0: it goes with the block that it lies in. */
  readonly primarySince: number;
  /** acks given in an earlier epoch than the endpoint's are void. */
  readonly ackEpoch: number;
  /** F-299: the partner must be told. */
  readonly marked: boolean;
  /** The partner may know of this binding: a BNDUPD about it was sent or received. */
  readonly everSent: boolean;
  /** F-559: a BNDUPD about the present ending was sent (or may have been). */
  readonly endingSent: boolean;

  /** Relay data as OPTION_LQ_RELAY_DATA carries it (RFC 5007 §4.1.2.4); undefined when none. */
  readonly relayData: Uint8Array | undefined;
  /** Client FQDN option data (RFC 4704 §4). */
  readonly fqdn: Uint8Array | undefined;
  /** OPTION_F_RECONFIGURE_DATA payload (RFC 8156 §5.5.13). */
  readonly reconfigureData: Uint8Array | undefined;
}

/** A string that names a lease, for keys of a Map. */
export function leaseKeyText(key: LeaseKey): string {
  return `${key.address}/${key.length}`;
}
