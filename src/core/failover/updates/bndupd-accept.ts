// A received BNDUPD: first the verdict on each lease, then all that is stored, then the BNDREPLY (RFC 8156 §7.5, §7.6).
// The reply leaves after its record is durable (F-308): the door holds it.

import { placeOfLease, placeOfPrefix } from "../../config/lookup.ts";
import { formatPrefix } from "../../model/ipv6.ts";
import { type Lease, leaseKeyText } from "../../model/lease.ts";
import { isAvailable } from "../../model/lease-status.ts";
import { floorTime, isLater, laterOf } from "../../model/time.ts";
import { unreachable } from "../../model/unreachable.ts";
import { STATUS } from "../../wire/messages.ts";
import type { Option } from "../../wire/options.ts";
import { acceptBlock } from "../prefixes/block-accept.ts";
import { blockReply, clientReply, refusedWhole } from "./bndreply-build.ts";
import { decide } from "./bndupd-decide.ts";
import { readUpdate } from "./bndupd-read.ts";
import { storeUpdate } from "./bndupd-store.ts";
import { withinReach } from "./bndupd-times.ts";
import { hiddenUntil, isAfterLoss } from "./forgotten.ts";
import type {
  AcceptContext,
  AcceptedUpdate,
  Decision,
  ReadIa,
  ReadLease,
  Refusal,
  UpdatedLease,
} from "./update.ts";

/** The options of the BNDREPLY (F-307, F-340: there is always one). */
export function acceptUpdate(
  context: AcceptContext,
  options: readonly Option[],
): readonly Option[] {
  const read = readUpdate(options);
  switch (read.type) {
    case "bad":
      return [refusedWhole(options, read)];
    case "block":
      return [blockReply(read.option, acceptBlock(context, read.block))];
    case "client": {
      const verdicts = judge(context, read.ias);
      const refusals = new Map<ReadLease, Refusal>();
      for (const [lease, verdict] of verdicts) {
        if (verdict.type === "reject") refusals.set(lease, verdict.refusal);
        carryOut(context, verdict);
      }
      return [clientReply(read.clientId, read.ias, refusals)];
    }
    default:
      unreachable(read);
  }
}

/** What becomes of a lease in the update. */
type Verdict =
  | { readonly type: "accept"; readonly accepted: AcceptedUpdate }
  | {
      readonly type: "reject";
      readonly refusal: Refusal;
      /** What is known better here; undefined: nothing that could be told. */
      readonly own: Lease | undefined;
    };

function reject(status: number, message: string, own?: Lease): Verdict {
  return { type: "reject", refusal: { status, message }, own };
}

/** All verdicts, each on its own and by what was known before the message (F-344, F-347). */
function judge(context: AcceptContext, ias: readonly ReadIa[]): Map<ReadLease, Verdict> {
  const verdicts = new Map<ReadLease, Verdict>();
  const named = new Set<string>();
  for (const { read } of ias.flatMap((ia) => ia.leases)) {
    const name = read.type === "bad" ? undefined : leaseKeyText(read.update);
    const isAgain = name !== undefined && named.has(name);
    if (name !== undefined) named.add(name);
    verdicts.set(
      read,
      isAgain
        ? reject(STATUS.UnspecFail, "the lease stands in the message twice")
        : judgeLease(context, read),
    );
  }
  return verdicts;
}

function judgeLease(context: AcceptContext, read: ReadLease): Verdict {
  if (read.type === "bad") return reject(read.status, read.message);
  const { failover, now } = context;
  const update = withinReach(read.update, now);
  context.stream.rejections.heardOf(update, now);
  if (update.hasDnsData) warnOfDnsData(context, update);
  const link = linkOf(context, update);
  // F-306
  if (link === undefined)
    return reject(
      STATUS.ConfigurationConflict,
      `${formatPrefix(update)} is in no pool of this relationship here`,
    );
  const own = failover.table.get(update);
  const decision = heldAgainst(context, own, update) ?? decide(own, update, context, now);
  note(context, own, update, decision);
  return decision.type === "reject"
    ? reject(decision.status, decision.reason, own)
    : { type: "accept", accepted: { own, update, link, informed: decision.informed } };
}

