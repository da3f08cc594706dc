// The failover stream between the partners, out of captured TCP segments: reassembly per direction, frames of
// RFC 5460 §5.1, messages of RFC 8156 §5.2, and what BNDUPD and BNDREPLY say of leases. Plain TCP only.

import { firstOption, type OptionBytes, readOptions } from "./dhcpv6.ts";
import { addressText, type Segment } from "./frames.ts";

export const FAILOVER_NAMES: Readonly<Record<number, string>> = {
  24: "BNDUPD",
  25: "BNDREPLY",
  26: "POOLREQ",
  27: "POOLRESP",
  28: "UPDREQ",
  29: "UPDREQALL",
  30: "UPDDONE",
  31: "CONNECT",
  32: "CONNECTREPLY",
  33: "DISCONNECT",
  34: "STATE",
  35: "CONTACT",
};

export interface LeaseUpdate {
  /** `addressText`, for a prefix followed by `/length`. */
  readonly lease: string;
  /** DUID in hex; empty for a prefix without a client. */
  readonly client: string;
  /** Binding status, RFC 8156 §5.5.1; 0 when absent. */
  readonly bindingStatus: number;
  /** Status code of a rejection; 0 when accepted. */
  readonly status: number;
  /** Absolute, seconds since 2000; 0 when absent. */
  readonly partnerLifetime: number;
  readonly valid: number;
}

export interface FailoverMessage {
  /** When its last octet was captured, microseconds since 1970. */
  readonly time: number;
  readonly from: string;
  readonly to: string;
  /** Which connection: counts the SYNs of this pair of ends. */
  readonly connection: number;
  readonly name: string;
  readonly transaction: number;
  readonly leases: readonly LeaseUpdate[];
  /** OPTION_F_SERVER_STATE of a STATE; 0 in others. */
  readonly state: number;
}

interface Direction {
  /** The next sequence number expected, relative; undefined before the first segment. */
  next: number | undefined;
  readonly waiting: Map<number, Segment>;
  rest: Buffer;
  connection: number;
}

/** Reassembles the streams of captured segments (in order of time) into failover messages. */
export class FailoverStreams {
  readonly #directions = new Map<string, Direction>();
  readonly messages: FailoverMessage[] = [];
  /** Octets that could be no frame (TLS, or a capture that began in the middle). */
  unreadable = 0;

  add(segment: Segment): void {
    const key = `${segment.source}.${segment.sourcePort}>${segment.destination}.${segment.destinationPort}`;
    let direction = this.#directions.get(key);
    if (direction === undefined || segment.syn) {
      const connection = (direction?.connection ?? 0) + 1;
      direction = { next: undefined, waiting: new Map(), rest: Buffer.alloc(0), connection };
      this.#directions.set(key, direction);
    }
    if (segment.syn) {
      direction.next = (segment.sequence + 1) >>> 0;
      return;
    }
    if (segment.payload.length === 0) return;
    direction.next ??= segment.sequence;
    direction.waiting.set(segment.sequence, segment);
    this.#drain(direction, segment.time);
  }

  #drain(direction: Direction, time: number): void {
    for (let found = true; found; ) {
      found = false;
      for (const [sequence, segment] of direction.waiting) {
        const behind = ((direction.next as number) - sequence) | 0;
        if (behind < 0) continue;
        direction.waiting.delete(sequence);
        if (behind < segment.payload.length) {
          const fresh = segment.payload.subarray(behind);
          direction.rest = Buffer.concat([direction.rest, fresh]);
          direction.next = ((direction.next as number) + fresh.length) >>> 0;
        }
        this.#frames(direction, segment, time);
        found = true;
      }
    }
  }

  #frames(direction: Direction, segment: Segment, time: number): void {
    let rest = direction.rest;
    while (rest.length >= 2) {
      const length = rest.readUInt16BE(0);
      if (rest.length < 2 + length) break;
      const message = readFailover(rest.subarray(2, 2 + length));
      if (message === undefined) this.unreadable += length;
      else {
        const ends = { from: segment.source, to: segment.destination };
        this.messages.push({ time, ...ends, connection: direction.connection, ...message });
      }
      rest = rest.subarray(2 + length);
    }
    direction.rest = rest;
  }
}

type Content = Pick<FailoverMessage, "name" | "transaction" | "leases" | "state">;

/** One message without its frame; undefined when the type is none of failover's. */
export function readFailover(bytes: Buffer): Content | undefined {
  const name = FAILOVER_NAMES[bytes[0] ?? 0];
  if (name === undefined || bytes.length < 8) return undefined;
  const options = readOptions(bytes.subarray(8));
  return {
    name,
    transaction: bytes.readUIntBE(1, 3),
    leases: name === "BNDUPD" || name === "BNDREPLY" ? readUpdates(options) : [],
    state: firstOption(options, 132)?.[0] ?? 0,
  };
}

/** Leases in a CLIENT_DATA (45), and a prefix that stands alone. */
function readUpdates(options: readonly OptionBytes[]): LeaseUpdate[] {
  const found: LeaseUpdate[] = [];
  const data = firstOption(options, 45);
  if (data !== undefined) {
    const inner = readOptions(data);
    const client = firstOption(inner, 1)?.toString("hex") ?? "";
    const whole = statusIn(inner);
    for (const ia of inner) {
      if ((ia.code !== 3 && ia.code !== 25) || ia.data.length < 12) continue;
      const leases = readOptions(ia.data.subarray(12));
      const status = statusIn(leases) || whole;
      for (const lease of leases) found.push(...readUpdate(lease, client, status));
    }
  }
  for (const option of options) {
    if (option.code === 26) found.push(...readUpdate(option, "", statusIn(options)));
  }
  return found;
}

function statusIn(options: readonly OptionBytes[]): number {
  const status = firstOption(options, 13);
  return status === undefined || status.length < 2 ? 0 : status.readUInt16BE(0);
}

function readUpdate(option: OptionBytes, client: string, outer: number): LeaseUpdate[] {
  const { code, data } = option;
  const address = code === 5 && data.length >= 24;
  if (!address && !(code === 26 && data.length >= 25)) return [];
  const inner = readOptions(data.subarray(address ? 24 : 25));
  const lifetime = firstOption(inner, 123);
  return [
    {
      lease: address
        ? addressText(data.subarray(0, 16))
        : `${addressText(data.subarray(9, 25))}/${data[8]}`,
      client,
      bindingStatus: firstOption(inner, 114)?.[0] ?? 0,
      status: statusIn(inner) || outer,
      partnerLifetime: lifetime?.length === 4 ? lifetime.readUInt32BE(0) : 0,
      valid: data.readUInt32BE(address ? 20 : 4),
    },
  ];
}
