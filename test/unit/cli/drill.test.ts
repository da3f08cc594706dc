import { describe, expect, it } from "vitest";
import { resultOf } from "../../../src/cli/drill/drill.ts";
import { longestGap } from "../../../src/cli/drill/probe.ts";
import { run } from "./run.ts";

/** Asked every 50 ms; answered 2 ms later, but for those in the gaps. */
function asked(count: number, ...gaps: readonly (readonly [from: number, to: number])[]) {
  return Array.from({ length: count }, (_, i) => {
    const sentAt = i * 50;
    const isLost = gaps.some(([from, to]) => sentAt >= from && sentAt < to);
    return { sentAt, answeredAt: isLost ? undefined : sentAt + 2, by: isLost ? undefined : "a" };
  });
}

describe("failover drill", () => {
  it("the longest gap is from the first question without an answer to the next answer", () => {
    expect(longestGap(asked(100))).toEqual({ millis: 0, from: undefined });
    expect(longestGap(asked(100, [500, 600], [1_000, 1_400]))).toEqual({
      millis: 402,
      from: 1_000,
    });
    // What was never answered again is no gap with an end: the drill waits for NORMAL before it ends.
    expect(longestGap(asked(20, [500, 2_000])).millis).toBe(0);
  });

  it("takeover and return are judged apart, and each server's answers are counted", () => {
    const result = resultOf(asked(200, [2_000, 2_300], [7_000, 7_100]), 2_000, 7_000);
    expect(result).toEqual({
      asked: 200,
      answered: 192,
      longestGapMillis: 302,
      longestGapOfReturnMillis: 102,
      by: { a: 192 },
    });
  });

  it("says what it needs before anything is asked of the server", async () => {
    expect(await run(["failover", "drill", "--yes"])).toMatchObject({
      code: 2,
      notes: expect.stringContaining("needs to know where to ask"),
    });
    expect((await run(["failover", "drill", "--ask", "nowhere"])).code).toBe(2);
  });
});
