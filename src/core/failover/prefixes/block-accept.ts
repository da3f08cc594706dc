// A received block of delegable prefixes without a client: judged as a whole, then stored (RFC 8156 §4.2.2, §7.5).

import { placeOfBlock } from "../../config/lookup.ts";
import type { PrefixPoolPlace } from "../../config/types.ts";
import { remainder } from "../../model/block-map.ts";
import { containsPrefix, formatPrefix } from "../../model/ipv6.ts";
import type { Lease } from "../../model/lease.ts";
import { LIMITS } from "../../model/limits.ts";
import { unreachable } from "../../model/unreachable.ts";
import { STATUS } from "../../wire/messages.ts";
import type { AcceptContext, Refusal, UpdatedBlock } from "../updates/update.ts";
import { unite } from "./moves.ts";
import { isUnused } from "./pools.ts";

type Verdict =
  /** It is so here already. */
  | { readonly type: "known" }
  | { readonly type: "accept"; readonly place: PrefixPoolPlace }
  | { readonly type: "reject"; readonly refusal: Refusal; readonly inUse: readonly Lease[] };

function reject(status: number, message: string, inUse: readonly Lease[] = []): Verdict {
  return { type: "reject", refusal: { status, message }, inUse };
}

/** F-034, F-036, F-337, A-42: the block is taken whole or refused, and then the units in use here are told. */
export function acceptBlock(context: AcceptContext, block: UpdatedBlock): Refusal | undefined {
  const verdict = judgeBlock(context, block);
  switch (verdict.type) {
    case "known":
      return undefined;
    case "accept":
      storeBlock(context, block, verdict.place);
      return undefined;
    case "reject":
      for (const lease of verdict.inUse)
        if (!lease.marked && lease.duid !== undefined)
          context.failover.save({ ...lease, marked: true });
      return verdict.refusal;
    default:
      unreachable(verdict);
  }
}

function judgeBlock(
  { failover, relationship, restoring }: AcceptContext,
  block: UpdatedBlock,
): Verdict {
  const { blocks, config, table } = failover;
  const place = placeOfBlock(config, block);
  if (place === undefined || place.link.relationship !== relationship)
    return reject(
      STATUS.ConfigurationConflict,
      `${formatPrefix(block)} is in no pool of this relationship here`,
    );
  const overlapping = blocks.overlapping(block);
  const outdated = (message: string, inUse: readonly Lease[] = []) =>
    reject(STATUS.OutdatedBindingInformation, message, inUse);
  if (overlapping.some(({ status }) => status === "FREE"))
    return outdated("a part of it is on its way to this server");
  const around = overlapping.find((old) => containsPrefix(old, block));
  if (block.status === "FREE-BACKUP" && around !== undefined) return { type: "known" };
  // What is cut out of a block leaves a piece of each length between.
  const more = around === undefined ? 1 : block.length - around.length;
  if (blocks.overlapping(place.pool.prefix).length + more > LIMITS.blocksPerPool)
    return outdated(`a pool has at most ${LIMITS.blocksPerPool} blocks here`);
  // F-035: a prefix in use belongs to its client. The primary takes back what the secondary was given before when its own
  // record is lost (UPDREQALL): then blocks come with leases in them.
  return restoring || isUnused(table, block)
    ? { type: "accept", place }
    : outdated(
        "a prefix in the block is in use here",
        table.prefixesWithin(block, LIMITS.leasesPerBndupd),
      );
}

/** F-026, F-031: only what is the secondary's is in the map; the rest of a pool is the primary's. */
function storeBlock(
  { failover }: AcceptContext,
  block: UpdatedBlock,
  { link }: PrefixPoolPlace,
): void {
  const { address, length, status, startTimeOfState } = block;
  for (const old of failover.blocks.overlapping(block)) {
    failover.removeBlock(old);
    // F-036. What is taken back out of a larger block leaves the rest; what is a hole in it stays one.
    if (status === "FREE" && containsPrefix(old, block))
      for (const part of remainder(old, block)) failover.amendBlock({ ...old, ...part });
  }
  if (status === "FREE") {
    for (const lease of failover.table.prefixRows(block, undefined, LIMITS.rowsPerStep))
      if (lease.status === "FREE-BACKUP") failover.save({ ...lease, status, startTimeOfState });
    return;
  }
  failover.giveBlock({ address, length, status, startTimeOfState, link: link.name, marked: false });
  const given = failover.blocks.get(block);
  if (given !== undefined) unite(failover, given);
}
