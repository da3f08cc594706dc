// Adapter of the port `clock`: lease time (T-06). The wall clock is read once; from then on the
// monotonic clock, which is slewed but never steps, moves lease time on.

import type { Millis } from "../core/model/time.ts";
import type { Clock } from "../ports/clock.ts";

/** Where the two clocks of the machine are read; tests put their own here. */
export interface ClockSource {
  /** Milliseconds since the Unix epoch, which may step. */
  wall(): number;
  /** Milliseconds since some moment, which never steps. */
  monotonic(): number;
}

export interface LeaseClock extends Clock {
  /** How far the wall clock has stepped away from lease time since the start, ms (slewing moves both). */
  wallStep(): Millis;
}

export const MACHINE: ClockSource = { wall: () => Date.now(), monotonic: () => performance.now() };

/** Lease time. `offset` is the stored one of an earlier step (0 until a step was seen). */
export function createClock(offset: Millis = 0, source: ClockSource = MACHINE): LeaseClock {
  // T-06 (1): at a start the wall clock plus the stored offset …
  const base = source.wall() + offset;
  const origin = source.monotonic();
  // … from then on advanced by the monotonic clock alone: a step of the wall clock does not show.
  const now = (): Millis => Math.floor(base + (source.monotonic() - origin));
  return { now, wallStep: () => Math.round(source.wall() + offset - now()) };
}
