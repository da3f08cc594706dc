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

const HELD = ["ACTIVE", "EXPIRED", "RELEASED", "ABANDONED", "RESET"];
/** Cells of RFC 8156 Figure 4 that two of our servers can come to, each with a time before, at and after ours. */
const DECISIONS: readonly string[] = [
  "decision own ACTIVE received ACTIVE earlier: accept",
  ...HELD.map((received) => `decision own ACTIVE received ${received} later: accept`),
  ...HELD.map((received) => `decision own none received ${received} later: accept`),
  ...["EXPIRED", "RELEASED"].flatMap((own) => [
    `decision own ${own} received ACTIVE earlier: reject-19`,
    `decision own ${own} received ACTIVE equal: accept`,
    `decision own ${own} received ACTIVE later: accept`,
  ]),
  "decision own ACTIVE received RELEASED earlier: reject-19",
  "decision own ACTIVE received RELEASED equal: reject-19",
  "decision own ACTIVE received EXPIRED earlier: reject-19",
  "decision own ABANDONED received ACTIVE equal: reject-19",
  "decision own RESET received ACTIVE later: accept",
  "decision own FREE received ACTIVE later: accept",
  "decision own FREE-BACKUP received ACTIVE later: accept",
];

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
  ...DECISIONS,
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

const PAIR_ONLY = /^(state|decision|renewal by|takeover)/;

/** Lines in fixed columns, the expected names without a count at the end. */
export function printCoverage(counts: Counts, single: boolean): readonly string[] {
  const lines = Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${String(count).padStart(9)}  ${name}`);
  const expected = single ? EXPECTED.filter((name) => !PAIR_ONLY.test(name)) : EXPECTED;
  const missing = expected.filter((name) => (counts[name] ?? 0) === 0);
  return [...lines, ...missing.map((name) => `${"NEVER".padStart(9)}  ${name}`)];
}
