// Counts by name: every discard has a reason, every reason a counter. The names stand in counter-names.ts.

import type { CounterName } from "./counter-names.ts";

export class Counters {
  readonly #counts = new Map<CounterName, number>();

  add(name: CounterName, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  get(name: CounterName): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Name and count, in order of name. */
  toJson(): Partial<Record<CounterName, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
