// What leasing may do under a relationship (RFC 8156 §4.2, §4.4, §8; T-01, T-02, A-80, A-83).

import type { Authority, ClientRef, MessageName, OwnShare } from "../model/authority.ts";
import type { DiscardReason } from "../model/counter-names.ts";
import type { Lease, LeaseKey } from "../model/lease.ts";
import {
  type FreedAt,
  freed,
  freedStatus,
  isAvailable,
  isEnding,
  isHeld,
  isOf,
  isPrivate,
} from "../model/lease-status.ts";
import { DEFAULTS } from "../model/limits.ts";
import { prefixOwner } from "../model/prefix-owner.ts";
import {
  addSeconds,
  type DhcpTime,
  floorTime,
  isLater,
  laterOf,
  type Millis,
  NO_TIME,
} from "../model/time.ts";
import type { Endpoint } from "./endpoint/endpoint.ts";
import { isReclaiming, mayPassOn, ownsAll } from "./reclaim.ts";
import { areClocksApart, mayDelegate, startsNothing, startWait } from "./start-wait.ts";
import { hiddenUntil } from "./updates/forgotten.ts";
import { ackedPartnerLifetime, longestExpiry, partnerLifetimeFor } from "./updates/mclt.ts";

/** The authority of an endpoint. `silence`: why the server answers no such message now, whatever the endpoint's state. */
export function failoverAuthority(
  endpoint: Endpoint,
  silence: (message: MessageName) => DiscardReason | undefined,
): Authority {
  const ownStatus = endpoint.role === "primary" ? "FREE" : "FREE-BACKUP";
  return {
    graceSeconds: DEFAULTS.graceSeconds,
    get retention() {
      return endpoint.retention;
    },
    serviceFor: (message, serverId) => {
      const reason =
        silence(message) ?? (endpoint.maintenance === undefined ? undefined : "maintenance");
      return reason === undefined
        ? endpoint.behaviour.service(message, serverId, endpoint.stateContext)
        : { type: "silent", reason };
    },
    shares: (now) => shares(endpoint, ownStatus, now),
    mayStart: (key, lease, client, now) =>
      mayStart(endpoint, ownStatus, { key, lease, client }, now),
    waitsFor: (kind, now) => startWait(endpoint, kind, now),
    mayExtend: () => endpoint.behaviour.serves,
    mayGoBack: (lease, now) => mayGoBack(endpoint, lease, now),
    // F-052, F-059, F-063: the bound holds in every state; T-01: in PARTNER-DOWN too, until the operator confirms a
    // second time that the partner is off (F-062, F-399).
    longestExpiry: (lease, now) =>
      isReclaiming(endpoint)
        ? undefined
        : longestExpiry(
            ackedPartnerLifetime(lease, endpoint.record.ackEpoch),
            endpoint.record.mclt,
            now,
          ),
    isDoubtful: (key, lease, now) => isDoubtful(endpoint, ownStatus, { key, lease }, now),
    isOutOfStep: () => isOutOfStep(endpoint),
    mayHaveActedUnseen: (now) => mayHaveActedUnseen(endpoint, now),
    ready: (lease, now) => ready(endpoint, ownStatus, lease, now),
    granted: (before, after, desired, now) =>
      granted(endpoint, before, after, partnerLifetimeFor(after.t1, desired, now)),
    ended: (before, status, now) => ended(endpoint, before, status, now),
    holdOver: (lease, now) => holdOver(endpoint, lease, now),
    // Back in contact, the partner's renewals come first: what they extend has not ended.
    mayExpire: () =>
      endpoint.behaviour.expires &&
      (!endpoint.behaviour.isShared || endpoint.isInStep) &&
      !areClocksApart(endpoint),
    // T-04: a RESET counts by its own time, so one made out of contact would beat an earlier grant that the partner made
    // unseen, and free what its client holds.
    mayReset: (now) => endpoint.isInStep || ownsAll(endpoint, now),
  };
}

/** F-395, F-400: the own part first; after a second confirmation and its wait the partner's too (F-030, F-394). */
function shares(endpoint: Endpoint, ownStatus: OwnStatus, now: Millis): readonly OwnShare[] {
  const isPrimary = endpoint.role === "primary";
  if (ownsAll(endpoint, now))
    return [
      { addressBit: isPrimary ? 1 : 0, prefixes: ownStatus },
      { addressBit: isPrimary ? 0 : 1, prefixes: "all" },
    ];
  return [
    {
      addressBit: isPrimary ? 1 : 0,
      prefixes: mayDelegate(endpoint, now) ? ownStatus : "none",
    },
  ];
}

