import { describe, expect, it } from "vitest";
import { QueueAge } from "../../../../src/core/server/queue-age.ts";

describe("the age of what waited in the kernel (T-06)", () => {
  it("what is read came after the queue was last seen empty", () => {
    const age = new QueueAge({ capacity: 100, now: 1_000 });
    expect(age.read(1_050)).toBe(1_000);
    age.empty(1_100);
    expect(age.read(1_300)).toBe(1_100);
    // A look that is older than the last one says nothing new.
    age.empty(1_050);
    expect(age.read(1_310)).toBe(1_100);
  });

  it("a queue that is not empty for long without any gap is dropped until it is, then served again (T-06, F-562)", () => {
    const age = new QueueAge({ capacity: 1_000, now: 0 });
    let now = 0;
    const served: number[] = [];
    for (let i = 0; i < 30; i++) {
      now += 80;
      if (age.read(now) !== undefined) served.push(now);
    }
    expect(Math.max(...served)).toBeLessThanOrEqual(1_000);
    expect(age.isTooOld).toBe(true);
    age.empty(now);
    expect(age.isTooOld).toBe(false);
    expect(age.read(now + 10)).toBe(now);
  });

  it("under a load that never lets it be empty, what is read came after the one that stood a whole queue ahead", () => {
    const age = new QueueAge({ capacity: 50, now: 0 });
    for (let now = 10; now <= 60_000; now += 10) {
      const since = age.read(now);
      if (now > 510) expect(since).toBe(now - 500);
    }
  });

  it("a queue that is long for its speed is dropped in part, and then is young enough without being empty", () => {
    const age = new QueueAge({ capacity: 50, now: 0 });
    let now = 0;
    let dropped = 0;
    let served = 0;
    for (let i = 0; i < 2_000; i++) {
      const since = age.read(now);
      // What is served takes its time, what is dropped takes none.
      now += since === undefined ? 0.01 : 40;
      if (since === undefined) dropped++;
      else served++;
      if (since !== undefined) expect(now - since).toBeLessThan(1_100);
    }
    expect(dropped).toBeGreaterThan(0);
    expect(served).toBeGreaterThan(500);
  });

  it("after a gap that nobody can tell everything is dropped until the queue is empty (T-06, F-562)", () => {
    const age = new QueueAge({ capacity: 10, now: 0 });
    age.read(1);
    age.forget();
    for (let i = 0; i < 9; i++) expect(age.read(2)).toBeUndefined();
    age.empty(3);
    expect(age.read(4)).toBe(3);
  });
});
