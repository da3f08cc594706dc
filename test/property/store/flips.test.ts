// A disk that forgets a bit: the store refuses, or tells the truth.

import { expect, test } from "vitest";
import { StoreWorld } from "./store-world.ts";

test("R7031-62, T-07: after any flipped bit a start finds corruption, or the state as it was but for the last group", () => {
  let corrupt = 0;
  let sound = 0;
  for (let seed = 300; seed < 308; seed++) {
    const world = new StoreWorld(seed, {
      snapshotAfterBytes: seed % 2 === 0 ? 60_000 : 1_000_000_000,
    });
    for (let i = 0; i < 60; i++) {
      for (let k = world.random.below(5); k >= 0; k--) world.appendSome();
      world.settle();
    }
    const { lastSequence } = world.store;
    // What the last group held may be lost: nothing tells it from a torn write.
    const lastGroup = 16;
    for (let i = 0; i < 60; i++) {
      const disk = world.disk.fork();
      const file = world.random.pick(disk.reader().list());
      const bytes = disk.reader().read(file, 0, disk.reader().size(file));
      // Where something is: the zeros behind the last group are many.
      let place = world.random.below(bytes.length);
      while (place > 0 && bytes[place] === 0) place = world.random.below(place);
      disk.flip(file, place, 1 << world.random.below(8));
      try {
        const { result } = world.judge(disk, lastSequence - lastGroup);
        expect(result.type).toBe("ok");
        sound += 1;
      } catch (error) {
        expect(String(error)).toContain("corrupt");
        corrupt += 1;
      }
    }
  }
  expect(corrupt).toBeGreaterThan(20);
  expect(sound).toBeGreaterThan(20);
});
