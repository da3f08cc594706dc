// What a world is like, drawn from its seed ("swarm": each world switches on some faults, each with its own strength).

import type { ClockSetting } from "./clock.ts";
import { Prng } from "./prng.ts";
import { TIME_FAULT_KINDS, type TimeFaultKind } from "./time-faults.ts";

export type FaultKind =
  | "partner-cut"
  | "partner-reset"
  | "client-cut"
  | "kill"
  | "power-cut"
  | "wipe"
  | "pause"
  | "planned-stop"
  | "partner-down-right"
  | "partner-down-wrong"
  | "slow-disk"
  | "disk-error"
  | "both-down"
  | "ambush"
  | "reclaim-right"
  | "reclaim-wrong"
  | "survivor"
  | "blackout"
  | "full-disk"
  | "stalled-disk"
  | "rot"
  | "rollback";

/** Faults that worlds draw. */
export const FAULT_KINDS: readonly FaultKind[] = [
  "partner-cut",
  "partner-reset",
  "client-cut",
  "kill",
  "power-cut",
  "wipe",
  "pause",
  "planned-stop",
  "partner-down-right",
  "partner-down-wrong",
  "slow-disk",
  "disk-error",
  "both-down",
  "ambush",
];

/** Faults that some worlds draw beside those: from numbers of their own, so that all other worlds stay as they are. */
export const RARE_FAULTS: readonly FaultKind[] = [
  "reclaim-right",
  "reclaim-wrong",
  "rollback",
  "full-disk",
  "stalled-disk",
  "rot",
];

/** How many worlds have each of them. */
const RARE_SHARE = 0.07;

/** Faults of clients that come back while a server lacks what its partner promised. */
const REBOOTS: readonly FaultKind[] = ["survivor", "blackout"];

/** Faults that make sense for a server without a partner. */
const LONE_FAULTS: ReadonlySet<FaultKind> = new Set([
  "client-cut",
  "kill",
  "power-cut",
  "pause",
  "planned-stop",
  "slow-disk",
  "disk-error",
  "blackout",
  "full-disk",
  "stalled-disk",
]);

export interface NetworkOptions {
  readonly loss: number;
  readonly duplicate: number;
  /** Usual delay up to this, milliseconds. */
  readonly delay: number;
  /** Chance of a delay of up to 5 s, which also reorders. */
  readonly late: number;
}

/** Events a client makes happen, mean seconds between two; 0 = never. */
export interface Churn {
  readonly release: number;
  readonly decline: number;
  readonly vanish: number;
  readonly move: number;
  readonly rebirth: number;
  /** Switched off and on at once, with nothing remembered: it begins anew and should get what it had. */
  readonly reboot: number;
}

export interface Scenario {
  readonly seed: number;
  readonly single: boolean;
  readonly mclt: number;
  readonly valid: number;
  readonly preferred: number;
  /** Milliseconds. */
  readonly keepalive: number;
  readonly startup: number;
  readonly declinedHeld: number;
  readonly offerHeld: number;
  readonly tls: boolean;
  readonly clients: number;
  /** Addresses in each link's pool. */
  readonly poolSize: number;
  /** log2 of the delegable units of each link's prefix pool. */
  readonly prefixBits: number;
  /** Milliseconds of faults. */
  readonly safety: number;
  readonly faults: readonly FaultKind[];
  readonly timeFaults: readonly TimeFaultKind[];
  /** Mean milliseconds between faults. */
  readonly faultInterval: number;
  readonly network: NetworkOptions;
  readonly churn: Churn;
  readonly clocks: Readonly<Record<"a" | "b", ClockSetting>>;
  /** Whether clients retransmit a RENEW after 10 s as the RFC says, or sooner. */
  readonly renewTimeout: number;
  readonly rapidCommit: boolean;
  /** The second link has two relays, each of which forwards every message. */
  readonly twoRelays: boolean;
  /** Clients that send RELEASE and DECLINE once and await no answer do so; else they repeat them as the RFC says. */
  readonly endsOnce: boolean;
}

/** Lifetimes that a world's safety phase lasts at least. */
export const LIFETIMES = 5;
export const MIN_CLIENTS = 20;
export const MIN_FAULTS = 3;
/** RFC 8156 §7.1: the clocks of a pair differ by at most this, milliseconds. */
const SKEW = 4_500;

function drawFaults(prng: Prng, single: boolean): readonly FaultKind[] {
  const share = prng.pick([0.15, 0.3, 0.5, 0.8]);
  const kinds = FAULT_KINDS.filter((kind) => !single || LONE_FAULTS.has(kind));
  const chosen = kinds.filter(() => prng.chance(share));
  return chosen.length > 0 ? chosen : [prng.pick(kinds)];
}

