// The lease table's interface: plain readonly values in and out (docs/internals/core.md).
// Two implementations: typed arrays for service, a Map twin for tests.

import type { Duid } from "./duid.ts";
import type { Ipv6Address } from "./ipv6.ts";
import type { Lease, LeaseKey } from "./lease.ts";
import type { DhcpTime } from "./time.ts";

/** A position in a walk over all leases; 0 starts, undefined ends. Stable against puts and removes in between:
 * a lease that exists during the whole walk is visited at least once. */
export type Cursor = number;

export interface LeaseTable {
  readonly size: number;
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

  /** Up to `limit` leases whose stateExpirationTime is set and not later than `time`, earliest first (housekeeping). */
  due(time: DhcpTime, limit: number): readonly Lease[];
  /** Marked leases in order of version, the first with a version above `after`, at most `limit`. */
  marked(after: number, limit: number): readonly Lease[];
  readonly markedCount: number;
  /** Version of the oldest marked lease, 0 when none. */
  readonly oldestMarked: number;
  /** A slice of at most `limit` leases and where to go on. */
  slice(
    from: Cursor,
    limit: number,
  ): { readonly leases: readonly Lease[]; readonly next: Cursor | undefined };
}
