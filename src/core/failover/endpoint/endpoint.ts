// One endpoint: the state machine of RFC 8156 §8 over one connection at a time. What a message does stands in
// messages.ts, what a state permits in states/, which state follows in transitions.ts.

import type { Relationship } from "../../config/types.ts";
import type { EndpointRecord, ServerState } from "../../model/endpoint-record.ts";
import {
  addSeconds,
  diffSeconds,
  floorTime,
  isPast,
  laterOf,
  type Millis,
  NO_TIME,
  type Seconds,
} from "../../model/time.ts";
import type { FailoverType } from "../../wire/failover-messages.ts";
import type { Option } from "../../wire/options.ts";
import type { FailoverContext } from "../context.ts";
import type { Channel } from "../link/channel.ts";
import type { ConnectTerms } from "../link/connect.ts";
import { hiddenUntil } from "../updates/forgotten.ts";
import { mcltWait } from "../updates/mclt.ts";
import { UpdateStream } from "../updates/stream.ts";
import { declarePartnerDown, declareReclaim, type OperatorResult } from "./operator.ts";
import { type FailureTimes, startingRecord, waitAfterFailure } from "./record.ts";
import { type PartnerReport, SERVER_FLAG, stateOptions } from "./state-message.ts";
import { STATES } from "./states/all.ts";
import type { StateBehaviour, StateContext } from "./states/behaviour.ts";
import { endWait } from "./timers.ts";
import { asksForUpdates, type StateEvent, transitionOf } from "./transitions.ts";

type RecordedState = Exclude<ServerState, "STARTUP">;

interface OutstandingRequest {
  readonly transactionId: number;
  readonly all: boolean;
  lastProgress: Millis;
}

export class Endpoint {
  readonly relationship: Relationship;
  readonly stream: UpdateStream;
  readonly context: FailoverContext;
  record: EndpointRecord;
  /** STARTUP is never recorded (F-135). */
  starting = true;
  channel: Channel | undefined;
  /** Communications are "OK" (F-159). */
  communicating = false;
  /** The last flags of the partner had STARTUP (F-131). */
  partnerStarting = false;
  outstanding: OutstandingRequest | undefined;
  /** F-422: no record here, and the partner says that it never met us. */
  neverRan = false;
  /** Last difference of the clocks, seconds, partner less own; undefined before the first message. */
  clockOffset: number | undefined;
  /** T-02: since when no update of the partner about the time without contact is missing any more; undefined: some are. */
  synchronisedAt: Millis | undefined;
  /** Marks up to this version were open when NORMAL was entered; undefined: all of them are answered. */
  drainUpTo: number | undefined;
  /** marks open when the partner reached RECOVER-DONE. */
  returnUpTo: number | undefined;
  lastUpdateReceived: Millis = 0;
  lastContact: Millis = 0;
  /** When the present state was entered here. */
  enteredAt: Millis;
  /** When STARTUP ends without contact (F-380). */
  readonly startupEnds: Millis;
  /** Since when there is no contact. */
  silentSince: Millis;
  /** When the next POOLREQ may go. */
  poolRequestAt: Millis = 0;
  #nextTransactionId: number;
  /** The time of the step in progress, for what the stream sends. */
  #sendTime: Millis = 0;

