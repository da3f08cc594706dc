// One endpoint: the state machine of RFC 8156 §8 over one connection at a time. What a message does stands in
// messages.ts, what a state permits in states/, which state follows in transitions.ts.

import type { Relationship } from "../../config/types.ts";
import type { EndpointRecord, RecordedState, ServerState } from "../../model/endpoint-record.ts";
import {
  addSeconds,
  type DhcpTime,
  floorTime,
  isLater,
  isPast,
  type Millis,
  NO_TIME,
  type Seconds,
} from "../../model/time.ts";
import type { FailoverType } from "../../wire/failover-messages.ts";
import type { Option } from "../../wire/options.ts";
import type { FailoverContext } from "../context.ts";
import type { Channel } from "../link/channel.ts";
import type { ConnectTerms } from "../link/connect.ts";
import { type Extension, vendorOption } from "../link/extensions.ts";
import { PrefixBalance } from "../prefixes/balance.ts";
import { hiddenUntil } from "../updates/forgotten.ts";
import { mcltWait } from "../updates/mclt.ts";
import type { UpdateRequest } from "../updates/requests.ts";
import { UpdateStream } from "../updates/stream.ts";
import { type Contact, newContact, noContact } from "./contact.ts";
import { mayPromise, ownLost, partnerLost } from "./loss.ts";
import type { Maintenance } from "./maintenance.ts";
import { declarePartnerDown, declareReclaim, type OperatorResult } from "./operator.ts";
import { type FailureTimes, startingRecord, waitAfterFailure } from "./record.ts";
import { Pause } from "./standstill.ts";
import { type PartnerReport, SERVER_FLAG, stateOptions } from "./state-message.ts";
import { STATES } from "./states/all.ts";
import type { Entry, Role, StateBehaviour, StateContext } from "./states/behaviour.ts";
import { newStay, type Stay, startupStay, stayWithoutContact } from "./stay.ts";
import { storeWords } from "./store-memory.ts";
import { endWait } from "./timers.ts";
import { type StateEvent, transitionOf } from "./transitions.ts";

export class Endpoint {
  readonly relationship: Relationship;
  readonly stream: UpdateStream;
  readonly context: FailoverContext;
  record: EndpointRecord;
  stay: Stay;
  contact: Contact;
  readonly balance: PrefixBalance;
  /** when the next POOLREQ may go, whatever the stay; undefined: none has gone yet. */
  poolRequestAt: Millis | undefined;
  /** T-13: no connection is made or taken while it lasts. */
  readonly pause = new Pause();
  /** The partner serves while the operator works here; undefined: no. */
  maintenance: Maintenance | undefined;
  /** F-422: no record here, and the partner says that it never met us. */
  #neverRan = false;
  /** When this server last served, if it was taken out of service since its start; 0: it was not. */
  #servedUntil: Millis = 0;
  /** Communications were "OK" in this run. */
  hasMet = false;
  /** The first batch has come. */
  #begun = false;
  #nextTransactionId: number;

  constructor(
    context: FailoverContext,
    relationship: Relationship,
    record: EndpointRecord | undefined,
    now: Millis,
  ) {
    this.context = context;
    this.relationship = relationship;
    this.record = startingRecord(relationship, record, context, this.failureTimes);
    this.stay = startupStay(now);
    this.contact = noContact(now, undefined);
    this.balance = new PrefixBalance({ context, relationship: relationship.name });
    this.#nextTransactionId = Math.floor(context.random() * 0x100_0000);
    this.stream = new UpdateStream({
      context,
      relationship: relationship.name,
      holdOf: (lease) => hiddenUntil(lease, this.record, context.config),
      keepsHolds: () => this.keepsHolds,
      send: (type, options, at) => this.send(type, options, at),
      done: (request, at) => this.#sendDone(request, at),
    });
  }

  get role(): Role {
    return this.relationship.role;
  }

  get state(): ServerState {
    return this.stay.starting ? "STARTUP" : this.record.state;
  }

  get behaviour(): StateBehaviour {
    return STATES[this.state];
  }

  /** The connection that CONNECT has set up. */
  get channel(): Channel | undefined {
    return this.contact.channel;
  }

  /** Communications are "OK" (F-159). */
  get communicating(): boolean {
    return this.contact.communicating;
  }

