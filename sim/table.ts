// What a machine's disk says of leases: by the store's own replay, and write by write.

import type { Block } from "../src/core/model/blocks.ts";
import type { Change } from "../src/core/model/change.ts";
import { overlaps } from "../src/core/model/ipv6.ts";
import { type Lease, leaseKeyText } from "../src/core/model/lease.ts";
import { ByteReader } from "../src/core/store/bytes.ts";
import { GROUP_HEADER_BYTES, readHeader } from "../src/core/store/group.ts";
import { decodeRecord } from "../src/core/store/record.ts";
import { replay } from "../src/core/store/replay.ts";
import type { DiskReader } from "../src/ports/disk.ts";
import type { BlockImage, LeaseImage } from "./checkers/observation.ts";
import { SEGMENT_BYTES } from "./core-server.ts";
import { crc32 } from "./crc32.ts";

export function imageOf(lease: Lease): LeaseImage {
  const { address, clientExpiry, clientLastTransactionTime, duid, expirationTime } = lease;
  const { iaid, kind, length, marked, partnerRawCltTime, status } = lease;
  const { primarySince } = lease;
  const contacts = { clientLastTransactionTime, partnerRawCltTime };
  const times = { clientExpiry, expirationTime, primarySince, ...contacts };
  return { kind, address, length, duid, iaid, status, marked, ...times };
}

/** Leases and blocks as a row of changes leaves them. */
export class DiskTable {
  readonly #leases = new Map<string, Lease>();
  readonly #blocks = new Map<string, Block>();

  apply(change: Change): void {
    if (change.type === "lease") this.#leases.set(leaseKeyText(change.lease), change.lease);
    else if (change.type === "lease-removed") this.#leases.delete(leaseKeyText(change.key));
    else if (change.type === "block") this.#put(change.block);
    else if (change.type === "block-removed")
      this.#blocks.delete(`${change.prefix.address}/${change.prefix.length}`);
  }

  /** Blocks are disjoint: what overlaps one that is put is gone. */
  #put(block: Block): void {
    for (const [name, other] of this.#blocks) if (overlaps(block, other)) this.#blocks.delete(name);
    this.#blocks.set(`${block.address}/${block.length}`, block);
  }

  get leases(): readonly LeaseImage[] {
    return [...this.#leases.values()].map(imageOf);
  }

  get blocks(): readonly BlockImage[] {
    return [...this.#blocks.values()].map(({ address, length, givenAt }) => ({
      address,
      length,
      givenAt,
    }));
  }

  get markedBlocks(): number {
    return [...this.#blocks.values()].filter((block) => block.marked).length;
  }
}

/** What a start from this disk would know. Throws when the store is corrupt. */
export function readTable(disk: DiskReader): DiskTable {
  const table = new DiskTable();
  const result = replay({
    reader: disk,
    crc32,
    segmentBytes: SEGMENT_BYTES,
    apply: (change) => table.apply(change),
  });
  if (result.type === "corrupt") {
    throw new Error(`the store is corrupt: ${result.file} ${result.offset}: ${result.reason}`);
  }
  return table;
}

/** The changes of one write to the log, in order. */
export function changesIn(group: Uint8Array): readonly Change[] {
  const check = readHeader(group, crc32);
  if (check.type !== "ok")
    throw new Error(`a server writes something that is no group: ${check.type}`);
  const reader = new ByteReader(group, GROUP_HEADER_BYTES, check.header.length);
  return Array.from({ length: check.header.count }, () => decodeRecord(reader));
}
