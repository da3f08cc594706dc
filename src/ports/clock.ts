// The port `clock`: lease time (T-06), which no step of the wall clock moves.

import type { Millis } from "../core/model/time.ts";

export interface Clock {
  /** Lease time now. */
  now(): Millis;
}
