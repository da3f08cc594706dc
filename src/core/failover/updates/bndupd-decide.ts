// Accept or reject an updated lease (RFC 8156 §7.5.4, Figure 4, T-04). Pure.

import type { BindingStatus } from "../../model/binding-status.ts";
import type { Lease } from "../../model/lease.ts";
import { isAvailable, isEnding } from "../../model/lease-status.ts";
import { DEFAULTS } from "../../model/limits.ts";
import {
  addSeconds,
  type DhcpTime,
  diffSeconds,
  isLater,
  isPast,
  laterOf,
  type Millis,
  NO_TIME,
  type Seconds,
} from "../../model/time.ts";
import { STATUS } from "../../wire/messages.ts";
import type { Decision, Order, UpdatedLease } from "./update.ts";

/** Who decides, and by how many seconds times of before may be off. */
export interface Judge {
  readonly role: "primary" | "secondary";
  readonly clockDoubt: Seconds;
}

type Accepting = Extract<Decision, { readonly type: "accept" }>;

function rejectOutdated(order: Order, reason: string): Decision {
  return { type: "reject", order, status: STATUS.OutdatedBindingInformation, reason };
}

/** One lease of a BNDUPD against the record here; `own` undefined: no record (A-18: accept). */
export function decide(
  own: Lease | undefined,
  update: UpdatedLease,
  { clockDoubt, role }: Judge,
  now: Millis,
): Decision {
  if (own === undefined) return { type: "accept", order: "later", informed: true };
  // T-06 (1): times that may be off by more than the permitted skew say neither what was known nor what came first.
  const informed = clockDoubt === 0 && isInformed(own, update);
  const apart = informed ? DEFAULTS.skewPermittedSeconds : permittedApart(own, update);
  const permitted = apart + clockDoubt;
  const order = followsAll(own, update, permitted)
    ? "later"
    : compareTimes(updateTime(update), ownTime(own), permitted);
  const accept: Accepting = { type: "accept", order, informed };
  const outdated = (reason: string) => rejectOutdated(order, reason);
  // T-13: free here and ended there is one opinion; an older ending that were refused would be sent for ever.
  if (isAvailable(own.status) && isEnding(update.status)) return accept;
  // T-13: so is one client's end that both tell each other. After a lost past each may know of a contact that the other
  // does not, and both would refuse for ever; who may hold it by a forgotten promise is asked before.
  if (own.marked && isEnding(own.status) && isEnding(update.status) && isSameClient(own, update))
    return accept;
  // T-04: kept out of use here for longer than there, as a client may hold it.
  if (own.status === "ABANDONED" && update.status === "RESET" && isKeptOut(own, informed, now))
    return outdated("the lease is kept out of use for longer here");
  switch (cellOf(own.status, update.status)) {
    case "ended-by-time":
      // F-318: what is ACTIVE here ends by its own time only, and by this server's clock: the sender's may be ahead. T-06
      // (6): with its grace; a sender that knew all we know has waited for it, and only what a client may hold counts.
      return hasEnded(own, informed ? DEFAULTS.heldSeconds : DEFAULTS.graceSeconds, now)
        ? accept
        : outdated("the lease is still active here");
    case "contact-after-reset":
      // F-319
      return isContactAfterStart(own, update)
        ? accept
        : outdated("the lease was reset after the client's last contact");
    case "both-active":
      return decideBothActive(own, update, role, accept);
    case "accept":
      return decideByOrder(own, update, accept, now);
  }
}

function hasEnded(own: Lease, grace: number, now: Millis): boolean {
  return (
    own.stateExpirationTime !== NO_TIME && isPast(addSeconds(own.stateExpirationTime, grace), now)
  );
}

/** A hold may be the rest of a client's lease, so its end counts with what a client may be late. N-013: where it is not, a
 * sender that knows all we know may end it sooner. */
function isKeptOut(own: Lease, informed: boolean, now: Millis): boolean {
  if (informed && own.clientExpiry === NO_TIME) return false;
  return own.stateExpirationTime !== NO_TIME && !hasEnded(own, DEFAULTS.heldSeconds, now);
}

type Cell = "accept" | "ended-by-time" | "contact-after-reset" | "both-active";

/** Figure 4; PENDING-FREE counts as free (F-328). */
export function cellOf(own: BindingStatus, received: BindingStatus): Cell {
  if (own === "ACTIVE") {
    if (received === "ACTIVE") return "both-active";
    const ends =
      received === "EXPIRED" ||
      received === "FREE" ||
      received === "FREE-BACKUP" ||
      received === "PENDING-FREE";
    return ends ? "ended-by-time" : "accept";
  }
  return own === "RESET" && received === "ACTIVE" ? "contact-after-reset" : "accept";
}

/** F-320, F-321, F-322, F-473, A-74. */
function decideBothActive(
  own: Lease,
  update: UpdatedLease,
  role: "primary" | "secondary",
  accept: Decision,
): Decision {
  if (isSameClient(own, update)) return accept;
  if (role === "secondary" || isContactAfterStart(own, update)) return accept;
  return {
    type: "reject",
    order: accept.order,
    status: STATUS.AddressInUse,
    reason: "another client holds the lease here",
  };
}

