// Every change is stored as it is and comes back as it was.

import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32 } from "../../../sim/crc32.ts";
import type { Block } from "../../../src/core/model/blocks.ts";
import type { Change } from "../../../src/core/model/change.ts";
import { ipv6FromBigint } from "../../../src/core/model/ipv6.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { freshLease } from "../../../src/core/model/lease-status.ts";
import { prefixOwner } from "../../../src/core/model/prefix-owner.ts";
import { ByteReader, ByteWriter, StoredFormatError } from "../../../src/core/store/bytes.ts";
import {
  decodeRecord,
  encodeRecord,
  RECORD_MAX_BYTES,
  RECORD_MIN_BYTES,
} from "../../../src/core/store/record.ts";
import { changes } from "./arbitraries.ts";

test("F-263, F-264, F-265, F-266, F-267, F-268, F-269, F-531, F-533, F-534, F-535, F-536, F-537, F-538, F-539, F-540, F-541, F-542, F-544: a change comes back from its record as it was", () => {
  fc.assert(
    fc.property(changes, fc.nat(64), (change, before) => {
      const writer = new ByteWriter(16);
      writer.octets(new Uint8Array(before));
      const length = encodeRecord(change, writer);
      expect(length).toBe(writer.length - before);
      expect(length).toBeGreaterThanOrEqual(RECORD_MIN_BYTES);
      expect(length).toBeLessThanOrEqual(RECORD_MAX_BYTES);
      const reader = new ByteReader(writer.bytes, before, writer.length);
      expect(decodeRecord(reader)).toStrictEqual(change);
      expect(reader.at).toBe(writer.length);
    }),
    { numRuns: 400 },
  );
});

/** A record in the older form: without the number that names its owner, under the older type. */
function older(change: Change, type: number, cut: { from: number; octets: number }): Uint8Array {
  const writer = new ByteWriter(64);
  encodeRecord(change, writer);
  const bytes = [...writer.bytes.subarray(0, writer.length)];
  bytes.splice(cut.from, cut.octets);
  bytes.splice(0, 4, type, 0, (bytes.length - 4) >> 8, (bytes.length - 4) & 0xff);
  return Uint8Array.from(bytes);
}

test("F-028, F-535: in older records the versions say whose a free prefix is: what was freed after its block was given is a hole", () => {
  const key = { kind: "prefix", address: ipv6FromBigint(0x20010db8n << 96n), length: 56 } as const;
  const given: Block = {
    address: key.address,
    length: 48,
    status: "FREE-BACKUP",
    link: "lan",
    startTimeOfState: 5,
    version: 70,
    givenAt: 70,
    marked: false,
  };
  const read = (bytes: Uint8Array) => decodeRecord(new ByteReader(bytes));
  const block = read(older({ type: "block", block: given }, 3, { from: 30, octets: 8 }));
  expect(block).toEqual({ type: "block", block: given });
  for (const [version, owner] of [
    [69, "FREE-BACKUP"],
    [71, "FREE"],
  ] as const) {
    const lease = { ...freshLease(key, "lan"), version };
    const change = read(older({ type: "lease", lease }, 1, { from: 4, octets: 8 }));
    expect(change).toEqual({ type: "lease", lease: { ...lease, primarySince: version } });
    expect(prefixOwner((change as { lease: Lease }).lease, given)).toBe(owner);
  }
});

test("octets that are no record throw StoredFormatError and nothing else", () => {
  const decode = (bytes: Uint8Array) => {
    try {
      decodeRecord(new ByteReader(bytes));
    } catch (error) {
      if (!(error instanceof StoredFormatError)) throw error;
    }
  };
  fc.assert(
    fc.property(changes, fc.nat(), fc.integer({ min: 1, max: 255 }), (change, place, mask) => {
      const writer = new ByteWriter(64);
      encodeRecord(change, writer);
      const bytes = writer.bytes.slice(0, writer.length);
      decode(bytes.slice(0, place % bytes.length));
      const at = place % bytes.length;
      bytes[at] = (bytes[at] as number) ^ mask;
      decode(bytes);
    }),
    { numRuns: 400 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), decode), { numRuns: 400 });
});

test("the simulator's CRC-32 is the one of IEEE 802.3 and continues", () => {
  const bytes = Uint8Array.from("123456789", (letter) => letter.charCodeAt(0));
  expect(crc32(bytes)).toBe(0xcbf43926);
  expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(0xcbf43926);
});
