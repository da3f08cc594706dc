// What time alone does to an endpoint: the ends of STARTUP and RECOVER-WAIT, auto-partner-down, silence, the moment
// when everything open is answered (RFC 8156 §8).

import { DEFAULTS } from "../../model/limits.ts";
import { isPast, type Millis, NO_TIME } from "../../model/time.ts";
import { STATUS } from "../../wire/messages.ts";
import type { Endpoint } from "./endpoint.ts";
import { handOver } from "./maintenance.ts";
import { checkStandstill } from "./standstill.ts";
import { STATES } from "./states/all.ts";
import { transitionOf } from "./transitions.ts";

/** A partner without the extension is taken as in step when it has been in contact and quiet for this long (T-02). */
const SETTLED_AFTER: Millis = 5_000;
const QUIET_FOR: Millis = 2_000;
/** A state that lasts as long as this waits for something. */
const ADVICE_AFTER: Millis = 5_000;

export function tickEndpoint(endpoint: Endpoint, now: Millis): void {
  endpoint.begin(now);
  if (endpoint.stay.starting && now >= startupEnds(endpoint)) startupOver(endpoint, now);
  endWait(endpoint, now);
  autoPartnerDown(endpoint, now);
  checkStandstill(endpoint, now);
  checkSilence(endpoint, now);
  handOver(endpoint, now);
  returnToNormal(endpoint, now);
  advise(endpoint, now);
  balancePrefixes(endpoint, now);
  if (endpoint.behaviour.isShared && endpoint.communicating) drained(endpoint, now);
}

/** T-13: every wait for somebody names its command in the log too; a state that is only passed through waits for nobody. */
function advise(endpoint: Endpoint, now: Millis): void {
  const { stay, behaviour, relationship, context } = endpoint;
  if (stay.advised || now < stay.enteredAt + ADVICE_AFTER) return;
  stay.advised = true;
  const advice = behaviour.advice(endpoint.stateContext);
  if (advice.startsWith("Nothing")) return;
  context.log({ id: "FAILOVER_ADVICE", fields: { relationship: relationship.name, advice } });
}

/** When something is due by time alone. */
export function endpointDue(endpoint: Endpoint, now: Millis): Millis {
  return endpoint.stay.starting ? Math.min(startupEnds(endpoint), now + 1_000) : now + 1_000;
}

/** F-380: when STARTUP ends without contact. */
function startupEnds({ relationship, stay }: Endpoint): Millis {
  return stay.enteredAt + relationship.startupTime;
}

/** F-386, F-378 */
function startupOver(endpoint: Endpoint, now: Millis): void {
  const { record, relationship } = endpoint;
  const isNew = !record.communicated && STATES[record.state].isRecovering;
  if (isNew && relationship.partnerDownWhenNew) {
    endpoint.enter("PARTNER-DOWN", "new, and no partner within the startup time", now);
  } else {
    endpoint.enter(record.state, "no contact within the startup time", now);
  }
}

/** F-421, F-422, F-424 */
export function endWait(endpoint: Endpoint, now: Millis): void {
  if (!endpoint.behaviour.endsByTime) return;
  const until = endpoint.record.recoverWaitUntil;
  if (until === NO_TIME) endpoint.fire("wait-over", "nothing to wait for", now);
  else if (isPast(until, now)) endpoint.fire("wait-over", "the wait is over", now);
}

/** R7031-19, F-447, F-456, A-65: only without contact, and anew after a restart. */
function autoPartnerDown(endpoint: Endpoint, now: Millis): void {
  const { autoPartnerDown: after } = endpoint.relationship;
  if (after === undefined || endpoint.communicating) return;
  // The partner serves, and was asked to.
  if (endpoint.maintenance !== undefined) return;
  // without all of the partner's leases that is for the operator to say.
  if (endpoint.record.updateAllNeeded) return;
  const { contact, stay } = endpoint;
  if (now < Math.max(stay.enteredAt, contact.silentSince) + after) return;
  endpoint.fire("auto-partner-down", "no contact for the time configured", now);
}

