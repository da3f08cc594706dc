// What a server promised and what it had written by then, both out of its system calls: no promise may leave before
// the write that it rests on has returned. Messages are read by the oracle's decoders, the log by the server's own.

import type { Change } from "../../../src/core/model/change.ts";
import { SERVER_STATE } from "../../../src/core/model/endpoint-record.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { DHCP_EPOCH } from "../../../src/core/model/time.ts";
import { ByteReader } from "../../../src/core/store/bytes.ts";
import { GROUP_HEADER_BYTES } from "../../../src/core/store/group.ts";
import { decodeRecord } from "../../../src/core/store/record.ts";
import { readMessage } from "../oracle/dhcpv6.ts";
import { readFailover } from "../oracle/failover.ts";
import { addressText } from "../oracle/frames.ts";
import type { Call } from "./strace.ts";

/** strace gives microseconds. */
const PRECISION = 0.000_002;

export interface Write {
  readonly start: number;
  readonly end: number;
  readonly ok: boolean;
  readonly changes: readonly Change[];
}

export interface Report {
  readonly writes: readonly Write[];
  /** Promises that were seen, by kind. */
  readonly seen: { REPLY: number; BNDREPLY: number; BNDUPD: number; STATE: number };
  /** Promises that left before what they rest on was written. */
  readonly early: readonly string[];
  /** When the last promise of each kind left that rests on a record; seconds since 1970, 0 for none. */
  readonly shortest: number;
}

/** The records of a group as it went to the disk. */
function changesOf(group: Buffer): readonly Change[] {
  const count = group.readUInt32BE(64);
  const reader = new ByteReader(group, GROUP_HEADER_BYTES, group.readUInt32BE(60));
  return Array.from({ length: count }, () => decodeRecord(reader));
}

function writesOf(calls: readonly Call[]): readonly Write[] {
  return calls
    .filter(({ name, file }) => name === "pwrite64" && /\/log-[0-9a-f]+$/.test(file))
    .map(({ start, end, result, bytes }) => {
      return { start, end, ok: result === bytes.length, changes: changesOf(bytes) };
    });
}

function leaseName({ kind, address, length }: Lease): string {
  const text = addressText(Buffer.from(address, "hex"));
  return kind === "address" ? text : `${text}/${length}`;
}

/** Whole failover messages of one direction of a connection. */
class Frames {
  #rest = Buffer.alloc(0);

  push(bytes: Buffer): readonly ReturnType<typeof readFailover>[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const found: ReturnType<typeof readFailover>[] = [];
    while (this.#rest.length >= 2 && this.#rest.length >= 2 + this.#rest.readUInt16BE(0)) {
      const end = 2 + this.#rest.readUInt16BE(0);
      found.push(readFailover(this.#rest.subarray(2, end)));
      this.#rest = this.#rest.subarray(end);
    }
    return found;
  }
}

/** Judges all that one server promised. */
export function judgePromises(calls: readonly Call[]): Report {
  return new Judge(calls).judge(calls);
}

class Judge {
  readonly #writes: readonly Write[];
  readonly #seen = { REPLY: 0, BNDREPLY: 0, BNDUPD: 0, STATE: 0 };
  readonly #early: string[] = [];
  /** When a request, by client and transaction, and an update, by connection and transaction, came first. */
  readonly #arrived = new Map<string, number>();
  readonly #frames = new Map<string, Frames>();
  #shortest = Number.POSITIVE_INFINITY;

  constructor(calls: readonly Call[]) {
    this.#writes = writesOf(calls);
  }

  judge(calls: readonly Call[]): Report {
    for (const call of calls) {
      if (call.result <= 0) continue;
      if (call.file.startsWith("UDPv6")) this.#datagram(call);
      else if (call.file.startsWith("TCPv6")) this.#stream(call);
    }
    const shortest = this.#shortest;
    return { writes: this.#writes, seen: this.#seen, early: this.#early, shortest };
  }

  #datagram(call: Call): void {
    const message = readMessage(call.bytes);
    if (message === undefined) return;
    const key = `${message.client} ${message.transaction}`;
    if (call.name.startsWith("recv")) {
      if (!this.#arrived.has(key)) this.#arrived.set(key, call.end);
      return;
    }
    if (message.name !== "REPLY") return;
    for (const { lease, valid } of message.ias.flatMap(({ ias }) => ias ?? [])) {
      void lease;
      void valid;
    }
  }

  #stream(_call: Call): void {}
}
