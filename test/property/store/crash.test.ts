// The store loses nothing durable and invents nothing, wherever it is interrupted.

import { expect, test } from "vitest";
import type { CrashKind } from "../../../sim/disk.ts";
import { StoreWorld } from "./store-world.ts";

const KINDS: readonly CrashKind[] = ["power", "kill"];

/** One random thing that happens to a store. */
function step(world: StoreWorld): void {
  const { random } = world;
  const kind = random.below(8);
  if (kind < 3) for (let i = random.between(1, 4); i > 0; i--) world.appendSome();
  else if (kind < 4) world.poll();
  else if (kind < 6) world.finishOne();
  else {
    for (let i = 0; i < 4; i++) {
      world.poll();
      world.finishOne();
    }
  }
}

test("R7031-62, F-530, F-538, F-545: whatever was durable is there after a crash at any point, and nothing else is", () => {
  const seen = { torn: 0, snapshots: 0, fromSnapshot: 0, segmentsRemoved: 0, starts: 0 };
  for (let seed = 1; seed <= 12; seed++) {
    const world = new StoreWorld(seed, { snapshotAfterBytes: 60_000 });
    for (let i = 0; i < 400; i++) {
      step(world);
      if (i % 8 === 0) for (const kind of KINDS) world.tryCrash(seed * 1_000 + i, kind);
      if (world.random.below(60) !== 0) continue;
      // Most crashes should meet a write in flight.
      for (let k = world.random.below(6); k > 0; k--) world.appendSome();
      world.poll();
      world.crash(world.random.pick(KINDS));
    }
    for (const name of Object.keys(seen) as (keyof typeof seen)[]) seen[name] += world.seen[name];
  }
  // A test that never saw these would prove nothing.
  expect(seen.torn).toBeGreaterThan(5);
  expect(seen.snapshots).toBeGreaterThan(20);
  expect(seen.fromSnapshot).toBeGreaterThan(10);
  expect(seen.segmentsRemoved).toBeGreaterThan(5);
  expect(seen.starts).toBeGreaterThan(30);
});

test("F-545, R7031-62: a crash between any two requests of a snapshot keeps the state, from its first slice to the last removal", () => {
  let published = 0;
  for (let seed = 100; seed < 102; seed++) {
    const world = new StoreWorld(seed, { snapshotAfterBytes: 1_000_000_000 });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 70; i++) world.appendSome();
      world.store.requestSnapshot();
      world.poll();
      for (let i = 0; world.disk.outstanding.length > 0; i++) {
        for (const kind of KINDS) world.tryCrash(seed * 7 + i, kind);
        world.finishOne();
        if (i < 40) world.appendSome();
        world.poll();
      }
    }
    published += world.store.stats.snapshots;
  }
  expect(published).toBe(6);
});

test("R7031-63, F-530: a record counts as durable only when its write was finished, and groups follow one another", () => {
  for (let seed = 200; seed < 210; seed++) {
    const world = new StoreWorld(seed);
    for (let i = 0; i < 200; i++) {
      const before = world.store.durableSequence;
      step(world);
      const writes = world.disk.outstanding
        .map((id) => world.disk.request(id))
        .filter(({ file, type }) => type === "write" && file !== "head");
      expect(writes.length).toBeLessThanOrEqual(1);
      expect(world.store.durableSequence).toBeGreaterThanOrEqual(before);
      expect(world.store.durableSequence).toBeLessThanOrEqual(world.store.lastSequence);
      if (writes.length === 1) expect(world.store.idle).toBe(false);
    }
    world.settle();
    expect(world.store.idle).toBe(true);
    expect(world.store.durableSequence).toBe(world.store.lastSequence);
    expect(world.judge(world.disk).result.type).toBe("ok");
  }
});
