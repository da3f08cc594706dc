import { afterEach, describe, expect, it, vi } from "vitest";
import { createClock } from "../../../src/shell/clock.ts";
import { watchStalls } from "../../../src/shell/stall.ts";

/** A machine's three clocks, moved by hand. */
function machine() {
  const at = { wall: 1_700_000_000_000, monotonic: 5_000, boot: 9_000 };
  const source = { wall: () => at.wall, monotonic: () => at.monotonic, boot: () => at.boot };
  const pass = (millis: number): void => {
    at.wall += millis;
    at.monotonic += millis;
    at.boot += millis;
  };
  return { at, pass, source };
}

describe("the shell's time (T-06)", () => {
  it("starts as the wall clock and advances by the monotonic one: no step of the wall clock moves it (T-06)", () => {
    const { at, pass, source } = machine();
    const clock = createClock(source);
    expect(clock.now()).toBe(1_700_000_000_000);
    pass(1_000);
    at.wall += 3_600_000;
    expect(clock.now()).toBe(1_700_000_001_000);
    at.wall -= 7_200_000;
    expect(clock.now()).toBe(1_700_000_001_000);
  });

  it("tells how far the wall clock has stepped away", () => {
    const { at, pass, source } = machine();
    const clock = createClock(source);
    pass(10_000);
    expect(clock.wallAhead()).toBe(0);
    at.wall -= 60_000;
    expect(clock.wallAhead()).toBe(-60_000);
    at.wall += 90_000;
    expect(clock.wallAhead()).toBe(30_000);
  });

  it("counts a suspend, in which the monotonic clock stands still, and takes it for no step (T-06)", () => {
    const { at, pass, source } = machine();
    const clock = createClock(source);
    pass(1_000);
    at.wall += 600_000;
    at.boot += 600_000;
    expect(clock.now()).toBe(1_700_000_601_000);
    expect(clock.wallAhead()).toBe(0);
    pass(1_000);
    expect(clock.now()).toBe(1_700_000_602_000);
  });

  it("tells a suspend from a step where both come together", () => {
    const { at, source } = machine();
    const clock = createClock(source);
    at.boot += 600_000;
    at.wall += 600_000 - 100_000;
    expect(clock.now()).toBe(1_700_000_600_000);
    expect(clock.wallAhead()).toBe(-100_000);
  });

  it("is in whole milliseconds and never goes back", () => {
    const { at, source } = machine();
    const clock = createClock(source);
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
    const { at, pass, source } = machine();
    const gaps: number[] = [];
    const stalls = watchStalls((gap) => gaps.push(gap), source);
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
