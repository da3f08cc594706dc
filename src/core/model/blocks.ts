// The block map: who owns which part of a delegable prefix while it is available (RFC 8156 §4.2.2).
// Blocks are disjoint and aligned; a hole in a block is a lease whose status overrides its block.

import type { Prefix } from "./ipv6.ts";
import type { DhcpTime } from "./time.ts";

export interface Block extends Prefix {
  /** FREE = the primary's, FREE-BACKUP = the secondary's. */
  readonly status: "FREE" | "FREE-BACKUP";
  readonly link: string;
  readonly startTimeOfState: DhcpTime;
  readonly version: number;
  /** The change by which it was given to the secondary; parts that are left of it keep this. */
  readonly givenAt: number;
  /** The partner must be told; while set the block is frozen (nobody here allocates from it, F-033). */
  readonly marked: boolean;
}
