// The leases that one answer names already: each stands in it once (D-305), and new ones count towards the limits
// before they are stored (D-294).

import { type LeaseKey, leaseKeyText } from "../model/lease.ts";
import { isAvailable } from "../model/lease-status.ts";
import type { PlannedLease } from "./context.ts";

export class Named {
  readonly #keys = new Set<string>();
  /** How many of them were not in use before. */
  fresh = 0;

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