  /** When the partner was last heard of. */
  get lastContact(): DhcpTime {
    const { channel, communicating } = this.contact;
    return communicating && channel !== undefined
      ? floorTime(channel.lastReceived)
      : this.record.partnerLastContact;
  }

  /** T-02: nothing that the partner did unseen is missing here. */
  get isInStep(): boolean {
    return this.behaviour.isShared && this.stay.synchronisedAt !== undefined;
  }

  /** The partner is a Tandem: an ending with a time (a hold) frees no lease, on either side (T-02, F-138). */
  get keepsHolds(): boolean {
    return this.channel?.terms?.extensions === true;
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
    const { startedAt, config } = this.context;
    const { heartbeat } = config.tunables;
    return { lastOperation: this.#lastOperation, startedAt, heartbeat };
  }

  /** T-07: a store that lost its past does not know when its server last worked. */
  get #lastOperation(): Millis {
    const lastOperation = Math.max(this.context.lastOperation, this.#servedUntil);
    const isKnown = !isLater(this.record?.ownLostAt ?? NO_TIME, floorTime(lastOperation));
    return isKnown ? lastOperation : 0;
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
    const willAsk = partnerState !== undefined && STATES[partnerState].asksFirst;
    return !willAsk || this.stream.wasAsked;
  }

  /** F-380: the startup time counts from the first batch: by then the log is replayed and the sockets are open. */
  begin(now: Millis): void {
    if (this.stay.starting && !this.#begun) this.stay = startupStay(now);
    // T-06 (1): nor before the time is known.
    this.#begun = !this.context.isClockUnsure();
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
      this.stay.outstanding?.transactionId === this.#nextTransactionId
    );
    return this.#nextTransactionId;
  }

  /** Sends a message that opens an exchange; returns its transaction-id. */
  send(type: FailoverType, options: readonly Option[], now: Millis): number {
    const transactionId = this.nextTransactionId();
    this.channel?.send(type, transactionId, options, now);
    return transactionId;
  }

  #sendDone({ transactionId, all }: UpdateRequest, now: Millis): void {
    this.channel?.send("UPDDONE", transactionId, [], now);
    // the partner has everything; later it may ask for changes only.
    if (all) this.update({ partnerUpdateAll: false });
  }

  /** F-192, F-193, F-364, F-374: with the flags of F-130, F-131, F-132 and F-133. */
  sendState(now: Millis): void {
    const flags =
      (this.stay.starting ? SERVER_FLAG.STARTUP : 0) |
      (this.contact.partnerStarting ? SERVER_FLAG.ACK_STARTUP : 0) |
      (this.record.communicated ? SERVER_FLAG.COMMUNICATED : 0);
    const options = [...stateOptions(this.record, flags), ...storeWords(this, [], now)];
    this.send("STATE", options, now);
  }

  /** F-098, F-206, with what the partner is to remember of our store (T-07), and what else there is to say. */
  sendContact(extensions: readonly Extension[], now: Millis): void {
    this.send("CONTACT", storeWords(this, extensions, now), now);
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
    const entry: Entry = {
      from: this.state,
      record: this.record,
      neverRan: this.#neverRan,
      waitAfterFailure: () => waitAfterFailure(this.failureTimes, this.record.mcltHighest),
    };
    const keepsStart = this.stay.starting && this.record.state === to;
    const previousState = keepsStart ? this.record.previousState : this.record.state;
    const { entryChanges, isShared } = STATES[to];
    this.update({
      state: to,
      previousState,
      reason,
      ...(keepsStart ? {} : { startTimeOfState: floorTime(now) }),
      ...entryChanges(entry),
    });
    this.stay = newStay(now, isShared ? this.context.lastSequence() : undefined);
    this.context.log({
      id: "FAILOVER_STATE",
      fields: { relationship: this.relationship.name, from: entry.from, to, reason },
    });
    const alarm = this.behaviour.entryAlarm(entry);
    if (alarm !== undefined) this.alarm(alarm);
    // F-192: on a connection that is set up, also before the partner's first STATE has come.
    if (this.channel !== undefined) this.sendState(now);
  }

  /** F-363: takes the transitions of an event, as many as follow, and asks the partner for what the last one needs. */
  fire(event: StateEvent, reason: string, now: Millis): void {
    const first = transitionOf(this.state, event, this.role, this.stateContext.partnerState);
    if (first === undefined) return;
    this.enter(first.to, reason, now);
    for (let i = 0; i < 3; i++) {
      const next = this.#partnerTransition();
      if (next === undefined) break;
      this.enter(next.to, `the partner was in ${this.record.partnerState}`, now);
    }
    this.act(now);
  }

