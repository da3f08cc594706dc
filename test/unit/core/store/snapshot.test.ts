// Snapshots: sliced, fuzzy, published only over a durable log, with the one before kept (DESIGN §5).

import { expect, test } from "vitest";
import type { Change } from "../../../../src/core/model/change.ts";
import type { SnapshotSource } from "../../../../src/core/store/store.ts";
import { type Bench, beat, commit, finish, padded, poll, read, settle, start } from "./helpers.ts";

/** A source that walks the given relationships, `size` a slice. */
function sourceOf(all: readonly Change[], size = 2): SnapshotSource {
  return {
    slice: (cursor) => {
      const next = cursor + size < all.length ? cursor + size : undefined;
      return { changes: all.slice(cursor, cursor + size), next };
    },
  };
}

const state = ["a", "b", "c", "d", "e"].map((name) => padded(10, name));

function snapshot(bench: Bench): void {
  bench.store.requestSnapshot();
  settle(bench);
}

test("DESIGN §5: a snapshot goes in slices, one request at a time, and replaces the log before it", () => {
  const bench = start({ source: sourceOf(state) });
  commit(bench, beat(1));
  bench.store.requestSnapshot();
  const kinds: string[] = [];
  for (let requests = poll(bench); requests.length > 0; requests = poll(bench)) {
    expect(requests.length).toBe(1);
    kinds.push(...requests.map(({ type }) => type));
    finish(bench);
  }
  expect(kinds).toEqual(["append", "append", "append", "publish", "write"]);
  expect(bench.store.stats.snapshots).toBe(1);
  const { result, changes } = read(bench.disk.reader());
  expect(changes).toEqual(state);
  expect(result).toMatchObject({
    type: "ok",
    lastSequence: 1,
    figures: { snapshotRecords: 5, groups: 0 },
  });
});

test("R7031-62: a snapshot is published only when the log is durable past its end", () => {
  const bench = start({ source: sourceOf(state) });
  commit(bench, beat(1));
  bench.store.append(beat(2));
  bench.store.requestSnapshot();
  const [write, ...slices] = poll(bench);
  expect(write?.type).toBe("write");
  const later: number[] = slices.map(({ id }) => id);
  while (later.length > 0) {
    bench.store.complete(bench.disk.finish(later.shift() as number));
    const requests = poll(bench);
    expect(requests.some(({ type }) => type === "publish")).toBe(false);
    later.push(...requests.map(({ id }) => id));
  }
  bench.store.complete(bench.disk.finish(write?.id as number));
  expect(poll(bench).map(({ type }) => type)).toEqual(["publish"]);
});

test("R7031-62: a snapshot whose log does not reach its end is refused", () => {
  const bench = start({ source: sourceOf(state) });
  commit(bench, beat(1));
  const before = bench.disk.image();
  bench.store.requestSnapshot();
  poll(bench);
  // This may be in a slice or not: only the log tells.
  bench.store.append(beat(2));
  settle(bench);
  expect(read(bench.disk.reader()).result).toMatchObject({ type: "ok", lastSequence: 2 });
  const files = new Map(bench.disk.image());
  for (const [name, bytes] of before) if (name.startsWith("log-")) files.set(name, bytes);
  bench.disk.restore(files);
  expect(read(bench.disk.reader()).result).toMatchObject({ type: "corrupt" });
});

test("T-07: a start from a snapshot alone goes on behind its sequence", () => {
  const bench = start({ source: sourceOf(state) });
  commit(bench, beat(1), beat(2), beat(3));
  snapshot(bench);
  const only = [...bench.disk.image()].filter(([name]) => name.startsWith("snapshot-"));
  bench.disk.restore(new Map(only));
  const next = start({ disk: bench.disk, source: sourceOf(state) });
  expect(next.store.nextSequence).toBe(4);
  commit(next, beat(4));
  const { result, changes } = read(bench.disk.reader());
  expect(changes).toEqual([...state, beat(4)]);
  expect(result).toMatchObject({ type: "ok", lastSequence: 4 });
});

