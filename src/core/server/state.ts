// What a server knows: table, blocks, endpoint records and the log that keeps them. Replayed at a start, changed only
// through the methods here, each of which stores what it changes.

import type { Crc32, DiskReader } from "../../ports/disk.ts";
import { placeOfLease, relationshipAt } from "../config/lookup.ts";
import type { CompiledConfig } from "../config/types.ts";
import { type BlockMap, createBlockMap } from "../model/block-map.ts";
import type { Block } from "../model/blocks.ts";
import type { Change } from "../model/change.ts";
import { type ClockRecord, USUAL_CLOCK } from "../model/clock-record.ts";
import type { EndpointRecord } from "../model/endpoint-record.ts";
import type { Prefix } from "../model/ipv6.ts";
import type { Lease, LeaseKey } from "../model/lease.ts";
import { ALONE, type LeaseTable, UNPLACED } from "../model/lease-table.ts";
import { createLeaseTable } from "../model/table/typed-table.ts";
import { type DhcpTime, laterOf, type Millis, NO_TIME, startOf } from "../model/time.ts";
import { unreachable } from "../model/unreachable.ts";
import { replay } from "../store/replay.ts";
import type { MendedDamage } from "../store/resume.ts";
import {
  createStore,
  DEFAULT_SEGMENT_BYTES,
  type SnapshotSource,
  type Store,
} from "../store/store.ts";

/** The log cannot be trusted: nobody may be served from it. */
export class StoreCorruptError extends Error {
  readonly code = "store-corrupt";
}

export interface StateOptions {
  readonly config: CompiledConfig;
  readonly reader: DiskReader;
  readonly crc32: Crc32;
  /** 32 hex digits for a store that is new. */
  readonly newStoreId: string;
  /** The secret of the lease table's hashes: no part of the store's id, which is no secret. */
  readonly tableSeed: readonly [number, number];
  readonly segmentBytes?: number;
  readonly snapshotAfterBytes?: number;
}

export class ServerState {
  #lastLeaseSequence = 0;
  readonly table: LeaseTable;
  readonly blocks: BlockMap;
  readonly records = new Map<string, EndpointRecord>();
  readonly store: Store;
  /** The last heartbeat; 0 = none. */
  lastHeartbeat: Millis = 0;
  clock: ClockRecord = USUAL_CLOCK;
  /** T-06 (1): lease time of the last record that a start has found; 0 = none. */
  readonly lastRecord: Millis;
  /** Where a torn last group was dropped at the start. */
  readonly torn: { readonly file: string; readonly offset: number } | undefined;
  /** Files that were damaged at the start, and that others made good for. */
  readonly mended: readonly MendedDamage[];
  readonly #config: CompiledConfig;

  constructor(options: StateOptions) {
    const { config, crc32, reader, segmentBytes = DEFAULT_SEGMENT_BYTES, tableSeed } = options;
    this.#config = config;
    const groups = new Map(config.links.map(({ name, relationship }) => [name, relationship]));
    this.table = createLeaseTable({
      seed: tableSeed,
      groupOf: (link) => (link === undefined ? UNPLACED : (groups.get(link) ?? ALONE)),
    });
    this.blocks = createBlockMap((block) => relationshipAt(config, { kind: "prefix", ...block }));
    let lastLease = NO_TIME;
    const apply = (change: Change): void => {
      this.#apply(change);
      if (change.type === "lease") lastLease = laterOf(lastLease, writtenAt(change.lease));
    };
    const result = replay({ reader, crc32, segmentBytes, apply });
    if (result.type === "corrupt") {
      throw new StoreCorruptError(
        `${result.file} is damaged at offset ${result.offset} (${result.reason}). Leases behind it are unknown, so nothing is served. Move the state directory away and start again: the server fetches everything from its partner. Never put an older copy in its place while the partner lives.`,
      );
    }
    this.torn = result.torn;
    this.mended = result.type === "ok" ? result.mended : [];
    // A server of a pair has a heartbeat, and some of its leases are by the partner's clock.
    const isAlone = config.relationships.length === 0 && lastLease !== NO_TIME;
    this.lastRecord = Math.max(this.lastHeartbeat, isAlone ? startOf(lastLease) : 0);
    this.store = createStore({
      crc32,
      storeId: options.newStoreId,
      source: this.#source(),
      resume: result.resume,
      segmentBytes,
      ...(options.snapshotAfterBytes === undefined
        ? {}
        : { snapshotAfterBytes: options.snapshotAfterBytes }),
    });
    // What was mended with is needed no longer when all is written once more.
    if (this.mended.length > 0) this.store.requestSnapshot();
  }