  constructor(
    context: FailoverContext,
    relationship: Relationship,
    record: EndpointRecord | undefined,
    now: Millis,
  ) {
    this.context = context;
    this.relationship = relationship;
    this.record = startingRecord(relationship, record, this.failureTimes, context.table.size > 0);
    this.startupEnds = now + relationship.startupTime;
    this.enteredAt = now;
    this.silentSince = now;
    this.#nextTransactionId = Math.floor(context.random() * 0x100_0000);
    this.stream = new UpdateStream({
      context,
      relationship: relationship.name,
      holdOf: (lease) => hiddenUntil(lease, this.record, context.config),
      send: (type, options) => this.send(type, options, this.#sendTime),
      done: (request) => this.#sendDone(request.transactionId, request.all),
    });
  }

  get role(): "primary" | "secondary" {
    return this.relationship.role;
  }

  get state(): ServerState {
    return this.starting ? "STARTUP" : this.record.state;
  }

  get behaviour(): StateBehaviour {
    return STATES[this.state];
  }

  /** T-02: nothing that the partner did unseen is missing here. */
  get isInStep(): boolean {
    return this.state === "NORMAL" && this.synchronisedAt !== undefined;
  }

  get stateContext(): StateContext {
    return {
      role: this.role,
      communicating: this.communicating,
      partnerState: this.communicating ? this.record.partnerState : undefined,
      strict: this.relationship.strict,
    };
  }

  get failureTimes(): FailureTimes {
    const { lastOperation, startedAt, config } = this.context;
    return { lastOperation, startedAt, heartbeat: config.tunables.heartbeat };
  }

  /** Seconds that a wait of the MCLT lasts (T-06 (6), F-560). */
  get mcltWait(): Seconds {
    return mcltWait(this.record.mcltHighest, this.context.config.tunables.heartbeat);
  }

  /** Seconds that a free lease's record is kept. */
  get retention(): Seconds {
    return this.mcltWait + 3_600;
  }

  /** whether changes are sent without being asked for. T-04: to a partner that is about to ask not before its
   * request, which says whether its memory is lost: one that is empty acknowledges any ending. */
  get isLive(): boolean {
    if (!this.communicating || !this.behaviour.sendsUpdates(this.stateContext)) return false;
    const { partnerState } = this.record;
    const willAsk = partnerState === "RECOVER" || partnerState === "POTENTIAL-CONFLICT";
    return !willAsk || this.stream.wasAsked;
  }

  update(changes: Partial<EndpointRecord>): void {
    this.record = { ...this.record, ...changes };
    this.context.saveRecord(this.record);
  }

  /** F-102, F-104, F-105, A-44: an id that none of the outstanding messages has. */
  nextTransactionId(): number {
    do {
      this.#nextTransactionId = (this.#nextTransactionId + 1) & 0xff_ffff;
    } while (
      this.stream.isOutstanding(this.#nextTransactionId) ||
      this.outstanding?.transactionId === this.#nextTransactionId
    );
    return this.#nextTransactionId;
  }

  /** Sends a message that opens an exchange; returns its transaction-id. */
  send(type: FailoverType, options: readonly Option[], now: Millis): number {
    const transactionId = this.nextTransactionId();
    this.channel?.send(type, transactionId, options, now);
    return transactionId;
  }

  #sendDone(transactionId: number, all: boolean): void {
    this.channel?.send("UPDDONE", transactionId, [], this.#sendTime);
    // the partner has everything; later it may ask for changes only.
    if (all) this.update({ partnerUpdateAll: false });
  }

  /** F-192, F-193, F-364, F-374: with the flags of F-130, F-131, F-132 and F-133. */
  sendState(now: Millis): void {
    const flags =
      (this.starting ? SERVER_FLAG.STARTUP : 0) |
      (this.partnerStarting ? SERVER_FLAG.ACK_STARTUP : 0) |
      (this.record.communicated ? SERVER_FLAG.COMMUNICATED : 0);
    this.send("STATE", stateOptions(this.record, flags), now);
  }

  log(what: string): void {
    this.context.log({
      id: "FAILOVER_LINK",
      fields: { relationship: this.relationship.name, what },
    });
  }

  alarm(alarm: string): void {
    this.context.log({
      id: "FAILOVER_ALARM",
      fields: { relationship: this.relationship.name, alarm },
    });
  }

  // ---- states ----

  /** F-365, F-531, F-532: the record is stored; whatever is sent afterwards waits for it (F-197). */
  enter(to: RecordedState, reason: string, now: Millis): void {
    const from = this.state;
    const keepsStart = this.starting && this.record.state === to;
    this.starting = false;
    this.enteredAt = now;
    this.drainUpTo = undefined;
    this.returnUpTo = undefined;
    this.synchronisedAt = undefined;
    // an UPDDONE counts only in the state that asked: one of RECOVER does not end POTENTIAL-CONFLICT (F-472).
    this.outstanding = undefined;
    const previousState = keepsStart ? this.record.previousState : this.record.state;
    this.update({
      state: to,
      previousState,
      reason,
      ...(keepsStart ? {} : { startTimeOfState: floorTime(now) }),
      ...this.#entryChanges(to),
    });
    this.context.log({
      id: "FAILOVER_STATE",
      fields: { relationship: this.relationship.name, from, to, reason },
    });
    // T-13: every wait for somebody names its command, in the log too.
    const advice = this.behaviour.advice(this.stateContext);
    if (!advice.startsWith("Nothing")) {
      this.context.log({
        id: "FAILOVER_ADVICE",
        fields: { relationship: this.relationship.name, advice },
      });
    }
    if (to === "NORMAL") this.drainUpTo = this.context.lastSequence();
    if (to === "COMMUNICATIONS-INTERRUPTED" && from === "NORMAL")
      this.alarm("no contact with the partner"); // F-448
    if (to === "RESOLUTION-INTERRUPTED")
      this.alarm("contact was lost while differences were being settled"); // F-476
    // F-192: on a connection that is set up, also before the partner's first STATE has come.
    if (this.channel !== undefined) this.sendState(now);
  }

  #entryChanges(to: RecordedState): Partial<EndpointRecord> {
    const wait = () => waitAfterFailure(this.failureTimes, this.record.mcltHighest);
    // F-420, F-422
    if (to === "RECOVER-WAIT")
      return {
        recoverWaitUntil: this.neverRan
          ? NO_TIME
          : this.record.recoverWaitUntil !== NO_TIME
            ? this.record.recoverWaitUntil
            : wait(),
      };
    // past UPDREQALL and the wait of RECOVER-WAIT, so no new lease before both.
    if (to === "POTENTIAL-CONFLICT" && this.record.updateAllNeeded)
      return { noNewLeasesUntil: laterOf(wait(), this.record.noNewLeasesUntil) };
    return to === "RECOVER" || to === "RECOVER-DONE" ? { recoverWaitUntil: NO_TIME } : {};
  }

  /** F-363: takes the transitions of an event, as many as follow, and asks the partner for what the last one needs. */
  fire(event: StateEvent, reason: string, now: Millis): void {
    const first = transitionOf(this.state, event, this.role, this.stateContext.partnerState);
    if (first === undefined) return;
    this.enter(first.to as RecordedState, reason, now);
    for (let i = 0; i < 3; i++) {
      const next = this.#partnerTransition();
      if (next === undefined) break;
      this.enter(next.to as RecordedState, `the partner is in ${this.record.partnerState}`, now);
    }
    this.act(now);
  }

  #partnerTransition(): ReturnType<typeof transitionOf> {
    // F-401, A-15: a STATE with STARTUP moves nobody.
    if (!this.communicating || this.partnerStarting) return undefined;
    return transitionOf(this.state, "partner-state", this.role, this.record.partnerState);
  }

