// The writes to the log among a server's system calls, with the records in them.

import type { Change } from "../../../src/core/model/change.ts";
import type { Prefix } from "../../../src/core/model/ipv6.ts";
import type { LeaseKind } from "../../../src/core/model/lease.ts";
import { ByteReader } from "../../../src/core/store/bytes.ts";
import { GROUP_HEADER_BYTES } from "../../../src/core/store/group.ts";
import { decodeRecord } from "../../../src/core/store/record.ts";
import { addressText } from "../oracle/frames.ts";
import type { Call } from "./strace.ts";

export interface LogWrite {
  /** Seconds since 1970; `end` is when the call returned. */
  readonly start: number;
  readonly end: number;
  readonly ok: boolean;
  readonly changes: readonly Change[];
}

const SEGMENT = /\/log-[0-9a-f]+$/;

export function logWrites(calls: readonly Call[]): readonly LogWrite[] {
  return calls
    .filter(({ name, file }) => name === "pwrite64" && SEGMENT.test(file))
    .map(({ start, end, result, bytes }) => {
      return { start, end, ok: result > 0, changes: changesOf(bytes) };
    });
}

/** The records of a group as it went to the disk. */
function changesOf(group: Buffer): readonly Change[] {
  const reader = new ByteReader(group, GROUP_HEADER_BYTES, group.readUInt32BE(60));
  return Array.from({ length: group.readUInt32BE(64) }, () => decodeRecord(reader));
}

/** Whether the record is of what the oracle calls `lease`, held by the client; a block has no client. */
export function isOfLease(change: Change, lease: string, client: string): boolean {
  if (change.type === "block") return client === "" && leaseName("prefix", change.block) === lease;
  if (change.type !== "lease") return false;
  return (
    (change.lease.duid ?? "") === client && leaseName(change.lease.kind, change.lease) === lease
  );
}

function leaseName(kind: LeaseKind, { address, length }: Prefix): string {
  const text = addressText(Buffer.from(address, "hex"));
  return kind === "address" ? text : `${text}/${length}`;
}