type OwnStatus = "FREE" | "FREE-BACKUP";

interface Wanted {
  readonly key: LeaseKey;
  readonly lease: Lease | undefined;
  readonly client: ClientRef;
}

/** T-01, A-05, F-241, F-242, F-250, F-393, F-395, F-396, F-397, F-400: in every state, PARTNER-DOWN included, only what is free in the own pool; free it becomes only when the
 * partner knows of the end. So what the partner may still be renewing is never given to another client. */
function mayStart(endpoint: Endpoint, ownStatus: OwnStatus, wanted: Wanted, now: Millis): boolean {
  if (startsNothing(endpoint, now) !== undefined) return false;
  const { client, key, lease } = wanted;
  if (mayPassOn(endpoint, lease, now)) return true;
  if (key.kind === "prefix" && !mayDelegate(endpoint, now)) return false;
  if (lease === undefined || isAvailable(lease.status))
    return isOwn(endpoint, ownStatus, key, lease);
  // Housekeeping may not have come by yet.
  if (isOf(lease, client) && mayGoBack(endpoint, lease, now)) return true;
  if (lease.status === "EXPIRED" || lease.status === "RELEASED")
    return mayReturn(endpoint, ownStatus, { ...wanted, lease }, now);
  return false;
}

/** F-014, F-016, F-017, F-023, F-029, F-046: FREE is the primary's, FREE-BACKUP the secondary's. */
function isOwn(
  endpoint: Endpoint,
  ownStatus: OwnStatus,
  key: LeaseKey,
  lease: Lease | undefined,
): boolean {
  // parity alone decides for addresses.
  if (key.kind === "address") return freedStatus(key) === ownStatus;
  const block = endpoint.context.blocks.containing(key.address, key.length);
  // F-033: a block that the partner has not answered yet is nobody's.
  if (block?.marked === true) return false;
  return prefixOwner(lease, block) === ownStatus;
}

/** T-01: until both were in step for as long as a datagram lives. */
function mayHaveActedUnseen(endpoint: Endpoint, now: Millis): boolean {
  const { relationship, stay } = endpoint;
  const since = (stay.synchronisedAt ?? now) + DEFAULTS.datagramLifeSeconds * 1_000;
  return isOutOfStep(endpoint) || (!relationship.strict && now <= since);
}

/** T-02: what is over here by its time alone, whose end the partner was not told so that it may free the lease, and which the
 * partner did not end: no other client has it, as T-01 leaves the partner no choice but to ask. A-83: but while this server
 * was off, an operator may have confirmed a second time that it is (`--reclaim`), or have declared the partner alone by
 * force after that lost its database. */
function mayGoBack(endpoint: Endpoint, lease: Lease, now: Millis): boolean {
  if (endpoint.relationship.strict || !endpoint.behaviour.serves) return false;
  if (lease.status !== "ACTIVE" && lease.status !== "EXPIRED") return false;
  return !lease.endingSent && !endpoint.isAlone(now);
}

/** F-048, F-049, A-77: the same client gets an ended lease back while the partner has not been told of the end. */
function mayReturn(
  endpoint: Endpoint,
  ownStatus: OwnStatus,
  { key, client, lease }: Wanted & { readonly lease: Lease },
  now: Millis,
): boolean {
  // T-01: what only this server ever knew, nobody else can hold.
  if (isPrivate(lease) && endpoint.behaviour.partnerIsOff && !endpoint.communicating)
    return ownsAll(endpoint, now) || isOwn(endpoint, ownStatus, key, undefined);
  if (!isOf(lease, client) || lease.endingSent || endpoint.isAlone(now)) return false;
  // F-021: an ended address of the partner's half waits for contact.
  return key.kind === "prefix" || endpoint.communicating || freedStatus(key) === ownStatus;
}

/** F-257 to F-260: what is this server's alone is freed on the way; a free prefix of the secondary's block says so. */
function ready(endpoint: Endpoint, ownStatus: OwnStatus, lease: Lease, now: Millis): Lease {
  if (lease.status === ownStatus) return lease;
  // F-259: the partner's part is used as it is (T-01); nothing but a balance makes it ours.
  if (ownsAll(endpoint, now))
    return isAvailable(lease.status)
      ? lease
      : freed(lease, freedStatus(lease), freedAt(endpoint, now));
  return freed(lease, ownStatus, freedAt(endpoint, now));
}

