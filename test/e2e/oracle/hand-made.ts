// Builds captures by hand for the tests of the oracle: messages, packets, files.

import type { Frame } from "./pcap.ts";

const u16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export function option(code: number, ...data: readonly Buffer[]): Buffer {
  const body = Buffer.concat(data);
  return Buffer.concat([u16(code), u16(body.length), body]);
}

/** Octets of an address in the form with `::`. */
export function address(text: string): Buffer {
  const [head, tail] = text.split("::");
  const words = (part: string | undefined) => (part ? part.split(":") : []);
  const before = words(head);
  const after = words(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const all = tail === undefined ? before : [...before, ...zeros, ...after];
  return Buffer.concat(all.map((word) => u16(Number.parseInt(word, 16))));
}

export interface Spoken {
  readonly type: number;
  readonly transaction: number;
  readonly client: string;
  readonly server?: string;
  /** `address` or `prefix/length`, with the valid lifetime. */
  readonly leases?: readonly { readonly lease: string; readonly valid: number }[];
  readonly iaid?: number;
  /** The kind of an IA without leases. */
  readonly empty?: "address" | "prefix";
  readonly t1?: number;
}

const duid = (text: string) => Buffer.concat([u16(2), Buffer.from(text)]);

export function duidHex(text: string): string {
  return duid(text).toString("hex");
}

function leaseOption(lease: string, valid: number, inner: Buffer = Buffer.alloc(0)): Buffer {
  const [text, length] = lease.split("/");
  const bytes = address(text as string);
  if (length === undefined) return option(5, bytes, u32(valid), u32(valid), inner);
  return option(26, u32(valid), u32(valid), Buffer.from([Number(length)]), bytes, inner);
}

/** A message between client and server. */
export function message(spoken: Spoken): Buffer {
  const { type, transaction, client, server, leases = [], iaid = 1, empty, t1 = 0 } = spoken;
  const parts = [u32((type << 24) | transaction), option(1, duid(client))];
  if (server !== undefined) parts.push(option(2, duid(server)));
  const prefix = leases[0]?.lease.includes("/") ?? empty === "prefix";
  if (leases.length > 0 || empty !== undefined) {
    const inner = leases.map(({ lease, valid }) => leaseOption(lease, valid));
    parts.push(option(prefix ? 25 : 3, u32(iaid), u32(t1), u32(0), ...inner));
  }
  return Buffer.concat(parts);
}

/** A RELAY-FORW (12) or RELAY-REPL (13) around a message. */
export function relayed(type: 12 | 13, inner: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([type, 0]),
    address("2001:db8:2::1"),
    address("fe80::1"),
    option(9, inner),
  ]);
}

interface Packet {
  readonly time: number;
  readonly source: string;
  readonly destination: string;
  readonly next: number;
  readonly body: Buffer;
}

/** An Ethernet frame around an IPv6 packet; `time` in seconds. */
function frame({ time, source, destination, next, body }: Packet): Frame {
  const header = Buffer.concat([u32(0x60000000), u16(body.length), Buffer.from([next, 64])]);
  const ethernet = Buffer.concat([Buffer.alloc(12), u16(0x86dd)]);
  const bytes = Buffer.concat([ethernet, header, address(source), address(destination), body]);
  return { time: time * 1_000_000, linkType: 1, bytes };
}

export function udp(time: number, payload: Buffer, from = "fe80::1", to = "ff02::1:2"): Frame {
  const body = Buffer.concat([u16(546), u16(547), u16(8 + payload.length), u16(0), payload]);
  return frame({ time, source: from, destination: to, next: 17, body });
}

export interface Piece {
  readonly time: number;
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly sequence: number;
  readonly syn?: boolean;
  readonly payload?: Buffer;
}

export function tcp(piece: Piece): Frame {
  const {
    time,
    from,
    to,
    fromPort,
    toPort,
    sequence,
    syn = false,
    payload = Buffer.alloc(0),
  } = piece;
  const flags = Buffer.from([0x50, syn ? 2 : 16, 0, 0, 0, 0, 0, 0]);
  const body = Buffer.concat([u16(fromPort), u16(toPort), u32(sequence), u32(0), flags, payload]);
  return frame({ time, source: from, destination: to, next: 6, body });
}

/** A BNDUPD (24) or BNDREPLY (25) of one lease, in its frame. */
export function binding(
  type: 24 | 25,
  transaction: number,
  lease: string,
  client: string,
  status = 0,
  partnerLifetime = 1_000,
): Buffer {
  const rejected = status === 0 ? Buffer.alloc(0) : option(13, u16(status));
  const inner = Buffer.concat([
    option(114, Buffer.from([1])),
    option(123, u32(partnerLifetime)),
    rejected,
  ]);
  const ia = option(
    lease.includes("/") ? 25 : 3,
    u32(1),
    u32(0),
    u32(0),
    leaseOption(lease, 60, inner),
  );
  const data = option(45, option(1, duid(client)), ia);
  const bytes = Buffer.concat([u32((type << 24) | transaction), u32(0), data]);
  return Buffer.concat([u16(bytes.length), bytes]);
}

/** A capture file of the classic kind. */
export function pcap(
  frames: readonly Frame[],
  options: { big?: boolean; nanoseconds?: boolean } = {},
): Buffer {
  const word = (value: number) => {
    const bytes = u32(value);
    return options.big ? bytes : bytes.reverse();
  };
  const magic = options.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const parts: Buffer[] = [word(magic), word(0x00040002), word(0), word(0), word(262_144), word(1)];
  for (const { time, bytes } of frames) {
    const fraction = Math.round(time % 1_000_000) * (options.nanoseconds ? 1_000 : 1);
    parts.push(
      word(Math.floor(time / 1_000_000)),
      word(fraction),
      word(bytes.length),
      word(bytes.length),
      bytes,
    );
  }
  return Buffer.concat(parts);
}

/** A capture file of the newer kind, with times in units of 10^-`resolution` seconds. */
export function pcapng(frames: readonly Frame[], resolution = 9): Buffer {
  const little = (value: number, size = 4) => {
    const bytes = Buffer.alloc(size);
    bytes.writeUIntLE(value, 0, size);
    return bytes;
  };
  const block = (type: number, body: Buffer) => {
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
    const length = little(padded.length + 12);
    return Buffer.concat([little(type), length, padded, length]);
  };
  const resolutionOption = Buffer.concat([
    little(9, 2),
    little(1, 2),
    Buffer.from([resolution, 0, 0, 0]),
    little(0),
  ]);
  const parts = [
    block(
      0x0a0d0d0a,
      Buffer.concat([little(0x1a2b3c4d), little(1, 2), little(0, 2), Buffer.alloc(8, 0xff)]),
    ),
    block(1, Buffer.concat([little(1, 2), little(0, 2), little(0), resolutionOption])),
  ];
  for (const { time, bytes } of frames) {
    const ticks = time * 10 ** (resolution - 6);
    const high = Math.floor(ticks / 2 ** 32);
    const sizes = [little(bytes.length), little(bytes.length)];
    const head = [little(0), little(high), little(ticks - high * 2 ** 32), ...sizes];
    parts.push(block(6, Buffer.concat([...head, bytes])));
  }
  return Buffer.concat(parts);
}
