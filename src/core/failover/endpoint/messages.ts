// What each received message does, on a connection that CONNECT has set up (RFC 8156 §6.3 to §7.7).

import { addSeconds, type Millis, NO_TIME, type Seconds } from "../../model/time.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { FailoverMessage, FailoverType } from "../../wire/failover-messages.ts";
import { STATUS } from "../../wire/messages.ts";
import { findMalformed, firstOption } from "../../wire/options.ts";
import type { Channel } from "../link/channel.ts";
import { clockOffset, isTooFarOff } from "../link/connect.ts";
import {
  forgottenOption,
  readForgotten,
  saysResync,
  saysSynchronised,
} from "../link/extensions.ts";
import { readStoreWords, type StoreWords } from "../link/store-words.ts";
import { applyReply } from "../updates/bndreply-apply.ts";
import { readReply } from "../updates/bndreply-read.ts";
import { acceptUpdate } from "../updates/bndupd-accept.ts";
import type { Endpoint } from "./endpoint.ts";
import { leaveStartup } from "./leave-startup.ts";
import { learnOfLoss, partnerLost } from "./loss.ts";
import { loseThePast } from "./lost-past.ts";
import { readState } from "./state-message.ts";
import { noteStore, storeVerdict } from "./store-memory.ts";
import { balancePrefixes } from "./timers.ts";

/** T-13: what brings the two nearer to NORMAL; STATE only when it is news. */
const PROGRESS: ReadonlySet<FailoverType> = new Set([
  "BNDUPD",
  "BNDREPLY",
  "UPDREQ",
  "UPDREQALL",
  "UPDDONE",
]);

/** A message on the endpoint's own connection, in phase `state` or `up`. */
export function handleMessage(
  endpoint: Endpoint,
  channel: Channel,
  message: FailoverMessage,
  now: Millis,
): void {
  channel.lastReceived = now;
  // F-077, T-06 (3): a message of unknown age says nothing of the partner's clock.
  const { receivedAt } = channel;
  const offset = receivedAt === undefined ? undefined : clockOffset(message.sentTime, receivedAt);
  if (offset !== undefined) endpoint.contact.clockOffset = offset;
  if (isTooFarOff(offset)) {
    // F-233, F-234, F-236
    endpoint.alarm(`the clocks differ by ${offset} s: the connection is closed`);
    hangUp(
      endpoint,
      channel,
      {
        status: STATUS.ExcessiveTimeSkew,
        reason: `the clocks differ by ${offset} s`,
      },
      now,
    );
    return;
  }
  const isEarly =
    channel.phase !== "up" && message.type !== "STATE" && message.type !== "DISCONNECT";
  // everything else counts only when communications are OK.
  if (isEarly) endpoint.context.counters.add("failover-message-too-early");
  else {
    if (PROGRESS.has(message.type)) endpoint.stay.lastProgress = now;
    dispatch(endpoint, channel, message, now);
  }
}

function dispatch(
  endpoint: Endpoint,
  channel: Channel,
  message: FailoverMessage,
  now: Millis,
): void {
  switch (message.type) {
    case "STATE":
      return stateReceived(endpoint, channel, message, now);
    case "DISCONNECT":
      return disconnected(endpoint, channel, message, now);
    case "BNDUPD":
      return bndupd(endpoint, channel, message, now);
    case "BNDREPLY":
      return bndreply(endpoint, message, now);
    case "UPDREQ":
      // until UPDDONE of an UPDREQALL it counts as one.
      return updateRequest(endpoint, message, endpoint.record.partnerUpdateAll, now);
    case "UPDREQALL":
      // A-32; who only compares has forgotten nothing.
      if (!saysResync(message.options)) {
        partnerLost(endpoint, endpoint.record.partnerState, now);
        sayForgotten(endpoint, now);
      }
      return updateRequest(endpoint, message, true, now);
    case "UPDDONE":
      return endpoint.updateDone(message.transactionId, now);
    case "POOLREQ":
      return poolRequest(endpoint, channel, message, now);
    case "POOLRESP":
      return; // F-084: only says that the request was received.
    case "CONTACT":
      // F-100: that it came is enough; T-02: it may say more.
      noteStore(endpoint, readStoreWords(message.options));
      if (saysSynchronised(message.options)) endpoint.stay.synchronisedAt ??= now;
      heardForgotten(endpoint, message);
      return;
    case "CONNECT":
    case "CONNECTREPLY":
      // F-093: out of place; ignored.
      endpoint.context.counters.add("failover-message-out-of-place");
      return;
    default:
      unreachable(message.type);
  }
}