  /** The sequence of the last change of a lease or block since the start; 0 = none. */
  get lastLeaseSequence(): number {
    return this.#lastLeaseSequence;
  }

  /** A lease under a new version. */
  save(lease: Lease): void {
    this.amend({ ...lease, version: this.store.nextSequence });
  }

  /** A lease under its old version: nothing changed that the partner must hear. */
  amend(lease: Lease): void {
    this.#commit({ type: "lease", lease });
  }

  /** As `amend`, written with whatever is written next: a lost one is only told and acknowledged again. */
  acknowledge(lease: Lease): void {
    this.#commit({ type: "lease", lease }, true);
  }

  remove(key: LeaseKey): void {
    const { kind, address, length } = key;
    this.#commit({ type: "lease-removed", key: { kind, address, length } });
  }

  /** A block that is given to the secondary with this change. */
  giveBlock(block: Omit<Block, "givenAt" | "version">): void {
    const sequence = this.store.nextSequence;
    this.amendBlock({ ...block, version: sequence, givenAt: sequence });
  }

  markBlock(block: Block): void {
    this.amendBlock({ ...block, version: this.store.nextSequence, marked: true });
  }

  amendBlock(block: Block): void {
    this.#commit({ type: "block", block });
  }

  removeBlock(prefix: Prefix): void {
    this.#commit({
      type: "block-removed",
      prefix: { address: prefix.address, length: prefix.length },
    });
  }

  saveRecord(record: EndpointRecord): void {
    this.#commit({ type: "endpoint", record });
  }

  heartbeat(at: Millis): void {
    this.store.note();
    this.#commit({ type: "heartbeat", at });
  }

  saveClock(record: ClockRecord): void {
    this.#commit({ type: "clock", record });
  }

  #commit(change: Change, rides = false): void {
    this.#apply(change);
    this.store.append(change, rides);
    if (change.type !== "endpoint" && change.type !== "heartbeat")
      this.#lastLeaseSequence = this.store.lastSequence;
  }

  #apply(change: Change): void {
    switch (change.type) {
      case "lease":
        this.table.put(this.#placed(change.lease));
        return;
      case "lease-removed":
        this.table.remove(change.key);
        return;
      case "block":
        this.blocks.put(change.block);
        return;
      case "block-removed":
        this.blocks.remove(change.prefix);
        return;
      case "endpoint":
        this.records.set(change.record.relationship, change.record);
        return;
      case "heartbeat":
        this.lastHeartbeat = Math.max(this.lastHeartbeat, change.at);
        return;
      case "clock":
        this.clock = change.record;
        return;
      default:
        unreachable(change);
    }
  }

  /** D-052, T-10: a lease is on the link that has its address now: a link may have been renamed, or its subnets joined with
   * others', since the record was written. */
  #placed(lease: Lease): Lease {
    const link = placeOfLease(this.#config, lease)?.link.name;
    return lease.link === link ? lease : { ...lease, link };
  }

  /** The small things first, then the table in slices: the snapshot's cursor 0 is the begin, n is table position n - 1. */
  #source(): SnapshotSource {
    return {
      slice: (cursor, limit) => {
        if (cursor === 0) return { changes: this.#smallThings(), next: 1 };
        const { leases, next } = this.table.slice(cursor - 1, limit);
        return {
          changes: leases.map((lease) => ({ type: "lease", lease })),
          next: next === undefined ? undefined : next + 1,
        };
      },
    };
  }

  #smallThings(): readonly Change[] {
    const records = [...this.records.values()].map(
      (record): Change => ({ type: "endpoint", record }),
    );
    const blocks = this.blocks.all().map((block): Change => ({ type: "block", block }));
    const heartbeat: readonly Change[] =
      this.lastHeartbeat === 0 ? [] : [{ type: "heartbeat", at: this.lastHeartbeat }];
    const clock: Change = { type: "clock", record: this.clock };
    return [...records, ...blocks, ...heartbeat, clock];
  }
}

/** The last time by the own clock that a lone server's lease has. */
function writtenAt({ clientLastTransactionTime, startTimeOfState }: Lease): DhcpTime {
  return laterOf(clientLastTransactionTime, startTimeOfState);
}