function freedAt({ context, retention }: Endpoint, now: Millis): FreedAt {
  return { start: floorTime(now), retention, lastSequence: context.lastSequence() };
}

/** T-02 */
function isOutOfStep({ relationship, isInStep }: Endpoint): boolean {
  return !relationship.strict && !isInStep;
}

/** T-02, D-309: unknown or ended here while the partner may have granted or renewed it unseen. */
function isDoubtful(
  endpoint: Endpoint,
  ownStatus: OwnStatus,
  { key, lease }: Pick<Wanted, "key" | "lease">,
  now: Millis,
): boolean {
  if (!isOutOfStep(endpoint)) return false;
  if (lease === undefined) return true;
  if (isAvailable(lease.status)) return !isOwn(endpoint, ownStatus, key, lease);
  // Ended by its time counts before housekeeping has said so.
  if (lease.status === "ACTIVE") return !isHeld(lease, DEFAULTS.graceSeconds, now);
  // What was told and not answered the partner may have given to another client since, so RESET too.
  return isEnding(lease.status);
}

/** R7031-09, R7031-10, R7031-50: nothing waits for the partner; it is told afterwards. F-050, F-051, F-057, F-058, F-298, A-08: marked; the partner-lifetime never shrinks while the client keeps the lease. */
function granted(
  endpoint: Endpoint,
  before: Lease | undefined,
  after: Lease,
  wanted: Lease["partnerLifetime"],
): Lease {
  const same =
    before !== undefined &&
    before.status === "ACTIVE" &&
    before.duid === after.duid &&
    before.iaid === after.iaid;
  const partnerLifetime = same ? laterOf(before.partnerLifetime, wanted) : wanted;
  const live = endpoint.isLive;
  return {
    ...after,
    partnerLifetime,
    // F-539, A-76: in contact it is about to be transmitted, so it is noted now; one record serves both.
    partnerLifetimeSent: live ? partnerLifetime : after.partnerLifetimeSent,
    partnerLifetimeHighest: laterOf(after.partnerLifetimeHighest, partnerLifetime),
    marked: true,
    everSent: live || after.everSent,
    endingSent: false,
  };
}

/** F-047, F-261, F-245, F-246, F-251, F-252, F-253, F-254, F-262, F-438: an ending is told first; free the lease becomes by the partner's answer. */
function ended(
  endpoint: Endpoint,
  before: Lease,
  status: "RELEASED" | "EXPIRED" | "ABANDONED" | "RESET",
  now: Millis,
): Lease {
  const start = floorTime(now);
  const live = endpoint.isLive;
  const end = endOf(endpoint, before, status, start);
  return {
    ...before,
    status,
    startTimeOfState: start,
    stateExpirationTime: end,
    partnerLifetime:
      status === "ABANDONED"
        ? laterOf(
            before.partnerLifetime,
            addSeconds(start, endpoint.context.config.tunables.declinedHeld),
          )
        : before.partnerLifetime,
    marked: true,
    everSent: live || before.everSent,
    // F-559: in contact the BNDUPD leaves behind this very record.
    endingSent: live && status !== "ABANDONED" && mayFree(endpoint, end),
  };
}

/** Whether an ending that is told with this state-expiration-time lets the partner free the lease: between two Tandems one
 * with a time is a hold (F-138), which neither frees; any other partner may take it for an end. */
function mayFree({ keepsHolds }: Endpoint, stateExpirationTime: DhcpTime): boolean {
  return stateExpirationTime === NO_TIME || !keepsHolds;
}

/** What may have been promised before a loss is over, or there was another loss since. */
function holdOver(endpoint: Endpoint, lease: Lease, now: Millis): Lease {
  const end = endOf(endpoint, lease, lease.status, floorTime(now));
  return {
    ...lease,
    stateExpirationTime: end,
    marked: true,
    endingSent: lease.endingSent || (endpoint.isLive && mayFree(endpoint, end)),
  };
}

/** When the status of an ended lease ends: a declined address is kept out of use for a while; what a partner without
 * memory may have extended is held until that is over. */
function endOf(endpoint: Endpoint, lease: Lease, status: string, start: DhcpTime): DhcpTime {
  const { config } = endpoint.context;
  if (status === "ABANDONED") return addSeconds(start, config.tunables.declinedHeld);
  if (status !== "EXPIRED") return NO_TIME;
  const until = hiddenUntil(lease, endpoint.record, config);
  return isLater(until, start) ? until : NO_TIME;
}
