// A received BNDUPD: decide each lease, store what is accepted, build the BNDREPLY (RFC 8156 §7.5, §7.6).
// The reply leaves after its record is durable (F-308): the door holds it.

import { placeOfBlock, placeOfLease, placeOfPrefix } from "../../config/lookup.ts";
import { remainder } from "../../model/block-map.ts";
import type { EndpointRecord } from "../../model/endpoint-record.ts";
import { containsPrefix, formatPrefix } from "../../model/ipv6.ts";
import type { Lease } from "../../model/lease.ts";
import { isAvailable } from "../../model/lease-status.ts";
import { LIMITS } from "../../model/limits.ts";
import { floorTime, isLater, laterOf, type Millis, type Seconds } from "../../model/time.ts";
import { ByteWriter } from "../../wire/cursor.ts";
import { FAILOVER_HEADER } from "../../wire/failover-messages.ts";
import { STATUS } from "../../wire/messages.ts";
import {
  encodeOptions,
  firstOption,
  type Option,
  type OptionByType,
  option,
} from "../../wire/options.ts";
import type { FailoverContext } from "../context.ts";
import { type Decision, decide } from "./bndupd-decide.ts";
import {
  type ReadIa,
  type ReadLease,
  readUpdate,
  type UpdatedBlock,
  type UpdatedLease,
} from "./bndupd-read.ts";
import { storeUpdate } from "./bndupd-store.ts";
import { withinReach } from "./bndupd-times.ts";
import { hiddenUntil, isAfterLoss } from "./forgotten.ts";
import type { UpdateStream } from "./stream.ts";

export interface AcceptContext {
  readonly failover: FailoverContext;
  readonly relationship: string;
  readonly record: EndpointRecord;
  readonly role: "primary" | "secondary";
  readonly retention: Seconds;
  readonly ackEpoch: number;
  /** The own database was lost and is being fetched: blocks come back with leases in them. */
  readonly restoring: boolean;
  readonly now: Millis;
  readonly stream: UpdateStream;
}

interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** The options of the BNDREPLY (F-307, F-340: there is always one). */
export function acceptUpdate(
  context: AcceptContext,
  options: readonly Option[],
): readonly Option[] {
  const read = readUpdate(options);
  switch (read.type) {
    case "bad":
      return [refusedWhole(options, read)];
    case "block": {
      const refusal = acceptBlock(context, read.block);
      return [
        option("IAPREFIX", {
          ...blockHead(read.option),
          options: repliedDetails(read.option.options, refusal),
        }),
      ];
    }
    case "client": {
      const ias = read.ias.map((ia) => repliedIa(context, ia));
      return [
        option("CLIENT_DATA", { options: [option("CLIENTID", { duid: read.clientId }), ...ias] }),
      ];
    }
  }
}

/** F-342, F-350, A-57: the error stands in the outermost option, what could be read is mirrored, as far as it fits. */
function refusedWhole(options: readonly Option[], refusal: Refusal): Option {
  const whole = mirroredWith(options, refusal);
  if (fitsInFrame(whole)) return whole;
  const status = option("STATUS_CODE", { status: refusal.status, message: refusal.message });
  return option("CLIENT_DATA", { options: [status] });
}

function fitsInFrame(whole: Option): boolean {
  const out = new ByteWriter();
  encodeOptions(out, [whole]);
  return !out.overflow && out.length <= LIMITS.frameBytes - FAILOVER_HEADER;
}

function mirroredWith(options: readonly Option[], refusal: Refusal): Option {
  const status = option("STATUS_CODE", { status: refusal.status, message: refusal.message });
  const prefix = firstOption(options, "IAPREFIX");
  const client = firstOption(options, "CLIENT_DATA");
  if (client === undefined && prefix !== undefined)
    return option("IAPREFIX", {
      ...blockHead(prefix),
      options: [status, ...mirrored(prefix.options)],
    });
  return option("CLIENT_DATA", { options: [status, ...mirrored(client?.options ?? [])] });
}

/** F-347 to F-350: client, VPN and leases as received, each lease with what an answer says of it. */
function mirrored(options: readonly Option[]): readonly Option[] {
  const kept = options.flatMap((each): Option[] => {
    if (
      each.type === "IA_NA" ||
      each.type === "IA_PD" ||
      each.type === "IA_TA" ||
      each.type === "IAADDR" ||
      each.type === "IAPREFIX"
    )
      return [{ ...each, options: mirrored(each.options) }];
    return each.type === "CLIENTID" || each.type === "VSS" ? [each] : [];
  });
  return [...kept, ...repliedDetails(options, undefined)];
}

function blockHead(
  prefix: OptionByType<"IAPREFIX">,
): Omit<OptionByType<"IAPREFIX">, "type" | "code" | "options"> {
  return {
    preferredLifetime: 0,
    validLifetime: 0,
    prefixLength: prefix.prefixLength,
    prefix: prefix.prefix,
  };
}