test("DESIGN §5: the previous snapshot stays, with the segments it needs, until the next one is there", () => {
  const bench = start({ source: sourceOf(state) });
  const names = (kind: string) =>
    bench.disk
      .reader()
      .list()
      .filter((name) => name.startsWith(kind));
  const fill = () => {
    for (let i = 0; i < 40; i++) commit(bench, beat(i));
  };
  fill();
  const firstSegment = names("log-")[0];
  snapshot(bench);
  expect(names("snapshot-").length).toBe(1);
  // The log from its beginning is the generation before the first snapshot.
  expect(names("log-")[0]).toBe(firstSegment);
  fill();
  snapshot(bench);
  expect(names("snapshot-").length).toBe(2);
  expect(names("log-")[0]).not.toBe(firstSegment);
  fill();
  snapshot(bench);
  fill();
  expect(names("snapshot-").length).toBe(2);
  expect(names("log-").length).toBeLessThan(10);

  // The newest is damaged: the one before and the log behind it make good for it.
  const sound = read(bench.disk.reader());
  const newest = names("snapshot-").at(-1) as string;
  bench.disk.flip(newest, 60, 1);
  const { result, changes } = read(bench.disk.reader());
  expect(result).toMatchObject({ type: "ok", mended: [{ file: newest }] });
  if (result.type !== "ok" || sound.result.type !== "ok") throw new Error("not ok");
  expect(result.lastSequence).toBe(sound.result.lastSequence);
  expect(changes.slice(0, 5)).toEqual(state);
  expect(changes.length).toBe(5 + 80);

  // It goes with the next snapshot.
  const next = start({ disk: bench.disk, source: sourceOf(state) });
  snapshot(next);
  expect(names("snapshot-")).not.toContain(newest);
  expect(names("snapshot-").length).toBe(2);
  expect(read(bench.disk.reader()).result).toMatchObject({ type: "ok", mended: [] });
});

test("R7031-62: when no snapshot is whole and the log does not begin at the beginning, the store is corrupt", () => {
  const bench = start({ source: sourceOf(state) });
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 40; i++) commit(bench, beat(i));
    snapshot(bench);
  }
  for (const name of bench.disk.reader().list())
    if (name.startsWith("snapshot-")) bench.disk.flip(name, 90, 4);
  expect(read(bench.disk.reader()).result).toMatchObject({ type: "corrupt" });
});

test("a snapshot is taken after so much log, and at least as much as the last snapshot has", () => {
  const large = Array.from({ length: 60 }, (_, i) => padded(6_000, `r${i}`));
  const bench = start({ source: sourceOf(large, 20), snapshotAfterBytes: 40_960 });
  for (let i = 0; i < 9; i++) commit(bench, beat(i));
  expect(bench.store.stats.snapshots).toBe(0);
  commit(bench, beat(9));
  expect(bench.store.stats.snapshots).toBe(1);
  const { snapshotBytes } = bench.store.stats;
  expect(snapshotBytes).toBeGreaterThan(360_000);
  for (let i = 0; i < 80; i++) commit(bench, beat(i));
  expect(bench.store.stats.snapshots).toBe(1);
  for (let i = 0; i < 20; i++) commit(bench, beat(i));
  expect(bench.store.stats.snapshots).toBe(2);
});

test("T-08: a snapshot that cannot be written is given up and tried again; the log is whole without it", () => {
  for (const failing of ["append", "publish"]) {
    const bench = start({ source: sourceOf(state) });
    commit(bench, beat(1));
    bench.store.requestSnapshot();
    for (let done = false; !done; ) {
      for (const request of poll(bench)) {
        done = request.type === failing;
        const answer = done ? bench.disk.fail(request.id, "ENOSPC") : bench.disk.finish(request.id);
        bench.store.complete(answer);
      }
    }
    expect(bench.store.trouble).toContain("ENOSPC");
    expect(bench.store.failed).toBeUndefined();
    commit(bench, beat(2));
    expect(
      bench.disk
        .reader()
        .list()
        .some((name) => name.includes("snapshot")),
    ).toBe(false);
    bench.store.retry();
    settle(bench);
    expect(bench.store.stats.snapshots).toBe(1);
    const names = bench.log.filter(({ type }) => type === "append").map(({ file }) => file);
    expect(new Set(names).size).toBe(2);
    expect(read(bench.disk.reader()).result).toMatchObject({ type: "ok", lastSequence: 2 });
  }
});

test("an unfinished snapshot of an earlier run is removed and its name is not used again", () => {
  const bench = start({ source: sourceOf(state) });
  commit(bench, beat(1));
  bench.store.requestSnapshot();
  poll(bench);
  finish(bench);
  bench.disk.restore(bench.disk.image());
  const [unfinished] = bench.disk
    .reader()
    .list()
    .filter((name) => name.endsWith(".tmp"));
  const next = start({ disk: bench.disk, source: sourceOf(state) });
  snapshot(next);
  expect(bench.disk.reader().list()).not.toContain(unfinished);
  expect(next.log.filter(({ type }) => type === "append").map(({ file }) => file)).not.toContain(
    unfinished,
  );
});

test("a removal that fails is counted and harms nothing", () => {
  const bench = start({ source: sourceOf(state) });
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 40; i++) commit(bench, beat(i));
    bench.store.requestSnapshot();
    for (let requests = poll(bench); requests.length > 0; requests = poll(bench)) {
      for (const { id, type } of requests) {
        bench.store.complete(
          type === "remove" ? bench.disk.fail(id, "EPERM") : bench.disk.finish(id),
        );
      }
    }
  }
  expect(bench.store.stats.removeFailures).toBeGreaterThan(0);
  expect(bench.store.failed).toBeUndefined();
  expect(read(bench.disk.reader()).result).toMatchObject({ type: "ok", mended: [] });
});