function carryOut(context: AcceptContext, verdict: Verdict): void {
  if (verdict.type === "accept") storeUpdate(context, verdict.accepted);
  else markRejected(context, verdict.own, verdict.refusal.status);
}

/** F-310, F-146: this server updates no DNS; it takes the lease all the same, and says so once. */
function warnOfDnsData({ failover, relationship }: AcceptContext, update: UpdatedLease): void {
  const isFirst = failover.counters.get("bndupd-dns-data") === 0;
  failover.counters.add("bndupd-dns-data");
  if (!isFirst) return;
  const alarm = `the partner updates DNS and this server does not: when a lease such as ${formatPrefix(update)} ends here, its name stays in DNS`;
  failover.log({ id: "FAILOVER_ALARM", fields: { relationship, alarm } });
}

/** A server that lost its database, this one or the partner, cannot know that a lease has ended which it may have
 * extended before; only the client can tell, by giving it back (T-04). */
function heldAgainst(
  { failover, record, now }: AcceptContext,
  own: Lease | undefined,
  update: UpdatedLease,
): Decision | undefined {
  // T-13: what is free here has no holder to protect.
  if (own === undefined || isAvailable(own.status)) return undefined;
  if (update.status === "ACTIVE" || update.status === "ABANDONED") return undefined;
  const until = hiddenUntil(own, record, failover.config);
  const lostAt = laterOf(record.partnerLostAt, record.ownLostAt);
  const isGivenBack =
    update.status === "RELEASED" && isAfterLoss(update.clientTransactionTime, lostAt);
  if (!isLater(until, floorTime(now)) || isGivenBack) return undefined;
  if (isLater(update.stateExpirationTime, floorTime(now))) return undefined;
  const reason = "the lease may have been extended before a server lost its database";
  return {
    type: "reject",
    order: "equal",
    status: STATUS.OutdatedBindingInformation,
    reason,
  };
}

/** F-142, F-306, T-10: a prefix of a length that its pool delegated before is taken where it meets no other one in use. */
function linkOf(
  { failover, relationship }: AcceptContext,
  update: UpdatedLease,
): string | undefined {
  const { config, table } = failover;
  const place = placeOfLease(config, update);
  if (place === undefined || place.link.relationship !== relationship) return undefined;
  const isUsual = update.kind === "address" || placeOfPrefix(config, update) !== undefined;
  const meets = (other: Lease) =>
    other.address !== update.address || other.length !== update.length;
  return isUsual || !table.prefixesWithin(update, 2).some(meets) ? place.link.name : undefined;
}

function note(
  { failover, relationship }: AcceptContext,
  own: Lease | undefined,
  update: UpdatedLease,
  decision: Decision,
): void {
  failover.counters.add(`bndupd-${decision.type}`);
  const verdict = decision.type === "accept" ? "accept" : `reject-${decision.status}`;
  const fields = {
    relationship,
    lease: formatPrefix(update),
    own: own?.status ?? "none",
    received: update.status,
    order: decision.order,
    verdict,
  };
  if (failover.debug) failover.log({ id: "FAILOVER_DECISION", fields });
  if (decision.type === "reject" && decision.status === STATUS.AddressInUse) {
    failover.log({
      id: "FAILOVER_CONFLICT",
      fields: {
        relationship,
        lease: formatPrefix(update),
        what: "two clients; this server's client keeps it",
      },
    });
  }
}

/** F-324, F-325, A-75: what we know better goes to the partner. F-327: an open mark is not moved to the front. */
function markRejected({ failover }: AcceptContext, own: Lease | undefined, status: number): void {
  const tells = status === STATUS.OutdatedBindingInformation || status === STATUS.AddressInUse;
  if (tells && own !== undefined && !own.marked && own.duid !== undefined)
    failover.save({ ...own, marked: true });
}
