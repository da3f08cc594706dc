// What people read: explained problems, suggestions, the list of keys; and that no text makes the loader throw.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { explainProblem } from "../../../../src/core/config/problem.ts";
import { describeKeys } from "../../../../src/core/config/schema-keys.ts";
import { nearest } from "../../../../src/core/config/suggest.ts";
import { load, pair, SUBNET } from "./harness.ts";

const explained = (text: string) =>
  load(text)
    .problems.filter((problem) => problem.severity === "error")
    .map(explainProblem);

describe("explainProblem", () => {
  test("place, path, what is wrong, the line with the place under it, what would be right", () => {
    expect(explained("subnet6:\n  - subnet: 2001:db8:1::1/64\n")).toEqual([
      [
        "tandem.yaml:2:13: error: subnet6[0].subnet: has bits set beyond its length",
        " 2 |   - subnet: 2001:db8:1::1/64",
        "   |             ^^^^^^^^^^^^^^^^",
        "   = write `2001:db8:1::/64`",
      ].join("\n"),
    ]);
  });

  test("tabs keep the place under the text, and long lines are cut", () => {
    const [tab] = explained("heartbeat:\tsoon\n");
    expect(tab?.split("\n")[2]).toBe("   |           \t^^^^");
    const [long] = explained(`{"x": "${"y".repeat(500)}", "heartbeat": "soon"}`).slice(1);
    const lines = long?.split("\n") ?? [];
    expect(lines[1]?.length).toBeLessThan(140);
    expect(lines[1]?.slice(lines[2]?.indexOf("^"))).toMatch(/^"soon"/);
  });
});

test("a thousand problems are enough", () => {
  const { problems } = load(Array.from({ length: 2_000 }, (_, i) => `x${i}: 1`).join("\n"));
  expect(problems).toHaveLength(1_001);
  expect(problems.some((problem) => problem.code === "too-many")).toBe(true);
});

describe("nearest", () => {
  const words = ["valid-lifetime", "preferred-lifetime", "pools", "pd-pools", "subnet6"];
  test.each([
    ["valid_lifetime", "valid-lifetime"],
    ["vaild-lifetime", "valid-lifetime"],
    ["Pools", "pools"],
    ["pool", "pools"],
    ["pd-pool", "pd-pools"],
    ["subnet", "subnet6"],
    ["", undefined],
    ["something-else", undefined],
  ])("%s: %s", (word, found) => {
    expect(nearest(word, words)).toBe(found);
  });
});

test("every key has a type and a meaning", () => {
  const keys = describeKeys();
  expect(keys.length).toBeGreaterThan(100);
  for (const key of keys) {
    expect(key.meaning, key.path).not.toBe("");
    expect(key.type, key.path).not.toBe("a value");
  }
  expect(keys.find((key) => key.path === "failover.relationships[].mclt")).toEqual({
    path: "failover.relationships[].mclt",
    type: "a time in whole seconds",
    required: false,
    default: "3600",
    meaning: expect.stringContaining("Maximum Client Lead Time"),
  });
  expect(keys.find((key) => key.path === "servers.NAME.duid")?.type).toBe("a DUID");
});

describe("no text makes it throw, and there is a configuration exactly without errors", () => {
  const sound = (text: string): void => {
    const { config, problems } = load(text);
    const failed = problems.some((problem) => problem.severity === "error");
    expect(config === undefined).toBe(failed);
    for (const problem of problems) {
      expect(problem.line).toBeGreaterThan(0);
      expect(problem.column).toBeGreaterThan(0);
      expect(explainProblem(problem)).toContain("tandem.yaml:");
    }
  };

  test("any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), sound), { numRuns: 300 });
  });

  test("texts of YAML's own characters", () => {
    const characters = fc.constantFrom(
      ..."[]{}:-?,&*!|>'\"%@`# \n\t",
      "a",
      "<<",
      "1",
      "subnet6",
      "servers",
      "__proto__",
    );
    fc.assert(
      fc.property(
        fc.array(characters, { maxLength: 60 }).map((parts) => parts.join("")),
        sound,
      ),
      { numRuns: 500 },
    );
  });

  test("a key that is a word of the language is an unknown one", () => {
    for (const key of ["__proto__", "constructor"])
      for (const text of [
        `{"subnet6":{"${key}":{"name":{}}}}`,
        `{"${key}":1}`,
        `{"servers":{"${key}":[]}}`,
      ]) {
        sound(text);
        expect(load(text).problems.some(({ message }) => message.includes(key))).toBe(true);
      }
  });

  test("any value as JSON under the known keys", () => {
    const keys = [
      "subnet6",
      "shared-networks",
      "option-data",
      "failover",
      "servers",
      "relationships",
      "pools",
      "pd-pools",
      "subnet",
      "pool",
      "name",
      "primary",
      "secondary",
      "links",
      "interface",
      "data",
      "code",
      "a",
      "b",
      "__proto__",
      "constructor",
      "toString",
    ];
    const scalar = fc.oneof(
      fc.constantFrom("a", "b", "2001:db8:1::/64", "2001:db8:1::5", "dns-servers", "60s"),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double(),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "medium" },
        scalar,
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie("value"), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(value, (tree) => sound(JSON.stringify(tree))),
      { numRuns: 500 },
    );
  });

  test("a sound file with a piece cut out or doubled", () => {
    const file = pair(
      `${SUBNET}    pd-pools: [{prefix: 2001:db9::/32, delegated-len: 56}]\n    option-data: [{name: dns-servers, data: "::1"}]\n`,
    );
    fc.assert(
      fc.property(fc.nat(file.length), fc.nat(40), fc.boolean(), (at, length, doubled) => {
        const piece = file.slice(at, at + length);
        sound(file.slice(0, at) + (doubled ? piece + piece : "") + file.slice(at + length));
      }),
      { numRuns: 500 },
    );
  });
});
