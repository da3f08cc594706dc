// What a machine's disk says of leases: by the store's own replay, and write by write.

import type { Change } from "../src/core/model/change.ts";
import { type Lease, leaseKeyText } from "../src/core/model/lease.ts";
import { ByteReader } from "../src/core/store/bytes.ts";
import { GROUP_HEADER_BYTES, readHeader } from "../src/core/store/group.ts";
import { decodeRecord } from "../src/core/store/record.ts";
import { replay } from "../src/core/store/replay.ts";
import type { DiskReader } from "../src/ports/disk.ts";
import type { LeaseImage } from "./checkers/observation.ts";
import { crc32 } from "./crc32.ts";

export interface DiskTable {
  readonly leases: readonly LeaseImage[];
  readonly markedBlocks: number;
}

export function imageOf(lease: Lease): LeaseImage {
  const {
    address,
    clientExpiry,
    clientLastTransactionTime,
    duid,
    iaid,
    kind,
    length,
    marked,
    partnerRawCltTime,
    status,
  } = lease;
  return {
    kind,
    address,
    length,
    duid,
    iaid,
    status,
    clientExpiry,
    clientLastTransactionTime,
    partnerRawCltTime,
    marked,
  };
}

/** What a start from this disk would know. Throws when the store is corrupt. */
export function readTable(disk: DiskReader): DiskTable {
  const leases = new Map<string, LeaseImage>();
  const blocks = new Map<string, boolean>();
  const apply = (change: Change): void => {
    if (change.type === "lease") leases.set(leaseKeyText(change.lease), imageOf(change.lease));
    else if (change.type === "lease-removed") leases.delete(leaseKeyText(change.key));
    else if (change.type === "block")
      blocks.set(`${change.block.address}/${change.block.length}`, change.block.marked);
    else if (change.type === "block-removed")
      blocks.delete(`${change.prefix.address}/${change.prefix.length}`);
  };
  const result = replay(disk, crc32, apply);
  if (result.type === "corrupt")
    throw new Error(`the store is corrupt: ${result.file} ${result.offset}: ${result.reason}`);
  const markedBlocks = [...blocks.values()].filter((marked) => marked).length;
  return { leases: [...leases.values()], markedBlocks };
}

/** The leases of one write to the log, in order; a removed one counts as free. */
export function leasesWritten(group: Uint8Array): readonly LeaseImage[] {
  const check = readHeader(group, crc32);
  if (check.type !== "ok") return [];
  const reader = new ByteReader(group, GROUP_HEADER_BYTES, check.header.length);
  const leases: LeaseImage[] = [];
  for (let i = 0; i < check.header.count; i++) {
    const change = decodeRecord(reader);
    if (change.type === "lease") leases.push(imageOf(change.lease));
  }
  return leases;
}
