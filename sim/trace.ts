// What happened in a world, one line an event in fixed columns: world time, who, what, details.

/** A trace that keeps its lines; `off` costs nothing. */
export class Trace {
  readonly lines: string[] = [];
  readonly on: boolean;

  constructor(on: boolean) {
    this.on = on;
  }

  /** `detail` is only called when the trace is on. */
  add(now: number, who: string, what: string, detail: () => string): void {
    if (!this.on) return;
    const seconds = (now / 1000).toFixed(3).padStart(10);
    this.lines.push(`${seconds} ${who.padEnd(5)} ${what.padEnd(12)} ${detail()}`.trimEnd());
  }
}
