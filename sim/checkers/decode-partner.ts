// The checkers' own reading of what the two servers say to each other (RFC 8156 §5, §7.4, §7.6).

import { hex, number16, number32, optionsIn } from "./decode.ts";

/** A lease in a BNDUPD or BNDREPLY. Times are seconds since 2000; 0 = absent or none. */
export interface PartnerLease {
  readonly kind: "address" | "prefix";
  readonly address: string;
  readonly length: number;
  readonly duid: string;
  readonly iaid: number;
  readonly bindingStatus: number;
  readonly partnerLifetime: number;
  readonly partnerLifetimeSent: number;
  readonly stateExpirationTime: number;
  /** The first error status at any level above or in it; 0 = accepted. */
  readonly error: number;
  /** A lone prefix without client (a block of delegable prefixes). */
  readonly alone: boolean;
}

export interface PartnerMessage {
  readonly type: number;
  readonly transactionId: number;
  readonly leases: readonly PartnerLease[];
}

export const BNDUPD = 24;
export const BNDREPLY = 25;
export const UPDREQALL = 29;
export const UPDDONE = 30;

const STATUS_NAMES = [
  "",
  "ACTIVE",
  "EXPIRED",
  "RELEASED",
  "PENDING-FREE",
  "FREE",
  "FREE-BACKUP",
  "ABANDONED",
  "RESET",
];

export function statusName(status: number): string {
  return STATUS_NAMES[status] ?? `status ${status}`;
}

interface Context {
  readonly duid: string;
  readonly iaid: number;
  readonly error: number;
  readonly alone: boolean;
}

function errorIn(data: Uint8Array, from: number): number {
  for (const [code, inner] of optionsIn(data, from)) if (code === 13) return number16(inner, 0);
  return 0;
}

function readLease(kind: "address" | "prefix", data: Uint8Array, context: Context): PartnerLease {
  let bindingStatus = 0;
  let partnerLifetime = 0;
  let partnerLifetimeSent = 0;
  let stateExpirationTime = 0;
  let error = context.error;
  for (const [code, inner] of optionsIn(data, kind === "address" ? 24 : 25)) {
    if (code === 114) bindingStatus = inner[0] as number;
    else if (code === 123) partnerLifetime = number32(inner, 0);
    else if (code === 124) partnerLifetimeSent = number32(inner, 0);
    else if (code === 134) stateExpirationTime = number32(inner, 0);
    else if (code === 13 && error === 0) error = number16(inner, 0);
  }
  return {
    duid: context.duid,
    iaid: context.iaid,
    alone: context.alone,
    kind,
    address: hex(kind === "address" ? data.subarray(0, 16) : data.subarray(9, 25)),
    length: kind === "address" ? 128 : (data[8] as number),
    bindingStatus,
    partnerLifetime,
    partnerLifetimeSent,
    stateExpirationTime,
    error,
  };
}

function readClientData(data: Uint8Array): PartnerLease[] {
  const leases: PartnerLease[] = [];
  const outer = errorIn(data, 0);
  let duid = "";
  for (const [code, inner] of optionsIn(data, 0)) if (code === 1) duid = hex(inner);
  for (const [code, ia] of optionsIn(data, 0)) {
    if (code !== 3 && code !== 25) continue;
    const context = { duid, iaid: number32(ia, 0), error: outer || errorIn(ia, 12), alone: false };
    for (const [inner, lease] of optionsIn(ia, 12)) {
      if (inner === 5) leases.push(readLease("address", lease, context));
      else if (inner === 26) leases.push(readLease("prefix", lease, context));
    }
  }
  return leases;
}

function readFrame(frame: Uint8Array): PartnerMessage {
  const type = frame[0] as number;
  const transactionId = number32(frame, 0) % 0x100_0000;
  const leases: PartnerLease[] = [];
  if (type === BNDUPD || type === BNDREPLY) {
    for (const [code, data] of optionsIn(frame, 8)) {
      if (code === 45) leases.push(...readClientData(data));
      else if (code === 26)
        leases.push(readLease("prefix", data, { duid: "", iaid: 0, error: 0, alone: true }));
    }
  }
  return { type, transactionId, leases };
}

/** Reads many directions of many connections, each by its name. */
export class PartnerReader {
  readonly #readers = new Map<string, FrameReader>();

  read(direction: string, bytes: Uint8Array): readonly PartnerMessage[] {
    const reader = this.#readers.get(direction) ?? new FrameReader();
    this.#readers.set(direction, reader);
    return reader.push(bytes);
  }
}

/** Cuts one direction of a connection into messages (RFC 5460 §5.1), however its octets arrive. */
export class FrameReader {
  #rest = new Uint8Array(0);

  /** The messages that are complete with these octets. */
  push(bytes: Uint8Array): readonly PartnerMessage[] {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const messages: PartnerMessage[] = [];
    let at = 0;
    while (at + 2 <= all.length) {
      const size = number16(all, at);
      if (at + 2 + size > all.length) break;
      messages.push(readFrame(all.subarray(at + 2, at + 2 + size)));
      at += 2 + size;
    }
    this.#rest = all.slice(at);
    return messages;
  }
}
