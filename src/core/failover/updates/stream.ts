// The partner's backlog is a mark on each lease, not a queue: this walks the marks, keeps a window of unanswered
// BNDUPDs, and answers the partner's update requests (RFC 8156 §5.3, §7.4 to §7.7).

import { relationshipAt } from "../../config/lookup.ts";
import type { Block } from "../../model/blocks.ts";
import { type Lease, type LeaseKey, leaseKeyText } from "../../model/lease.ts";
import { isAvailable, isEnding } from "../../model/lease-status.ts";
import { DEFAULTS, LIMITS } from "../../model/limits.ts";
import { prefixOwner } from "../../model/prefix-owner.ts";
import {
  type DhcpTime,
  floorTime,
  isLater,
  laterOf,
  type Millis,
  NO_TIME,
} from "../../model/time.ts";
import type { Option } from "../../wire/options.ts";
import type { FailoverContext } from "../context.ts";
import { blockUpdate, clientUpdate } from "./bndupd-build.ts";
import { blocksOf, isDone, newRequest, nextLeases, type UpdateRequest } from "./requests.ts";
import { type SentUpdate, Window } from "./window.ts";

export interface StreamOptions {
  readonly context: FailoverContext;
  /** Whose leases and blocks it tells. */
  readonly relationship: string;
  /** Until when an ended lease may still be held by a promise of the partner's that it forgot; 0 = not. */
  holdOf(lease: Lease): DhcpTime;
  /** Sends a message that opens an exchange; returns its transaction-id. */
  send(type: "BNDUPD", options: readonly Option[], now: Millis): number;
  /** Sends the UPDDONE of a request. */
  done(request: UpdateRequest, now: Millis): void;
}

interface Rejected {
  readonly version: number;
  pause: Millis;
  retryAt: Millis;
}

/** an update of an older epoch or a rejection stays open; at most this many are remembered one by one. */
const REJECTED_MAX = 10_000;

