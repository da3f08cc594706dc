// From a captured frame to what its IPv6 packet carries: a UDP datagram or a TCP segment.

import type { Frame } from "./pcap.ts";

interface Ends {
  /** Microseconds since 1970. */
  readonly time: number;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface Datagram extends Ends {
  readonly type: "udp";
  readonly payload: Buffer;
}

export interface Segment extends Ends {
  readonly type: "tcp";
  readonly sequence: number;
  readonly syn: boolean;
  readonly fin: boolean;
  readonly reset: boolean;
  readonly payload: Buffer;
}

/** The colon form with all zeros written (compared as text, shown by `shortAddress`). */
export function addressText(bytes: Buffer): string {
  return bytes.toString("hex").replaceAll(/(.{4})(?!$)/g, "$1:");
}

/** RFC 5952 form of `addressText`. */
export function shortAddress(text: string): string {
  const groups = text.split(":").map((group) => group.replace(/^0+(?=.)/, ""));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === "0") length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(":");
  const head = groups.slice(0, best.start).join(":");
  const tail = groups.slice(best.start + best.length).join(":");
  return `${head}::${tail}`;
}

/** Where the IP packet starts, by link type; undefined for types that do not occur here. */
function networkOffset(frame: Frame): number | undefined {
  const { bytes, linkType } = frame;
  switch (linkType) {
    case 1:
      return bytes.length >= 18 && bytes.readUInt16BE(12) === 0x8100 ? 18 : 14;
    case 0:
      return 4;
    case 101:
      return 0;
    case 113:
      return 16;
    case 276:
      return 20;
    default:
      return undefined;
  }
}

/** The UDP datagram or TCP segment in a frame; undefined for everything else. */
export function readPacket(frame: Frame): Datagram | Segment | undefined {
  const offset = networkOffset(frame);
  if (offset === undefined || frame.bytes.length < offset + 40) return undefined;
  const packet = frame.bytes.subarray(offset);
  if ((packet[0] as number) >> 4 !== 6) return undefined;
  const body = packet.subarray(40, 40 + packet.readUInt16BE(4));
  const ends = {
    time: frame.time,
    source: addressText(packet.subarray(8, 24)),
    destination: addressText(packet.subarray(24, 40)),
  };
  if (packet[6] === 17 && body.length >= 8) {
    const payload = body.subarray(8, body.readUInt16BE(4));
    return { ...ends, ...ports(body), type: "udp", payload };
  }
  if (packet[6] === 6 && body.length >= 20) return { ...ends, ...ports(body), ...segment(body) };
  return undefined;
}

function ports(body: Buffer): { sourcePort: number; destinationPort: number } {
  return { sourcePort: body.readUInt16BE(0), destinationPort: body.readUInt16BE(2) };
}

function segment(body: Buffer): Omit<Segment, keyof Ends> {
  const flags = body[13] as number;
  return {
    type: "tcp",
    sequence: body.readUInt32BE(4),
    syn: (flags & 2) !== 0,
    fin: (flags & 1) !== 0,
    reset: (flags & 4) !== 0,
    payload: body.subarray(((body[12] as number) >> 4) * 4),
  };
}
