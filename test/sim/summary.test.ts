// The sums of a long run: stopped and started again they are those of one run.

import { describe, expect, it } from "vitest";
import { type Outcome, type RunRecord, Summary } from "../../sim/summary.ts";

function outcome(seed: number, failed = false): Outcome {
  return {
    seed,
    itCounts: seed % 2 === 0,
    faults: seed,
    duration: 3_600_000,
    milliseconds: 10 * seed,
    counts: { "reply RENEW": 2, [`only ${seed}`]: 1 },
    violations: failed ? [{ at: 1, checker: "causes", message: "a lease" }] : [],
  };
}

const throughFile = (record: RunRecord) => JSON.parse(JSON.stringify(record)) as RunRecord;

describe("a run as a whole", () => {
  const given = (free: number, kept: number) => ({
    ...outcome(1),
    counts: { "released: free within 15 s": free, "released: kept for longer": kept },
  });

  it("fails when more than one of a hundred leases given back is kept, none of which fails a world", () => {
    const faultOf = (free: number, kept: number) => {
      const summary = new Summary();
      summary.add(given(free, kept));
      return summary.fault;
    };
    expect(faultOf(9_900, 100)).toBeUndefined();
    expect(faultOf(9_800, 200)).toContain("2.0 % of 10000 leases");
    expect(faultOf(50, 50)).toBeUndefined();
    expect(new Summary().fault).toBeUndefined();
  });
});

describe("a run that is stopped", () => {
  it("goes on with what is missing and ends with the sums of one run", () => {
    const whole = new Summary();
    for (const seed of [1, 2, 3, 4]) whole.add(outcome(seed, seed === 2));
    const first = new Summary();
    first.add(outcome(1));
    first.add(outcome(2, true));
    const second = new Summary();
    second.resume(throughFile(first.record("b1", "{}")), "b1", "{}");
    expect([1, 2, 3, 4].filter((seed) => second.has(seed))).toEqual([1, 2]);
    second.add(outcome(3));
    second.add(outcome(4));
    expect(second.line()).toBe(whole.line());
    expect(second.record("b1", "{}")).toEqual(whole.record("b1", "{}"));
    expect(second.line()).toContain("4 worlds (2 count), 10 faults, 4.0 hours");
  });

  it("does not add up two builds, nor runs with other options", () => {
    const record = new Summary().record("b1", "{}");
    expect(() => new Summary().resume(record, "b2", "{}")).toThrow("another build");
    expect(() => new Summary().resume(record, "b1", '{"single":true}')).toThrow("other options");
  });
});
