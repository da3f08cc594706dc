import { describe, expect, it } from "vitest";
import { USUAL_CLOCK } from "../../../../src/core/model/clock-record.ts";
import { ceilTime, floorTime } from "../../../../src/core/model/time.ts";
import { LeaseClock } from "../../../../src/core/server/lease-clock.ts";

const START = Date.UTC(2026, 10, 24, 12);
const HOUR = 3_600_000;

function clock(record = USUAL_CLOCK, lastRecord = 0, shellNow = START) {
  return new LeaseClock({ record, lastRecord, shellNow });
}

describe("lease time (T-06)", () => {
  it("is the wall clock plus the stored offset at a start (T-06)", () => {
    expect(clock().at(START)).toBe(START);
    expect(clock({ offset: -2_500, shift: 0 }).at(START)).toBe(START - 2_500);
  });

  it("a step of the wall clock changes what is to be stored, and no time (T-06)", () => {
    const time = clock();
    expect(time.compared(HOUR, START)).toBe(true);
    expect(time.at(START + 1_000)).toBe(START + 1_000);
    expect(time.record).toEqual({ offset: -HOUR, shift: 0 });
    expect(time.difference).toBe(HOUR);
    // A start an hour ahead by the wall clock goes on where it was.
    expect(clock(time.record, START, START + HOUR).at(START + HOUR)).toBe(START);
  });

  it("a second and less is no step", () => {
    const time = clock();
    expect(time.compared(1_000, START)).toBe(false);
    expect(time.compared(-1_000, START)).toBe(false);
    expect(time.record).toEqual(USUAL_CLOCK);
  });

  it("a wall clock that is set back where it was leaves nothing behind", () => {
    const time = clock();
    time.compared(-HOUR, START);
    expect(time.compared(0, START)).toBe(true);
    expect(time.record).toEqual(USUAL_CLOCK);
    expect(Math.abs(time.difference)).toBe(0);
  });

  it("a start behind the last record waits, and lease time goes on from there (T-06)", () => {
    const time = clock(USUAL_CLOCK, START + 100_000);
    expect(time.behind).toBe(100_000);
    expect(time.at(START)).toBe(START + 100_000);
    expect(clock(USUAL_CLOCK, START + 4_000).behind).toBeUndefined();
    expect(clock(USUAL_CLOCK, START + 4_000).at(START)).toBe(START + 4_000);
  });

  it("the wait ends when the wall clock is set, at the time that it then tells", () => {
    const time = clock(USUAL_CLOCK, START + 100_000);
    time.compared(50_000, START + 1_000);
    expect(time.behind).toBe(100_000);
    time.compared(130_000, START + 2_000);
    expect(time.behind).toBeUndefined();
    expect(time.at(START + 2_000)).toBe(START + 132_000);
    expect(time.record).toEqual(USUAL_CLOCK);
  });

  it("the wait ends with the partner's time, if that is not behind the record too (T-06)", () => {
    const time = clock(USUAL_CLOCK, START + 100_000);
    const now = time.at(START);
    expect(time.learn(floorTime(START), now)).toBeUndefined();
    expect(time.behind).toBe(100_000);
    expect(time.learn(floorTime(START + 160_000), now)).toBe(60_000);
    expect(time.behind).toBeUndefined();
    expect(time.at(START)).toBe(START + 160_000);
    expect(time.record).toEqual({ offset: 160_000, shift: 0 });
    // Nobody's time counts afterwards.
    expect(time.learn(floorTime(START + HOUR), time.at(START))).toBeUndefined();
  });

  it("what is accepted shifts what is told; rows and time go on as they were (T-06)", () => {
    const time = clock();
    time.compared(HOUR + 400, START);
    expect(time.accept(START + 5_000)).toBe(3_600);
    expect(time.at(START + 5_000)).toBe(START + 5_000);
    expect(time.told(time.at(START + 5_000))).toBe(floorTime(START + 5_000 + HOUR));
    expect(Math.abs(time.difference)).toBeLessThanOrEqual(500);
    expect(time.accept(START + 6_000)).toBe(0);
    // The next start tells the same.
    const next = clock(time.record, START, START + HOUR + 10_000);
    expect(next.told(next.at(START + HOUR + 10_400))).toBe(floorTime(START + HOUR + 10_000));
  });

  it("a clock that is right now and was ahead before is accepted while the start waits (T-06)", () => {
    const time = clock(USUAL_CLOCK, START + HOUR);
    expect(time.behind).toBe(HOUR);
    expect(time.accept(START)).toBe(-3_600);
    expect(time.behind).toBeUndefined();
    expect(time.at(START)).toBe(START + HOUR);
    expect(time.told(time.at(START))).toBe(ceilTime(START));
  });

  it("a clock that was set while the server was down is accepted without a shift", () => {
    // It ran an hour behind lease time, and was set right before the start.
    const time = clock({ offset: -HOUR, shift: 0 }, START - 10_000);
    expect(time.behind).toBe(HOUR - 10_000);
    expect(time.accept(START)).toBe(0);
    expect(time.at(START)).toBe(START);
    expect(time.record).toEqual(USUAL_CLOCK);
  });
});
