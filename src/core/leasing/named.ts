// What one answer has come to so far. The leases that it names already: each stands in it once (D-305), and new ones count
// towards the limits before they are stored (D-294). And how long was searched for them.

import { type LeaseKey, leaseKeyText } from "../model/lease.ts";
import { isAvailable } from "../model/lease-status.ts";
import type { PlannedLease } from "./context.ts";

export class Named {
  readonly #keys = new Set<string>();
  /** How many of them were not in use before. */
  fresh = 0;
  /** Candidates that were tried, of at most `LIMITS.candidatesPerMessage`. */
  searched = 0;

  has(key: LeaseKey): boolean {
    return this.#keys.has(leaseKeyText(key));
  }

  add(leases: readonly PlannedLease[]): void {
    for (const { key, valid, record } of leases) {
      this.#keys.add(leaseKeyText(key));
      if (valid > 0 && (record === undefined || isAvailable(record.status))) this.fresh++;
    }
  }
}