  /** F-198, F-385, F-405: what the partner's state means here, then what this state asks of the partner. */
  evaluate(now: Millis): void {
    this.fire("partner-state", `the partner is in ${this.record.partnerState}`, now);
    this.act(now);
  }

  /** RFC 8156 §8.3.2 step 5 (F-382, F-383, F-384, F-385, A-36). */
  leaveStartup(report: PartnerReport, now: Millis): void {
    const previous = this.record.state;
    const recovering =
      previous === "RECOVER" || previous === "RECOVER-WAIT" || previous === "RECOVER-DONE";
    if (report.state === "PARTNER-DOWN" && !recovering) {
      const last = floorTime(this.context.lastOperation);
      const wasAliveThen =
        this.context.lastOperation !== 0 && diffSeconds(report.startTimeOfState, last) <= 0;
      this.enter(
        wasAliveThen ? "POTENTIAL-CONFLICT" : "RECOVER",
        "the partner is in PARTNER-DOWN",
        now,
      );
    } else {
      this.enter(previous, "contact with the partner", now);
    }
  }

  /** What the present state asks of the partner (F-412, F-413, F-414, F-565). */
  act(now: Millis): void {
    if (!this.communicating || this.partnerStarting) return;
    const { partnerState, updateAllNeeded: all } = this.record;
    const asks = asksForUpdates(this.state, this.role, partnerState, all);
    // F-472: what the secondary asked of a primary in CONFLICT-DONE is void when that goes back.
    if (!asks) this.outstanding = undefined;
    if (!asks || this.outstanding !== undefined) return;
    const transactionId = this.send(all ? "UPDREQALL" : "UPDREQ", [], now);
    this.outstanding = { transactionId, all, lastProgress: now };
  }

