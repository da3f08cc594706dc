// Files of the state directory that were harmed: a start finds every lease, or says that something is wrong.

import { expect, test } from "vitest";
import { crc32 } from "../../../sim/crc32.ts";
import type { DiskImage } from "../../../sim/disk.ts";
import type { Prng } from "../../../sim/prng.ts";
import { replay } from "../../../src/core/store/replay.ts";
import { State, StoreWorld } from "./store-world.ts";

const SEGMENT = 65_536;

type Harm = (bytes: Uint8Array, random: Prng, other: Uint8Array) => Uint8Array | undefined;

/** Somewhere, and every other time where something is. */
function place(bytes: Uint8Array, random: Prng): number {
  let at = random.below(Math.max(1, bytes.length));
  if (random.chance(0.5)) while (at > 0 && bytes[at] === 0) at = random.below(at);
  return at;
}

/** Puts `make`'s octets over a range; ranges of whole pages and sectors are the likely ones. */
function over(bytes: Uint8Array, random: Prng, make: (length: number) => Uint8Array): Uint8Array {
  const unit = random.pick([1, 512, 4_096]);
  const from = Math.floor(place(bytes, random) / unit) * unit;
  const length = Math.min(bytes.length - from, unit * random.between(1, 8));
  const harmed = bytes.slice();
  harmed.set(make(length), from);
  return harmed;
}

const HARMS: Readonly<Record<string, Harm>> = {
  removed: () => undefined,
  "cut short": (bytes, random) => bytes.slice(0, place(bytes, random)),
  "cut at a page": (bytes, random) =>
    bytes.slice(0, Math.floor(place(bytes, random) / 4_096) * 4_096),
  longer: (bytes, random) => {
    const longer = new Uint8Array(bytes.length + random.between(1, 9_000));
    longer.set(bytes);
    return longer;
  },
  "a bit flipped": (bytes, random) => {
    const harmed = bytes.slice();
    const at = place(bytes, random);
    if (at < harmed.length) harmed[at] = (harmed[at] as number) ^ (1 << random.below(8));
    return harmed;
  },
  zeroed: (bytes, random) => over(bytes, random, (length) => new Uint8Array(length)),
  "zeroed whole": (bytes) => new Uint8Array(bytes.length),
  "other octets": (bytes, random) => over(bytes, random, (length) => random.bytes(length)),
  "a part of another file": (bytes, random, other) =>
    over(bytes, random, (length) => {
      const part = new Uint8Array(length);
      part.set(other.subarray(0, length));
      return part;
    }),
  "another file": (_, __, other) => other.slice(),
};

/** What a start finds; "all": every change is there, and nothing is said. */
function verdictOf(world: StoreWorld, digest: string): "all" | "said" | "refused" | "silent" {
  const state = new State();
  const apply = state.apply.bind(state);
  const result = replay({ reader: world.disk.reader(), crc32, segmentBytes: SEGMENT, apply });
  if (result.type === "corrupt") return "refused";
  const isSaid = result.torn !== undefined || (result.type === "ok" && result.mended.length > 0);
  if (isSaid) return "said";
  return state.digest() === digest ? "all" : "silent";
}

function harmOne(world: StoreWorld, image: DiskImage, harm: Harm): string {
  const names = [...image.keys()];
  const file = world.random.pick(names);
  const other = image.get(world.random.pick(names)) as Uint8Array;
  const harmed = harm(image.get(file) as Uint8Array, world.random, other);
  const files = new Map([...image].filter(([name]) => name !== file));
  if (harmed !== undefined) files.set(file, harmed);
  world.disk.restore(files);
  return file;
}

test("R7031-62: whatever happens to a file, a start has all that was acknowledged, or refuses, or says so", () => {
  const seen = { all: 0, said: 0, refused: 0, silent: 0 };
  for (let seed = 500; seed < 512; seed++) {
    const world = new StoreWorld(seed, {
      segmentBytes: SEGMENT,
      snapshotAfterBytes: seed % 3 === 0 ? 1_000_000_000 : 60_000,
    });
    for (let i = 0; i < 60; i++) {
      for (let k = world.random.below(5); k >= 0; k--) world.appendSome();
      world.settle();
    }
    // As with each heartbeat of a server.
    world.store.note();
    world.settle();
    const digest = world.state.digest();
    const image = world.disk.image();
    for (const [name, harm] of Object.entries(HARMS)) {
      for (let i = 0; i < 12; i++) {
        const file = harmOne(world, image, harm);
        const verdict = verdictOf(world, digest);
        seen[verdict] += 1;
        if (verdict === "silent")
          throw new Error(`seed ${seed}: ${file}, ${name}: lost in silence`);
      }
    }
  }
  // A test that never saw these would prove nothing.
  expect(seen.all).toBeGreaterThan(50);
  expect(seen.said).toBeGreaterThan(50);
  expect(seen.refused).toBeGreaterThan(200);
});

test("R7031-62: before it is noted how far the log goes, the last write alone may be lost in silence", () => {
  for (let seed = 520; seed < 524; seed++) {
    const world = new StoreWorld(seed, { segmentBytes: SEGMENT, snapshotAfterBytes: 60_000 });
    for (let i = 0; i < 40; i++) {
      for (let k = world.random.below(5); k >= 0; k--) world.appendSome();
      world.settle();
    }
    const before = world.state.digest();
    world.appendSome();
    world.settle();
    const digest = world.state.digest();
    const image = world.disk.image();
    for (const harm of Object.values(HARMS)) {
      for (let i = 0; i < 20; i++) {
        harmOne(world, image, harm);
        if (verdictOf(world, digest) === "silent") expect(verdictOf(world, before)).toBe("all");
      }
    }
  }
});

test("R7031-62: what is mended is written once more: after the next snapshot nothing is said any longer", () => {
  let mended = 0;
  for (let seed = 600; seed < 606; seed++) {
    const world = new StoreWorld(seed, { segmentBytes: SEGMENT, snapshotAfterBytes: 60_000 });
    for (let i = 0; i < 120; i++) {
      for (let k = world.random.below(5); k >= 0; k--) world.appendSome();
      world.settle();
    }
    const newest = world.disk
      .reader()
      .list()
      .findLast((name) => name.startsWith("snapshot-"));
    if (newest === undefined) continue;
    world.disk.flip(newest, 100, 1);
    const result = world.crash("kill");
    expect(result).toMatchObject({ type: "ok", mended: [{ file: newest }] });
    world.store.requestSnapshot();
    world.settle();
    expect(world.judge(world.disk).result).toMatchObject({ type: "ok", mended: [] });
    mended += 1;
  }
  expect(mended).toBeGreaterThan(3);
});
