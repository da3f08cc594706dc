// The block map of delegable prefixes: disjoint, aligned, split by halves (RFC 8156 §4.2.2).

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  buddyOf,
  createBlockMap,
  parentOf,
  remainder,
  splitHalf,
} from "../../../../src/core/model/block-map.ts";
import type { Block } from "../../../../src/core/model/blocks.ts";
import {
  containsPrefix,
  ipv6FromBigint,
  maskTo,
  overlaps,
  type Prefix,
  parsePrefix,
} from "../../../../src/core/model/ipv6.ts";

/** Pools of one relationship, and behind them of another. */
const relationshipOf = ({ address }: Prefix) =>
  address >= prefixOf("2001:db8:c000::/34").address ? "other" : "pair";
const prefixOf = (text: string): Prefix => parsePrefix(text) as Prefix;

function block(text: string, changes: Partial<Block> = {}): Block {
  return {
    ...prefixOf(text),
    status: "FREE",
    link: "lan",
    startTimeOfState: 1,
    version: 1,
    givenAt: 1,
    marked: false,
    ...changes,
  };
}

test("RFC 8156 §4.2.2: half of a pool is one block for the secondary, found by any prefix in it", () => {
  const map = createBlockMap(relationshipOf);
  const [lower, upper] = splitHalf(block("2001:db8::/32"));
  map.put(lower);
  map.put({ ...upper, status: "FREE-BACKUP", marked: true, version: 7 });
  const owner = (text: string) => {
    const { address, length } = prefixOf(text);
    return map.containing(address, length)?.status;
  };
  expect(owner("2001:db8:0:100::/56")).toBe("FREE");
  expect(owner("2001:db8:7fff:ff00::/56")).toBe("FREE");
  expect(owner("2001:db8:8000::/56")).toBe("FREE-BACKUP");
  expect(owner("2001:db8::/32")).toBeUndefined();
  expect(owner("2001:db7:ffff::/56")).toBeUndefined();
  expect(owner("2001:db9::/56")).toBeUndefined();
  expect(map.marked("pair").map(({ version }) => version)).toEqual([7]);
  expect(map.markedCount("pair")).toBe(1);
});

test("F-033: marked blocks come in order of version; a block put again without its mark leaves them", () => {
  const map = createBlockMap(relationshipOf);
  map.put(block("2001:db8:1::/48", { marked: true, version: 9 }));
  map.put(block("2001:db8:2::/48", { marked: true, version: 4 }));
  map.put(block("2001:db8:3::/48", { version: 5 }));
  expect(map.marked("pair").map(({ version }) => version)).toEqual([4, 9]);
  map.put(block("2001:db8:2::/48", { version: 10 }));
  expect(map.marked("pair").map(({ version }) => version)).toEqual([9]);
  map.remove(prefixOf("2001:db8:1::/48"));
  expect([map.markedCount("pair"), map.size]).toEqual([0, 2]);
  map.remove(prefixOf("2001:db8:1::/48"));
  expect(map.size).toBe(2);
});

test("splitHalf, buddyOf, parentOf and remainder are what their names say", () => {
  expect(splitHalf(prefixOf("2001:db8::/32"))).toEqual([
    prefixOf("2001:db8::/33"),
    prefixOf("2001:db8:8000::/33"),
  ]);
  expect(buddyOf(prefixOf("2001:db8::/33"))).toEqual(prefixOf("2001:db8:8000::/33"));
  expect(buddyOf(prefixOf("2001:db8:8000::/33"))).toEqual(prefixOf("2001:db8::/33"));
  expect(parentOf(prefixOf("2001:db8:8000::/33"))).toEqual(prefixOf("2001:db8::/32"));
  expect(remainder(prefixOf("2001:db8::/32"), prefixOf("2001:db8:4000::/34"))).toEqual([
    prefixOf("2001:db8:8000::/33"),
    prefixOf("2001:db8::/34"),
  ]);
  expect(remainder(prefixOf("2001:db8::/32"), prefixOf("2001:db8::/32"))).toEqual([]);
  expect(() => splitHalf(prefixOf("2001:db8::1/128"))).toThrow("halves");
  expect(() => remainder(prefixOf("2001:db8::/32"), prefixOf("2001:db9::/33"))).toThrow("part");
  expect(() =>
    createBlockMap(relationshipOf).put({ ...block("2001:db8::/32"), length: 16 }),
  ).toThrow("aligned");
});

test("blocks are disjoint whatever is put, and every question agrees with a plain list", () => {
  const prefixes = fc
    .tuple(fc.nat(255), fc.integer({ min: 0, max: 8 }))
    .map(([bits, length]): Prefix => {
      const whole = ipv6FromBigint((0x20010db8n << 96n) | (BigInt(bits) << 88n));
      return { address: maskTo(whole, 32 + length), length: 32 + length };
    });
  const steps = fc.array(fc.record({ prefix: prefixes, put: fc.boolean(), marked: fc.boolean() }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, prefixes, (list, asked) => {
      const map = createBlockMap(relationshipOf);
      let plain: Block[] = [];
      list.forEach(({ prefix, put, marked }, version) => {
        const next: Block = {
          ...prefix,
          status: "FREE",
          link: "lan",
          startTimeOfState: 0,
          version,
          givenAt: version,
          marked,
        };
        if (put) {
          map.put(next);
          plain = [...plain.filter((old) => !overlaps(old, next)), next];
        } else {
          map.remove(prefix);
          plain = plain.filter(
            (old) => old.address !== prefix.address || old.length !== prefix.length,
          );
        }
      });
      plain.sort((a, b) => (a.address < b.address ? -1 : 1));
      expect(map.all()).toEqual(plain);
      expect(map.size).toBe(plain.length);
      expect(map.get(asked)).toEqual(
        plain.find((old) => old.address === asked.address && old.length === asked.length),
      );
      expect(map.containing(asked.address, asked.length)).toEqual(
        plain.find((old) => containsPrefix(old, asked)),
      );
      expect(map.overlapping(asked)).toEqual(plain.filter((old) => overlaps(old, asked)));
      for (const name of ["pair", "other", "none"]) {
        const marks = plain
          .filter((block) => block.marked && relationshipOf(block) === name)
          .sort((a, b) => a.version - b.version);
        expect(map.marked(name)).toEqual(marks);
        expect(map.markedCount(name)).toBe(marks.length);
      }
    }),
    { numRuns: 500 },
  );
});
