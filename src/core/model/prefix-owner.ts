// F-027: who may delegate an available prefix: its own record, else the block that contains it (docs/internals/core.md).

import type { Block } from "./blocks.ts";
import type { Lease } from "./lease.ts";

/** `block` is the block around the prefix, if any. What came back to the primary after the block was given is a hole in
 * it (RFC 8156 §4.2.2, F-028); what was the primary's before is part of the block. Both are counted in this server's own
 * changes, so no clock plays a part. */
export function prefixOwner(
  lease: Lease | undefined,
  block: Block | undefined,
): "FREE" | "FREE-BACKUP" {
  if (lease !== undefined && lease.status === "FREE-BACKUP") return "FREE-BACKUP";
  if (block === undefined) return "FREE";
  return lease !== undefined && lease.primarySince >= block.givenAt ? "FREE" : "FREE-BACKUP";
}
