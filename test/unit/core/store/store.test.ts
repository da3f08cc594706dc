// The store as a machine: which requests it makes, when, and what it does when one fails (DESIGN §5, T-07, T-08).

import { expect, test } from "vitest";
import { Prng } from "../../../../sim/prng.ts";
import type { Change } from "../../../../src/core/model/change.ts";
import type { Lease } from "../../../../src/core/model/lease.ts";
import {
  beat,
  commit,
  finish,
  padded,
  poll,
  read,
  SEGMENT,
  STORE_ID,
  settle,
  start,
  writes,
} from "./helpers.ts";

test("DESIGN §5: a first start makes a zeroed segment, writes at its beginning and zeroes the next one ahead", () => {
  const bench = start();
  expect(bench.store.append(beat(1))).toBe(1);
  expect(poll(bench).map(({ type }) => type)).toEqual(["zero"]);
  finish(bench);
  const [write, zero] = poll(bench);
  expect(write).toMatchObject({ type: "write", offset: 0 });
  expect(zero).toMatchObject({ type: "zero", size: SEGMENT });
  expect(bench.store.durableSequence).toBe(0);
  finish(bench);
  expect(bench.store.durableSequence).toBe(1);
  expect(bench.store.storeId).toBe(STORE_ID);
  expect(bench.store.idle).toBe(true);
});

test("R7031-63: one write is outstanding at a time, and all that was appended meanwhile is the next group", () => {
  const bench = start();
  commit(bench, beat(1));
  bench.store.append(beat(2));
  expect(poll(bench).map(({ type }) => type)).toEqual(["write"]);
  for (let i = 3; i <= 50; i++) bench.store.append(beat(i));
  expect(poll(bench)).toEqual([]);
  expect(bench.store.durableSequence).toBe(1);
  finish(bench);
  expect(bench.store.durableSequence).toBe(2);
  expect(poll(bench).map(({ type }) => type)).toEqual(["write"]);
  finish(bench);
  expect(bench.store.durableSequence).toBe(50);
  expect(bench.store.stats).toMatchObject({ groups: 3, records: 50, largestGroupRecords: 48 });
});

test("DESIGN §5: groups never share a sector, never overlap and never cross the end of a segment", () => {
  const bench = start();
  const random = new Prng(7);
  for (let i = 0; i < 300; i++) {
    for (let k = random.below(6); k >= 0; k--) bench.store.append(padded(random.below(8_000)));
    settle(bench);
  }
  const ends = new Map<string, number>();
  for (const { file, offset, bytes } of writes(bench)) {
    expect(offset % 4_096).toBe(0);
    expect(bytes.length % 4_096).toBe(0);
    expect(offset).toBe(ends.get(file) ?? 0);
    ends.set(file, offset + bytes.length);
    expect(offset + bytes.length).toBeLessThanOrEqual(SEGMENT);
  }
  expect(ends.size).toBeGreaterThan(5);
});

test("DESIGN §5: a segment is filled to its very end before the next one is begun", () => {
  const bench = start();
  for (let i = 1; i <= SEGMENT / 4_096 + 1; i++) commit(bench, beat(i));
  const places = writes(bench).map(({ file, offset }) => ({ file, offset }));
  expect(places.at(-2)).toEqual({ file: places[0]?.file, offset: SEGMENT - 4_096 });
  expect(places.at(-1)).toMatchObject({ offset: 0 });
  expect(read(bench.disk.reader()).sequences.length).toBe(places.length);
});

const LARGE = 16_777_216;

