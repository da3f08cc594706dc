// A store over a simulated disk with a history that is remembered, so that what a start finds can be judged.

import { crc32 } from "../../../sim/crc32.ts";
import { type CrashKind, SimDisk } from "../../../sim/disk.ts";
import { Prng } from "../../../sim/prng.ts";
import type { BindingStatus } from "../../../src/core/model/binding-status.ts";
import { type BlockMap, createBlockMap, splitHalf } from "../../../src/core/model/block-map.ts";
import type { Change } from "../../../src/core/model/change.ts";
import { type ClockRecord, USUAL_CLOCK } from "../../../src/core/model/clock-record.ts";
import type { Duid } from "../../../src/core/model/duid.ts";
import type { EndpointRecord } from "../../../src/core/model/endpoint-record.ts";
import { type Ipv6Address, ipv6FromBigint } from "../../../src/core/model/ipv6.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import type { LeaseTable } from "../../../src/core/model/lease-table.ts";
import { createLeaseTable } from "../../../src/core/model/table/typed-table.ts";
import { LATER_FIELDS } from "../../../src/core/store/endpoint-json.ts";
import { type ReplayResult, replay } from "../../../src/core/store/replay.ts";
import type { TornGroup } from "../../../src/core/store/resume.ts";
import { createStore, type SnapshotSource, type Store } from "../../../src/core/store/store.ts";

const BASE = 0x20010db8n << 96n;
/** Few records a slice, so that a snapshot takes many steps. */
const SLICE = 5;

/** What a server would hold, as its store sees it. */
export class State {
  readonly leases: LeaseTable = createLeaseTable({ seed: [1, 2], groupOf: () => "pair" });
  readonly blocks: BlockMap = createBlockMap(() => "pair");
  readonly endpoints = new Map<string, EndpointRecord>();
  heartbeat = 0;
  clock: ClockRecord = USUAL_CLOCK;

  apply(change: Change): void {
    if (change.type === "lease") this.leases.put(change.lease);
    else if (change.type === "lease-removed") this.leases.remove(change.key);
    else if (change.type === "block") this.blocks.put(change.block);
    else if (change.type === "block-removed") this.blocks.remove(change.prefix);
    else if (change.type === "endpoint")
      this.endpoints.set(change.record.relationship, change.record);
    else if (change.type === "heartbeat") this.heartbeat = change.at;
    else this.clock = change.record;
  }

  /** Leases in slices (even cursors), then all the rest at once. */
  readonly source: SnapshotSource = {
    slice: (cursor, limit) => {
      if (cursor === 1) return { changes: this.rest(), next: undefined };
      const { leases, next } = this.leases.slice(cursor / 2, Math.min(limit, SLICE));
      const changes = leases.map((lease): Change => ({ type: "lease", lease }));
      return { changes, next: next === undefined ? 1 : next * 2 };
    },
  };

  /** Everything as text, for comparing. */
  digest(): string {
    const lines: string[] = [];
    for (let cursor: number | undefined = 0; cursor !== undefined; ) {
      const slice: { leases: readonly Lease[]; next: number | undefined } = this.leases.slice(
        cursor,
        100,
      );
      for (const lease of slice.leases) lines.push(textOf({ type: "lease", lease }));
      cursor = slice.next;
    }
    for (const change of this.rest()) lines.push(textOf(change));
    return lines.sort().join("\n");
  }

  private rest(): Change[] {
    return [
      ...this.blocks.all().map((block): Change => ({ type: "block", block })),
      ...[...this.endpoints.values()].map((record): Change => ({ type: "endpoint", record })),
      { type: "heartbeat", at: this.heartbeat },
      { type: "clock", record: this.clock },
    ];
  }
}

