// What leasing works with: handed in by core/server, nothing global.

import type { CompiledConfig, Link, Subnet } from "../config/types.ts";
import type { Authority, ClientRef } from "../model/authority.ts";
import type { BlockMap } from "../model/block-map.ts";
import type { Counters } from "../model/counters.ts";
import type { HashKey } from "../model/hash.ts";
import type { Lease, LeaseKey } from "../model/lease.ts";
import type { LeaseTable } from "../model/lease-table.ts";
import type { LogEvent } from "../model/log-events.ts";
import type { ReceivedDatagram } from "../model/received-datagram.ts";
import type { DhcpTime, Millis, Seconds } from "../model/time.ts";
import type { RequestedIa, RequestView } from "../wire/view.ts";
import type { Exhausted } from "./allocate/exhausted.ts";
import type { Answered } from "./answered.ts";
import type { AskedAgain } from "./asked-again.ts";
import type { Capacity } from "./capacity.ts";
import type { EndedMessages } from "./ended-messages.ts";
import type { Offers } from "./offers.ts";

export interface LeasingContext {
  readonly config: CompiledConfig;
  readonly table: LeaseTable;
  readonly blocks: BlockMap;
  readonly offers: Offers;
  readonly endedMessages: EndedMessages;
  readonly askedAgain: AskedAgain;
  readonly answered: Answered;
  readonly exhausted: Exhausted;
  readonly capacity: Capacity;
  readonly counters: Counters;
  readonly hashKey: HashKey;
  authorityOf(link: Link): Authority;
  /** Stores a changed lease under a new version, in the table and the log. */
  save(lease: Lease): void;
  log(event: LogEvent): void;
  /** Whether anybody reads events of level debug; where not, they are not made. */
  readonly debug: boolean;
}

export interface ExchangeClient {
  readonly duid: ClientRef["duid"];
  /** What was on record for it when the message came: looked up once, however many IAs there are. */
  readonly leases: readonly Lease[];
}

/** One client message being answered. */
export interface Exchange {
  readonly context: LeasingContext;
  readonly view: RequestView;
  readonly link: Link;
  readonly authority: Authority;
  readonly client: ExchangeClient;
  readonly now: Millis;
  /** Second of arrival (T-06 (2)): the client-last-transaction-time. */
  readonly transactionTime: DhcpTime;
  readonly datagram: ReceivedDatagram;
}

/** A lease that goes into the answer. */
export interface PlannedLease {
  readonly key: LeaseKey;
  readonly valid: Seconds;
  readonly preferred: Seconds;
  /** What policy alone would give; 0 for a lease that is shown with zero lifetimes. */
  readonly desired: Seconds;
  readonly subnet: Subnet | undefined;
  readonly record: Lease | undefined;
  /** Whether the lease is granted or extended by this answer (and not only shown). */
  readonly grant: boolean;
}

export interface PlannedIa {
  readonly ia: RequestedIa;
  readonly leases: readonly PlannedLease[];
  readonly status?: { readonly code: number; readonly message: string };
}
