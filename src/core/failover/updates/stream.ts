// The partner's backlog is a mark on each lease, not a queue: this walks the marks, keeps a window of unanswered
// BNDUPDs, and answers the partner's update requests (RFC 8156 §5.3, §7.4 to §7.7).

import { relationshipAt } from "../../config/lookup.ts";
import type { Block } from "../../model/blocks.ts";
import { type Lease, leaseKeyText } from "../../model/lease.ts";
import { isAvailable, isEnding } from "../../model/lease-status.ts";
import { LIMITS } from "../../model/limits.ts";
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
import { BlockStream } from "../prefixes/block-stream.ts";
import { blockUpdate, clientUpdate } from "./bndupd-build.ts";
import { Rejections } from "./rejections.ts";
import { blocksOf, isDone, newRequest, nextLeases, type UpdateRequest } from "./requests.ts";
import type { SentUpdate } from "./update.ts";
import { Window } from "./window.ts";

export interface StreamOptions {
  readonly context: FailoverContext;
  /** Whose leases and blocks it tells. */
  readonly relationship: string;
  /** Until when an ended lease may still be held by a promise of the partner's that it forgot; 0 = not. */
  holdOf(lease: Lease): DhcpTime;
  /** Whether the partner frees no lease on an ending with a time. */
  keepsHolds(): boolean;
  /** Sends a message that opens an exchange; returns its transaction-id. */
  send(type: "BNDUPD", options: readonly Option[], now: Millis): number;
  /** Sends the UPDDONE of a request. */
  done(request: UpdateRequest, now: Millis): void;
}

/** What belongs to one connection: gone with it, so all that was under way counts as not answered (F-302). */
interface Flow {
  readonly window: Window;
  /** BNDUPDs that the partner takes unanswered (F-172, F-189). */
  readonly limit: number;
  readonly requests: UpdateRequest[];
  /** T-06 (1): everything is being told without being asked for. */
  telling: UpdateRequest | undefined;
  /** The partner has asked for updates. */
  wasAsked: boolean;
  /** Marks up to this version were sent. */
  sentUpTo: number;
}

function newFlow(limit: number, telling: UpdateRequest | undefined): Flow {
  return { window: new Window(), limit, requests: [], telling, wasAsked: false, sentUpTo: 0 };
}

export class UpdateStream {
  readonly rejections = new Rejections();
  readonly #options: StreamOptions;
  readonly #blocks: BlockStream;
  #flow = newFlow(0, undefined);

