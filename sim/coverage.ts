// What worlds have covered: counts by name, so that a million empty worlds prove nothing unseen.

export type Counts = Record<string, number>;

export class Coverage {
  readonly counts: Counts = {};

  add(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  merge(other: Counts): void {
    for (const [name, count] of Object.entries(other)) this.add(name, count);
  }
}

/** The names that a good run covers at least once; what is missing is printed. */
export const EXPECTED: readonly string[] = [
  ...["a", "b"].flatMap((server) => [
    `state ${server} STARTUP > COMMUNICATIONS-INTERRUPTED`,
    `state ${server} COMMUNICATIONS-INTERRUPTED > NORMAL`,
    `state ${server} NORMAL > COMMUNICATIONS-INTERRUPTED`,
    `state ${server} COMMUNICATIONS-INTERRUPTED > PARTNER-DOWN`,
    `state ${server} COMMUNICATIONS-INTERRUPTED > POTENTIAL-CONFLICT`,
    `state ${server} PARTNER-DOWN > NORMAL`,
    `state ${server} PARTNER-DOWN > POTENTIAL-CONFLICT`,
    `state ${server} STARTUP > RECOVER`,
    `state ${server} RECOVER > RECOVER-WAIT`,
    `state ${server} RECOVER-WAIT > RECOVER-DONE`,
    `state ${server} RECOVER-DONE > NORMAL`,
    `state ${server} POTENTIAL-CONFLICT > RESOLUTION-INTERRUPTED`,
    `state ${server} RESOLUTION-INTERRUPTED > POTENTIAL-CONFLICT`,
  ]),
  "state a POTENTIAL-CONFLICT > CONFLICT-DONE",
  "state a CONFLICT-DONE > NORMAL",
  "state b POTENTIAL-CONFLICT > NORMAL",
  "lease given to another client",
  "renewal by the other server",
  "takeover: RENEW answered for the partner",
  "lease expired at the client",
  "reply RENEW",
  "reply REBIND",
  "reply REQUEST",
  "reply RELEASE",
  "reply DECLINE",
  "reply CONFIRM",
  "reply SOLICIT",
];

/** Lines in fixed columns, the expected names without a count at the end. */
export function printCoverage(counts: Counts): readonly string[] {
  const lines = Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${String(count).padStart(9)}  ${name}`);
  const missing = EXPECTED.filter((name) => (counts[name] ?? 0) === 0);
  return [...lines, ...missing.map((name) => `${"NEVER".padStart(9)}  ${name}`)];
}
