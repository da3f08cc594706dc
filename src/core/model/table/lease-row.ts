// Where each field of a lease lies in its row, and the fixed-size half of packing and unpacking.
// References (client, link, relay data, …) belong to the table.

import { BINDING_STATUS, type BindingStatus } from "../binding-status.ts";
import type { Ipv6Address } from "../ipv6.ts";
import type { Lease } from "../lease.ts";
import { dueTime } from "../lease-status.ts";
import type { DhcpTime } from "../time.ts";

/** Words of a row. ADDRESS takes four. */
export const ROW = {
  ADDRESS: 0,
  /** Length, status, kind, the three marks and "in use": see `packState`. */
  STATE: 4,
  LINK: 5,
  CLIENT: 6,
  IAID: 7,
  VALID: 8,
  PREFERRED: 9,
  T1: 10,
  T2: 11,
  CLIENT_EXPIRY: 12,
  EXPIRATION: 13,
  ACKED_PARTNER_LIFETIME: 14,
  PARTNER_LIFETIME: 15,
  CLIENT_LAST_TRANSACTION: 16,
  PARTNER_RAW_CLT: 17,
  START_OF_STATE: 18,
  STATE_EXPIRATION: 19,
  PARTNER_LIFETIME_SENT: 20,
  PARTNER_LIFETIME_HIGHEST: 21,
  VERSION_HIGH: 22,
  VERSION_LOW: 23,
  ACK_EPOCH: 24,
  RELAY_DATA: 25,
  FQDN: 26,
  RECONFIGURE_DATA: 27,
  /** Next row in the bucket of the address index. */
  NEXT: 28,
  /** Next and previous row of the same client (client-chains.ts). */
  NEXT_OF_CLIENT: 29,
  PREVIOUS_OF_CLIENT: 30,
  PRIMARY_SINCE_HIGH: 31,
  PRIMARY_SINCE_LOW: 32,
} as const;

export const ROW_WORDS = 33;

const STATUS_SHIFT = 8;
const PREFIX_BIT = 1 << 16;
export const MARKED_BIT = 1 << 17;
const EVER_SENT_BIT = 1 << 18;
const ENDING_SENT_BIT = 1 << 19;
/** Set in every row that holds a lease. */
const USED_BIT = 1 << 20;

const TWO_32 = 4_294_967_296;

const STATUS_NAMES: readonly (BindingStatus | undefined)[] = statusNames();

function statusNames(): (BindingStatus | undefined)[] {
  const names: (BindingStatus | undefined)[] = [];
  for (const [name, number] of Object.entries(BINDING_STATUS))
    names[number] = name as BindingStatus;
  return names;
}

/** Length, status and flags of a lease in one word. */
export function packState(lease: Lease): number {
  return (
    lease.length |
    (BINDING_STATUS[lease.status] << STATUS_SHIFT) |
    (lease.kind === "prefix" ? PREFIX_BIT : 0) |
    (lease.marked ? MARKED_BIT : 0) |
    (lease.everSent ? EVER_SENT_BIT : 0) |
    (lease.endingSent ? ENDING_SENT_BIT : 0) |
    USED_BIT
  );
}

export function isUsed(state: number): boolean {
  return (state & USED_BIT) !== 0;
}

export function isPrefix(state: number): boolean {
  return (state & PREFIX_BIT) !== 0;
}

export function isMarked(state: number): boolean {
  return (state & MARKED_BIT) !== 0;
}

export function isDeclined(state: number): boolean {
  return ((state >>> STATUS_SHIFT) & 0xff) === BINDING_STATUS.ABANDONED;
}

/** As `dueTime` of the row's lease. */
export function dueTimeOf(words: Uint32Array, base: number): DhcpTime {
  const state = words[base + ROW.STATE] as number;
  return dueTime({
    status: statusOf(state),
    marked: isMarked(state),
    stateExpirationTime: words[base + ROW.STATE_EXPIRATION] as number,
    expirationTime: words[base + ROW.EXPIRATION] as number,
    clientLastTransactionTime: words[base + ROW.CLIENT_LAST_TRANSACTION] as number,
    partnerRawCltTime: words[base + ROW.PARTNER_RAW_CLT] as number,
  });
}

export function lengthOf(state: number): number {
  return state & 0xff;
}

export function statusOf(state: number): BindingStatus {
  return STATUS_NAMES[(state >>> STATUS_SHIFT) & 0xff] as BindingStatus;
}

/** Whether a client's claim on the lease is not over (neither FREE nor FREE-BACKUP). */
export function isInUse(state: number): boolean {
  const status = (state >>> STATUS_SHIFT) & 0xff;
  return (
    isUsed(state) && status !== BINDING_STATUS.FREE && status !== BINDING_STATUS["FREE-BACKUP"]
  );
}

export function versionOf(words: Uint32Array, base: number): number {
  return (
    (words[base + ROW.VERSION_HIGH] as number) * TWO_32 + (words[base + ROW.VERSION_LOW] as number)
  );
}