/** F-314, F-315, F-316, F-317, F-323 with A-17 for what is within the permitted skew. */
function decideByOrder(own: Lease, update: UpdatedLease, accept: Accepting, now: Millis): Decision {
  const outdated = (reason: string) => rejectOutdated(accept.order, reason);
  const ends = update.status === "RELEASED" || update.status === "EXPIRED";
  if (
    ends &&
    own.status === "ACTIVE" &&
    !isSameClient(own, update) &&
    !hasEnded(own, DEFAULTS.graceSeconds, now)
  ) {
    // the ending of one client's lease does not end another's.
    return outdated("another client holds the lease here");
  }
  // T-04: a RESET ends a hold that was never heard of here; its client may hold what this server extended meanwhile.
  const isDoubtfulReset = update.status === "RESET" && own.status === "ACTIVE" && !accept.informed;
  if (isDoubtfulReset && !hasEnded(own, DEFAULTS.graceSeconds, now))
    return outdated("the lease is still active here");
  if (accept.order === "later" || mayStillBeHeld(own, update, now)) return accept;
  if (accept.order === "earlier") return outdated("a later contact is known here");
  if (accept.informed || isNoNews(own, update)) return accept;
  return tieGoesToUpdate(own.status, update.status)
    ? accept
    : outdated("within the permitted skew this server's status counts");
}

/** T-04: what ended here by its time alone, the client may hold by a longer promise of the partner's, older though it is. */
function mayStillBeHeld(own: Lease, update: UpdatedLease, now: Millis): boolean {
  if (own.status !== "EXPIRED" || update.status !== "ACTIVE" || !isSameClient(own, update))
    return false;
  return update.stateExpirationTime !== NO_TIME && !isPast(update.stateExpirationTime, now);
}

/** A-17, T-04: ABANDONED beats ACTIVE, ACTIVE beats the rest, anything else is accepted: a doubtful update never frees. */
function tieGoesToUpdate(own: BindingStatus, received: BindingStatus): boolean {
  if (own === "ACTIVE") return received === "ABANDONED";
  return !(own === "ABANDONED" && received === "ACTIVE");
}

/** F-311, F-312. */
function updateTime(update: UpdatedLease): DhcpTime {
  const byContact =
    update.status === "ACTIVE" || update.status === "EXPIRED" || update.status === "RELEASED";
  if (!byContact) return laterOf(update.clientTransactionTime, update.startTimeOfState);
  return update.clientTransactionTime !== NO_TIME
    ? update.clientTransactionTime
    : update.startTimeOfState;
}

/** F-313 with A-19: the last contact that either server had and that is known here. */
function ownTime(own: Lease): DhcpTime {
  const contact = laterOf(own.clientLastTransactionTime, own.partnerRawCltTime);
  return contact === NO_TIME ? own.startTimeOfState : contact;
}

/** F-235, A-45: whole seconds, 5 of them count as the same time. T-04: a RELEASE may have been under way for as long as
 * a datagram lives while its client got the lease again at the other server, so by its arrival it may be that much later. */
function permittedApart(own: Lease, update: UpdatedLease): Seconds {
  const mayHaveCrossed =
    isSameClient(own, update) &&
    ((own.status === "ACTIVE" && update.status === "RELEASED") ||
      (own.status === "RELEASED" && update.status === "ACTIVE"));
  return DEFAULTS.skewPermittedSeconds + (mayHaveCrossed ? DEFAULTS.datagramLifeSeconds : 0);
}

/** A RELEASE that follows what its sender told before, by the same clock, and our last contact by more than clocks and
 * datagrams can be apart. Of that contact the sender may never have heard: it may be from before the client's lease ended and
 * began anew, so nothing of it is open. */
function followsAll(own: Lease, update: UpdatedLease, permitted: Seconds): boolean {
  if (own.status !== "ACTIVE" || update.status !== "RELEASED" || !isSameClient(own, update))
    return false;
  const time = updateTime(update);
  if (own.partnerRawCltTime === NO_TIME || isLater(own.partnerRawCltTime, time)) return false;
  return compareTimes(time, own.clientLastTransactionTime, permitted) === "later";
}

function compareTimes(update: DhcpTime, own: DhcpTime, permitted: Seconds): Order {
  if (own === NO_TIME) return "later";
  const difference = diffSeconds(update, own);
  if (Math.abs(difference) <= permitted) return "equal";
  return difference > 0 ? "later" : "earlier";
}

/** the sender knew our last contact, nothing of ours is open, and it is not older than what it told before. */
function isInformed(own: Lease, update: UpdatedLease): boolean {
  if (own.marked) return false;
  if (isLater(own.clientLastTransactionTime, update.partnerRawCltTime)) return false;
  return !isLater(own.partnerRawCltTime, update.clientTransactionTime);
}

/** A repeated update. */
function isNoNews(own: Lease, update: UpdatedLease): boolean {
  return (
    own.status === update.status &&
    isSameClient(own, update) &&
    own.startTimeOfState === update.startTimeOfState &&
    own.partnerRawCltTime === update.clientTransactionTime
  );
}

/** F-319, F-321: CLT_TIME is there and later than the start of the status here. */
function isContactAfterStart(own: Lease, update: UpdatedLease): boolean {
  return isLater(update.clientTransactionTime, own.startTimeOfState);
}

export function isSameClient(own: Lease, update: Pick<UpdatedLease, "duid" | "iaid">): boolean {
  return own.duid === update.duid && own.iaid === update.iaid;
}