/** F-417: an UPDREQ that brings neither UPDDONE nor updates. */
function checkSilence(endpoint: Endpoint, now: Millis): void {
  const { outstanding } = endpoint.stay;
  if (outstanding === undefined) return;
  if (now < outstanding.lastProgress + DEFAULTS.updateSilenceMillis) return;
  const status = STATUS.UnspecFail;
  endpoint.channel?.disconnect(endpoint.nextTransactionId(), status, "no updates came", now);
  endpoint.communicationsFailed("no updates came", now);
}

/** F-434, F-435, F-497: when all updates open at entry of NORMAL are answered, the secondary asks for prefixes. */
function drained(endpoint: Endpoint, now: Millis): void {
  const { role, stay, stream } = endpoint;
  const hasExtensions = endpoint.channel?.terms?.extensions === true;
  if (stay.drainUpTo !== undefined && stream.isAnsweredUpTo(stay.drainUpTo)) {
    stay.drainUpTo = undefined;
    if (hasExtensions) {
      endpoint.sendContact(["synchronised"], now);
    }
    if (role === "secondary") requestPool(endpoint, now);
  }
  // T-06 (1): all was told anew, and all of the partner's is here.
  if (endpoint.record.clockShifted > 0 && endpoint.isInStep && !stream.isTellingAll)
    endpoint.update({ clockShifted: 0 });
  if (!hasExtensions && seemsInStep(endpoint, now)) stay.synchronisedAt ??= now;
  const mayAsk = endpoint.poolRequestAt !== undefined && now >= endpoint.poolRequestAt;
  if (role !== "secondary" || !mayAsk) return;
  // F-497
  if (endpoint.balance.isShort) requestPool(endpoint, now);
}

/** T-02: a Tandem says when its updates are through; any other partner is in step when it has been quiet for a moment,
 * or, as a busy one never is, after the MCLT. */
function seemsInStep({ contact, record, stay }: Endpoint, now: Millis): boolean {
  const isSettled = now - stay.enteredAt >= SETTLED_AFTER;
  const isQuiet = now - contact.lastUpdateReceived >= QUIET_FOR;
  return (isSettled && isQuiet) || now - stay.enteredAt >= record.mclt * 1000;
}

/** F-037, F-498, F-501, A-41: at most once a minute. */
function requestPool(endpoint: Endpoint, now: Millis): void {
  endpoint.poolRequestAt = now + DEFAULTS.poolRequestMillis;
  endpoint.send("POOLREQ", [], now);
}

/** Counts what each server could delegate, and moves prefixes where that is off (RFC 8156 §4.2.2). */
export function balancePrefixes(endpoint: Endpoint, now: Millis): void {
  endpoint.balance.tick(mayMove(endpoint, now) ? endpoint.contact.blocks : undefined, now);
}

/** The primary does, when it knows what the secondary did unseen: it is in step, or has just been asked (F-435). Only a
 * server that may give leases splits its pools. A-80: nor is a part given away in which leases of before the failure may
 * still run. */
function mayMove(endpoint: Endpoint, now: Millis): boolean {
  const { balance, behaviour, communicating, isInStep, record, role } = endpoint;
  if (role !== "primary" || !communicating || !behaviour.startsLeases) return false;
  const { noNewLeasesUntil, updateAllNeeded } = record;
  const isWaiting = noNewLeasesUntil !== NO_TIME && !isPast(noNewLeasesUntil, now);
  return !updateAllNeeded && !isWaiting && (isInStep || balance.isAsked);
}

/** A-79, F-404: NORMAL as soon as what was open when the partner reached RECOVER-DONE is answered. */
function returnToNormal(endpoint: Endpoint, now: Millis): void {
  const { contact, context, record, role, state, stay } = endpoint;
  const isBack = contact.communicating && !contact.partnerStarting;
  if (!isBack || !transitionOf(state, "updates-answered", role, record.partnerState)) {
    stay.returnUpTo = undefined;
    return;
  }
  stay.returnUpTo ??= context.lastSequence();
  if (endpoint.stream.isAnsweredUpTo(stay.returnUpTo)) {
    endpoint.fire("updates-answered", "the partner has recovered", now);
  }
}
