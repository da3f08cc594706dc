// A server's lease time as a function of world time (T-06): an offset and a drift, never a step.
// Two clocks of a pair stay within the permitted skew of 5 s (RFC 8156 §7.1).

import type { Millis } from "../src/core/model/time.ts";

/** Lease time at which every world begins: 2025-06-15T12:26:40Z. */
export const WORLD_EPOCH = 1_749_990_400_000;

export interface ClockSetting {
  /** Milliseconds ahead of world time at the world's begin. */
  readonly offset: number;
  /** Parts per million by which the clock runs fast. */
  readonly drift: number;
}

export class SimClock {
  readonly #rate: number;
  readonly #base: number;

  constructor(setting: ClockSetting) {
    this.#rate = 1 + setting.drift / 1_000_000;
    this.#base = WORLD_EPOCH + setting.offset;
  }

  /** Lease time at `world` milliseconds. Grows with `world`. */
  leaseTime(world: number): Millis {
    return Math.floor(this.#base + world * this.#rate);
  }

  /** The first world time at which `leaseTime` is not before `lease`. */
  worldTime(lease: Millis): number {
    return Math.ceil((lease - this.#base) / this.#rate);
  }
}
