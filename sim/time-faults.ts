// Faults of time: a process that stands still in the middle of its work, a machine that gives it little of its CPU. They
// have a stream of their own, beside the other faults of a world.

import type { ServerName } from "./checkers/observation.ts";
import type { Host } from "./host.ts";
import type { Prng } from "./prng.ts";
import type { EventQueue } from "./queue.ts";

export type TimeFaultKind = "stand-still" | "brake";

export const TIME_FAULT_KINDS: readonly TimeFaultKind[] = ["stand-still", "brake"];

/** What they act on. */
export interface TimeGround {
  readonly queue: EventQueue;
  readonly prng: Prng;
  readonly hosts: Readonly<Record<ServerName, Host>>;
  /** One line for the trace. */
  note(what: string, detail: string): void;
  isHealed(): boolean;
}

export interface TimeFaultPlan {
  readonly kinds: readonly TimeFaultKind[];
  readonly servers: readonly ServerName[];
  /** Mean milliseconds between two. */
  readonly interval: number;
  /** The last one is before this world time. */
  readonly until: number;
}

type Strike = (ground: TimeGround, host: Host) => void;

/** Between a batch and what it sends, or between two datagrams of it: a signal, a machine that migrates. */
function standStill({ note, prng }: TimeGround, host: Host): void {
  const duration = prng.pick([1_500, 4_000, 11_000, 24_000]) + prng.below(1_000);
  const after = prng.below(3);
  note("stand-still", `${host.name} for ${duration} ms, after ${after} datagrams of a batch`);
  host.standStillInBatch(duration, after);
}

/** Always stopped for less than a second, and then let go for a moment: no single gap is noticed. */
function brake(ground: TimeGround, host: Host): void {
  const { note, prng, queue } = ground;
  const end = queue.now + prng.pick([5_000, 20_000, 60_000]);
  note("brake", `${host.name} until ${(end / 1_000).toFixed(3)}`);
  host.isSlow = true;
  const stop = (): void => {
    if (queue.now >= end || ground.isHealed()) {
      host.isSlow = false;
      return;
    }
    const duration = 500 + prng.below(480);
    host.pause(duration);
    queue.after(duration + 1, stop);
  };
  stop();
}

const STRIKES: Readonly<Record<TimeFaultKind, Strike>> = { "stand-still": standStill, brake };

/** Plans one after the other; `struck` is called for each. */
export function beginTimeFaults(ground: TimeGround, plan: TimeFaultPlan, struck: () => void): void {
  const { prng, queue } = ground;
  if (plan.kinds.length === 0) return;
  const again = (): void => {
    const wait = 1_000 - Math.log(1 - prng.fraction()) * plan.interval;
    if (queue.now + wait > plan.until) return;
    queue.after(wait, () => {
      const host = ground.hosts[prng.pick(plan.servers)];
      if (host.runs) {
        STRIKES[prng.pick(plan.kinds)](ground, host);
        struck();
      }
      again();
    });
  };
  again();
}
