// From captured packets to DHCPv6 messages: link layers, IPv6, UDP 546 and 547, and the frames of the
// failover connection out of TCP segments.

import { type Ipv6Address, ipv6FromBytes } from "../core/model/ipv6.ts";
import type { CapturedPacket } from "./pcap.ts";

export interface CapturedMessage {
  readonly time: number;
  readonly source: Ipv6Address;
  readonly sourcePort: number;
  readonly destination: Ipv6Address;
  readonly destinationPort: number;
  readonly transport: "udp" | "failover";
  /** A datagram, or whole frames of the failover connection. Empty: TLS begins here. */
  readonly bytes: Uint8Array;
}

const DHCP_PORTS: ReadonlySet<number> = new Set([546, 547]);
const IPV6 = 0x86dd;
const VLAN: ReadonlySet<number> = new Set([0x8100, 0x88a8]);
const HEADER = { hopByHop: 0, tcp: 6, udp: 17, routing: 43, fragment: 44, destination: 60 };
/** A stream that waits for a lost segment keeps at most so many later ones. */
const MAX_EARLY_SEGMENTS = 1_000;
const STARTTLS = 23;
const REPLY = 7;

interface IpPacket {
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
  readonly protocol: number;
  readonly payload: Uint8Array;
}

/** Messages of a capture; failover is looked for on the ports given. */
export function* findMessages(
  packets: Iterable<CapturedPacket>,
  failoverPorts: ReadonlySet<number>,
): Generator<CapturedMessage> {
  const streams = new Map<string, FrameStream>();
  for (const packet of packets) {
    const ip = ipPacketOf(packet);
    if (ip === undefined || ip.payload.length < 8) continue;
    const sourcePort = word(ip.payload, 0);
    const destinationPort = word(ip.payload, 2);
    const { source, destination } = ip;
    const ends = { time: packet.time, source, sourcePort, destination, destinationPort };
    if (ip.protocol === HEADER.udp) {
      if (!DHCP_PORTS.has(sourcePort) && !DHCP_PORTS.has(destinationPort)) continue;
      const bytes = ip.payload.subarray(8, Math.max(8, word(ip.payload, 4)));
      yield { ...ends, transport: "udp", bytes };
    } else if (ip.protocol === HEADER.tcp) {
      if (!failoverPorts.has(sourcePort) && !failoverPorts.has(destinationPort)) continue;
      const key = `${source} ${sourcePort} ${destination} ${destinationPort}`;
      const stream = streams.get(key) ?? new FrameStream();
      streams.set(key, stream);
      const bytes = stream.segment(ip.payload);
      if (bytes !== undefined) yield { ...ends, transport: "failover", bytes };
    }
  }
}

/** The IPv6 packet in a captured one, past its extension headers; undefined when there is none. */
function ipPacketOf(packet: CapturedPacket): IpPacket | undefined {
  const bytes = networkLayerOf(packet);
  if (bytes === undefined || bytes.length < 40 || (bytes[0] as number) >> 4 !== 6) return undefined;
  let protocol = bytes[6] as number;
  let at = 40;
  const end = Math.min(bytes.length, 40 + word(bytes, 4));
  while (
    protocol === HEADER.hopByHop ||
    protocol === HEADER.routing ||
    protocol === HEADER.destination
  ) {
    if (at + 8 > end) return undefined;
    protocol = bytes[at] as number;
    at += ((bytes[at + 1] as number) + 1) * 8;
  }
  // A fragment has no ports to look at; the datagram is not put together again.
  if (protocol === HEADER.fragment || at > end) return undefined;
  return {
    source: ipv6FromBytes(bytes, 8),
    destination: ipv6FromBytes(bytes, 24),
    protocol,
    payload: bytes.subarray(at, end),
  };
}

function networkLayerOf({ linkType, bytes }: CapturedPacket): Uint8Array | undefined {
  switch (linkType) {
    case 1: // Ethernet
      return afterEtherType(bytes, 12);
    case 113: // Linux cooked
      return afterEtherType(bytes, 14);
    case 276: // Linux cooked, version 2
      return bytes.length > 20 && word(bytes, 0) === IPV6 ? bytes.subarray(20) : undefined;
    case 0: // BSD loopback
    case 108:
      return bytes.subarray(4);
    case 12: // raw IP
    case 101:
    case 229:
      return bytes;
    default:
      return undefined;
  }
}

function afterEtherType(bytes: Uint8Array, at: number): Uint8Array | undefined {
  let place = at;
  while (place + 2 <= bytes.length && VLAN.has(word(bytes, place))) place += 4;
  if (place + 2 > bytes.length || word(bytes, place) !== IPV6) return undefined;
  return bytes.subarray(place + 2);
}

/** One direction of a connection: segments in order, repeated octets once, whole frames out. */
class FrameStream {
  #next: number | undefined;
  #waiting = new Map<number, Uint8Array>();
  #rest: Uint8Array = new Uint8Array(0);
  #tlsMayFollow = false;
  #secret = false;

  /** The frames that this segment completes; empty octets where TLS begins; undefined for nothing. */
  segment(tcp: Uint8Array): Uint8Array | undefined {
    if (tcp.length < 20 || this.#secret) return undefined;
    const sequence = ((word(tcp, 4) << 16) | word(tcp, 6)) >>> 0;
    const syn = ((tcp[13] as number) & 2) !== 0;
    const data = tcp.subarray(((tcp[12] as number) >> 4) * 4);
    if (syn || this.#next === undefined) this.#next = (sequence + (syn ? 1 : 0)) >>> 0;
    if (data.length > 0 && this.#waiting.size < MAX_EARLY_SEGMENTS) {
      this.#waiting.set(sequence, data);
    }
    this.#advance();
    return this.#frames();
  }

  /** Takes up what is next, until what waits lies behind a gap. Numbers wrap, so they have no order. */
  #advance(): void {
    for (let progress = true; progress; ) {
      progress = false;
      for (const [sequence, data] of this.#waiting) {
        const known = ((this.#next as number) - sequence) | 0;
        if (known < 0) continue;
        this.#waiting.delete(sequence);
        progress = true;
        if (known >= data.length) continue;
        this.#rest = concat(this.#rest, data.subarray(known));
        this.#next = ((this.#next as number) + data.length - known) >>> 0;
      }
    }
  }

  #frames(): Uint8Array | undefined {
    let end = 0;
    while (end + 2 <= this.#rest.length) {
      const isTls = this.#rest[end] === 0x16 && this.#rest[end + 1] === 3;
      if (this.#tlsMayFollow && isTls) {
        this.#secret = true;
        break;
      }
      const frame = 2 + word(this.#rest, end);
      if (end + frame > this.#rest.length) break;
      const type = this.#rest[end + 2];
      this.#tlsMayFollow = type === STARTTLS || type === REPLY;
      end += frame;
    }
    const frames = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end);
    return frames.length > 0 || this.#secret ? frames : undefined;
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The caller has checked the bounds. */
function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