function hangUp(
  endpoint: Endpoint,
  channel: Channel,
  why: { readonly status: number; readonly reason: string },
  now: Millis,
): void {
  channel.disconnect(endpoint.nextTransactionId(), why.status, why.reason, now);
  endpoint.communicationsFailed(why.reason, now);
}

/** F-444, A-63 */
function disconnected(
  endpoint: Endpoint,
  channel: Channel,
  message: FailoverMessage,
  now: Millis,
): void {
  const status = firstOption(message.options, "STATUS_CODE");
  channel.disconnected = true;
  channel.close(false);
  endpoint.communicationsFailed(
    `DISCONNECT from the partner: ${status?.message ?? "no reason given"} (${status?.status ?? 0})`,
    now,
  );
}

/** F-198 to F-202, F-387, A-15, A-16, A-37. */
function stateReceived(
  endpoint: Endpoint,
  channel: Channel,
  message: FailoverMessage,
  now: Millis,
): void {
  const malformed = findMalformed(message.options);
  const report =
    malformed === undefined ? readState(message.options) : `option ${malformed.code} is malformed`;
  if (typeof report === "string") {
    // F-101, F-139
    hangUp(endpoint, channel, { status: STATUS.UnspecFail, reason: `STATE: ${report}` }, now);
    return;
  }
  const words = readStoreWords(message.options);
  if (channel.phase === "state") {
    if (channel.terms === undefined || !storeIsUsable(endpoint, channel, words, now)) return;
    channel.phase = "up";
    endpoint.communicationsOk(report, channel.terms, now);
  }
  const { partnerState, partnerStartTimeOfState } = endpoint.record;
  const isNews =
    report.state !== partnerState || report.startTimeOfState !== partnerStartTimeOfState;
  if (isNews) endpoint.stay.lastProgress = now;
  endpoint.notePartner(report, now);
  noteStore(endpoint, words);
  const { partnerStarting } = endpoint.contact;
  if (endpoint.stay.starting) {
    leaveStartup(endpoint, report, now);
    // F-387, F-401: the partner's own start may still change its state.
    if (partnerStarting && endpoint.behaviour.partnerIsOff) return;
  } else if (partnerStarting) {
    // answered with ACK_STARTUP, and no transition.
    endpoint.sendState(now);
    return;
  }
  if (endpoint.behaviour.repeatsStateTo(report.state)) endpoint.sendState(now);
  endpoint.evaluate(now);
}

/** T-07: whether the connection goes on. A store without its past recovers in STARTUP, so elsewhere the next connection
 * finds it there. */
function storeIsUsable(
  endpoint: Endpoint,
  channel: Channel,
  words: StoreWords | undefined,
  now: Millis,
): boolean {
  const verdict = storeVerdict(endpoint, words);
  if (verdict === "sound") return true;
  if (verdict === "lost-past") {
    const isStarting = endpoint.stay.starting;
    loseThePast(endpoint, now);
    if (isStarting) return true;
    hangUp(endpoint, channel, { status: STATUS.UnspecFail, reason: "an older store" }, now);
    return false;
  }
  endpoint.alarm(
    "this state directory and the partner's are copies of one: stop the server that has the copy, move its directory away and start it again",
  );
  const reason = "both servers have one store: one state directory is a copy of the other's";
  hangUp(endpoint, channel, { status: STATUS.ConfigurationConflict, reason }, now);
  return false;
}

