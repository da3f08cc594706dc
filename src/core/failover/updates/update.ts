// What the parts of an update hand to each other: what a BNDUPD says, what is decided of it, what a BNDREPLY says, what
// is under way (RFC 8156 §7.4 to §7.7).

import type { BindingStatus } from "../../model/binding-status.ts";
import type { Block } from "../../model/blocks.ts";
import type { Duid } from "../../model/duid.ts";
import type { EndpointRecord } from "../../model/endpoint-record.ts";
import type { Lease, LeaseKey } from "../../model/lease.ts";
import type { DhcpTime, Millis, Seconds } from "../../model/time.ts";
import type { OptionByType } from "../../wire/options.ts";
import type { FailoverContext } from "../context.ts";
import type { UpdateRequest } from "./requests.ts";
import type { UpdateStream } from "./stream.ts";

// ---- what a BNDUPD says ----

export interface UpdatedLease extends LeaseKey {
  readonly duid: Duid;
  readonly iaid: number;
  readonly t1: Seconds;
  readonly t2: Seconds;
  readonly preferredLifetime: Seconds;
  readonly validLifetime: Seconds;
  readonly status: BindingStatus;
  readonly startTimeOfState: DhcpTime;
  /** Absolute: base time less CLT_TIME; 0 = none. */
  readonly clientTransactionTime: DhcpTime;
  /** Options 134, 123, 120, 126; 0 = absent. */
  readonly stateExpirationTime: DhcpTime;
  readonly partnerLifetime: DhcpTime;
  readonly expirationTime: DhcpTime;
  readonly partnerRawCltTime: DhcpTime;
  readonly relayData: Uint8Array | undefined;
  readonly reconfigureData: Uint8Array | undefined;
  readonly fqdn: Uint8Array | undefined;
  /** The partner put the client's name into DNS. */
  readonly hasDnsData: boolean;
}

export interface UpdatedBlock {
  readonly address: LeaseKey["address"];
  readonly length: number;
  readonly status: "FREE" | "FREE-BACKUP";
  readonly startTimeOfState: DhcpTime;
}

/** A lease of the message: what it says, or why it cannot be used (and only it: F-344). */
export type ReadLease =
  | { readonly type: "lease"; readonly update: UpdatedLease }
  | { readonly type: "bad"; readonly status: number; readonly message: string };

export type IaOption = OptionByType<"IA_NA"> | OptionByType<"IA_PD"> | OptionByType<"IA_TA">;

export interface ReadIa {
  readonly option: IaOption;
  readonly leases: readonly {
    readonly option: OptionByType<"IAADDR"> | OptionByType<"IAPREFIX">;
    readonly read: ReadLease;
  }[];
}

export type ReadUpdate =
  | { readonly type: "client"; readonly clientId: Duid; readonly ias: readonly ReadIa[] }
  | {
      readonly type: "block";
      readonly option: OptionByType<"IAPREFIX">;
      readonly block: UpdatedBlock;
    }
  | { readonly type: "bad"; readonly status: number; readonly message: string };

// ---- what is decided of it ----

export type Order = "earlier" | "equal" | "later";

export type Decision =
  | {
      readonly type: "accept";
      readonly order: Order;
      /** The sender knew our last contact with the client. */
      readonly informed: boolean;
    }
  | {
      readonly type: "reject";
      readonly order: Order;
      readonly status: number;
      readonly reason: string;
    };

export interface StoreContext {
  readonly failover: FailoverContext;
  readonly retention: Seconds;
  readonly ackEpoch: number;
  readonly role: "primary" | "secondary";
  /** The partner frees no lease on an ending with a time. */
  readonly keepsHolds: boolean;
  readonly now: Millis;
}

export interface AcceptedUpdate {
  readonly own: Lease | undefined;
  readonly update: UpdatedLease;
  readonly link: string;
  /** The sender knew our last contact with the client. */
  readonly informed: boolean;
}

export interface AcceptContext extends StoreContext {
  readonly relationship: string;
  readonly record: EndpointRecord;
  /** T-06 (1): seconds by which times of before may be off at either server. */
  readonly clockDoubt: Seconds;
  /** The own database was lost and is being fetched: blocks come back with leases in them. */
  readonly restoring: boolean;
  readonly stream: UpdateStream;
}

export interface Refusal {
  readonly status: number;
  readonly message: string;
}

// ---- what a BNDREPLY says ----

export interface LeaseReply {
  /** 0 = accepted (F-354: a Success code says no more than none). */
  readonly status: number;
  readonly message: string;
  /** Option 124; 0 when absent. */
  readonly partnerLifetimeSent: DhcpTime;
}

export interface UpdateReply {
  /** A status of the whole update; 0 = none. */
  readonly status: number;
  readonly message: string;
  /** By `leaseKeyText`. */
  readonly leases: ReadonlyMap<string, LeaseReply>;
}

// ---- what is under way ----

export interface SentLease {
  readonly key: LeaseKey;
  readonly version: number;
  readonly duid: Duid | undefined;
  readonly iaid: number;
  readonly status: Lease["status"];
}

export interface SentUpdate {
  readonly transactionId: number;
  readonly leases: readonly SentLease[];
  readonly block: Block | undefined;
  /** Requests whose UPDDONE waits for this answer. */
  readonly requests: Set<UpdateRequest>;
}