/** F-344, F-347: each lease on its own. */
function repliedIa(context: AcceptContext, ia: ReadIa): Option {
  const options = ia.leases.map(({ option: lease, read }) => {
    const refusal = acceptLease(context, read);
    const details = repliedDetails(lease.options, refusal);
    return lease.type === "IAADDR"
      ? option("IAADDR", { ...lease, options: details })
      : option("IAPREFIX", { ...lease, options: details });
  });
  return { ...ia.option, options };
}

/** F-343, F-346, F-348, F-349, A-22: what the BNDUPD had, echoed; a status only for a refusal. */
function repliedDetails(
  received: readonly Option[],
  refusal: Refusal | undefined,
): readonly Option[] {
  const details: Option[] = [];
  if (refusal !== undefined)
    details.push(option("STATUS_CODE", { status: refusal.status, message: refusal.message }));
  const status = firstOption(received, "F_BINDING_STATUS");
  const expiration = firstOption(received, "F_STATE_EXPIRATION_TIME");
  const lifetime = firstOption(received, "F_PARTNER_LIFETIME");
  if (status !== undefined) details.push(status);
  if (expiration !== undefined) details.push(expiration);
  // F-122: bit-exact.
  if (lifetime !== undefined)
    details.push(option("F_PARTNER_LIFETIME_SENT", { value: lifetime.value }));
  return details;
}

function acceptLease(context: AcceptContext, read: ReadLease): Refusal | undefined {
  if (read.type === "bad") return read;
  const { failover, role, now } = context;
  const update = withinReach(read.update, now);
  context.stream.heardOf(update, now);
  if (update.hasDnsData) warnOfDnsData(context, update);
  const link = linkOf(context, update);
  // F-306
  if (link === undefined)
    return {
      status: STATUS.ConfigurationConflict,
      message: `${formatPrefix(update)} is in no pool of this relationship here`,
    };
  const own = failover.table.get(update);
  const decision = heldAgainst(context, own, update) ?? decide(own, update, role, now);
  note(context, own, update, decision);
  if (decision.type === "reject") {
    markRejected(context, own, decision.status);
    return { status: decision.status, message: decision.reason };
  }
  storeUpdate(context, { own, update, link, informed: decision.informed });
  return undefined;
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
  decision: ReturnType<typeof decide>,
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
  if (tells && own !== undefined && !own.marked && own.duid !== undefined) {
    // The version of a free prefix says whether it is part of a block: it stays.
    if (own.kind === "prefix" && isAvailable(own.status)) failover.amend({ ...own, marked: true });
    else failover.save({ ...own, marked: true });
  }
}

/** F-034, F-036, F-337, A-42: the block is taken whole or refused, and then the units in use here are told. The primary takes
 * back what the secondary was given before when its own record is lost (UPDREQALL). */
function acceptBlock(context: AcceptContext, block: UpdatedBlock): Refusal | undefined {
  const { failover, relationship } = context;
  const place = placeOfBlock(failover.config, block);
  if (place === undefined || place.link.relationship !== relationship) {
    return {
      status: STATUS.ConfigurationConflict,
      message: `${formatPrefix(block)} is in no pool of this relationship here`,
    };
  }
  const overlapping = failover.blocks.overlapping(block);
  const isWithin = overlapping.some((old) => containsPrefix(old, block));
  if (block.status === "FREE-BACKUP" && isWithin) return undefined;
  if (failover.blocks.overlapping(place.pool.prefix).length >= LIMITS.blocksPerPool) {
    return {
      status: STATUS.OutdatedBindingInformation,
      message: `a pool has at most ${LIMITS.blocksPerPool} blocks here`,
    };
  }
  // F-035: a prefix in use belongs to its client.
  const inUse = context.restoring
    ? []
    : failover.table.prefixesWithin(block, LIMITS.leasesPerBndupd);
  if (inUse.length > 0) {
    for (const lease of inUse)
      if (!lease.marked && lease.duid !== undefined) failover.save({ ...lease, marked: true });
    return {
      status: STATUS.OutdatedBindingInformation,
      message: "a prefix in the block is in use here",
    };
  }
  for (const old of overlapping) {
    failover.removeBlock(old);
    // What is taken back out of a larger block leaves the rest; holes in it stay holes by its version.
    if (isWithin)
      for (const part of remainder(old, block)) failover.amendBlock({ ...old, ...part });
  }
  const alone = failover.table.get({ kind: "prefix", ...block });
  if (block.status === "FREE" && alone?.status === "FREE-BACKUP")
    failover.save({ ...alone, status: "FREE", startTimeOfState: block.startTimeOfState });
  const { address, length, status, startTimeOfState } = block;
  // Only what is the secondary's is in the map; the rest of a pool is the primary's (F-026, F-031).
  if (status === "FREE-BACKUP")
    failover.saveBlock({
      address,
      length,
      status,
      startTimeOfState,
      link: place.link.name,
      version: 0,
      marked: false,
    });
  return undefined;
}
