// What a BNDREPLY changes here (RFC 8156 §7.7, F-301, F-359).

import { placeOfBlock } from "../../config/lookup.ts";
import { formatPrefix } from "../../model/ipv6.ts";
import { type LeaseKey, leaseKeyText } from "../../model/lease.ts";
import { freed, freedStatus, isAvailable } from "../../model/lease-status.ts";
import { floorTime, isLater, type Millis, type Seconds } from "../../model/time.ts";
import { STATUS } from "../../wire/messages.ts";
import type { FailoverContext } from "../context.ts";
import { splitRefused } from "../prefixes/first-split.ts";
import type { LeaseReply, UpdateReply } from "./bndreply-build.ts";
import type { UpdateStream } from "./stream.ts";
import type { SentLease, SentUpdate } from "./window.ts";

export interface ReplyContext {
  readonly failover: FailoverContext;
  readonly stream: UpdateStream;
  readonly relationship: string;
  readonly ackEpoch: number;
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
  if (sent.block !== undefined) applyBlock(context, sent, reply);
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

/** F-355, A-30: remembered, sent again later, and said. */
function applyRejected(
  { failover, stream, relationship, now }: ReplyContext,
  key: LeaseKey,
  version: number,
  answer: LeaseReply,
): void {
  stream.reject(leaseKeyText(key), version, now);
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
  stream.accept(leaseKeyText(sent.key));
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
    if (isLater(lease.stateExpirationTime, floorTime(now))) {
      // Held: the partner knows, and will be told again when the hold is over.
      failover.acknowledge({ ...lease, marked: false });
      return;
    }
    // F-045, F-255: the partner knows of the end; only now may somebody else get the lease.
    failover.save(freed(lease, freedStatus(lease), floorTime(now), retention));
    return;
  }
  if (isAvailable(lease.status)) {
    if (lease.marked) failover.acknowledge({ ...lease, marked: false });
    return;
  }
  failover.acknowledge({
    ...lease,
    marked: false,
    ackedPartnerLifetime: answer.partnerLifetimeSent,
    ackEpoch,
  });
}

/** F-357; A-42 for a refusal. */
function applyBlock(context: ReplyContext, sent: SentUpdate, reply: UpdateReply): void {
  const { failover, stream, now } = context;
  const block = sent.block === undefined ? undefined : failover.blocks.get(sent.block);
  if (block === undefined || block.version !== sent.block?.version) return;
  const key = { kind: "prefix" as const, ...block };
  const answer = reply.leases.get(leaseKeyText(key));
  const status = reply.status !== 0 ? reply.status : (answer?.status ?? STATUS.UnspecFail);
  if (status === 0) {
    stream.accept(leaseKeyText(key));
    if (block.marked) failover.amendBlock({ ...block, marked: false });
    return;
  }
  const place = placeOfBlock(failover.config, block);
  if (status === STATUS.OutdatedBindingInformation && place !== undefined && block.marked)
    splitRefused(failover, block, place.pool.delegatedLength, now);
  else
    applyRejected(context, key, block.version, {
      status,
      message: reply.message,
      partnerLifetimeSent: 0,
    });
}
