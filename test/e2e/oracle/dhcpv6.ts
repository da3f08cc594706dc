// A small DHCPv6 decoder of the oracle's own. It shares nothing with the servers, so that it does not share
// their mistakes. It reads what the judgement needs and skips the rest.

import { addressText } from "./frames.ts";

export const MESSAGE_NAMES: Readonly<Record<number, string>> = {
  1: "SOLICIT",
  2: "ADVERTISE",
  3: "REQUEST",
  4: "CONFIRM",
  5: "RENEW",
  6: "REBIND",
  7: "REPLY",
  8: "RELEASE",
  9: "DECLINE",
  11: "INFORMATION-REQUEST",
};

export interface OptionBytes {
  readonly code: number;
  readonly data: Buffer;
}

export interface LeaseInMessage {
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  /** `addressText` of the address; for a prefix followed by `/length`. */
  readonly lease: string;
  readonly preferred: number;
  readonly valid: number;
}

export interface IaInMessage {
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  readonly t1: number;
  readonly t2: number;
  readonly status: number;
  readonly leases: readonly LeaseInMessage[];
}

export interface ClientMessage {
  readonly name: string;
  readonly transaction: number;
  /** DUID in hex; empty when absent. */
  readonly client: string;
  readonly server: string;
  readonly status: number;
  readonly ias: readonly IaInMessage[];
  readonly rapidCommit: boolean;
}

/** The options of an area; what follows a broken frame is left out. */
export function readOptions(area: Buffer): OptionBytes[] {
  const options: OptionBytes[] = [];
  for (let at = 0; at + 4 <= area.length; ) {
    const end = at + 4 + area.readUInt16BE(at + 2);
    if (end > area.length) break;
    options.push({ code: area.readUInt16BE(at), data: area.subarray(at + 4, end) });
    at = end;
  }
  return options;
}

/** The data of the first option with this code. */
export function firstOption(options: readonly OptionBytes[], code: number): Buffer | undefined {
  return options.find((option) => option.code === code)?.data;
}

function statusOf(options: readonly OptionBytes[]): number {
  const status = firstOption(options, 13);
  return status === undefined || status.length < 2 ? 0 : status.readUInt16BE(0);
}

/** A client's or server's message, taken out of all relay envelopes; undefined when it is none. */
export function readMessage(payload: Buffer): ClientMessage | undefined {
  let bytes = payload;
  for (let level = 0; level < 10 && (bytes[0] === 12 || bytes[0] === 13); level++) {
    const inner = firstOption(readOptions(bytes.subarray(34)), 9);
    if (inner === undefined) return undefined;
    bytes = inner;
  }
  const name = MESSAGE_NAMES[bytes[0] ?? 0];
  if (name === undefined || bytes.length < 4) return undefined;
  const options = readOptions(bytes.subarray(4));
  return {
    name,
    transaction: bytes.readUIntBE(1, 3),
    client: firstOption(options, 1)?.toString("hex") ?? "",
    server: firstOption(options, 2)?.toString("hex") ?? "",
    status: statusOf(options),
    ias: readIas(options),
    rapidCommit: firstOption(options, 14) !== undefined,
  };
}

/** The IA_NA and IA_PD among options, with their leases. */
export function readIas(options: readonly OptionBytes[]): IaInMessage[] {
  const found: IaInMessage[] = [];
  for (const { code, data } of options) {
    if ((code !== 3 && code !== 25) || data.length < 12) continue;
    const kind = code === 3 ? "address" : "prefix";
    const iaid = data.readUInt32BE(0);
    const inner = readOptions(data.subarray(12));
    const leases = inner.flatMap((option) => readLease(kind, iaid, option));
    const times = { t1: data.readUInt32BE(4), t2: data.readUInt32BE(8) };
    found.push({ kind, iaid, ...times, status: statusOf(inner), leases });
  }
  return found;
}

function readLease(
  kind: "address" | "prefix",
  iaid: number,
  option: OptionBytes,
): LeaseInMessage[] {
  const { code, data } = option;
  if (kind === "address" && code === 5 && data.length >= 24) {
    const times = { preferred: data.readUInt32BE(16), valid: data.readUInt32BE(20) };
    return [{ kind, iaid, lease: addressText(data.subarray(0, 16)), ...times }];
  }
  if (kind === "prefix" && code === 26 && data.length >= 25) {
    const times = { preferred: data.readUInt32BE(0), valid: data.readUInt32BE(4) };
    return [{ kind, iaid, lease: `${addressText(data.subarray(9, 25))}/${data[8]}`, ...times }];
  }
  return [];
}
