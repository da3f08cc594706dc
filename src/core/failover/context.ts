// What failover works with: handed in by core/server, nothing global.

import type { LinkId, LinkRequest } from "../../ports/partner-link.ts";
import type { CompiledConfig } from "../config/types.ts";
import type { BlockMap } from "../model/block-map.ts";
import type { Block } from "../model/blocks.ts";
import type { Counters } from "../model/counters.ts";
import type { EndpointRecord } from "../model/endpoint-record.ts";
import type { Prefix } from "../model/ipv6.ts";
import type { Lease, LeaseKey } from "../model/lease.ts";
import type { LeaseTable } from "../model/lease-table.ts";
import type { LogEvent } from "../model/log-events.ts";
import type { DhcpTime, Millis, Seconds } from "../model/time.ts";

export interface FailoverContext {
  readonly config: CompiledConfig;
  readonly table: LeaseTable;
  readonly blocks: BlockMap;
  readonly counters: Counters;
  /** The sequence of the last change that was made. */
  lastSequence(): number;
  /** The sequence of the last change of a lease or block in this run; 0 = none. */
  lastLeaseSequence(): number;
  /** T-07: what names the store, and the last sequence that the start found in it. */
  readonly store: { readonly id: string; readonly found: number };
  /** Stores a lease under a new version: the partner must hear of it if it is marked. */
  save(lease: Lease): void;
  /** Stores a lease under its old version. */
  amend(lease: Lease): void;
  /** As `amend`, but it may be lost until something else is stored. */
  acknowledge(lease: Lease): void;
  remove(key: LeaseKey): void;
  /** A block that is given to the secondary with this change. */
  giveBlock(block: Omit<Block, "givenAt" | "version">): void;
  /** A block of which the partner must hear. */
  markBlock(block: Block): void;
  amendBlock(block: Block): void;
  removeBlock(prefix: Prefix): void;
  saveRecord(record: EndpointRecord): void;
  /** A frame to the partner; it leaves when everything changed so far is durable, sent-time is written then (F-075). */
  sendFrame(link: LinkId, frame: Uint8Array): void;
  /** Closing waits for the frames before it; opening does not. */
  link(request: LinkRequest): void;
  log(event: LogEvent): void;
  /** Whether anybody reads events of level debug; where not, they are not made. */
  readonly debug: boolean;
  /** At least 0, below 1. */
  random(): number;
  /** Seconds between times as rows have them and as the partner is told them (T-06 (1)). */
  timeShift(): Seconds;
  /** The clock was behind the last record at the start: nothing is promised before the time is known. */
  isClockUnsure(): boolean;
  /** The partner's clock, by a message that came at `receivedAt`. Milliseconds by which lease time went forward. */
  learnTime(time: DhcpTime, receivedAt: Millis): Millis;
  /** Last heartbeat found at the start; 0 = none. */
  readonly lastOperation: Millis;
  readonly startedAt: Millis;
}
