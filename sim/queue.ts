// What happens when, in world time: a heap of things to do, ties in the order in which they were planned.

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

function earlier(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

export class EventQueue {
  readonly #heap: Planned[] = [];
  #order = 0;
  #now = 0;

  /** World time, milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** Runs `run` in `delay` milliseconds of world time (never before now). */
  after(delay: number, run: () => void): void {
    this.at(this.#now + Math.max(0, delay), run);
  }

  at(time: number, run: () => void): void {
    const planned = { at: Math.max(time, this.#now), order: this.#order++, run };
    let i = this.#heap.push(planned) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!earlier(planned, this.#heap[parent] as Planned)) break;
      this.#heap[i] = this.#heap[parent] as Planned;
      i = parent;
    }
    this.#heap[i] = planned;
  }

  /** Does all that is planned up to `end`, then it is `end`. `stop` ends the run early. */
  runUntil(end: number, stop: () => boolean): void {
    for (let top = this.#heap[0]; top !== undefined && top.at <= end; top = this.#heap[0]) {
      if (stop()) return;
      this.#removeTop();
      this.#now = top.at;
      top.run();
    }
    this.#now = Math.max(this.#now, end);
  }

  #removeTop(): void {
    const last = this.#heap.pop() as Planned;
    const size = this.#heap.length;
    if (size === 0) return;
    let i = 0;
    for (;;) {
      let child = i * 2 + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && earlier(this.#heap[right] as Planned, this.#heap[child] as Planned)) {
        child = right;
      }
      if (!earlier(this.#heap[child] as Planned, last)) break;
      this.#heap[i] = this.#heap[child] as Planned;
      i = child;
    }
    this.#heap[i] = last;
  }
}
