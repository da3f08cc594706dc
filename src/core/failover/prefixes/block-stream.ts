// Blocks of delegable prefixes on their way to the partner, and what its answer changes (RFC 8156 §4.2.2, §7.4, §7.7;
// A block whose BNDUPD is not answered is frozen by its mark.

import type { Block } from "../../model/blocks.ts";
import { type LeaseKey, leaseKeyText } from "../../model/lease.ts";
import type { Millis } from "../../model/time.ts";
import { STATUS } from "../../wire/messages.ts";
import type { FailoverContext } from "../context.ts";
import type { Rejections } from "../updates/rejections.ts";
import type { UpdateRequest } from "../updates/requests.ts";
import type { LeaseReply, SentUpdate, UpdateReply } from "../updates/update.ts";
import { type PartnerBlocks, refused, settle } from "./moves.ts";

export interface BlockStreamParts {
  readonly context: FailoverContext;
  readonly relationship: string;
  readonly rejections: Rejections;
  /** The BNDUPD that carries the block now. */
  underWay(block: Block): SentUpdate | undefined;
  /** Sends the BNDUPD of a block; `request` waits for its answer. */
  send(block: Block, request: UpdateRequest | undefined, now: Millis): void;
}

export function keyOf({ address, length }: Block): LeaseKey {
  return { kind: "prefix", address, length };
}

export class BlockStream {
  readonly #parts: BlockStreamParts;

  constructor(parts: BlockStreamParts) {
    this.#parts = parts;
  }

  /** The blocks that the partner must be told, while there is room for them. */
  sendMarked(hasRoom: () => boolean, now: Millis): void {
    const { context, relationship, rejections } = this.#parts;
    for (const block of context.blocks.marked(relationship)) {
      if (!hasRoom()) return;
      const isPaused = rejections.isPaused({ kind: "prefix", ...block }, now);
      if (!isPaused) this.send(block, undefined, now);
    }
  }

  /** The block as it is now, if it still is, and if it is not on its way already. */
  send(of: Block, request: UpdateRequest | undefined, now: Millis): void {
    const { context, send, underWay } = this.#parts;
    const block = context.blocks.get(of);
    if (block === undefined) return;
    const sent = underWay(block);
    if (sent === undefined) {
      send(block, request, now);
    } else if (request !== undefined && !sent.requests.has(request)) {
      // F-492: the UPDDONE waits for this answer too.
      sent.requests.add(request);
      request.open++;
    }
  }

  /** Whether a block's mark up to `version` is neither answered nor refused. */
  hasOpen(version: number): boolean {
    const { context, relationship, rejections } = this.#parts;
    return context.blocks
      .marked(relationship)
      .some(
        (block) => block.version <= version && rejections.versionOf(keyOf(block)) !== block.version,
      );
  }
}

export interface BlockAnswer {
  readonly sent: Block;
  readonly reply: UpdateReply;
  readonly partner: PartnerBlocks;
}

/** F-357; A-42 for a refusal. Returns the refusal that is to be noted. */
export function applyBlockReply(
  failover: FailoverContext,
  { sent, reply, partner }: BlockAnswer,
  now: Millis,
): LeaseReply | undefined {
  const block = failover.blocks.get(sent);
  if (block === undefined || block.version !== sent.version) return undefined;
  const answer = reply.leases.get(leaseKeyText(keyOf(block)));
  const status = reply.status !== 0 ? reply.status : (answer?.status ?? STATUS.UnspecFail);
  const isRefused = status === STATUS.OutdatedBindingInformation && block.marked;
  if (status !== 0 && !isRefused) return { status, message: reply.message, partnerLifetimeSent: 0 };
  // Without a mark it was only told again (UPDREQALL).
  if (block.marked && status === 0) settle(failover, block);
  if (isRefused) refused(failover, block, partner, now);
  return undefined;
}
