// The lease table's interface: plain readonly values in and out (docs/internals/core.md).
// Two implementations: typed arrays for service, a Map twin for tests.

import type { Duid } from "./duid.ts";
import type { Ipv6Address, Prefix } from "./ipv6.ts";
import type { Lease, LeaseKey } from "./lease.ts";
import type { DhcpTime } from "./time.ts";

/** A position in a walk over all leases; 0 starts, undefined ends. Stable against puts and removes in between:
 * a lease that exists during the whole walk is visited at least once. */
export type Cursor = number;

/** Links without a relationship. */
export const ALONE = Symbol("alone");
/** Leases that no link of the configuration has. */
export const UNPLACED = Symbol("unplaced");
/** Leases that belong together: those of a relationship, by its name, or one of the above. */
export type LinkGroup = string | typeof ALONE | typeof UNPLACED;

export interface LeaseTableOptions {
  /** A secret of 64 bits against clients that choose colliding identifiers, in two words; drawn at each start. */
  readonly seed: readonly [number, number];
  /** The group of a link, the same for as long as the table lives. */
  groupOf(link: string | undefined): LinkGroup;
}

export interface LeaseTable {
  readonly size: number;
  /** How many are not FREE / FREE-BACKUP. */
  readonly inUse: number;
  get(key: LeaseKey): Lease | undefined;
  /** Inserts or replaces; the lease with the same key is gone afterwards. O(1) amortised, never a full rehash. */
  put(lease: Lease): void;
  /** Removes; absent is no error. */
  remove(key: LeaseKey): void;
  /** The leases whose `duid` is this client's: all in use (FREE and FREE-BACKUP are not), in no order, then the
   * `LIMITS.hintsPerClient` that became free last. What the client had before that is no work. */
  ofClient(duid: Duid): readonly Lease[];
  /** How many leases of the link (undefined: of none) are not FREE / FREE-BACKUP. */
  countInUse(link: string | undefined): number;
  /** Whether a prefix lease in use (not FREE, not FREE-BACKUP) lies in the given prefix or contains it. Bounded by
   * the number of leases in the block: used for block grants. */
  prefixesWithin(block: { address: Ipv6Address; length: number }, limit: number): readonly Lease[];
  /** Prefix leases, in use or not, whose address lies in the block: in order of address, then of length, those behind
   * `after`, at most `limit`. */
  prefixRows(block: Prefix, after: Prefix | undefined, limit: number): readonly Lease[];
  /** How often a prefix lease changed hands: came into use or out of it, or went from one server's part to the other's. */
  readonly prefixTurnover: number;

  /** Up to `limit` leases of the group whose `dueTime` is set and
   * not later than `time`, earliest first (housekeeping). ABANDONED, FREE and FREE-BACKUP ones stand in orders of
   * their own. */
  due(group: LinkGroup, time: DhcpTime, limit: number): readonly Lease[];
  /** As `due`, of ABANDONED leases alone. */
  dueDeclined(group: LinkGroup, time: DhcpTime, limit: number): readonly Lease[];
  /** As `due`, of FREE and FREE-BACKUP leases alone: whose records may go. */
  dueFree(group: LinkGroup, time: DhcpTime, limit: number): readonly Lease[];
  /** How many leases of the link are ABANDONED. */
  countDeclined(link: string | undefined): number;
  /** Up to `limit` ABANDONED leases of the link, those first that are due first. */
  oldestDeclined(link: string | undefined, limit: number): readonly Lease[];
  /** Marked leases of the relationship in order of version, the first with a version above `after`, at most `limit`. */
  marked(relationship: string, after: number, limit: number): readonly Lease[];
  markedCount(relationship: string): number;
  /** Version of the relationship's oldest marked lease, 0 when none. */
  oldestMarked(relationship: string): number;
  /** A slice of at most `limit` leases and where to go on. */
  slice(
    from: Cursor,
    limit: number,
  ): { readonly leases: readonly Lease[]; readonly next: Cursor | undefined };
}