/** F-307, F-309, F-326, F-439, A-33: answered in every state; what is ours follows the answer. */
function bndupd(endpoint: Endpoint, channel: Channel, message: FailoverMessage, now: Millis): void {
  const { contact, stay } = endpoint;
  contact.lastUpdateReceived = now;
  if (stay.outstanding !== undefined) stay.outstanding.lastProgress = now;
  const context = {
    failover: endpoint.context,
    relationship: endpoint.relationship.name,
    role: endpoint.role,
    record: endpoint.record,
    retention: endpoint.retention,
    ackEpoch: endpoint.record.ackEpoch,
    clockDoubt: Math.max(endpoint.record.clockShifted, channel.terms?.clockShifted ?? 0),
    restoring: endpoint.record.updateAllNeeded,
    keepsHolds: endpoint.keepsHolds,
    now,
    stream: endpoint.stream,
  };
  const options = acceptUpdate(context, message.options);
  // F-103, F-341
  channel.send("BNDREPLY", message.transactionId, options, now);
}

function bndreply(endpoint: Endpoint, message: FailoverMessage, now: Millis): void {
  const sent = endpoint.stream.answered(message.transactionId);
  if (sent === undefined) {
    endpoint.context.counters.add("failover-reply-unknown"); // F-106
    return;
  }
  const context = {
    failover: endpoint.context,
    stream: endpoint.stream,
    relationship: endpoint.relationship.name,
    ackEpoch: endpoint.record.ackEpoch,
    retention: endpoint.retention,
    partner: endpoint.contact.blocks,
    now,
  };
  const { singles } = context.partner;
  applyReply(context, sent, readReply(message.options));
  // it takes no blocks, so the balance begins anew with what it takes.
  if (context.partner.singles !== singles) endpoint.balance.ask();
}

/** A server without memory cannot know when it could still promise something, nor how much. */
function sayForgotten(endpoint: Endpoint, now: Millis): void {
  const { mcltHighest: mclt, partnerLostAt, validHighest: valid } = endpoint.record;
  if (!endpoint.keepsHolds || partnerLostAt === NO_TIME) return;
  const lostAt = addSeconds(partnerLostAt, endpoint.context.timeShift());
  endpoint.send("CONTACT", [forgottenOption({ lostAt, mclt, valid })], now);
}

function heardForgotten(endpoint: Endpoint, message: FailoverMessage): void {
  const forgotten = readForgotten(message.options);
  if (forgotten === undefined) return;
  const lostAt = addSeconds(forgotten.lostAt, -endpoint.context.timeShift());
  learnOfLoss(endpoint, { ...forgotten, lostAt });
}

/** F-406, F-418, F-486, F-490, F-491, F-493, F-568 */
function updateRequest(
  endpoint: Endpoint,
  message: FailoverMessage,
  all: boolean,
  now: Millis,
): void {
  endpoint.stream.request(message.transactionId, all);
  endpoint.pump(now);
}

/** F-038, F-084, F-499: only a primary is asked. */
function poolRequest(
  endpoint: Endpoint,
  channel: Channel,
  message: FailoverMessage,
  now: Millis,
): void {
  if (endpoint.role !== "primary") {
    endpoint.context.counters.add("failover-message-out-of-place");
    return;
  }
  channel.send("POOLRESP", message.transactionId, [], now);
  endpoint.balance.ask();
  balancePrefixes(endpoint, now);
}

/** T-05, T-08: leaves service (F-145). */
export function shutDown(endpoint: Endpoint, reason: string, now: Millis): void {
  const { channel } = endpoint;
  if (channel === undefined) return;
  hangUp(endpoint, channel, { status: STATUS.ServerShuttingDown, reason }, now);
}

/** T-06 (1): lease time was shifted by the operator. Times of before may be off by as much, so acknowledged lifetimes do not
 * count, and the partner is told everything anew over a new connection, which compares the clocks. */
export function clockShifted(endpoint: Endpoint, by: Seconds, now: Millis): void {
  const { ackEpoch, clockShifted: before } = endpoint.record;
  endpoint.update({ clockShifted: before + by, ackEpoch: ackEpoch + 1 });
  endpoint.contact.clockOffset = undefined;
  const { channel } = endpoint;
  if (channel === undefined) return;
  const reason = `the operator shifted lease time by ${by} s`;
  hangUp(endpoint, channel, { status: STATUS.UnspecFail, reason }, now);
}
