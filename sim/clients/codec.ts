// A client's side of the message format (RFC 8415 §8, §21): just what the simulated clients send and read.

import { type Ipv6Address, ipv6FromBytes, ipv6ToBytes } from "../../src/core/model/ipv6.ts";

export const MESSAGE = {
  SOLICIT: 1,
  ADVERTISE: 2,
  REQUEST: 3,
  CONFIRM: 4,
  RENEW: 5,
  REBIND: 6,
  REPLY: 7,
  RELEASE: 8,
  DECLINE: 9,
  "INFORMATION-REQUEST": 11,
} as const;

export type ClientMessage = Exclude<keyof typeof MESSAGE, "ADVERTISE" | "REPLY">;

export const OPTION = {
  CLIENTID: 1,
  SERVERID: 2,
  IA_NA: 3,
  IAADDR: 5,
  ORO: 6,
  PREFERENCE: 7,
  ELAPSED_TIME: 8,
  STATUS_CODE: 13,
  RAPID_COMMIT: 14,
  IA_PD: 25,
  IAPREFIX: 26,
  INFORMATION_REFRESH_TIME: 32,
  CLIENT_FQDN: 39,
} as const;

/** RFC 8415 §21.13. */
export const STATUS = {
  Success: 0,
  UnspecFail: 1,
  NoAddrsAvail: 2,
  NoBinding: 3,
  NotOnLink: 4,
  NoPrefixAvail: 6,
};

export interface RawOption {
  readonly code: number;
  readonly data: Uint8Array;
}

export interface Message {
  readonly type: number;
  readonly transactionId: number;
  readonly options: readonly RawOption[];
}

export type IaKind = "address" | "prefix";

export interface IaLease {
  readonly address: Ipv6Address;
  readonly length: number;
  readonly preferred: number;
  readonly valid: number;
}

export interface Ia {
  readonly kind: IaKind;
  readonly iaid: number;
  readonly t1: number;
  readonly t2: number;
  readonly leases: readonly IaLease[];
  /** Undefined when the IA has no status code. */
  readonly status: number | undefined;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Unsigned numbers of four octets, one after the other. */
export function u32(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value);
  return bytes;
}

export function encodeOption({ code, data }: RawOption): Uint8Array {
  const head = Uint8Array.of(code >> 8, code & 0xff, data.length >> 8, data.length & 0xff);
  return concat([head, data]);
}

export function encodeMessage(message: Message): Uint8Array {
  const { type, transactionId: id } = message;
  const head = Uint8Array.of(type, (id >> 16) & 0xff, (id >> 8) & 0xff, id & 0xff);
  return concat([head, ...message.options.map(encodeOption)]);
}

/** Undefined when an option runs past the end. */
export function decodeOptions(bytes: Uint8Array, from: number): readonly RawOption[] | undefined {
  const options: RawOption[] = [];
  let at = from;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const code = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    if (at + 4 + length > bytes.length) return undefined;
    options.push({ code, data: bytes.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return options;
}

export function decodeMessage(bytes: Uint8Array): Message | undefined {
  if (bytes.length < 4) return undefined;
  const options = decodeOptions(bytes, 4);
  if (options === undefined) return undefined;
  const [type, a, b, c] = bytes as unknown as [number, number, number, number];
  return { type, transactionId: (a << 16) | (b << 8) | c, options };
}

export function find(options: readonly RawOption[], code: number): Uint8Array | undefined {
  return options.find((option) => option.code === code)?.data;
}

/** Undefined when there is none. */
export function statusOf(options: readonly RawOption[]): number | undefined {
  const data = find(options, OPTION.STATUS_CODE);
  if (data === undefined || data.length < 2) return undefined;
  return ((data[0] as number) << 8) | (data[1] as number);
}

function encodeLease(kind: IaKind, lease: IaLease): Uint8Array {
  const address = new Uint8Array(16);
  ipv6ToBytes(lease.address, address);
  const times = u32(lease.preferred, lease.valid);
  return kind === "address"
    ? encodeOption({ code: OPTION.IAADDR, data: concat([address, times]) })
    : encodeOption({
        code: OPTION.IAPREFIX,
        data: concat([times, Uint8Array.of(lease.length), address]),
      });
}

export function encodeIa(ia: Ia): RawOption {
  const leases = ia.leases.map((lease) => encodeLease(ia.kind, lease));
  const code = ia.kind === "address" ? OPTION.IA_NA : OPTION.IA_PD;
  return { code, data: concat([u32(ia.iaid, ia.t1, ia.t2), ...leases]) };
}

function decodeLease(kind: IaKind, data: Uint8Array): IaLease | undefined {
  if (data.length < (kind === "address" ? 24 : 25)) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return kind === "address"
    ? {
        address: ipv6FromBytes(data),
        length: 128,
        preferred: view.getUint32(16),
        valid: view.getUint32(20),
      }
    : {
        address: ipv6FromBytes(data, 9),
        length: view.getUint8(8),
        preferred: view.getUint32(0),
        valid: view.getUint32(4),
      };
}

/** The IAs of a message in order; malformed ones are left out. */
export function decodeIas(options: readonly RawOption[]): readonly Ia[] {
  const ias: Ia[] = [];
  for (const { code, data } of options) {
    if ((code !== OPTION.IA_NA && code !== OPTION.IA_PD) || data.length < 12) continue;
    const kind: IaKind = code === OPTION.IA_NA ? "address" : "prefix";
    const inner = decodeOptions(data, 12);
    if (inner === undefined) continue;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const wanted = kind === "address" ? OPTION.IAADDR : OPTION.IAPREFIX;
    const leases = inner
      .filter((option) => option.code === wanted)
      .map((option) => decodeLease(kind, option.data))
      .filter((lease) => lease !== undefined);
    ias.push({
      kind,
      iaid: view.getUint32(0),
      t1: view.getUint32(4),
      t2: view.getUint32(8),
      leases,
      status: statusOf(inner),
    });
  }
  return ias;
}
