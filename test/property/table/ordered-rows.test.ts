// The ordered list of rows against a sorted array, through splits and merges of its leaves.

import { expect, test } from "vitest";
import { Prng } from "../../../sim/prng.ts";
import { OrderedRows } from "../../../src/core/model/table/ordered-rows.ts";

interface Entry {
  readonly key: number;
  readonly row: number;
}

function walk(list: OrderedRows, from: number): Entry[] {
  const entries: Entry[] = [];
  for (const position = list.seek(from); list.row(position) !== 0; list.advance(position)) {
    entries.push({ key: list.key(position), row: list.row(position) });
  }
  return entries;
}

/** Keys as they come: ever growing, few and equal, or anywhere. */
const KEYS: Readonly<Record<string, (random: Prng, step: number) => number>> = {
  growing: (_, step) => step * 3,
  equal: (random) => random.below(3),
  anywhere: (random) => random.next() * 1_000_003,
};

for (const [name, keyOf] of Object.entries(KEYS)) {
  test(`rows are in order and found whatever was added and removed (keys: ${name})`, () => {
    const random = new Prng(11, name);
    const list = new OrderedRows();
    const held = new Map<number, number>();
    for (let step = 1; step <= 12_000; step++) {
      // Grows to some thousands, then shrinks to none.
      const grow = step < 7_000 ? 0.7 : 0.15;
      const row = random.between(1, 9_000);
      const key = held.get(row);
      if (key !== undefined) {
        list.remove(key, row);
        held.delete(row);
      } else if (random.chance(grow)) {
        const fresh = keyOf(random, step);
        list.add(fresh, row);
        held.set(row, fresh);
      }
      if (step % 600 !== 0) continue;
      const expected = [...held]
        .map(([own, value]): Entry => ({ key: value, row: own }))
        .sort((a, b) => a.key - b.key || a.row - b.row);
      expect(list.size).toBe(expected.length);
      expect(walk(list, 0)).toEqual(expected);
      const from = expected[random.below(expected.length)]?.key ?? 0;
      for (const start of [from, from + 1]) {
        expect(walk(list, start)).toEqual(expected.filter((entry) => entry.key >= start));
      }
    }
    for (const [row, key] of held) list.remove(key, row);
    expect(list.size).toBe(0);
    expect(walk(list, 0)).toEqual([]);
  });
}