  #partnerTransition(): ReturnType<typeof transitionOf> {
    // F-401, A-15: a STATE with STARTUP moves nobody.
    if (!this.communicating || this.contact.partnerStarting) return undefined;
    return transitionOf(this.state, "partner-state", this.role, this.record.partnerState);
  }

  /** F-198, F-385, F-405: what the partner's state means here, then what this state asks of the partner. */
  evaluate(now: Millis): void {
    this.fire("partner-state", `the partner was in ${this.record.partnerState}`, now);
    this.act(now);
  }

  /** What the present state asks of the partner (F-412, F-413, F-414, F-565). */
  act(now: Millis): void {
    if (!this.communicating || this.contact.partnerStarting) return;
    const { stay } = this;
    const isLost = this.record.updateAllNeeded;
    const all = isLost || stay.resyncing;
    const asks = stay.resyncing || this.behaviour.asksForUpdates(this.stateContext, isLost);
    // F-472: what the secondary asked of a primary in CONFLICT-DONE is void when that goes back.
    if (!asks) stay.outstanding = undefined;
    if (!asks || stay.outstanding !== undefined) return;
    const isResync = stay.resyncing && !isLost && this.channel?.terms?.extensions === true;
    const options = isResync ? [vendorOption(["resync"])] : [];
    const transactionId = this.send(all ? "UPDREQALL" : "UPDREQ", options, now);
    stay.outstanding = { transactionId, all, lastProgress: now };
  }

  updateDone(transactionId: number, now: Millis): void {
    const { outstanding } = this.stay;
    // A-38, F-106
    if (outstanding?.transactionId !== transactionId) return;
    // F-566: the need is over.
    if (outstanding.all) this.update({ updateAllNeeded: false });
    this.stay.outstanding = undefined;
    this.stay.resyncing = false;
    this.fire("update-done", "the partner has sent all updates", now);
    endWait(this, now);
    this.act(now);
  }

  // ---- communications ----

  /** CONNECT has set this connection up. */
  connected(channel: Channel): void {
    this.contact = newContact(channel, this.contact.silentSince);
  }

  /** F-159, F-423: the partner's first STATE on a connection. A-61 is decided from it and stored before COMMUNICATED. */
  communicationsOk(report: PartnerReport, terms: ConnectTerms, now: Millis): void {
    this.contact.communicating = true;
    this.hasMet = true;
    const knowsUs = (report.flags & SERVER_FLAG.COMMUNICATED) !== 0;
    if (!this.record.communicated) {
      this.#neverRan = !knowsUs;
      // F-413, F-566, A-61: it knows us and we do not know it: the database was lost.
      if (knowsUs) ownLost(this, {}, now);
    } else if (!knowsUs) partnerLost(this, report.state, now);
    this.stream.open(terms.maxUnacked, this.record.clockShifted > 0);
    this.log("communications are OK");
  }

  /** F-201, F-202, F-533 */
  notePartner(report: PartnerReport, now: Millis): void {
    this.contact.partnerStarting = (report.flags & SERVER_FLAG.STARTUP) !== 0;
    this.update({
      partnerState: report.state,
      partnerServed: this.record.partnerServed || mayPromise(report.state),
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
    const { lastContact } = this;
    const { clockOffset, communicating, silentSince } = this.contact;
    this.contact = noContact(communicating ? now : silentSince, clockOffset);
    this.stay = stayWithoutContact(this.stay);
    this.stream.close();
    if (!communicating) return;
    this.log(`communications failed: ${reason}`);
    this.update({ partnerLastContact: lastContact });
    this.fire("communications-failed", reason, now);
  }

  /** what this server has is not to be trusted from now on, as after a loss of its database. */
  distrust(now: Millis): void {
    this.#neverRan = false;
    this.#servedUntil = now;
    ownLost(this, {}, now);
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
    if (this.channel?.phase === "up") this.stream.pump(this.isLive, now);
  }

  /** started without contact, and the time after which the partner may have used our prefixes is over. */
  isAlone(now: Millis): boolean {
    if (this.record.aloneSince === NO_TIME) return false;
    return isPast(addSeconds(this.record.aloneSince, this.mcltWait), now);
  }
}