export function primarySinceOf(words: Uint32Array, base: number): number {
  const high = words[base + ROW.PRIMARY_SINCE_HIGH] as number;
  return high * TWO_32 + (words[base + ROW.PRIMARY_SINCE_LOW] as number);
}

/** Writes all fields but the address and the references. */
export function writeFixed(words: Uint32Array, base: number, lease: Lease): void {
  words[base + ROW.STATE] = packState(lease);
  words[base + ROW.IAID] = lease.iaid;
  words[base + ROW.VALID] = lease.validLifetime;
  words[base + ROW.PREFERRED] = lease.preferredLifetime;
  words[base + ROW.T1] = lease.t1;
  words[base + ROW.T2] = lease.t2;
  words[base + ROW.CLIENT_EXPIRY] = lease.clientExpiry;
  words[base + ROW.EXPIRATION] = lease.expirationTime; // F-263
  words[base + ROW.ACKED_PARTNER_LIFETIME] = lease.ackedPartnerLifetime; // F-264
  words[base + ROW.PARTNER_LIFETIME] = lease.partnerLifetime; // F-265
  words[base + ROW.CLIENT_LAST_TRANSACTION] = lease.clientLastTransactionTime; // F-266
  words[base + ROW.PARTNER_RAW_CLT] = lease.partnerRawCltTime; // F-267
  words[base + ROW.START_OF_STATE] = lease.startTimeOfState; // F-268
  words[base + ROW.STATE_EXPIRATION] = lease.stateExpirationTime; // F-269
  words[base + ROW.PARTNER_LIFETIME_SENT] = lease.partnerLifetimeSent;
  words[base + ROW.PARTNER_LIFETIME_HIGHEST] = lease.partnerLifetimeHighest;
  words[base + ROW.VERSION_HIGH] = Math.floor(lease.version / TWO_32);
  words[base + ROW.VERSION_LOW] = lease.version % TWO_32;
  words[base + ROW.PRIMARY_SINCE_HIGH] = Math.floor(lease.primarySince / TWO_32);
  words[base + ROW.PRIMARY_SINCE_LOW] = lease.primarySince % TWO_32;
  words[base + ROW.ACK_EPOCH] = lease.ackEpoch;
}

/** What a row cannot say by itself. */
export interface References {
  readonly address: Ipv6Address;
  readonly link: Lease["link"];
  readonly duid: Lease["duid"];
  readonly relayData: Uint8Array | undefined;
  readonly fqdn: Uint8Array | undefined;
  readonly reconfigureData: Uint8Array | undefined;
}

/** The lease of a row as a plain value. */
export function readLease(words: Uint32Array, base: number, references: References): Lease {
  const state = words[base + ROW.STATE] as number;
  return {
    kind: isPrefix(state) ? "prefix" : "address",
    address: references.address,
    length: lengthOf(state),
    link: references.link,
    duid: references.duid,
    iaid: words[base + ROW.IAID] as number,
    status: statusOf(state),
    validLifetime: words[base + ROW.VALID] as number,
    preferredLifetime: words[base + ROW.PREFERRED] as number,
    t1: words[base + ROW.T1] as number,
    t2: words[base + ROW.T2] as number,
    clientExpiry: words[base + ROW.CLIENT_EXPIRY] as number,
    expirationTime: words[base + ROW.EXPIRATION] as number,
    ackedPartnerLifetime: words[base + ROW.ACKED_PARTNER_LIFETIME] as number,
    partnerLifetime: words[base + ROW.PARTNER_LIFETIME] as number,
    clientLastTransactionTime: words[base + ROW.CLIENT_LAST_TRANSACTION] as number,
    partnerRawCltTime: words[base + ROW.PARTNER_RAW_CLT] as number,
    startTimeOfState: words[base + ROW.START_OF_STATE] as number,
    stateExpirationTime: words[base + ROW.STATE_EXPIRATION] as number,
    partnerLifetimeSent: words[base + ROW.PARTNER_LIFETIME_SENT] as number,
    partnerLifetimeHighest: words[base + ROW.PARTNER_LIFETIME_HIGHEST] as number,
    version: versionOf(words, base),
    primarySince: primarySinceOf(words, base),
    ackEpoch: words[base + ROW.ACK_EPOCH] as number,
    marked: isMarked(state),
    everSent: (state & EVER_SENT_BIT) !== 0,
    endingSent: (state & ENDING_SENT_BIT) !== 0,
    relayData: references.relayData,
    fqdn: references.fqdn,
    reconfigureData: references.reconfigureData,
  };
}

/** An address as four words from `base` on. */
export function writeAddress(address: Ipv6Address, into: Uint32Array, base: number): void {
  for (let i = 0; i < 4; i++) {
    let word = 0;
    for (let k = i * 8; k < i * 8 + 8; k++) {
      const code = address.charCodeAt(k);
      word = (word << 4) | (code <= 57 ? code - 48 : code - 87);
    }
    into[base + i] = word;
  }
}