/** From a stream of their own, so that a world is otherwise what it was without them. */
function drawTimeFaults(seed: number): readonly TimeFaultKind[] {
  const prng = new Prng(seed, "time faults");
  return TIME_FAULT_KINDS.filter(() => prng.chance(0.3));
}

function drawRareFaults(seed: number, single: boolean): readonly FaultKind[] {
  const prng = new Prng(seed, "rare faults");
  const chosen = RARE_FAULTS.filter(() => prng.chance(RARE_SHARE));
  return chosen.filter((kind) => !single || LONE_FAULTS.has(kind));
}

function drawClock(prng: Prng, skewed: boolean): ClockSetting {
  if (!skewed) return { offset: 0, drift: 0 };
  return { offset: prng.between(-2_000, 2_000), drift: prng.between(-100, 100) };
}

function within(setting: ClockSetting, other: ClockSetting, duration: number): boolean {
  const apart = (at: number) =>
    Math.abs(setting.offset - other.offset + (at * (setting.drift - other.drift)) / 1_000_000);
  return apart(0) < SKEW && apart(duration) < SKEW;
}

function drawClocks(prng: Prng, duration: number): Scenario["clocks"] {
  const skewed = prng.chance(0.6);
  for (;;) {
    const a = drawClock(prng, skewed);
    const b = drawClock(prng, skewed);
    if (within(a, b, duration)) return { a, b };
  }
}

function drawNetwork(prng: Prng): NetworkOptions {
  const bad = prng.chance(0.5);
  return {
    loss: bad ? prng.pick([0.01, 0.05, 0.2]) : 0,
    duplicate: prng.chance(0.4) ? prng.pick([0.01, 0.1]) : 0,
    delay: prng.pick([2, 20, 100]),
    late: prng.chance(0.4) ? prng.pick([0.01, 0.05]) : 0,
  };
}

function drawChurn(prng: Prng, later: Prng): Churn {
  const rate = (mean: readonly number[]) => (prng.chance(0.6) ? prng.pick(mean) : 0);
  return {
    release: rate([60, 200, 600]),
    decline: rate([400, 1500]),
    vanish: rate([100, 300, 900]),
    move: rate([300, 1000]),
    rebirth: rate([150, 500]),
    reboot: later.chance(0.6) ? later.pick([60, 200, 600]) : 0,
  };
}

/** In some worlds a pool is too small for its clients: one side runs dry, and the other has some left. */
function drawPrefixBits(usual: number, prng: Prng): number {
  return prng.chance(0.3) ? prng.pick([1, 2, 3]) : usual;
}

/** The world of a seed: the same seed gives the same world. */
export function drawScenario(seed: number, single: boolean): Scenario {
  const prng = new Prng(seed, "scenario");
  const habits = new Prng(seed, "habits");
  // Reboots have numbers of their own, so that the worlds of old seeds stay as they were in all else.
  const later = new Prng(seed, "scenario of reboots");
  const mclt = prng.pick([30, 30, 40, 60]);
  const valid = prng.pick([90, 90, 120, 180, 300]);
  const safety = valid * (LIFETIMES + prng.below(3)) * 1000;
  const faults = [
    ...drawFaults(prng, single),
    ...drawRareFaults(seed, single),
    ...REBOOTS.filter((kind) => later.chance(0.25) && (!single || LONE_FAULTS.has(kind))),
  ];
  const clients = prng.between(MIN_CLIENTS, 28);
  return {
    seed,
    single,
    mclt,
    valid,
    preferred: Math.floor(valid * prng.pick([0.6, 0.8, 1])),
    keepalive: prng.pick([1_000, 4_000, 10_000]),
    startup: prng.pick([2_000, 5_000, 10_000]),
    declinedHeld: prng.pick([60, 300]),
    offerHeld: prng.pick([5_000, 20_000, 60_000]),
    tls: prng.chance(0.7),
    clients,
    poolSize: Math.ceil(clients * prng.pick([0.7, 1.2, 2, 3])),
    prefixBits: drawPrefixBits(prng.pick([4, 5, 6, 12]), new Prng(seed, "prefixes")),
    safety,
    faults,
    timeFaults: drawTimeFaults(seed),
    faultInterval: Math.floor(safety / prng.between(6, 24)),
    network: drawNetwork(prng),
    churn: drawChurn(prng, later),
    clocks: drawClocks(prng, safety + 2_000_000),
    renewTimeout: prng.pick([3_000, 10_000]),
    rapidCommit: prng.chance(0.5),
    twoRelays: habits.chance(0.5),
    endsOnce: habits.chance(0.5),
  };
}
