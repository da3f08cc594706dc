// BNDUPDs on their way: what each said and under which version (F-213, F-299, F-301).

import { formatPrefix, type Prefix } from "../../model/ipv6.ts";
import { type Lease, leaseKeyText } from "../../model/lease.ts";
import type { SentLease, SentUpdate } from "./update.ts";

export class Window {
  readonly #byTransaction = new Map<number, SentUpdate>();
  /** Version under way of each lease. */
  readonly #byLease = new Map<string, { version: number; update: SentUpdate }>();
  readonly #byBlock = new Map<string, SentUpdate>();

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
    if (update.block !== undefined) this.#byBlock.set(formatPrefix(update.block), update);
  }

  /** The update under way that carries this block, in whatever version. */
  carryingBlock(block: Prefix): SentUpdate | undefined {
    return this.#byBlock.get(formatPrefix(block));
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
    if (update.block !== undefined) this.#byBlock.delete(formatPrefix(update.block));
    return update;
  }
}
