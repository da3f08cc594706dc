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
  settle,
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

test("R7031-62: a flipped bit in the last group is found: no sector of it is missing, as after a torn write", () => {
  const bench = longLog();
  const last = writes(bench).at(-1);
  if (last === undefined) throw new Error("no write");
  for (const place of [0, 20, GROUP_HEADER_BYTES, GROUP_HEADER_BYTES + 5]) {
    bench.disk.flip(last.file, last.offset + place, 16);
    const { result } = read(bench.disk.reader());
    expect(result).toMatchObject({ type: "corrupt", file: last.file, offset: last.offset });
    bench.disk.flip(last.file, last.offset + place, 16);
  }
});

test("R7031-62: a last group that lost a sector is like a torn write: it is dropped and reported", () => {
  const bench = start();
  commit(bench, beat(1), padded(3_000));
  const last = writes(bench).at(-1);
  if (last === undefined) throw new Error("no write");
  for (const sector of [0, 2]) {
    const disk = bench.disk.fork();
    patch(disk, last.file, last.offset + sector * 512, new Uint8Array(512));
    const { file, offset } = last;
    const { result } = read(disk.reader());
    expect(result).toMatchObject({ type: "ok", lastSequence: 1, torn: { file, offset } });
  }
});

test("R7031-62: a segment of any other size is refused, cut short or longer, wherever it ends", () => {
  const bench = longLog();
  const image = bench.disk.image();
  const segments = [...image.keys()].filter((name) => name.startsWith("log-"));
  const last = segments.at(-2) as string;
  const random = new Prng(5);
  for (const file of segments) {
    const bytes = image.get(file) as Uint8Array;
    const lengths = [0, 4_096, bytes.length - 1, bytes.length + 1, bytes.length * 2];
    for (let i = 0; i < 20; i++) lengths.push(random.below(bytes.length));
    // Behind the last group too: whether something stood there nobody can tell.
    if (file === last) lengths.push(bytes.length - 4_096);
    for (const length of lengths) {
      const other = new Uint8Array(length);
      other.set(bytes.subarray(0, length));
      bench.disk.restore(new Map([...image, [file, other]]));
      const { result } = read(bench.disk.reader());
      expect(result, `${file} ${length}`).toMatchObject({ type: "corrupt", file });
    }
  }
});

test("R7031-62: the last segments lost, with or without the next one made ahead: `head` knows that there was more", () => {
  const bench = longLog();
  const image = bench.disk.image();
  const segments = [...image.keys()].filter((name) => name.startsWith("log-"));
  for (let kept = 0; kept < segments.length - 1; kept++) {
    const lost = new Set(segments.slice(kept));
    for (const ahead of [undefined, segments.at(-1)]) {
      const left = [...image].filter(([name]) => !lost.has(name) || name === ahead);
      bench.disk.restore(new Map(left));
      const { result } = read(bench.disk.reader());
      expect(result, `${kept} ${ahead}`).toMatchObject({ type: "corrupt" });
    }
  }
});

test("`head` missing, cut, empty or damaged loses nothing, is said, and is made anew", () => {
  const bench = longLog();
  const image = bench.disk.image();
  const head = image.get("head") as Uint8Array;
  const flipped = head.slice();
  flipped[8] = (flipped[8] as number) ^ 1;
  const cases = [undefined, head.subarray(0, 4_096), new Uint8Array(8_192), flipped];
  for (const bytes of cases) {
    const files = new Map([...image].filter(([name]) => name !== "head"));
    if (bytes !== undefined) files.set("head", bytes);
    bench.disk.restore(files);
    const { result } = read(bench.disk.reader());
    expect(result).toMatchObject({ type: "ok", lastSequence: 60, mended: [{ file: "head" }] });
    const next = start({ disk: bench.disk });
    commit(next, beat(61));
    expect(read(bench.disk.reader()).result).toMatchObject({ type: "ok", mended: [] });
  }
});

test("how far the log goes is noted at a planned end and with each heartbeat: then a lost last group is found", () => {
  const bench = start();
  commit(bench, beat(1), beat(2), beat(3));
  const last = writes(bench).at(-1);
  if (last === undefined) throw new Error("no write");
  const lose = (): string => {
    const disk = bench.disk.fork();
    patch(disk, last.file, last.offset, new Uint8Array(4_096));
    return read(disk.reader()).result.type;
  };
  expect(lose()).toBe("ok");
  bench.store.note();
  expect(bench.store.isNoted).toBe(false);
  settle(bench);
  expect(bench.store.isNoted).toBe(true);
  expect(lose()).toBe("corrupt");
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
