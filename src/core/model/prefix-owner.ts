// F-027: who may delegate an available prefix: its own record, else the block that contains it (docs/internals/core.md).

import type { Block } from "./blocks.ts";
import type { Lease } from "./lease.ts";

/** `block` is the FREE-BACKUP block around the prefix, if any. A record that became FREE after the block was given is
 * a hole in it and the primary's (RFC 8156 §4.2.2, F-028); one from before is part of the block. Versions are this
 * server's own order of events, so no clock plays a part. */
export function prefixOwner(
  lease: Lease | undefined,
  block: Block | undefined,
): "FREE" | "FREE-BACKUP" {
  if (lease !== undefined && lease.status === "FREE-BACKUP") return "FREE-BACKUP";
  if (block === undefined) return "FREE";
  return lease !== undefined && lease.version > block.version ? "FREE" : "FREE-BACKUP";
}