/** A change as text, the same for equal changes. */
export function textOf(change: Change): string {
  return JSON.stringify(change, (_, value: unknown) => {
    if (value instanceof Uint8Array) return `octets ${Buffer.from(value).toString("hex")}`;
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

export interface WorldOptions {
  readonly segmentBytes?: number;
  readonly snapshotAfterBytes?: number;
}

export class StoreWorld {
  disk = new SimDisk();
  state = new State();
  store: Store;
  readonly random: Prng;
  /** All changes that may still be there, with their sequences. */
  history: { readonly sequence: number; readonly change: Change }[] = [];
  /** What happened, so that a test can tell that it tested something. */
  readonly seen = { torn: 0, snapshots: 0, fromSnapshot: 0, segmentsRemoved: 0, starts: 0 };
  private readonly options: Required<WorldOptions>;
  private readonly digests = new Map<number, string>();

  constructor(seed: number, options: WorldOptions = {}) {
    this.random = new Prng(seed, "store");
    this.options = { segmentBytes: 65_536, snapshotAfterBytes: 90_000, ...options };
    this.store = createStore({
      crc32,
      storeId: "ab".repeat(16),
      source: this.state.source,
      ...this.options,
    });
  }

  /** Appends one change and applies it. */
  append(change: Change): void {
    const sequence = this.store.append(change);
    this.history.push({ sequence, change });
    this.state.apply(change);
  }

  appendSome(): void {
    const { random } = this;
    const kind = random.below(10);
    if (kind < 6) this.append({ type: "lease", lease: this.lease() });
    else if (kind === 6) this.removeLease();
    else if (kind === 7) this.changeBlocks();
    else if (kind === 8) this.append({ type: "endpoint", record: this.endpoint() });
    else if (random.below(2) === 0) this.append({ type: "heartbeat", at: random.next() });
    else this.append({ type: "clock", record: { offset: -random.next(), shift: random.next() } });
  }

  poll(): void {
    this.store.poll((request) => {
      if (request.type === "publish") this.seen.snapshots += 1;
      if (request.type === "remove" && request.file.startsWith("log-"))
        this.seen.segmentsRemoved += 1;
      this.disk.submit(request);
    });
  }

  /** Finishes one outstanding request, if there is one. */
  finishOne(): void {
    const { outstanding } = this.disk;
    if (outstanding.length > 0)
      this.store.complete(this.disk.finish(this.random.pick(outstanding)));
  }

  /** Runs until everything asked for is done. */
  settle(): void {
    this.poll();
    while (this.disk.outstanding.length > 0) {
      this.finishOne();
      this.poll();
    }
  }

  /** What a start would find after a crash now, judged; the world itself goes on unharmed. */
  tryCrash(seed: number, kind: CrashKind): ReplayResult {
    const disk = this.disk.fork();
    disk.crash(new Prng(seed, "crash"), kind);
    return this.judge(disk).result;
  }

  /** Crashes and starts again. */
  crash(kind: CrashKind): ReplayResult {
    this.disk.crash(this.random.fork("crash"), kind);
    const { result, state } = this.judge(this.disk);
    if (result.type === "corrupt") throw new Error(result.reason);
    const last = result.type === "ok" ? result.lastSequence : 0;
    this.history = this.history.filter(({ sequence }) => sequence <= last);
    // Lost sequences may mean something else from now on, as nobody ever saw them.
    for (const sequence of this.digests.keys()) if (sequence > last) this.digests.delete(sequence);
    this.state = state;
    this.seen.starts += 1;
    if (result.torn !== undefined) this.seen.torn += 1;
    if (result.type === "ok" && result.figures.snapshotRecords > 0) this.seen.fromSnapshot += 1;
    this.store = createStore({
      crc32,
      storeId: "cd".repeat(16),
      source: state.source,
      resume: result.resume,
      ...this.options,
    });
    return result;
  }

  /** Reads a disk and holds it against the history. Throws when anything durable is missing or anything differs. */
  judge(
    disk: SimDisk,
    durableUpTo = this.store.durableSequence,
  ): { readonly result: ReplayResult; readonly state: State } {
    const state = new State();
    const result = replay({
      reader: disk.reader(),
      crc32,
      segmentBytes: this.options.segmentBytes,
      apply: (change) => state.apply(change),
    });
    if (result.type === "corrupt")
      throw new Error(`corrupt: ${result.file} ${result.offset} ${result.reason}`);
    const last = result.type === "ok" ? result.lastSequence : 0;
    const durable = this.history.findLast(({ sequence }) => sequence <= durableUpTo)?.sequence ?? 0;
    if (last < durable) throw new Error(`durable up to ${durable}, found up to ${last}`);
    if (last > this.store.lastSequence) throw new Error(`found ${last}, which was never appended`);
    if (result.resume.nextSequence <= last) throw new Error("a sequence would be used again");
    if (result.torn !== undefined) this.checkTorn(result.torn, result.resume.nextSequence);
    if (result.type === "ok" && result.storeId !== this.store.storeId)
      throw new Error("another store id");
    const expected = this.digestAt(last);
    if (state.digest() !== expected) {
      throw new Error(`the state at ${last} differs:\n${difference(state.digest(), expected)}`);
    }
    return { result, state };
  }

  /** What the state was after the record with this sequence. */
  private digestAt(last: number): string {
    const known = this.digests.get(last);
    if (known !== undefined) return known;
    const state = new State();
    for (const { sequence, change } of this.history) if (sequence <= last) state.apply(change);
    const digest = state.digest();
    this.digests.set(last, digest);
    return digest;
  }

  /** Sequences of a torn group are behind us: it left a trace. (One that left none was never seen by anybody.) */
  private checkTorn({ file, offset }: TornGroup, nextSequence: number): void {
    for (const id of this.disk.outstanding) {
      const request = this.disk.request(id);
      const isTorn = request.type === "write" && request.file === file && request.offset === offset;
      if (isTorn && nextSequence <= this.store.durableSequence + 1) {
        throw new Error("the sequences of a torn group would be used again");
      }
    }
  }

  private lease(): Lease {
    const { random } = this;
    const isPrefix = random.below(4) === 0;
    const n = BigInt(random.below(60));
    const text = (limit: number) =>
      random.below(3) === 0 ? random.bytes(random.below(limit)) : undefined;
    return {
      kind: isPrefix ? "prefix" : "address",
      address: ipv6FromBigint(isPrefix ? BASE + (n << 72n) : BASE + (1n << 90n) + n),
      length: isPrefix ? 56 : 128,
      link: random.pick(["lan", "wlan"]),
      duid: random.below(9) === 0 ? undefined : (`0003000100${random.below(10)}0aabbccdd` as Duid),
      iaid: random.next(),
      status: random.pick<BindingStatus>([
        "ACTIVE",
        "EXPIRED",
        "RELEASED",
        "FREE",
        "FREE-BACKUP",
        "ABANDONED",
      ]),
      validLifetime: random.next(),
      preferredLifetime: random.next(),
      t1: random.next(),
      t2: random.next(),
      clientExpiry: random.next(),
      expirationTime: random.next(),
      ackedPartnerLifetime: random.next(),
      partnerLifetime: random.next(),
      clientLastTransactionTime: random.next(),
      partnerRawCltTime: random.next(),
      startTimeOfState: random.next(),
      stateExpirationTime: random.next(),
      partnerLifetimeSent: random.next(),
      partnerLifetimeHighest: random.next(),
      version: this.store.nextSequence,
      ackEpoch: random.below(9),
      marked: random.chance(0.5),
      everSent: random.chance(0.5),
      endingSent: random.chance(0.5),
      primarySince: isPrefix ? random.below(1_000) : 0,
      relayData: text(1_500),
      fqdn: text(60),
      reconfigureData: text(30),
    };
  }

  private removeLease(): void {
    const { leases } = this.state.leases.slice(0, 1_000);
    const lease = leases.length === 0 ? undefined : this.random.pick(leases);
    const key = lease ?? { kind: "address" as const, address: ipv6FromBigint(BASE), length: 128 };
    const { kind, address, length } = key;
    this.append({ type: "lease-removed", key: { kind, address, length } });
  }

  /** A new block (over whatever is there), a split, or a mark. */
  private changeBlocks(): void {
    const { random } = this;
    const all = this.state.blocks.all();
    const kind = random.below(3);
    if (all.length === 0 || kind === 0) {
      const length = random.between(36, 44);
      const bits = (BigInt(random.below(16)) << 92n) & ~((1n << BigInt(128 - length)) - 1n);
      const prefix = { address: ipv6FromBigint(BASE + bits) as Ipv6Address, length };
      const body = {
        status: "FREE" as const,
        link: "lan",
        startTimeOfState: random.next(),
        marked: random.chance(0.5),
      };
      this.append({
        type: "block",
        block: {
          ...prefix,
          ...body,
          version: this.store.nextSequence,
          givenAt: this.store.nextSequence,
        },
      });
      return;
    }
    const block = random.pick(all);
    if (kind === 1) {
      const marked = !block.marked;
      this.append({ type: "block", block: { ...block, marked, version: this.store.nextSequence } });
      return;
    }
    const { address, length } = block;
    this.append({ type: "block-removed", prefix: { address, length } });
    if (length >= 56) return;
    for (const half of splitHalf(block)) {
      this.append({ type: "block", block: { ...half, version: this.store.nextSequence } });
    }
  }

  private endpoint(): EndpointRecord {
    const { random } = this;
    const fields = {
      ...LATER_FIELDS,
      relationship: random.pick(["campus", "branch"]),
      state: random.pick(["NORMAL", "PARTNER-DOWN", "COMMUNICATIONS-INTERRUPTED"]),
      previousState: undefined,
      startTimeOfState: random.next(),
      reason: "because",
      partnerDuid: random.pick(["0001aabbcc", undefined]),
      communicated: random.chance(0.5),
    };
    return fields as unknown as EndpointRecord;
  }
}

function difference(found: string, expected: string): string {
  const a = new Set(found.split("\n"));
  const b = new Set(expected.split("\n"));
  const extra = [...a]
    .filter((line) => !b.has(line))
    .map((line) => `found    ${line.slice(0, 200)}`);
  const lost = [...b]
    .filter((line) => !a.has(line))
    .map((line) => `expected ${line.slice(0, 200)}`);
  return [...extra, ...lost].slice(0, 6).join("\n");
}
