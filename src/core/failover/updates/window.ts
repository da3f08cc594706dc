// BNDUPDs on their way: what each said and under which version (F-213, F-299, F-301).

import type { Block } from "../../model/blocks.ts";
import type { Duid } from "../../model/duid.ts";
import { type Lease, type LeaseKey, leaseKeyText } from "../../model/lease.ts";
import type { UpdateRequest } from "./requests.ts";

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

export class Window {
  readonly #byTransaction = new Map<number, SentUpdate>();
  /** Version under way of each lease. */
  readonly #byLease = new Map<string, { version: number; update: SentUpdate }>();

  get size(): number {
    return this.#byTransaction.size;
  }

  has(transactionId: number): boolean {
    return this.#byTransaction.has(transactionId);
  }

  add(update: SentUpdate): void {
    this.#byTransaction.set(update.transactionId, update);
    for (const { key, version } of update.leases)
      this.#byLease.set(leaseKeyText(key), { version, update });
  }

  /** The update under way that carries this lease in this version. */
  carrying(lease: Lease): SentUpdate | undefined {
    const sent = this.#byLease.get(leaseKeyText(lease));
    return sent !== undefined && sent.version === lease.version ? sent.update : undefined;
  }

  /** Whether this is so of a lease under way; the oldest are looked at first. */
  some(isSo: (sent: SentLease) => boolean): boolean {
    for (const { leases } of this.#byTransaction.values()) if (leases.some(isSo)) return true;
    return false;
  }

  take(transactionId: number): SentUpdate | undefined {
    const update = this.#byTransaction.get(transactionId);
    if (update === undefined) return undefined;
    this.#byTransaction.delete(transactionId);
    for (const { key } of update.leases) {
      const text = leaseKeyText(key);
      if (this.#byLease.get(text)?.update === update) this.#byLease.delete(text);
    }
    return update;
  }

  /** F-302: with the connection all of them are unacknowledged. */
  clear(): void {
    this.#byTransaction.clear();
    this.#byLease.clear();
  }
}
