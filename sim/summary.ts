// The sums of a run of worlds: what counts, what was covered, what failed. As plain data they go into a file, so that a
// long run can be stopped, goes on where it stood, and adds up.

import { type Counts, Coverage } from "./coverage.ts";
import { RELEASED_FREE, RELEASED_HELD } from "./judges.ts";
import type { WorldResult } from "./world.ts";

export type Outcome = Omit<WorldResult, "trace"> & { readonly milliseconds: number };

/** A world that failed: enough to run it again. */
export interface Failure {
  readonly seed: number;
  /** "checker: message" of its first violation. */
  readonly about: string;
}

/** What the file of a run holds. */
export interface RunRecord {
  /** Which build ran, and with which options: sums of two builds prove nothing about either. */
  readonly build: string;
  readonly variant: string;
  readonly done: readonly number[];
  readonly counted: number;
  readonly faults: number;
  /** Milliseconds of world time. */
  readonly worldTime: number;
  /** Milliseconds that the worlds took, over all runs. */
  readonly ran: number;
  readonly slowest: { readonly seed: number; readonly milliseconds: number };
  readonly coverage: Counts;
  readonly failures: readonly Failure[];
}

/** T-01 lets a server pass over a RELEASE that may be late; of all leases given back so many may be kept by that. */
const RELEASED_KEPT_PERCENT = 1;
/** So many leases prove something. */
const RELEASED_ENOUGH = 5_000;

export class Summary {
  readonly coverage = new Coverage();
  readonly failures: Failure[] = [];
  readonly #done = new Set<number>();
  #counted = 0;
  #faults = 0;
  #worldTime = 0;
  #ran = 0;
  #slowest = { seed: 0, milliseconds: 0 };

  get worlds(): number {
    return this.#done.size;
  }

  has(seed: number): boolean {
    return this.#done.has(seed);
  }

  add(outcome: Outcome): void {
    const { counts, duration, faults, itCounts, milliseconds, seed, violations } = outcome;
    this.#done.add(seed);
    if (itCounts) this.#counted += 1;
    this.#faults += faults;
    this.#worldTime += duration;
    this.#ran += milliseconds;
    this.coverage.merge(counts);
    if (milliseconds > this.#slowest.milliseconds) this.#slowest = { seed, milliseconds };
    const [first] = violations;
    if (first !== undefined)
      this.failures.push({ seed, about: `${first.checker}: ${first.message}` });
  }

  /** Why the run as a whole has failed, though no world did. */
  get fault(): string | undefined {
    const { [RELEASED_FREE]: free = 0, [RELEASED_HELD]: kept = 0 } = this.coverage.counts;
    const share = (kept / (free + kept)) * 100;
    if (free + kept < RELEASED_ENOUGH || share <= RELEASED_KEPT_PERCENT) return undefined;
    return `${share.toFixed(1)} % of ${free + kept} leases that were given back were kept for longer than 15 s; ${RELEASED_KEPT_PERCENT} % may be`;
  }

  line(): string {
    const { milliseconds, seed } = this.#slowest;
    return (
      `${this.worlds} worlds (${this.#counted} count), ${this.#faults} faults, ` +
      `${(this.#worldTime / 3_600_000).toFixed(1)} hours of world time in ` +
      `${(this.#ran / 1_000).toFixed(1)} s; slowest seed ${seed} ${milliseconds.toFixed(0)} ms; ` +
      `${this.failures.length} failed`
    );
  }

  record(build: string, variant: string): RunRecord {
    return {
      build,
      variant,
      done: [...this.#done],
      counted: this.#counted,
      faults: this.#faults,
      worldTime: this.#worldTime,
      ran: this.#ran,
      slowest: this.#slowest,
      coverage: this.coverage.counts,
      failures: this.failures,
    };
  }

  /** Goes on from a file. Throws when another build or other options wrote it. */
  resume(record: RunRecord, build: string, variant: string): void {
    if (record.build !== build)
      throw new Error("another build wrote this file: take a new one, or run that build");
    if (record.variant !== variant)
      throw new Error(`this file is of a run with other options: ${record.variant}`);
    for (const seed of record.done) this.#done.add(seed);
    this.#counted = record.counted;
    this.#faults = record.faults;
    this.#worldTime = record.worldTime;
    this.#ran = record.ran;
    this.#slowest = record.slowest;
    this.coverage.merge(record.coverage);
    this.failures.push(...record.failures);
  }
}
