// Lines of the report: fixed columns, one unit each.

import type { Measured } from "./measure.ts";
import type { Held } from "./search.ts";

const WIDTHS = [18, 14, 8, 8, 10, 8, 9, 9, 7];

export const HEADINGS: readonly string[] = [
  ...["subject", "exchange", "rate/s", "loss %", "cpu µs/x", "partner", "p50 ms", "p99 ms"],
  "busy %",
];

export function line(cells: readonly string[]): string {
  return cells.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 8)).join(" ");
}

export function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? "-" : value.toFixed(digits);
}

export function measuredLine(subject: string, exchange: string, measured: Measured): string {
  const [own, partner] = measured.cpu;
  return line([
    ...[subject, exchange, fixed(measured.done / measured.seconds, 0)],
    ...[fixed(measured.loss * 100, 2), fixed(own, 1), fixed(partner, 1)],
    ...[fixed(measured.p50, 3), fixed(measured.p99, 3), fixed(measured.busy * 100, 0)],
  ]);
}

export function heldLine(subject: string, exchange: string, held: Held): string {
  if (held.at === undefined) return line([subject, exchange, "none held"]);
  const bound = held.generatorBound ? "  (the generator could do no more)" : "";
  return `${measuredLine(subject, exchange, held.at)}${bound}`;
}

/** Of the measurement with a slow partner link. */
export const DELAY_HEADINGS: readonly string[] = [
  ...["subject", "exchange", "rate/s", "loss %", "p50 ms", "p95 ms", "p99 ms", "open updates"],
];

export interface DelayRow {
  readonly name: string;
  readonly kind: string;
  readonly rate: number;
  readonly loss: number;
  readonly latencies: readonly number[];
  /** Updates without an answer near the end of a run. */
  readonly open: number | undefined;
}

export function delayLine({ name, kind, rate, loss, latencies, open }: DelayRow): string {
  const cells = latencies.map((millis) => fixed(millis, 3));
  return line([name, kind, fixed(rate, 0), fixed(loss * 100, 2), ...cells, fixed(open, 0)]);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
