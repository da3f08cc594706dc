// Small judgements about a row of the table: whether a prefix in it changes hands, and where it stands by its time.

import type { BindingStatus } from "../binding-status.ts";
import type { Lease } from "../lease.ts";
import { isAvailable } from "../lease-status.ts";
import { isInUse, isPrefix, primarySinceOf, ROW, statusOf } from "./lease-row.ts";
import type { WordRows } from "./word-rows.ts";

/** Whether a prefix's owner is another than its row says. */
export function changesHands(
  rows: WordRows,
  row: number,
  { primarySince, status }: Lease,
): boolean {
  const words = rows.chunk(row);
  const base = rows.base(row);
  const state = words[base + ROW.STATE] as number;
  const inUse = !isAvailable(status);
  if (isInUse(state) !== inUse) return true;
  return !inUse && (statusOf(state) !== status || primarySinceOf(words, base) !== primarySince);
}

export function isPrefixInUse(rows: WordRows, row: number): boolean {
  const state = rows.word(row, ROW.STATE);
  return isPrefix(state) && isInUse(state);
}

/** In which order of its group a lease stands by its time. */
export function orderOf(status: BindingStatus): "due" | "free" | "declined" {
  if (status === "ABANDONED") return "declined";
  return isAvailable(status) ? "free" : "due";
}
