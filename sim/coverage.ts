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
  // No server makes a RESET of what its partner may have granted since (T-04), so it meets no ACTIVE.
  ...HELD.filter((received) => received !== "RESET").map(
    (received) => `decision own ACTIVE received ${received} later: accept`,
  ),
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

/** Transitions of RFC 8156 §8 that both servers come to, and those of one role. Not among them: RECOVER-DONE to
 * POTENTIAL-CONFLICT, for whose sake the partner would have to leave its wait for us. */
const STATES: readonly string[] = [
  ...["a", "b"].flatMap((server) =>
    [
      "STARTUP > COMMUNICATIONS-INTERRUPTED",
      "STARTUP > PARTNER-DOWN",
      "STARTUP > RECOVER",
      "STARTUP > RECOVER-WAIT",
      "STARTUP > RECOVER-DONE",
      "STARTUP > POTENTIAL-CONFLICT",
      "STARTUP > RESOLUTION-INTERRUPTED",
      "NORMAL > COMMUNICATIONS-INTERRUPTED",
      "NORMAL > PARTNER-DOWN",
      "COMMUNICATIONS-INTERRUPTED > NORMAL",
      "COMMUNICATIONS-INTERRUPTED > PARTNER-DOWN",
      "COMMUNICATIONS-INTERRUPTED > POTENTIAL-CONFLICT",
      "PARTNER-DOWN > NORMAL",
      "PARTNER-DOWN > POTENTIAL-CONFLICT",
      "RECOVER > RECOVER-WAIT",
      "RECOVER > POTENTIAL-CONFLICT",
      "RECOVER > PARTNER-DOWN",
      "RECOVER-WAIT > RECOVER-DONE",
      "RECOVER-WAIT > PARTNER-DOWN",
      "RECOVER-DONE > NORMAL",
      "RECOVER-DONE > COMMUNICATIONS-INTERRUPTED",
      "RECOVER-DONE > PARTNER-DOWN",
      "POTENTIAL-CONFLICT > RESOLUTION-INTERRUPTED",
      "RESOLUTION-INTERRUPTED > POTENTIAL-CONFLICT",
      "RESOLUTION-INTERRUPTED > PARTNER-DOWN",
    ].map((step) => `state ${server} ${step}`),
  ),
  "state a STARTUP > CONFLICT-DONE",
  "state a POTENTIAL-CONFLICT > CONFLICT-DONE",
  "state a CONFLICT-DONE > NORMAL",
  "state a CONFLICT-DONE > POTENTIAL-CONFLICT",
  "state a CONFLICT-DONE > PARTNER-DOWN",
  "state b POTENTIAL-CONFLICT > NORMAL",
];

/** The names that a good run covers at least once, a long one ten times; what is missing is printed. */
export const EXPECTED: readonly string[] = [
  ...STATES,
  ...DECISIONS,
  "block FREE-BACKUP taken",
  "block FREE taken",
  "prefix FREE-BACKUP taken",
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
  "reply INFORMATION-REQUEST",
];

/** So often proves something. */
const ENOUGH = 10;
const PAIR_ONLY = /^(state|decision|block|prefix|renewal by|takeover)/;

/** Lines in fixed columns, the expected names without a count at the end. */
export function printCoverage(counts: Counts, single: boolean): readonly string[] {
  const lines = Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${String(count).padStart(9)}  ${name}`);
  const expected = single ? EXPECTED.filter((name) => !PAIR_ONLY.test(name)) : EXPECTED;
  const missing = expected.filter((name) => (counts[name] ?? 0) < ENOUGH);
  return [
    ...lines,
    ...missing.map((name) => {
      const count = counts[name] ?? 0;
      return `${(count === 0 ? "NEVER" : "SELDOM").padStart(9)}  ${name}`;
    }),
  ];
}
