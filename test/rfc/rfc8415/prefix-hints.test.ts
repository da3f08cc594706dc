// RFC 8168: prefix-length hints.

import { describe, expect, it } from "vitest";
import { iaOf, prefixes, statusOf } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { OURS, pd } from "../../support/requests.ts";

const A = fromClient(1);
const B = fromClient(2);

/** Two /48, two /56 and two /60. */
const POOLS = `
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan
    pd-pools:
      - { prefix: "2001:db8:8000::/47", delegated-len: 48 }
      - { prefix: "2001:db8:9000::/55", delegated-len: 56 }
      - { prefix: "2001:db8:a000::/59", delegated-len: 60 }
`;

const lengthOf = (lone: Lone, client: typeof A, ...named: readonly string[]) =>
  prefixes(lone.answer("SOLICIT", client, [pd(1, ...named)]))[0]?.prefixLength;

describe("RFC 8168 prefix-length hints", () => {
  it("§3.2 only a length: a prefix of exactly that length (D-229)", () => {
    for (const length of [48, 56, 60])
      expect(lengthOf(new Lone(POOLS), A, `::/${length}`)).toBe(length);
  });

  it("§3.2 no such length: the closest shorter one (D-230); none of those: a longer one (D-235)", () => {
    expect(
      [64, 59, 57, 52, 128].map((length) => lengthOf(new Lone(POOLS), A, `::/${length}`)),
    ).toEqual([60, 56, 56, 48, 60]);
    expect(lengthOf(new Lone(POOLS), A, "::/40")).toBe(48);
  });

  it("§3.2 that length is used up: the closest shorter one, then longer ones (D-230, D-235, D-234)", () => {
    const lone = new Lone(POOLS);
    const given = [1, 2, 3, 4, 5, 6, 7].map(
      (number) =>
        prefixes(lone.answer("REQUEST", fromClient(number), [OURS, pd(1, "::/56")]))[0]
          ?.prefixLength,
    );
    expect(given).toEqual([56, 56, 48, 48, 60, 60, undefined]);
    expect(
      statusOf(iaOf(lone.answer("SOLICIT", fromClient(8), [pd(1, "::/56")]), "IA_PD", 1)),
    ).toBe(6);
  });

  it("§3.2 a length goes before what the client had earlier or was shown; the latest message counts (D-229, D-239)", () => {
    const lone = new Lone(POOLS);
    const { prefix } = prefixes(lone.answer("REQUEST", A, [OURS, pd(1, "::/60")]))[0] ?? {
      prefix: ip("::"),
    };
    lone.answer("RELEASE", A, [OURS, pd(1, `2001:db8:a000:${prefix.slice(12, 16)}::/60`)]);
    expect(lengthOf(lone, A)).toBe(60);
    expect(lengthOf(lone, A, "::/56")).toBe(56);
    expect(lengthOf(lone, A, "::/48")).toBe(48);
  });

  it("§3.2 a prefix that is named, if it is free; else the length beside it, in whatever order they come (D-231, D-232, D-233)", () => {
    const lone = new Lone(POOLS);
    const named = "2001:db8:a000:10::/60";
    const shown = (client: typeof A, ...hints: readonly string[]) =>
      prefixes(lone.answer("SOLICIT", client, [pd(1, ...hints)]))[0];
    for (const hints of [
      [named, "::/48"],
      ["::/48", named],
    ])
      expect(shown(A, ...hints)?.prefix).toBe(ip("2001:db8:a000:10::"));
    lone.answer("REQUEST", A, [OURS, pd(1, named)]);
    for (const hints of [
      [named, "::/48"],
      ["::/48", named],
    ])
      expect(shown(B, ...hints)?.prefixLength).toBe(48);
    // Without a length beside it, that of the prefix.
    expect(shown(fromClient(3), named)).toMatchObject({
      prefixLength: 60,
      prefix: ip("2001:db8:a000::"),
    });
  });

  it("§3.6 a REQUEST is treated like a SOLICIT (D-311)", () => {
    const lone = new Lone(POOLS);
    expect(prefixes(lone.answer("REQUEST", A, [OURS, pd(1, "::/48")]))[0]?.prefixLength).toBe(48);
    expect(
      prefixes(lone.answer("REQUEST", B, [OURS, pd(1, "2001:db8:a000:10::/60", "::/48")]))[0]
        ?.prefix,
    ).toBe(ip("2001:db8:a000:10::"));
  });

  it("§3.5, §3.6 RENEW and REBIND with a length extend what the client has: no renumbering (D-236, D-237, D-240)", () => {
    const lone = new Lone(POOLS);
    const [given] = prefixes(lone.answer("REQUEST", A, [OURS, pd(1, "::/60")]));
    const text = `2001:db8:a000:${given?.prefix.slice(12, 16)}::/60`;
    for (const [type, server] of [
      ["RENEW", [OURS]],
      ["REBIND", []],
      ["SOLICIT", []],
    ] as const) {
      expect(prefixes(lone.answer(type, A, [...server, pd(1, text, "::/48")]))).toMatchObject([
        { prefix: given?.prefix, prefixLength: 60 },
      ]);
    }
  });

  it("§3.5 a binding that is not known: the old prefix is passed over for one of the length (D-238)", () => {
    const lone = new Lone(POOLS, "create-on-renew: true\nrapid-commit: true\n");
    for (const [type, server] of [
      ["RENEW", [OURS]],
      ["REBIND", []],
    ] as const) {
      const client = type === "RENEW" ? A : B;
      expect(
        prefixes(lone.answer(type, client, [...server, pd(1, "2001:db8:a000:10::/60", "::/48")]))[0]
          ?.prefixLength,
      ).toBe(48);
    }
  });

  it("§21.22 `::/0` and a length over 128 are no hint (D-069, D-241)", () => {
    const lone = new Lone(POOLS);
    for (const hint of ["::/0", "::/129"]) expect(lengthOf(lone, A, hint)).toBeDefined();
    expect(
      prefixes(lone.answer("REQUEST", A, [OURS, pd(1, "2001:db8:8000::/200", "::/56")]))[0]
        ?.prefixLength,
    ).toBe(56);
  });
});