export class UpdateStream {
  readonly #options: StreamOptions;
  readonly #window = new Window();
  readonly #rejected = new Map<string, Rejected>();
  readonly #blockUnderWay = new Map<string, SentUpdate>();
  #requests: UpdateRequest[] = [];
  /** The partner has asked for updates on this connection. */
  wasAsked = false;
  /** Marks up to this version were sent on this connection. */
  #sentUpTo = 0;
  #limit = 0;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  get unacknowledged(): number {
    return this.#window.size;
  }

  get rejectedCount(): number {
    return this.#rejected.size;
  }

  /** A connection is up; the partner takes `limit` unanswered BNDUPDs (F-172, F-189). */
  open(limit: number): void {
    this.close();
    this.#limit = Math.min(limit, LIMITS.windowMax);
  }

  /** The connection is gone: nothing is under way and no request is open (F-302). */
  close(): void {
    this.#window.clear();
    this.#blockUnderWay.clear();
    this.#requests = [];
    this.wasAsked = false;
    this.#sentUpTo = 0;
    this.#limit = 0;
  }

  /** F-494, A-32: requests are answered in order, each with its UPDDONE. */
  request(transactionId: number, all: boolean): void {
    this.wasAsked = true;
    if (this.#requests.length >= LIMITS.updateRequests) {
      this.#options.context.counters.add("failover-too-many-requests");
      return;
    }
    const { relationship, context } = this.#options;
    const of = { relationship, transactionId, all };
    this.#requests.push(newRequest(of, context.lastSequence()));
  }

  isOutstanding(transactionId: number): boolean {
    return this.#window.has(transactionId);
  }

  /** Sends what the window takes: live changes first, but a quarter is kept for requests (F-495, F-496). */
  pump(live: boolean, now: Millis): void {
    if (this.#limit === 0) return;
    const requested = this.#requests.some((request) => !request.ended);
    const forLive = requested ? Math.max(1, Math.floor(this.#limit * 0.75)) : this.#limit;
    if (live) {
      this.#sendMarkedBlocks(forLive, now);
      this.#retryRejected(now);
      this.#sendLive(forLive, now);
    }
    let rows: number = LIMITS.rowsPerStep;
    for (const request of this.#requests) rows = this.#sendRequested(request, rows, now);
    this.#finishRequests(now);
  }

  #room(limit = this.#limit): number {
    return limit - this.#window.size;
  }

  #sendLive(limit: number, now: Millis): void {
    const { context, relationship } = this.#options;
    while (this.#room(limit) > 0) {
      const leases = context.table.marked(
        relationship,
        this.#sentUpTo,
        Math.min(this.#room(limit), 64),
      );
      if (leases.length === 0) return;
      for (const lease of leases) {
        this.#sentUpTo = lease.version;
        if (this.#isPaused(lease, now)) continue;
        if (this.#window.carrying(lease) === undefined) this.#sendLease(lease, now, undefined);
      }
    }
  }

  /** F-008, F-292: the partner hears only of its relationship, and nothing of what no link has. */
  #isOurs(lease: Lease): boolean {
    const { context, relationship } = this.#options;
    return relationshipAt(context.config, lease) === relationship;
  }

  #isPaused(lease: Lease, now: Millis): boolean {
    const rejected = this.#rejected.get(leaseKeyText(lease));
    return rejected !== undefined && rejected.version === lease.version && rejected.retryAt > now;
  }

  /** F-300, A-30: what was rejected goes out again, with growing pauses. */
  #retryRejected(now: Millis): void {
    let budget = Math.min(64, this.#rejected.size);
    for (const [text, rejected] of this.#rejected) {
      if (budget-- === 0 || this.#room() <= 0) return;
      // To the end, so that each comes up in its turn.
      this.#rejected.delete(text);
      this.#rejected.set(text, rejected);
      if (rejected.retryAt > now) continue;
      const slash = text.indexOf("/");
      const length = Number(text.slice(slash + 1));
      const address = text.slice(0, slash) as Lease["address"];
      const { table, blocks } = this.#options.context;
      if (blocks.get({ address, length })?.marked === true) continue; // Blocks go by themselves.
      const lease = table.get({ kind: length === 128 ? "address" : "prefix", address, length });
      if (lease === undefined || !lease.marked || lease.version !== rejected.version)
        this.#rejected.delete(text);
      else if (this.#window.carrying(lease) === undefined) this.#sendLease(lease, now, undefined);
      rejected.retryAt = now + rejected.pause;
    }
  }

  /** At most about `rows` rows are looked at; returns how many are left of them. */
  #sendRequested(request: UpdateRequest, rows: number, now: Millis): number {
    const blocks = blocksOf(request, this.#options.context);
    for (; blocks.length > 0 && this.#room() > 0; blocks.shift())
      this.#sendBlock(blocks[0] as Block, now, request);
    if (blocks.length > 0) return rows;
    let left = rows;
    while (!request.ended && this.#room() > 0 && left > 0) {
      const count = Math.min(this.#room(), 64, left);
      const from = request.position;
      for (const lease of nextLeases(request, this.#options.context, count))
        this.#sendFor(request, lease, now);
      // A walk over the table also passes rows that nobody uses.
      left -= request.all ? Math.max(count, request.position - from) : count;
    }
    return left;
  }

  #sendFor(request: UpdateRequest, lease: Lease, now: Millis): void {
    const underWay = this.#window.carrying(lease);
    if (underWay === undefined) {
      this.#sendLease(lease, now, request);
    } else if (!underWay.requests.has(request)) {
      underWay.requests.add(request);
      request.open++;
    }
  }

  /** F-290, A-25: with a lease go the client's other leases that the partner must hear of. */
  #sendLease(lease: Lease, now: Millis, request: UpdateRequest | undefined): void {
    const { context } = this.#options;
    if (lease.duid === undefined) return;
    const others = context.table
      .ofClient(lease.duid)
      .filter(
        (other) =>
          other.marked &&
          this.#isOurs(other) &&
          leaseKeyText(other) !== leaseKeyText(lease) &&
          this.#window.carrying(other) === undefined &&
          !this.#isPaused(other, now),
      );
    const leases = [lease, ...others.slice(0, LIMITS.leasesPerBndupd - 1)].map((each) =>
      this.#noteSent(each, now),
    );
    const told = leases.map((each) => this.#asTold(each));
    const transactionId = this.#options.send(
      "BNDUPD",
      clientUpdate(lease.duid, told, floorTime(now)),
      now,
    );
    const sent = leases.map(({ kind, address, length, version, duid, iaid, status }) => ({
      key: { kind, address, length },
      version,
      duid,
      iaid,
      status,
    }));
    this.#track({ transactionId, leases: sent, block: undefined, requests: new Set() }, request);
  }

  /** F-539, F-559: what is transmitted stands in the record first; the frame is held until that is durable. */
  #noteSent(lease: Lease, now: Millis): Lease {
    if (isAvailable(lease.status)) return lease;
    const ending = isEnding(lease.status);
    const hold = ending ? this.#options.holdOf(lease) : NO_TIME;
    const noted = {
      ...lease,
      everSent: true,
      partnerLifetimeSent: lease.partnerLifetime,
      endingSent: lease.endingSent || ending,
      stateExpirationTime: isLater(hold, floorTime(now))
        ? laterOf(hold, lease.stateExpirationTime)
        : lease.stateExpirationTime,
    };
    const isNoted =
      lease.everSent &&
      lease.partnerLifetimeSent === noted.partnerLifetimeSent &&
      lease.endingSent === noted.endingSent &&
      lease.stateExpirationTime === noted.stateExpirationTime;
    if (isNoted) return lease;
    this.#options.context.amend(noted);
    return noted;
  }

  /** A free prefix that is part of the secondary's block is told as such, whatever its own record says. */
  #asTold(lease: Lease): Lease {
    if (lease.kind === "address" || lease.status !== "FREE") return lease;
    const block = this.#options.context.blocks.containing(lease.address, lease.length);
    return { ...lease, status: prefixOwner(lease, block) };
  }

  /** F-172, F-189: blocks count in the window as everything else. */
  #sendMarkedBlocks(limit: number, now: Millis): void {
    const { context, relationship } = this.#options;
    for (const block of context.blocks.marked(relationship)) {
      if (this.#room(limit) <= 0) return;
      const rejected = this.#rejected.get(leaseKeyText({ kind: "prefix", ...block }));
      if (rejected === undefined || rejected.retryAt <= now) this.#sendBlock(block, now, undefined);
    }
  }

  #sendBlock({ address, length }: Block, now: Millis, request: UpdateRequest | undefined): void {
    const block = this.#options.context.blocks.get({ address, length });
    if (block === undefined) return;
    const text = leaseKeyText({ kind: "prefix", ...block });
    const underWay = this.#blockUnderWay.get(text);
    if (underWay === undefined) {
      const transactionId = this.#options.send("BNDUPD", blockUpdate(block, floorTime(now)), now);
      const update = { transactionId, leases: [], block, requests: new Set<UpdateRequest>() };
      this.#blockUnderWay.set(text, update);
      this.#track(update, request);
    } else if (request !== undefined && !underWay.requests.has(request)) {
      // F-492: the UPDDONE waits for this answer too.
      underWay.requests.add(request);
      request.open++;
    }
  }

  #track(update: SentUpdate, request: UpdateRequest | undefined): void {
    if (request !== undefined) {
      update.requests.add(request);
      request.open++;
    }
    this.#window.add(update);
  }

  /** The update that a BNDREPLY answers; F-106: undefined when none is open under this id. */
  answered(transactionId: number): SentUpdate | undefined {
    const update = this.#window.take(transactionId);
    if (update === undefined) return undefined;
    if (update.block !== undefined)
      this.#blockUnderWay.delete(leaseKeyText({ kind: "prefix", ...update.block }));
    for (const request of update.requests) request.open--;
    return update;
  }

  /** Remembers a rejection so that it is not repeated at once. */
  reject(text: string, version: number, now: Millis): void {
    const before = this.#rejected.get(text);
    const pause =
      before !== undefined && before.version === version
        ? Math.min(before.pause * 2, DEFAULTS.rejectedRetryMaxMillis)
        : DEFAULTS.rejectedRetryMillis;
    this.#rejected.delete(text);
    if (this.#rejected.size < REJECTED_MAX)
      this.#rejected.set(text, { version, pause, retryAt: now + pause });
  }

  /** The partner spoke of a lease of which it refused an update: what it refused may fit now, so the pauses begin anew. */
  heardOf(key: LeaseKey, now: Millis): void {
    if (this.#rejected.size === 0) return;
    const rejected = this.#rejected.get(leaseKeyText(key));
    if (rejected === undefined) return;
    rejected.pause = DEFAULTS.rejectedRetryMillis;
    rejected.retryAt = Math.min(rejected.retryAt, now + rejected.pause);
  }

  accept(text: string): void {
    this.#rejected.delete(text);
  }

  #finishRequests(now: Millis): void {
    while (this.#requests[0] !== undefined && isDone(this.#requests[0])) {
      this.#options.done(this.#requests[0], now);
      this.#requests.shift();
    }
  }

  /** Whether every mark up to `version` is acknowledged or was refused (A-31: a refusal is an answer): all were sent, in
   * order of version, and none of them is on its way for the first time. */
  isAnsweredUpTo(version: number): boolean {
    const { context, relationship } = this.#options;
    const { table } = context;
    const isOpen = ({ version: of, address, length }: Block): boolean =>
      of <= version && !this.#rejected.has(leaseKeyText({ kind: "prefix", address, length }));
    if (context.blocks.marked(relationship).some(isOpen)) return false;
    const oldest = table.oldestMarked(relationship);
    if (oldest === 0 || oldest > version) return true;
    const [unsent] = table.marked(relationship, this.#sentUpTo, 1);
    if (unsent !== undefined && unsent.version <= version) return false;
    return !this.#window.some(
      (sent) =>
        sent.version <= version &&
        this.#rejected.get(leaseKeyText(sent.key))?.version !== sent.version,
    );
  }
}
