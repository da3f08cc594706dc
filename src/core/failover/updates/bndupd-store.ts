// What an accepted update changes in the record (RFC 8156 §7.5.5, Figure 5, T-04).

import type { Lease } from "../../model/lease.ts";
import { freed, freedStatus, freshLease, isAvailable, isEnding } from "../../model/lease-status.ts";
import { floorTime, isLater, laterOf, NO_TIME } from "../../model/time.ts";
import { isSameClient } from "./bndupd-decide.ts";
import type { AcceptedUpdate, StoreContext, UpdatedLease } from "./update.ts";

/** RFC 8156 §7.5.5, Figure 5 (F-329, F-339, F-361). */
export function storeUpdate(context: StoreContext, accepted: AcceptedUpdate): void {
  const { own, update, informed } = accepted;
  const same = own !== undefined && isSameClient(own, update) ? own : undefined;
  const bothActive = same !== undefined && same.status === "ACTIVE" && update.status === "ACTIVE";
  // R7031-28: an address is never deprecated or removed early because the other server served it last.
  // T-04, F-558: neither records an earlier expiry than either told the client and is known here.
  const later = bothActive ? same : heldDespite(accepted);
  const expiry = laterOf(update.stateExpirationTime, later?.stateExpirationTime ?? NO_TIME);
  // clients match, and the sender did not know our last contact: our mark stands, so that it learns of it. So it
  // does where our expiry is the later one. Not because of the mark alone: two updates that cross would never end.
  const isUnknownToSender =
    same?.marked === true &&
    !informed &&
    update.status === "ACTIVE" &&
    isLater(same.clientLastTransactionTime, update.partnerRawCltTime);
  const marked =
    isUnknownToSender || (later !== undefined && isLater(expiry, update.stateExpirationTime));
  const updated = merged(accepted, same, { expiry, marked, context });
  if (isEnding(update.status) && isHold(context, update)) {
    // T-02: between two Tandems a hold frees the lease on neither side, so it still goes back to its client.
    const endingSent = !context.keepsHolds || same?.endingSent === true;
    context.failover.save({ ...updated, endingSent });
    return;
  }
  if (isEnded(update.status)) {
    // both now know that the client is gone; the lease is free for whom its pool belongs to.
    context.failover.save(
      freed(updated, freedStatus(update), {
        start: floorTime(context.now),
        retention: context.retention,
        lastSequence: context.failover.lastSequence(),
      }),
    );
    return;
  }
  if (isAvailable(update.status)) {
    storeAvailable(context, updated, update);
    return;
  }
  context.failover.save(updated);
}

/** T-04: the client may have got again here what it declined before at the partner, or another client may hold it: then
 * it stays out of use until that has ended too. */
function heldDespite({ own, update, informed }: AcceptedUpdate): Lease | undefined {
  if (own === undefined || update.status !== "ABANDONED") return undefined;
  if (own.status === "ABANDONED") return own;
  const isHeld = own.status === "ACTIVE" && !(informed && isSameClient(own, update));
  return isHeld ? own : undefined;
}

function heldUntil(accepted: AcceptedUpdate): Lease["clientExpiry"] {
  const held = heldDespite(accepted);
  if (held === undefined) return NO_TIME;
  return held.status === "ACTIVE" ? held.stateExpirationTime : held.clientExpiry;
}

/** F-031: a FREE-BACKUP prefix in a block is part of it, as one that was free before the block was given. */
function storeAvailable(context: StoreContext, updated: Lease, update: UpdatedLease): void {
  const { failover, retention } = context;
  const isBackup = update.kind === "prefix" && update.status === "FREE-BACKUP";
  const block = isBackup ? failover.blocks.containing(update.address, update.length) : undefined;
  const status =
    update.kind === "address" ? freedStatus(update) : isBackup ? "FREE-BACKUP" : "FREE";
  const free = freed(updated, block === undefined ? status : "FREE", {
    start: update.startTimeOfState,
    retention,
    lastSequence: failover.lastSequence(),
  });
  if (block === undefined) failover.save(free);
  else failover.amend({ ...free, primarySince: 0 });
}

/** F-138: an ending with a time of its own is a hold: nobody gets the lease before that. A Tandem means that even where the
 * time is over by now: it does not free the lease by our acknowledgement, and says so once more. */
function isHold({ keepsHolds, now }: StoreContext, { stateExpirationTime }: UpdatedLease): boolean {
  if (keepsHolds) return stateExpirationTime !== NO_TIME;
  return isLater(stateExpirationTime, floorTime(now));
}

function isEnded(status: UpdatedLease["status"]): boolean {
  return isEnding(status) || status === "PENDING-FREE";
}

interface MergeOptions {
  readonly expiry: Lease["stateExpirationTime"];
  readonly marked: boolean;
  readonly context: Pick<StoreContext, "ackEpoch" | "role">;
}

function merged(
  accepted: AcceptedUpdate,
  same: Lease | undefined,
  { expiry, marked, context }: MergeOptions,
): Lease {
  const { own, update, link } = accepted;
  const base = same ?? {
    ...freshLease(update, link),
    partnerLifetimeHighest: own?.partnerLifetimeHighest ?? NO_TIME,
  };
  const stale = same !== undefined && isStale(same, update, context.role);
  const told = stale ? same : update;
  return {
    ...base,
    link,
    duid: update.duid,
    iaid: update.iaid,
    status: update.status, // F-330
    t1: told.t1,
    t2: told.t2,
    preferredLifetime: told.preferredLifetime,
    validLifetime: told.validLifetime,
    startTimeOfState: update.startTimeOfState, // F-331, A-24
    expirationTime: update.partnerLifetime, // F-332
    stateExpirationTime: expiry, // F-333, F-338
    // T-04: beside a declined address stands until when a client may hold it all the same.
    clientExpiry: update.status === "ACTIVE" ? expiry : heldUntil(accepted),
    partnerRawCltTime: laterOf(update.clientTransactionTime, base.partnerRawCltTime), // F-334
    clientLastTransactionTime: laterOf(update.partnerRawCltTime, base.clientLastTransactionTime), // F-335
    partnerLifetime: laterOf(update.expirationTime, base.partnerLifetime), // F-336
    partnerLifetimeHighest: laterOf(update.expirationTime, base.partnerLifetimeHighest),
    ackEpoch: same?.ackEpoch ?? context.ackEpoch,
    marked,
    // T-01: the partner knows of this binding, it told us.
    everSent: true,
    endingSent: false,
    relayData: stale ? same.relayData : update.relayData,
    reconfigureData: update.reconfigureData ?? same?.reconfigureData,
    fqdn: update.fqdn ?? same?.fqdn,
  };
}

/** A stale update of a lease that this server extended since does not bring back its older T1, T2 and lifetimes. Where two
 * updates of one second cross, those of the primary stay, so that both servers keep the same ones. */
function isStale(own: Lease, update: UpdatedLease, role: StoreContext["role"]): boolean {
  if (own.status !== "ACTIVE") return false;
  const contact = own.clientLastTransactionTime;
  if (isLater(contact, update.clientTransactionTime)) return true;
  return role === "primary" && own.marked && contact === update.clientTransactionTime;
}
