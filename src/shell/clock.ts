// Adapter of the port `clock`: the shell's time (T-06 (1)). The wall clock is read once; from then on the monotonic clock,
// which is slewed but never steps, moves it on. CLOCK_MONOTONIC stands still while the machine is suspended, so that the
// time since boot, which does not, is asked whenever the wall clock has moved against it.

import { readFileSync } from "node:fs";
import type { Millis } from "../core/model/time.ts";
import type { Clock } from "../ports/clock.ts";

/** Where the clocks of the machine are read; tests put their own here. */
export interface ClockSource {
  /** Milliseconds since the Unix epoch, which may step. */
  wall(): number;
  /** Milliseconds since some moment, which never steps and stands still in a suspend. */
  monotonic(): number;
  /** Milliseconds since some moment, which never steps and counts a suspend; undefined: the machine does not tell. */
  boot(): number | undefined;
}

export interface ShellClock extends Clock {
  /** The wall clock less `now`, as both are at this moment, milliseconds: how far it has stepped since the start. */
  wallAhead(): Millis;
}

export const MACHINE: ClockSource = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  boot: readUptime,
};

/** CLOCK_BOOTTIME, in hundredths of a second. */
function readUptime(): number | undefined {
  try {
    const [seconds] = readFileSync("/proc/uptime", "latin1").split(" ");
    return Number(seconds) * 1_000;
  } catch {
    return undefined;
  }
}

/** Less than this is a rounding of the clocks, or the time between two readings of them. */
const NOTICED_MILLIS = 50;

export function createClock(source: ClockSource = MACHINE): ShellClock {
  return new MachineClock(source);
}

class MachineClock implements ShellClock {
  readonly #source: ClockSource;
  /** `now` less the monotonic clock. */
  #base: number;
  /** The wall clock less the monotonic one, and the time since boot less it, when they were last looked at. */
  #wallApart: number;
  #bootApart: number | undefined;

  constructor(source: ClockSource) {
    this.#source = source;
    this.#wallApart = this.#apart(source.wall);
    this.#bootApart = this.#bootAhead();
    this.#base = this.#wallApart;
  }

  now(): Millis {
    this.#look();
    return Math.floor(this.#base + this.#source.monotonic());
  }

  wallAhead(): Millis {
    this.#look();
    return Math.round(this.#wallApart - this.#base);
  }

  /** The wall clock moves against the monotonic one by a step of its own, or because the machine slept: then both count. */
  #look(): void {
    const apart = this.#apart(this.#source.wall);
    if (Math.abs(apart - this.#wallApart) < NOTICED_MILLIS) return;
    this.#wallApart = apart;
    const boot = this.#bootAhead();
    if (boot === undefined || this.#bootApart === undefined) return;
    const slept = boot - this.#bootApart;
    if (slept < NOTICED_MILLIS) return;
    this.#bootApart = boot;
    this.#base += slept;
  }

  #bootAhead(): number | undefined {
    const boot = this.#source.boot();
    return boot === undefined ? undefined : this.#apart(() => boot);
  }

  /** A clock less the monotonic one. A process can stand still between two readings, so they are repeated then. */
  #apart(read: () => number): number {
    for (let i = 0; ; i++) {
      const before = this.#source.monotonic();
      const value = read();
      const after = this.#source.monotonic();
      if (after - before < NOTICED_MILLIS / 2 || i === 3) return value - (before + after) / 2;
    }
  }
}
