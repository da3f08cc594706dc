// What was durable and cannot be read is never passed over in silence (R7031-62, DESIGN §5).

import { expect, test } from "vitest";
import { crc32 } from "../../../../sim/crc32.ts";
import { Prng } from "../../../../sim/prng.ts";
import type { Change } from "../../../../src/core/model/change.ts";
import { GROUP_HEADER_BYTES, sealGroup } from "../../../../src/core/store/group.ts";
import {
  type Bench,
  beat,
  commit,
  finish,
  NOTHING,
  padded,
  patch,
  poll,
  read,
  STORE_ID,
  setVersion,
  start,
  writes,
} from "./helpers.ts";

/** A log of 60 groups in several segments. */
function longLog(): Bench {
  const bench = start();
  for (let i = 0; i < 60; i++) commit(bench, i % 3 === 0 ? padded(5_000) : beat(i));
  return bench;
}

test("R7031-62: a flipped bit in any group but the last is found, and the place is told", () => {
  const bench = longLog();
  const sound = read(bench.disk.reader());
  expect(sound.result).toMatchObject({ type: "ok", torn: undefined, lastSequence: 60 });
  const random = new Prng(3);
  const all = writes(bench);
  for (const { file, offset, bytes } of all.slice(0, -1)) {
    const used = bytes.findLastIndex((octet) => octet !== 0) + 1;
    const places = [0, 4, 5, 8, 16, 32, 47, 55, 60, 64, 68, 72, 75, 76, 80, used - 1];
    for (let i = 0; i < 10; i++) places.push(random.below(used));
    for (const place of places) {
      const mask = 1 << random.below(8);
      bench.disk.flip(file, offset + place, mask);
      expect(read(bench.disk.reader()).result, `${file} ${offset + place}`).toMatchObject({
        type: "corrupt",
        file,
        offset,
      });
      bench.disk.flip(file, offset + place, mask);
    }
  }
  expect(read(bench.disk.reader()).result).toEqual(sound.result);
});

test("R7031-62: a flipped bit in the last group cannot be told from a torn write: it is dropped and reported", () => {
  const bench = longLog();
  const last = writes(bench).at(-1);
  if (last === undefined) throw new Error("no write");
  for (const place of [0, 20, GROUP_HEADER_BYTES, GROUP_HEADER_BYTES + 5]) {
    bench.disk.flip(last.file, last.offset + place, 16);
    const { result, changes } = read(bench.disk.reader());
    expect(result).toMatchObject({
      type: "ok",
      lastSequence: 59,
      torn: { file: last.file, offset: last.offset },
    });
    expect(changes.length).toBe(59);
    bench.disk.flip(last.file, last.offset + place, 16);
  }
});

test("R7031-62: a missing segment is found, at the beginning, in the middle and before the last one", () => {
  const bench = longLog();
  const image = bench.disk.image();
  const segments = [...new Set(writes(bench).map(({ file }) => file))];
  expect(segments.length).toBeGreaterThan(3);
  for (const missing of segments.slice(0, -1)) {
    bench.disk.restore(new Map([...image].filter(([name]) => name !== missing)));
    expect(read(bench.disk.reader()).result, missing).toMatchObject({ type: "corrupt" });
  }
});

test("R7031-62: a whole segment that lost its content is found when a later one has some", () => {
  const bench = longLog();
  const image = bench.disk.image();
  const segments = [...new Set(writes(bench).map(({ file }) => file))];
  for (const blank of segments.slice(0, -1)) {
    const size = bench.disk.reader().size(blank);
    bench.disk.restore(new Map([...image, [blank, new Uint8Array(size)]]));
    expect(read(bench.disk.reader()).result, blank).toMatchObject({ type: "corrupt" });
  }
});