  updateDone(transactionId: number, now: Millis): void {
    // A-38, F-106
    if (this.outstanding?.transactionId !== transactionId) return;
    // F-566: the need is over.
    if (this.outstanding.all) this.update({ updateAllNeeded: false });
    this.outstanding = undefined;
    this.fire("update-done", "the partner has sent all updates", now);
    endWait(this, now);
    this.act(now);
  }

  // ---- communications ----

  /** F-159, F-423: the partner's first STATE on a connection. A-61 is decided from it and stored before COMMUNICATED. */
  communicationsOk(report: PartnerReport, terms: ConnectTerms, now: Millis): void {
    this.communicating = true;
    const knowsUs = (report.flags & SERVER_FLAG.COMMUNICATED) !== 0;
    if (!this.record.communicated) {
      this.neverRan = !knowsUs;
      // F-413, F-566, A-61: it knows us and we do not know it: the database was lost.
      if (knowsUs) this.update({ updateAllNeeded: true, ownLostAt: floorTime(now) });
    } else if (!knowsUs) this.partnerLost(now);
    this.stream.open(terms.maxUnacked);
    this.log("communications are OK");
  }

  /** a partner that lost its database remembers nothing of what it acknowledged, nor what it told its clients. */
  partnerLost(now: Millis): void {
    this.update({
      partnerUpdateAll: true,
      partnerLostAt: floorTime(now),
      ackEpoch: this.record.ackEpoch + 1,
    });
  }

  /** F-201, F-202, F-533 */
  notePartner(report: PartnerReport, now: Millis): void {
    this.partnerStarting = (report.flags & SERVER_FLAG.STARTUP) !== 0;
    this.update({
      partnerState: report.state,
      partnerFlags: report.flags,
      partnerStartTimeOfState: report.startTimeOfState,
      partnerDownTime: report.partnerDownTime,
      partnerLastContact: floorTime(now),
      communicated: true,
      aloneSince: NO_TIME,
      // T-01: a partner that speaks is not off.
      reclaimedAt: NO_TIME,
      reclaimWait: 0,
    });
  }

  /** F-210, F-442, F-467 */
  communicationsFailed(reason: string, now: Millis): void {
    this.channel = undefined;
    this.stream.close();
    this.outstanding = undefined;
    this.returnUpTo = undefined;
    if (!this.communicating) return;
    this.communicating = false;
    this.silentSince = now;
    this.log(`communications failed: ${reason}`);
    this.update({ partnerLastContact: floorTime(this.lastContact) });
    this.fire("communications-failed", reason, now);
  }

  /** T-01, T-13: the operator's word, with what A-72 permits. */
  partnerDown(force: boolean, now: Millis): OperatorResult {
    return declarePartnerDown(this, force, now);
  }

  /** T-01: the second word, after which the partner's leases pass on. */
  reclaim(force: boolean, now: Millis): OperatorResult {
    return declareReclaim(this, force, now);
  }

  /** Sends what the window takes. */
  pump(now: Millis): void {
    this.#sendTime = now;
    if (this.channel?.phase === "up") this.stream.pump(this.isLive, now);
  }

  /** started without contact, and the time after which the partner may have used our prefixes is over. */
  isAlone(now: Millis): boolean {
    if (this.record.aloneSince === NO_TIME) return false;
    return isPast(addSeconds(this.record.aloneSince, this.mcltWait), now);
  }
}
