import { afterEach, describe, expect, it, vi } from "vitest";
import { createClock } from "../../../src/shell/clock.ts";
import { watchStalls } from "../../../src/shell/stall.ts";

/** A machine's two clocks, moved by hand. */
function machine() {
  const at = { wall: 1_700_000_000_000, monotonic: 5_000 };
  return { at, source: { wall: () => at.wall, monotonic: () => at.monotonic } };
}

describe("lease time (T-06)", () => {
  it("starts as the wall clock plus the stored offset (T-06)", () => {
    const { source } = machine();
    expect(createClock(0, source).now()).toBe(1_700_000_000_000);
    expect(createClock(-2_500, source).now()).toBe(1_699_999_997_500);
  });

  it("advances by the monotonic clock, and no step of the wall clock moves it (T-06)", () => {
    const { at, source } = machine();
    const clock = createClock(0, source);
    at.monotonic += 1_000;
    at.wall += 1_000 + 3_600_000;
    expect(clock.now()).toBe(1_700_000_001_000);
    at.wall -= 7_200_000;
    expect(clock.now()).toBe(1_700_000_001_000);
  });

  it("tells how far the wall clock has stepped away", () => {
    const { at, source } = machine();
    const clock = createClock(0, source);
    at.monotonic += 10_000;
    at.wall += 10_000;
    expect(clock.wallStep()).toBe(0);
    at.wall -= 60_000;
    expect(clock.wallStep()).toBe(-60_000);
  });

  it("is in whole milliseconds and never goes back", () => {
    const { at, source } = machine();
    const clock = createClock(0, source);
    let last = clock.now();
    for (const step of [0.3, 0.3, 0.3, 0.4, 0]) {
      at.monotonic += step;
      expect(Number.isInteger(clock.now())).toBe(true);
      expect(clock.now()).toBeGreaterThanOrEqual(last);
      last = clock.now();
    }
  });
});

describe("the watch for gaps of the loop (T-06)", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const watch = () => {
    vi.useFakeTimers();
    const { at, source } = machine();
    const gaps: number[] = [];
    const stalls = watchStalls((gap) => gaps.push(gap), source);
    const pass = (millis: number): void => {
      at.monotonic += millis;
      at.wall += millis;
    };
    return { at, gaps, stalls, pass };
  };

  it("a loop that turns has no gaps, however long nothing is received", () => {
    const { gaps, pass } = watch();
    for (let i = 0; i < 50; i++) {
      pass(200);
      vi.advanceTimersByTime(200);
    }
    expect(gaps).toEqual([]);
  });

  it("a gap of more than 1 s is noticed by whatever runs first (T-06)", () => {
    const { gaps, pass, stalls } = watch();
    pass(1_000);
    stalls.touch();
    expect(gaps).toEqual([]);
    pass(1_001);
    stalls.touch();
    expect(gaps).toEqual([1_001]);
    stalls.touch();
    expect(gaps).toEqual([1_001]);
  });

  it("a machine that slept shows on the wall clock alone, and counts", () => {
    const { at, gaps, stalls } = watch();
    at.wall += 30_000;
    stalls.touch();
    expect(gaps).toEqual([30_000]);
  });
});