test("R7031-62: a segment of another store is refused", () => {
  const mine = longLog();
  const other = start({ storeId: "e".repeat(32) });
  for (let i = 0; i < 60; i++) commit(other, i % 3 === 0 ? padded(5_000) : beat(i));
  const segments = [...new Set(writes(mine).map(({ file }) => file))];
  const file = segments[1] as string;
  const swapped = new Map(mine.disk.image());
  swapped.set(file, other.disk.image().get(file) as Uint8Array);
  mine.disk.restore(swapped);
  const { result } = read(mine.disk.reader());
  expect(result).toMatchObject({ type: "corrupt", file });
  expect(result.type === "corrupt" && result.reason).toContain("another store");
});

test("a log or a snapshot of a later format version is refused, never read as torn", () => {
  const log = start();
  commit(log, beat(1));
  setVersion(log.disk, writes(log)[0]?.file as string, 2, 72);
  const refused = read(log.disk.reader()).result;
  expect(refused.type === "corrupt" && refused.reason).toContain("version 2");

  const snapshots = start({ source: { slice: () => ({ changes: [beat(7)], next: undefined }) } });
  commit(snapshots, beat(1));
  snapshots.store.requestSnapshot();
  for (let requests = poll(snapshots); requests.length > 0; requests = poll(snapshots))
    finish(snapshots);
  const [name] = snapshots.disk
    .reader()
    .list()
    .filter((file) => file.startsWith("snapshot-"));
  setVersion(snapshots.disk, name as string, 3, 48);
  const result = read(snapshots.disk.reader()).result;
  expect(result.type === "corrupt" && result.reason).toContain("version 3");
});

test("a record that this version does not know is refused, although its checksum is right", () => {
  const bench = start();
  commit(bench, beat(1));
  const [write] = writes(bench);
  if (write === undefined) throw new Error("no write");
  const group = write.bytes.slice(0, GROUP_HEADER_BYTES + 12);
  group[GROUP_HEADER_BYTES] = 200;
  const header = {
    segment: 1,
    storeId: STORE_ID,
    firstSequence: 1,
    previous: { segment: 0, end: 0, sequence: 0 },
    length: group.length,
    count: 1,
  };
  sealGroup(header, group, crc32);
  patch(bench.disk, write.file, 0, group);
  const { result } = read(bench.disk.reader());
  expect(result.type === "corrupt" && result.reason).toContain("record type 200");
});

test("R7031-62: octets of a client that look like a group do not make a torn group a hole in the log", () => {
  // An attacker knows the format and guesses the segment, but not the store's id.
  const forged = new Uint8Array(GROUP_HEADER_BYTES + 12);
  forged.set([6, 0, 0, 8], GROUP_HEADER_BYTES);
  const header = {
    segment: 1,
    storeId: "d".repeat(32),
    firstSequence: 1_000,
    previous: { segment: 1, end: 0, sequence: 999 },
    length: forged.length,
    count: 1,
  };
  sealGroup(header, forged, crc32);
  const bench = start({ source: NOTHING });
  commit(bench, beat(1));
  const [write] = writes(bench);
  const file = write?.file as string;
  // A torn group whose second page arrived, with the client's octets at its beginning.
  patch(bench.disk, file, 2 * 4_096, forged);
  expect(read(bench.disk.reader()).result).toMatchObject({
    type: "ok",
    lastSequence: 1,
    torn: { file, offset: 4_096 },
  });
});

test("files that are not the store's are left alone", () => {
  const bench = start();
  commit(bench, beat(1));
  const foreign: [string, Uint8Array][] = [
    ["server-duid", new Uint8Array([1, 2, 3])],
    ["log-1", new Uint8Array(10)],
    ["lock", new Uint8Array(0)],
  ];
  bench.disk.restore(new Map([...bench.disk.image(), ...foreign]));
  const next = start({ disk: bench.disk });
  commit(next, beat(2));
  const changes: Change[] = read(bench.disk.reader()).changes;
  expect(changes).toEqual([beat(1), beat(2)]);
  expect(bench.disk.reader().list()).toEqual(
    expect.arrayContaining(["server-duid", "log-1", "lock"]),
  );
});
