// What all parts of a world share: its time, its trace, its judges and its counts.

import type { Observation } from "./checkers/observation.ts";
import { Coverage } from "./coverage.ts";
import { Judges } from "./judges.ts";
import { Prng } from "./prng.ts";
import { EventQueue } from "./queue.ts";
import type { Scenario } from "./scenario.ts";
import { Trace } from "./trace.ts";

export interface SceneOptions {
  readonly scenario: Scenario;
  readonly trace: boolean;
  /** Names of the checkers to use; undefined: all. */
  readonly checkers?: readonly string[] | undefined;
}

export class Scene {
  readonly scenario: Scenario;
  readonly queue = new EventQueue();
  readonly prng: Prng;
  readonly trace: Trace;
  readonly coverage = new Coverage();
  readonly judges: Judges;
  /** No more faults: what was planned before does nothing. */
  healed = false;

  constructor({ checkers, scenario, trace }: SceneOptions) {
    this.scenario = scenario;
    this.prng = new Prng(scenario.seed, "world");
    this.trace = new Trace(trace);
    this.judges = new Judges(this, checkers);
  }

  get now(): number {
    return this.queue.now;
  }

  note(who: string, what: string, detail: () => string): void {
    this.trace.add(this.now, who, what, detail);
  }

  observe(observation: Observation): void {
    this.judges.observe(observation);
  }
}
