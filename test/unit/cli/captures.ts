// Builds packets and capture files for the tests of `decode`.

import { type Ipv6Address, ipv6ToBytes, parseIpv6 } from "../../../src/core/model/ipv6.ts";

const address = (text: string): Ipv6Address => parseIpv6(text) as Ipv6Address;

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];

export function ipv6(
  next: number,
  payload: Uint8Array,
  from = "fe80::1",
  to = "ff02::1:2",
): Uint8Array {
  const header = new Uint8Array(40);
  header.set([0x60, 0, 0, 0, ...u16(payload.length), next, 64]);
  ipv6ToBytes(address(from), header, 8);
  ipv6ToBytes(address(to), header, 24);
  return concat(header, payload);
}

export function udp(from: number, to: number, payload: Uint8Array): Uint8Array {
  return concat([...u16(from), ...u16(to), ...u16(payload.length + 8), 0, 0], payload);
}

export function tcp(
  from: number,
  to: number,
  sequence: number,
  payload: Uint8Array,
  flags = 0x18,
): Uint8Array {
  const header = [
    ...u16(from),
    ...u16(to),
    ...u32(sequence),
    ...u32(0),
    0x50,
    flags,
    ...u16(1000),
    0,
    0,
    0,
    0,
  ];
  return concat(header, payload);
}

export const ethernet = (packet: Uint8Array, vlans = 0): Uint8Array =>
  concat(
    new Uint8Array(12),
    ...Array.from({ length: vlans }, () => [0x81, 0, 0, 5]),
    [0x86, 0xdd],
    packet,
  );

export interface Recorded {
  readonly seconds: number;
  readonly fraction: number;
  readonly bytes: Uint8Array;
}

/** A pcap file, in either byte order, with micro- or nanoseconds. */
export function pcap(
  packets: readonly Recorded[],
  { little = true, nano = false, linkType = 1 } = {},
): Uint8Array {
  const word = (value: number): number[] => (little ? u32(value).reverse() : u32(value));
  const half = (value: number): number[] => (little ? u16(value).reverse() : u16(value));
  const head = [
    ...word(nano ? 0xa1b23c4d : 0xa1b2c3d4),
    ...half(2),
    ...half(4),
    ...word(0),
    ...word(0),
    ...word(65_535),
    ...word(linkType),
  ];
  return concat(
    head,
    ...packets.map(({ seconds, fraction, bytes }) =>
      concat(
        [...word(seconds), ...word(fraction), ...word(bytes.length), ...word(bytes.length)],
        bytes,
      ),
    ),
  );
}

/** A pcapng file with one interface, an option before the packets and a block of unknown type between them. */
export function pcapng(
  packets: readonly Recorded[],
  { little = true, resolution = 9 } = {},
): Uint8Array {
  const word = (value: number): number[] => (little ? u32(value).reverse() : u32(value));
  const half = (value: number): number[] => (little ? u16(value).reverse() : u16(value));
  const block = (type: number, body: Uint8Array): Uint8Array => {
    const padded = concat(body, new Uint8Array((4 - (body.length % 4)) % 4));
    const length = word(padded.length + 12);
    return concat(word(type), length, padded, length);
  };
  const section = block(
    0x0a0d0d0a,
    concat(word(0x1a2b3c4d), half(1), half(0), word(0xffffffff), word(0xffffffff)),
  );
  const tsresol = [...half(9), ...half(1), resolution, 0, 0, 0, ...half(0), ...half(0)];
  const described = block(1, concat(half(1), half(0), word(0), tsresol));
  const enhanced = packets.map(({ seconds, fraction, bytes }) => {
    const units = BigInt(seconds) * 10n ** BigInt(resolution) + BigInt(fraction);
    const time = [...word(Number(units >> 32n)), ...word(Number(units & 0xffffffffn))];
    return block(6, concat(word(0), time, word(bytes.length), word(bytes.length), bytes));
  });
  return concat(section, described, block(0xbad, Uint8Array.of(1, 2, 3)), ...enhanced);
}
