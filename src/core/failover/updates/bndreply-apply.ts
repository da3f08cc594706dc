// What a BNDREPLY changes here (RFC 8156 §7.7, F-301, F-359).

import type { Block } from "../../model/blocks.ts";
import { formatPrefix } from "../../model/ipv6.ts";
import { type LeaseKey, leaseKeyText } from "../../model/lease.ts";
import { freed, freedStatus, isAvailable } from "../../model/lease-status.ts";
import { floorTime, type Millis, NO_TIME, type Seconds } from "../../model/time.ts";
import { STATUS } from "../../wire/messages.ts";
import type { FailoverContext } from "../context.ts";
import { applyBlockReply, keyOf } from "../prefixes/block-stream.ts";
import { type PartnerBlocks, partOfBlock } from "../prefixes/moves.ts";
import type { UpdateStream } from "./stream.ts";
import type { LeaseReply, SentLease, SentUpdate, UpdateReply } from "./update.ts";

export interface ReplyContext {
  readonly failover: FailoverContext;
  readonly stream: UpdateStream;
  readonly relationship: string;
  readonly ackEpoch: number;
  readonly partner: PartnerBlocks;
  readonly retention: Seconds;
  readonly now: Millis;
}

/** A lease that the answer does not name was not accepted. */
const NOT_NAMED: LeaseReply = {
  status: STATUS.UnspecFail,
  message: "not in the answer",
  partnerLifetimeSent: 0,
};

export function applyReply(context: ReplyContext, sent: SentUpdate, reply: UpdateReply): void {
  if (sent.block !== undefined) applyToBlock(context, sent.block, reply);
  for (const lease of sent.leases) {
    const whole: LeaseReply | undefined =
      reply.status === 0
        ? undefined
        : { status: reply.status, message: reply.message, partnerLifetimeSent: 0 };
    const answer = whole ?? reply.leases.get(leaseKeyText(lease.key)) ?? NOT_NAMED;
    if (answer.status === 0) applyAccepted(context, lease, answer);
    else applyRejected(context, lease.key, lease.version, answer);
  }
}

function applyToBlock(context: ReplyContext, block: Block, reply: UpdateReply): void {
  const { failover, now, stream } = context;
  const key = keyOf(block);
  const answer = { sent: block, reply, partner: context.partner };
  const refusal = applyBlockReply(failover, answer, now);
  if (refusal === undefined) stream.rejections.remove(key);
  else applyRejected(context, key, block.version, refusal);
}

/** F-355, A-30: remembered, sent again later, and said. */
function applyRejected(
  { failover, stream, relationship, now }: ReplyContext,
  key: LeaseKey,
  version: number,
  answer: LeaseReply,
): void {
  stream.rejections.add({ key, version }, answer, now);
  failover.counters.add("bndupd-refused");
  // OutdatedBindingInformation is how differences settle; anything else is worth a look.
  if (answer.status === STATUS.OutdatedBindingInformation) return;
  failover.log({
    id: "FAILOVER_REJECTED",
    fields: {
      relationship,
      lease: formatPrefix(key),
      status: answer.status,
      message: answer.message,
    },
  });
}

/** F-356, F-358: takes effect at once; the record rides with the next group. */
function applyAccepted(
  { failover, stream, ackEpoch, retention, now }: ReplyContext,
  sent: SentLease,
  answer: LeaseReply,
): void {
  stream.rejections.remove(sent.key);
  const lease = failover.table.get(sent.key);
  if (lease === undefined) return;
  const sameClient = lease.duid === sent.duid && lease.iaid === sent.iaid;
  if (lease.version !== sent.version) {
    // F-301: a late answer stores what it acknowledges and does not clear the mark of a newer change.
    if (sameClient && lease.status === "ACTIVE" && answer.partnerLifetimeSent !== 0)
      failover.acknowledge({
        ...lease,
        ackedPartnerLifetime: answer.partnerLifetimeSent,
        ackEpoch,
      });
    return;
  }
  if (lease.status === "EXPIRED" || lease.status === "RELEASED" || lease.status === "RESET") {
    if (lease.stateExpirationTime !== NO_TIME) {
      // Told as a hold: the partner holds too, and will be told again when that is over, be it by now.
      failover.acknowledge({ ...lease, marked: false });
      return;
    }
    // F-045, F-255: the partner knows of the end; only now may somebody else get the lease.
    failover.save(
      freed(lease, freedStatus(lease), {
        start: floorTime(now),
        retention,
        lastSequence: failover.lastSequence(),
      }),
    );
    return;
  }
  if (isAvailable(lease.status)) {
    if (lease.marked) failover.acknowledge(partOfBlock(failover, { ...lease, marked: false }));
    return;
  }
  failover.acknowledge({
    ...lease,
    marked: false,
    ackedPartnerLifetime: answer.partnerLifetimeSent,
    ackEpoch,
  });
}
