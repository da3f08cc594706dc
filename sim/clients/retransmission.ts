// Reliability of client-initiated exchanges (RFC 8415 §15).

import type { ClientMessage } from "./codec.ts";

/** Milliseconds; `count` 0 and `duration` 0 mean without limit. */
export interface RetransmissionLimits {
  /** The first transmission waits for a random time up to this. */
  readonly delay: number;
  readonly initial: number;
  readonly maximum: number;
  readonly count: number;
  readonly duration: number;
}

export type RetransmissionTable = Readonly<Record<ClientMessage, RetransmissionLimits>>;

/** D-285: RFC 8415 §7.6. SOL_MAX_RT is an hour there, and a server may lower it (option 82). */
export const RFC_TIMERS: RetransmissionTable = {
  SOLICIT: { delay: 1_000, initial: 1_000, maximum: 3_600_000, count: 0, duration: 0 },
  REQUEST: { delay: 0, initial: 1_000, maximum: 30_000, count: 10, duration: 0 },
  CONFIRM: { delay: 1_000, initial: 1_000, maximum: 4_000, count: 0, duration: 10_000 },
  RENEW: { delay: 0, initial: 10_000, maximum: 600_000, count: 0, duration: 0 },
  REBIND: { delay: 0, initial: 10_000, maximum: 600_000, count: 0, duration: 0 },
  "INFORMATION-REQUEST": {
    delay: 1_000,
    initial: 1_000,
    maximum: 3_600_000,
    count: 0,
    duration: 0,
  },
  RELEASE: { delay: 0, initial: 1_000, maximum: 0, count: 4, duration: 0 },
  DECLINE: { delay: 0, initial: 1_000, maximum: 0, count: 4, duration: 0 },
};

/** The times of the RFC, each message's changed. */
export function changedTimers(
  change: (limits: RetransmissionLimits) => RetransmissionLimits,
): RetransmissionTable {
  const entries = Object.entries(RFC_TIMERS).map(([name, limits]) => [name, change(limits)]);
  return { ...RFC_TIMERS, ...Object.fromEntries(entries) };
}

/** The timer of one exchange (D-286). */
export class Retransmission {
  readonly #limits: RetransmissionLimits;
  readonly #random: () => number;
  #began: number;
  #timeout = 0;
  #sent = 0;
  #dueAt: number;

  /** The first transmission is due at `now` or within the delay from then. `random`: at least 0, below 1. */
  constructor(limits: RetransmissionLimits, now: number, random: () => number) {
    this.#limits = limits;
    this.#random = random;
    this.#began = now;
    this.#dueAt = now + (limits.delay === 0 ? 0 : limits.delay * random());
  }

  /** When the first message was sent. */
  get began(): number {
    return this.#began;
  }

  get sent(): number {
    return this.#sent;
  }

  /** When to transmit again, or to give up. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** Whether the exchange has failed (MRC or MRD reached). */
  isOver(now: number): boolean {
    const { count, duration } = this.#limits;
    return (count > 0 && this.#sent >= count) || (duration > 0 && now >= this.#began + duration);
  }

  /** Notes a transmission and plans the next. */
  transmitted(now: number, firstIsLonger: boolean): void {
    const { initial, maximum, duration } = this.#limits;
    const spread = this.#random() * 0.2 - 0.1;
    if (this.#sent === 0) {
      this.#began = now;
      // RFC 8415 §18.2.1: the first timeout of a SOLICIT is longer than IRT, so that it is time to collect.
      this.#timeout = initial * (1 + (firstIsLonger ? Math.abs(spread) : spread));
    } else {
      this.#timeout = this.#timeout * (2 + spread);
      if (maximum > 0 && this.#timeout > maximum) this.#timeout = maximum * (1 + spread);
    }
    this.#sent += 1;
    this.#dueAt = now + this.#timeout;
    if (duration > 0) this.#dueAt = Math.min(this.#dueAt, this.#began + duration);
  }
}