  constructor(options: StreamOptions) {
    this.#options = options;
    const { context, relationship } = options;
    this.#blocks = new BlockStream({
      context,
      relationship,
      rejections: this.rejections,
      underWay: (block) => this.#flow.window.carryingBlock(block),
      send: (block, request, now) => {
        const said = blockUpdate(block, floorTime(now));
        const transactionId = options.send("BNDUPD", said, now);
        this.#track({ transactionId, leases: [], block, requests: new Set() }, request);
      },
    });
  }

  /** Whether this very version of the lease is on its way. */
  isUnderWay(lease: Lease): boolean {
    return this.#flow.window.carrying(lease) !== undefined;
  }

  get unacknowledged(): number {
    return this.#flow.window.size;
  }

  /** The partner has asked for updates on this connection. */
  get wasAsked(): boolean {
    return this.#flow.wasAsked;
  }

  get isTellingAll(): boolean {
    return this.#flow.telling !== undefined;
  }

  /** A connection is up; the partner takes `limit` unanswered BNDUPDs. `tellAll`: it is told everything. */
  open(limit: number, tellAll: boolean): void {
    const { context, relationship } = this.#options;
    const all = { relationship, transactionId: 0, all: true };
    const telling = tellAll ? newRequest(all, context.lastSequence()) : undefined;
    this.#flow = newFlow(Math.min(limit, LIMITS.windowMax), telling);
  }

  close(): void {
    this.#flow = newFlow(0, undefined);
  }

  /** F-494, A-32: requests are answered in order, each with its UPDDONE. */
  request(transactionId: number, all: boolean): void {
    const { requests } = this.#flow;
    this.#flow.wasAsked = true;
    if (requests.length >= LIMITS.updateRequests) {
      this.#options.context.counters.add("failover-too-many-requests");
      return;
    }
    const { relationship, context } = this.#options;
    const of = { relationship, transactionId, all };
    requests.push(newRequest(of, context.lastSequence()));
  }

  isOutstanding(transactionId: number): boolean {
    return this.#flow.window.has(transactionId);
  }

  /** Sends what the window takes: live changes first, but a quarter is kept for requests (F-495, F-496). */
  pump(live: boolean, now: Millis): void {
    const { limit, requests, telling } = this.#flow;
    if (limit === 0) return;
    const requested = telling !== undefined || requests.some((request) => !request.ended);
    const forLive = requested ? Math.max(1, Math.floor(limit * 0.75)) : limit;
    if (live) {
      // F-172, F-189: blocks count in the window as everything else.
      this.#blocks.sendMarked(() => this.#room(forLive) > 0, now);
      this.#retryRejected(now);
      this.#sendLive(forLive, now);
    }
    let rows: number = LIMITS.rowsPerStep;
    if (live && telling !== undefined) {
      rows = this.#sendRequested(telling, rows, now);
      if (isDone(telling)) this.#flow.telling = undefined;
    }
    for (const request of requests) rows = this.#sendRequested(request, rows, now);
    this.#finishRequests(now);
  }

  #room(limit = this.#flow.limit): number {
    return limit - this.#flow.window.size;
  }

  #sendLive(limit: number, now: Millis): void {
    const { context, relationship } = this.#options;
    while (this.#room(limit) > 0) {
      const leases = context.table.marked(
        relationship,
        this.#flow.sentUpTo,
        Math.min(this.#room(limit), 64),
      );
      if (leases.length === 0) return;
      for (const lease of leases) {
        this.#flow.sentUpTo = lease.version;
        if (this.rejections.isPaused(lease, now)) continue;
        if (this.#flow.window.carrying(lease) === undefined) this.#sendLease(lease, now, undefined);
      }
    }
  }

  /** F-008, F-292: the partner hears only of its relationship, and nothing of what no link has. */
  #isOurs(lease: Lease): boolean {
    const { context, relationship } = this.#options;
    return relationshipAt(context.config, lease) === relationship;
  }

  /** F-300, A-30: what was rejected goes out again, with growing pauses. */
  #retryRejected(now: Millis): void {
    const { table, blocks } = this.#options.context;
    for (const { key, version } of this.rejections.due(64, now, () => this.#room() > 0)) {
      if (blocks.get(key)?.marked === true) continue; // Blocks go by themselves.
      const lease = table.get(key);
      if (lease === undefined || !lease.marked || lease.version !== version)
        this.rejections.remove(key);
      else if (this.#flow.window.carrying(lease) === undefined)
        this.#sendLease(lease, now, undefined);
      this.rejections.postpone(key, now);
    }
  }

  /** At most about `rows` rows are looked at; returns how many are left of them. */
  #sendRequested(request: UpdateRequest, rows: number, now: Millis): number {
    const blocks = blocksOf(request, this.#options.context);
    for (; blocks.length > 0 && this.#room() > 0; blocks.shift())
      this.#blocks.send(blocks[0] as Block, request, now);
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
    const underWay = this.#flow.window.carrying(lease);
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
          this.#flow.window.carrying(other) === undefined &&
          !this.rejections.isPaused(other, now),
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
    const stateExpirationTime = isLater(hold, floorTime(now))
      ? laterOf(hold, lease.stateExpirationTime)
      : lease.stateExpirationTime;
    // T-02: what is only held still goes back to its client.
    const isHold = stateExpirationTime !== NO_TIME && this.#options.keepsHolds();
    const noted = {
      ...lease,
      everSent: true,
      partnerLifetimeSent: lease.partnerLifetime,
      endingSent: lease.endingSent || (ending && !isHold),
      stateExpirationTime,
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

  #track(update: SentUpdate, request: UpdateRequest | undefined): void {
    if (request !== undefined) {
      update.requests.add(request);
      request.open++;
    }
    this.#flow.window.add(update);
  }

  /** The update that a BNDREPLY answers; F-106: undefined when none is open under this id. */
  answered(transactionId: number): SentUpdate | undefined {
    const update = this.#flow.window.take(transactionId);
    if (update === undefined) return undefined;
    for (const request of update.requests) request.open--;
    return update;
  }

  #finishRequests(now: Millis): void {
    const { requests } = this.#flow;
    for (; requests[0] !== undefined && isDone(requests[0]); requests.shift())
      this.#options.done(requests[0], now);
  }

  /** Whether every mark up to `version` is acknowledged or was refused (A-31: a refusal is an answer): all were sent, in
   * order of version, and none of them is on its way for the first time. */
  isAnsweredUpTo(version: number): boolean {
    const { context, relationship } = this.#options;
    const { table } = context;
    if (this.isTellingAll) return false;
    if (this.#blocks.hasOpen(version)) return false;
    const oldest = table.oldestMarked(relationship);
    if (oldest === 0 || oldest > version) return true;
    const [unsent] = table.marked(relationship, this.#flow.sentUpTo, 1);
    if (unsent !== undefined && unsent.version <= version) return false;
    return !this.#flow.window.some(
      (sent) => sent.version <= version && this.rejections.versionOf(sent.key) !== sent.version,
    );
  }
}
