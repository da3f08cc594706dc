// How lease time stands to the wall clock, in stable storage (T-06 (1)).

import type { Millis, Seconds } from "./time.ts";

export interface ClockRecord {
  /** Lease time as rows have it, less the wall clock, milliseconds; 0 until a step was seen. */
  readonly offset: Millis;
  /** Added to the times of rows wherever they are told to the partner or shown: the sum of what `clock accept` shifted.
   * May be negative. */
  readonly shift: Seconds;
}

export const USUAL_CLOCK: ClockRecord = { offset: 0, shift: 0 };
