// RFC 8415 §22 and AGENTS.md rule 5: the work of one message does not grow with what its client had before. What is counted
// is how often a row of the table is touched, and no time.

import { afterEach, describe, expect, it, vi } from "vitest";
import { ipv6FromBigint, ipv6ToBigint } from "../../../src/core/model/ipv6.ts";
import { freshLease } from "../../../src/core/model/lease-status.ts";
import { LIMITS } from "../../../src/core/model/limits.ts";
import { WordRows } from "../../../src/core/model/table/word-rows.ts";
import { addresses } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS } from "../../support/requests.ts";

const WIDE = `
subnet6:
  - { subnet: "2001:db8:1::/64", interface: lan, pools: [{ pool: "2001:db8:1::/64" }] }
`;
const A = fromClient(1);
const FIRST = ipv6ToBigint(ip("2001:db8:1::1:0:0:0"));

afterEach(() => vi.restoreAllMocks());

function rowsTouched(work: () => void): number {
  const spy = vi.spyOn(WordRows.prototype, "chunk");
  work();
  const count = spy.mock.calls.length;
  spy.mockRestore();
  return count;
}

/** REQUESTs and RELEASEs of 32 IAs with addresses that the client never had; the cost of each message of the last. */
function rounds(lone: Lone, count: number, from: number): readonly [number, number] {
  let costs: readonly [number, number] = [0, 0];
  for (let round = from; round < from + count; round++) {
    const wanted = Array.from({ length: 32 }, (_, i) =>
      ipv6FromBigint(FIRST + BigInt(round * 32 + i)),
    );
    const ias = wanted.map((address, i) => na(i, address));
    const request = rowsTouched(() => {
      const reply = lone.answer("REQUEST", A, [OURS, ...ias]);
      expect(addresses(reply).map(({ address }) => address)).toEqual(wanted);
    });
    const release = rowsTouched(() => lone.answer("RELEASE", A, [OURS, ...ias]));
    costs = [request, release];
  }
  return costs;
}

describe("RFC 8415 §22 the work of one message", () => {
  it("§22 is the same after a client had 64 addresses and after it had 6,400 (N-013, D-288)", () => {
    const lone = new Lone(WIDE);
    const [request, release] = rounds(lone, 2, 0);
    const [requestLater, releaseLater] = rounds(lone, 198, 2);
    // Buckets of the indexes are of different length: a little more or less is chance.
    expect(requestLater).toBeLessThan(1.3 * request);
    expect(releaseLater).toBeLessThan(1.3 * release);
  });

  it("§22 a pool that is nearly full is searched for two IAs of a message, not for 32 (N-013)", () => {
    const lone = new Lone(`
subnet6:
  - { subnet: "2001:db8:1::/64", interface: lan, pools: [{ pool: "2001:db8:1::/112" }] }
`);
    const { table } = lone.host.up.state;
    const first = ipv6ToBigint(ip("2001:db8:1::"));
    for (let n = 0; n < 65_536; n++) {
      // One of 2,000 is free, so that each search is a long one and finds something.
      if (n % 2_000 === 7) continue;
      const key = {
        kind: "address",
        address: ipv6FromBigint(first + BigInt(n)),
        length: 128,
      } as const;
      table.put({ ...freshLease(key, lone.host.up.config.links[0]?.name ?? ""), status: "ACTIVE" });
    }
    const spy = vi.spyOn(table, "get");
    const reply = lone.answer("REQUEST", A, [OURS, ...Array.from({ length: 32 }, (_, i) => na(i))]);
    expect(addresses(reply).length).toBeGreaterThan(1);
    expect(spy.mock.calls.length).toBeLessThan(LIMITS.candidatesPerMessage + 100);
  });

  it("§22 the leases of a client are looked up once a message, however many IAs it has (N-013)", () => {
    const lone = new Lone(WIDE);
    const { table } = lone.host.up.state;
    const spy = vi.spyOn(table, "ofClient");
    const ias = Array.from({ length: 32 }, (_, i) => na(i));
    for (const type of ["SOLICIT", "REQUEST", "RENEW", "RELEASE"] as const) {
      spy.mockClear();
      lone.answer(type, A, type === "SOLICIT" ? ias : [OURS, ...ias]);
      expect([type, spy.mock.calls.length]).toEqual([type, 1]);
    }
  });
});