test("DESIGN §5: a group has at most a mebibyte, whatever gathered", () => {
  const bench = start({ segmentBytes: LARGE });
  commit(bench, beat(1));
  for (let i = 0; i < 1_000; i++) bench.store.append(padded(8_000));
  settle(bench);
  expect(Math.max(...writes(bench).map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(
    1_048_576,
  );
  expect(writes(bench).length).toBeLessThan(12);
  expect(read(bench.disk.reader(), LARGE).changes.length).toBe(1_001);
});

test("T-08, R7031-62: a failed write is final: nothing is retried, and nothing counts as durable any more", () => {
  const bench = start();
  commit(bench, beat(1));
  bench.store.append(beat(2));
  const [write] = poll(bench);
  bench.store.append(beat(3));
  bench.store.complete(bench.disk.fail(write?.id as number, "EIO: input/output error"));
  expect(bench.store.failed).toContain("EIO");
  bench.store.retry();
  bench.store.requestSnapshot();
  expect(poll(bench)).toEqual([]);
  expect(bench.store.durableSequence).toBe(1);
  expect(bench.store.idle).toBe(false);
});

test("T-08: when no segment can be made the store says so, keeps what waits and goes on when there is room", () => {
  const bench = start();
  bench.disk.capacity = SEGMENT;
  commit(bench, beat(1));
  expect(bench.store.trouble).toContain("ENOSPC");
  expect(bench.store.starved).toBe(false);
  for (let i = 0; i < 30; i++) bench.store.append(padded(4_000));
  settle(bench);
  expect(bench.store.starved).toBe(true);
  expect(bench.store.failed).toBeUndefined();
  expect(bench.store.idle).toBe(false);
  bench.store.retry();
  settle(bench);
  expect(bench.store.starved).toBe(true);
  bench.disk.capacity = 100 * SEGMENT;
  bench.store.retry();
  settle(bench);
  expect(bench.store.trouble).toBeUndefined();
  expect(bench.store.starved).toBe(false);
  expect(bench.store.durableSequence).toBe(31);
  expect(read(bench.disk.reader()).result).toMatchObject({
    type: "ok",
    lastSequence: 31,
    torn: undefined,
  });
  // No name was used twice, and what failed was removed.
  const zeroed = bench.log
    .filter(({ type, file }) => type === "zero" && file !== "head")
    .map(({ file }) => file);
  expect(new Set(zeroed).size).toBe(zeroed.length);
});

test("F-299: a version is never from the future, so that a late acknowledgement cannot clear a newer mark", () => {
  const { store } = start();
  const lease = { version: 2 } as unknown as Lease;
  expect(() => store.append({ type: "lease", lease })).toThrow("version");
  const block = { version: 9 } as unknown as Extract<Change, { type: "block" }>["block"];
  expect(() => store.append({ type: "block", block })).toThrow("version");
});

test("results of unknown requests are ignored", () => {
  const { store } = start();
  store.complete({ type: "disk-done", id: 99 });
  store.complete({ type: "disk-failed", id: 98, error: "EIO" });
  expect(store.failed).toBeUndefined();
});

test("T-07: a store keeps its id, and its sequence goes on over restarts", () => {
  const first = start();
  commit(first, beat(1), beat(2), beat(3));
  const second = start({ disk: first.disk, storeId: "f".repeat(32) });
  expect(second.store.storeId).toBe(STORE_ID);
  expect(second.store.lastSequence).toBe(3);
  expect(second.store.durableSequence).toBe(3);
  expect(second.store.nextSequence).toBe(4);
  commit(second, beat(4));
  expect(read(first.disk.reader()).sequences).toEqual([1, 2, 3, 4]);
  // After a clean end the same segment is used on.
  expect(writes(second)[0]).toMatchObject({ file: writes(first)[0]?.file, offset: 3 * 4_096 });
});

test("T-07: a rolled-back disk shows a lower sequence than the partner has seen, and the same id", () => {
  const bench = start();
  commit(bench, beat(1), beat(2));
  const backup = bench.disk.image();
  commit(bench, beat(3), beat(4), beat(5));
  bench.disk.restore(backup);
  const restored = start({ disk: bench.disk });
  expect(restored.store.lastSequence).toBe(2);
  expect(restored.store.storeId).toBe(STORE_ID);
});

test("T-07: the sequences of a torn group are not used again, and the log goes on in a fresh segment", () => {
  for (const keep of [4_000, 100, 77, 76, 40]) {
    const bench = start();
    commit(bench, beat(1), beat(2));
    for (let i = 3; i <= 12; i++) bench.store.append(padded(700));
    const [write] = poll(bench);
    if (write?.type !== "write") throw new Error("no write");
    // Only the first octets of the group reach the disk.
    bench.disk.submit({ ...write, id: 1_000, bytes: write.bytes.subarray(0, keep) });
    bench.disk.finish(1_000);
    bench.disk.restore(bench.disk.image());
    const { result } = read(bench.disk.reader());
    expect(result).toMatchObject({
      type: "ok",
      lastSequence: 2,
      torn: { file: write.file, offset: write.offset },
    });
    const next = start({ disk: bench.disk });
    expect(next.store.nextSequence).toBe(keep >= 76 ? 13 : 2 + Math.ceil(keep / 12) + 1);
    commit(next, beat(99));
    expect(writes(next)[0]?.file).not.toBe(write.file);
    const again = read(bench.disk.reader());
    expect(again.result).toMatchObject({
      type: "ok",
      torn: undefined,
      lastSequence: next.store.lastSequence,
    });
    expect(again.changes).toEqual([beat(1), beat(2), beat(99)]);
  }
});

test("T-07: a torn first group leaves an empty store, whose sequence goes on behind it", () => {
  const bench = start();
  for (let i = 0; i < 5; i++) bench.store.append(padded(900));
  poll(bench);
  finish(bench);
  const [write] = poll(bench);
  if (write?.type !== "write") throw new Error("no write");
  bench.disk.submit({ ...write, id: 1_000, bytes: write.bytes.subarray(0, 1_000) });
  bench.disk.finish(1_000);
  bench.disk.restore(bench.disk.image());
  expect(read(bench.disk.reader()).result).toMatchObject({ type: "empty", torn: { offset: 0 } });
  const next = start({ disk: bench.disk });
  expect(next.store.nextSequence).toBe(6);
  commit(next, beat(1));
  expect(read(bench.disk.reader()).result).toMatchObject({ type: "ok", lastSequence: 6 });
  expect(bench.disk.reader().list()).not.toContain(write.file);
});

test("T-07: what is noted and snapshotted behind a torn group speaks of records that are there", () => {
  const bench = start();
  commit(bench, beat(1));
  for (let i = 0; i < 9; i++) bench.store.append(padded(700));
  const [write] = poll(bench);
  if (write?.type !== "write") throw new Error("no write");
  bench.disk.submit({ ...write, id: 1_000, bytes: write.bytes.subarray(0, 512) });
  bench.disk.finish(1_000);
  bench.disk.restore(bench.disk.image());
  const next = start({ disk: bench.disk });
  expect(next.store.lastSequence).toBe(10);
  next.store.note();
  next.store.requestSnapshot();
  settle(next);
  expect(next.store.stats.snapshots).toBe(1);
  expect(read(bench.disk.reader()).result).toMatchObject({ type: "ok", lastSequence: 1 });
});

test("a restart without writes leaves no segments behind", () => {
  const bench = start();
  commit(bench, beat(1));
  for (let i = 0; i < 20; i++) settle(start({ disk: bench.disk }));
  const segments = bench.disk
    .reader()
    .list()
    .filter((name) => name.startsWith("log-"));
  expect(segments.length).toBeLessThanOrEqual(2);
});

test("what rides starts no write of its own and goes with the next one, or when all is asked for", () => {
  const bench = start();
  settle(bench);
  const { store } = bench;
  const emitted = (all: boolean) => {
    const before = writes(bench).length;
    store.poll((request) => {
      bench.log.push(request);
      bench.disk.submit(request);
    }, all);
    finish(bench);
    return writes(bench).length - before;
  };
  store.append(beat(1), true);
  expect([emitted(false), store.durableSequence, store.idle]).toEqual([0, 0, false]);
  store.append(beat(2));
  store.append(beat(3), true);
  expect([emitted(false), store.durableSequence]).toEqual([1, 3]);
  // Its write is done: nothing urgent is left, though something came meanwhile.
  store.append(beat(4), true);
  expect([emitted(false), emitted(true), store.durableSequence]).toEqual([0, 1, 4]);
});
