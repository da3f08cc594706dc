// The checkers' own reading of DHCPv6 messages (RFC 8415 §7-§9, §21). It shares nothing with the servers' codec.

export interface SeenLease {
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  /** 32 hex digits. */
  readonly address: string;
  readonly length: number;
  readonly preferred: number;
  readonly valid: number;
}

export interface SeenIa {
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  readonly status: number;
  readonly leases: readonly SeenLease[];
}

export interface SeenMessage {
  /** RFC 8415 §7.3. */
  readonly type: number;
  readonly transactionId: number;
  /** Hex. */
  readonly duid: string;
  readonly serverId: string;
  readonly status: number;
  readonly ias: readonly SeenIa[];
}

const RELAY_FORW = 12;
const RELAY_REPL = 13;

const PAIRS = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const octet of bytes) text += PAIRS[octet];
  return text;
}

export function number16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) * 256 + (bytes[at + 1] as number);
}

export function number32(bytes: Uint8Array, at: number): number {
  return number16(bytes, at) * 65_536 + number16(bytes, at + 2);
}

/** Code and data of each option; throws when one does not fit, as no server may send such. */
export function* optionsIn(
  bytes: Uint8Array,
  from: number,
): Generator<readonly [number, Uint8Array]> {
  for (let at = from; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? number16(bytes, at + 2) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length)
      throw new Error(`option at ${at} runs past the end of ${hex(bytes)}`);
    yield [number16(bytes, at), bytes.subarray(at + 4, at + 4 + length)];
    at += 4 + length;
  }
}

function readIa(kind: "address" | "prefix", data: Uint8Array): SeenIa {
  const iaid = number32(data, 0);
  const leases: SeenLease[] = [];
  let status = 0;
  for (const [code, inner] of optionsIn(data, 12)) {
    if (code === 13) status = number16(inner, 0);
    else if (code === 5 && kind === "address") {
      const address = hex(inner.subarray(0, 16));
      leases.push({
        kind,
        iaid,
        address,
        length: 128,
        preferred: number32(inner, 16),
        valid: number32(inner, 20),
      });
    } else if (code === 26 && kind === "prefix") {
      const address = hex(inner.subarray(9, 25));
      leases.push({
        kind,
        iaid,
        address,
        length: inner[8] as number,
        preferred: number32(inner, 0),
        valid: number32(inner, 4),
      });
    }
  }
  return { kind, iaid, status, leases };
}

/** The message inside all relay layers. */
export function innermost(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== RELAY_FORW && bytes[0] !== RELAY_REPL) return bytes;
  for (const [code, data] of optionsIn(bytes, 34)) if (code === 9) return innermost(data);
  return bytes.subarray(0, 0);
}

/** What several checkers ask for at the same time is read once. */
const seen = new WeakMap<Uint8Array, SeenMessage>();

/** Reads a client's or server's message. Undefined when it is too short. The octets must not change afterwards. */
export function readMessage(datagram: Uint8Array): SeenMessage | undefined {
  const known = seen.get(datagram);
  if (known !== undefined) return known;
  const message = decodeMessage(datagram);
  if (message !== undefined) seen.set(datagram, message);
  return message;
}

function decodeMessage(datagram: Uint8Array): SeenMessage | undefined {
  const bytes = innermost(datagram);
  if (bytes.length < 4) return undefined;
  let duid = "";
  let serverId = "";
  let status = 0;
  const ias: SeenIa[] = [];
  for (const [code, data] of optionsIn(bytes, 4)) {
    if (code === 1) duid = hex(data);
    else if (code === 2) serverId = hex(data);
    else if (code === 13) status = number16(data, 0);
    else if (code === 3) ias.push(readIa("address", data));
    else if (code === 25) ias.push(readIa("prefix", data));
  }
  return {
    type: bytes[0] as number,
    transactionId: number32(bytes, 0) % 0x100_0000,
    duid,
    serverId,
    status,
    ias,
  };
}
