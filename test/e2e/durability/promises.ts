// What a server promised and what it had written by then, both out of its system calls: no promise may leave before
// the write that it rests on has returned. Messages are read by the oracle's decoders.

import type { Change } from "../../../src/core/model/change.ts";
import { SERVER_STATE } from "../../../src/core/model/endpoint-record.ts";
import { DHCP_EPOCH } from "../../../src/core/model/time.ts";
import { firstOption, readMessage, readOptions } from "../oracle/dhcpv6.ts";
import { type LeaseUpdate, readFailover } from "../oracle/failover.ts";
import { isOfLease, type LogWrite, logWrites } from "./log-writes.ts";
import type { Call } from "./strace.ts";

/** strace gives microseconds. */
const PRECISION = 0.000_002;

export type PromiseKind = "REPLY" | "BNDREPLY" | "BNDUPD" | "STATE";

export interface Promised {
  readonly kind: PromiseKind;
  /** When it left, seconds since 1970. */
  readonly at: number;
  readonly text: string;
  /** The write that it rests on; undefined when none had returned. */
  readonly write: LogWrite | undefined;
}

/** All that one server promised, in order. */
export function promisesOf(calls: readonly Call[]): readonly Promised[] {
  const reader = new Reader(logWrites(calls));
  for (const call of calls) if (call.result > 0) reader.read(call);
  return reader.promised;
}

type FailoverMessage = NonNullable<ReturnType<typeof readFailover>> & {
  /** OPTION_F_SERVER_FLAGS of a STATE; 0 in others. */
  readonly flags: number;
};

const SERVER_FLAGS = 131;
const STARTUP_FLAG = 2;

/** Whole failover messages of one direction of a connection. */
class Frames {
  #rest = Buffer.alloc(0);

  push(bytes: Buffer): readonly FailoverMessage[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const found: FailoverMessage[] = [];
    while (this.#rest.length >= 2 && this.#rest.length >= 2 + this.#rest.readUInt16BE(0)) {
      const end = 2 + this.#rest.readUInt16BE(0);
      const bytes = this.#rest.subarray(2, end);
      const message = readFailover(bytes);
      const flags = firstOption(readOptions(bytes.subarray(8)), SERVER_FLAGS)?.[0] ?? 0;
      if (message !== undefined) found.push({ ...message, flags });
      this.#rest = this.#rest.subarray(end);
    }
    return found;
  }
}

class Reader {
  readonly promised: Promised[] = [];
  readonly #writes: readonly LogWrite[];
  /** When a request (by client and transaction) or an update (by connection and transaction) came first. */
  readonly #arrived = new Map<string, number>();
  readonly #frames = new Map<string, Frames>();

  constructor(writes: readonly LogWrite[]) {
    this.#writes = writes;
  }

  read(call: Call): void {
    if (call.file.startsWith("UDPv6")) this.#datagram(call);
    else if (call.file.startsWith("TCPv6")) this.#stream(call);
  }

  #datagram(call: Call): void {
    const message = readMessage(call.bytes);
    if (message === undefined) return;
    const { client, name, transaction } = message;
    const key = `${client} ${transaction}`;
    if (call.name.startsWith("recv")) {
      if (!this.#arrived.has(key)) this.#arrived.set(key, call.end);
      return;
    }
    if (name !== "REPLY") return;
    const asked = this.#arrived.get(key) ?? Number.POSITIVE_INFINITY;
    for (const { lease, valid } of message.ias.flatMap(({ leases }) => leases)) {
      if (valid === 0) continue;
      // F-538: with the client's expiry, which counts from the second in which the message came.
      const expires = Math.floor(asked) - DHCP_EPOCH + valid;
      const holds = (change: Change) =>
        isOfLease(change, lease, client) &&
        change.type === "lease" &&
        change.lease.clientExpiry >= expires;
      this.#promise("REPLY", call, `${lease} to ${client}`, { after: asked, holds });
    }
  }

  #stream(call: Call): void {
    const incoming = call.name === "read" || call.name.startsWith("recv");
    const key = `${call.file} ${incoming ? "in" : "out"}`;
    const frames = this.#frames.get(key) ?? new Frames();
    this.#frames.set(key, frames);
    for (const message of frames.push(call.bytes.subarray(0, call.result))) {
      if (!incoming) this.#told(message, call);
      else if (message.name === "BNDUPD")
        this.#arrived.set(`${call.file} ${message.transaction}`, call.end);
    }
  }

  #told(message: FailoverMessage, call: Call): void {
    const { name, state, transaction, flags } = message;
    // F-532: a state that was entered; with STARTUP it is where the server is going to begin.
    if (name === "STATE" && (flags & STARTUP_FLAG) === 0) {
      const holds = (change: Change) =>
        change.type === "endpoint" && SERVER_STATE[change.record.state] === state;
      this.#promise("STATE", call, String(state), { after: 0, holds });
    }
    for (const update of message.leases) {
      if (name === "BNDUPD") this.#update(update, call);
      if (name === "BNDREPLY" && update.status === 0) {
        // F-530: what came with the update is written between its arrival and its answer.
        const after = this.#arrived.get(`${call.file} ${transaction}`) ?? Number.POSITIVE_INFINITY;
        const holds = (change: Change) => isOfLease(change, update.lease, update.client);
        this.#promise("BNDREPLY", call, update.lease, { after, holds });
      }
    }
  }

  /** F-539: the partner-lifetime that goes out is the one in the record. */
  #update({ lease, client, partnerLifetime }: LeaseUpdate, call: Call): void {
    if (partnerLifetime === 0 || client === "") return;
    const holds = (change: Change) =>
      isOfLease(change, lease, client) &&
      change.type === "lease" &&
      change.lease.partnerLifetimeHighest >= partnerLifetime;
    this.#promise("BNDUPD", call, lease, { after: 0, holds });
  }

  #promise(
    kind: PromiseKind,
    call: Call,
    text: string,
    basis: { readonly after: number; readonly holds: (change: Change) => boolean },
  ): void {
    const write = this.#writes.find(
      ({ start, end, ok, changes }) =>
        ok &&
        start >= basis.after - PRECISION &&
        end <= call.start + PRECISION &&
        changes.some(basis.holds),
    );
    this.promised.push({ kind, at: call.start, text, write });
  }
}
