import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FirstFrame } from "../../../src/shell/first-frame.ts";

describe("the end of the first frame (F-070)", () => {
  it("is found wherever the segments are cut, and the octets stay the same", () => {
    const message = fc.uint8Array({ minLength: 1, maxLength: 300 });
    const cuts = fc.array(fc.nat(700), { maxLength: 8 });
    fc.assert(
      fc.property(message, fc.uint8Array({ maxLength: 300 }), cuts, (first, later, at) => {
        const whole = Uint8Array.from([first.length >> 8, first.length & 255, ...first, ...later]);
        const places = [
          0,
          ...at.map((place) => Math.min(place, whole.length)).sort((a, b) => a - b),
          whole.length,
        ];
        const frames = new FirstFrame();
        const now: number[] = [];
        let held: number[] = [];
        let completed = 0;
        for (let i = 1; i < places.length; i++) {
          const chunk = whole.subarray(places[i - 1], places[i]);
          const split = frames.take(chunk);
          now.push(...held, ...split.now);
          held = [...split.rest];
          if (split.complete) {
            completed++;
            expect(now).toHaveLength(2 + first.length);
            expect(frames.type).toBe(first[0]);
          }
        }
        expect(completed).toBe(1);
        expect([...now, ...held]).toEqual([...whole]);
      }),
    );
  });

  it("a frame of no octets ends after its length", () => {
    const frames = new FirstFrame();
    expect(frames.take(Uint8Array.of(0, 0, 9))).toMatchObject({
      now: Uint8Array.of(0, 0),
      rest: Uint8Array.of(9),
      complete: true,
    });
  });
});
