// The checkers of a world, together; the first violation ends it.

import { age } from "./checkers/age.ts";
import { bindingTransitions } from "./checkers/binding-transitions.ts";
import { causes } from "./checkers/causes.ts";
import { durability } from "./checkers/durability.ts";
import { endpointTransitions } from "./checkers/endpoint-transitions.ts";
import { lifetimes } from "./checkers/lifetimes.ts";
import type { Checker, Observation, Violation } from "./checkers/observation.ts";
import { released } from "./checkers/released.ts";
import { service } from "./checkers/service.ts";
import { settled } from "./checkers/settled.ts";
import { twoHolders } from "./checkers/two-holders.ts";
import { SERVER_DUID } from "./config.ts";
import type { Coverage } from "./coverage.ts";
import { coverageObserver } from "./coverage-observer.ts";
import type { Scenario } from "./scenario.ts";
import type { Trace } from "./trace.ts";

/** What a run counts of the leases that were given back (`Summary.keptShare`). */
export const RELEASED_FREE = "released: free within 15 s";
export const RELEASED_HELD = "released: kept for longer";

export interface JudgedWorld {
  readonly scenario: Scenario;
  readonly coverage: Coverage;
  readonly trace: Trace;
}

export class Judges {
  readonly violations: Violation[] = [];
  readonly #checkers: readonly Checker[];

  /** `only`: names of the checkers to use; undefined: all that fit. */
  constructor({ scenario, coverage, trace }: JudgedWorld, only: readonly string[] | undefined) {
    const report = (checker: string) => (at: number, message: string) => {
      this.violations.push({ checker, at, message });
    };
    const servers = { [SERVER_DUID.a]: "a", [SERVER_DUID.b]: "b" } as const;
    const pair = !scenario.single;
    const all = [
      twoHolders(report("two-holders")),
      durability(report("durability")),
      bindingTransitions(pair, report("binding-transitions")),
      age(report("age")),
      causes(servers, report("causes")),
      service(report("service")),
      released({
        servers,
        pair,
        judged: (wasFree, at, what) => {
          coverage.add(wasFree ? RELEASED_FREE : RELEASED_HELD);
          if (!wasFree) trace.add(at, "world", "kept", () => `${what} was given back`);
        },
      }),
      ...(pair ? [lifetimes(scenario.mclt, report("lifetimes"))] : []),
      ...(pair ? [endpointTransitions(report("endpoint-transitions"))] : []),
      ...(pair ? [settled(report("settled"))] : []),
    ];
    const chosen = only === undefined ? all : all.filter((checker) => only.includes(checker.name));
    this.#checkers = [...chosen, coverageObserver(coverage)];
  }

  get failed(): boolean {
    return this.violations.length > 0;
  }

  observe(observation: Observation): void {
    for (const checker of this.#checkers) checker.observe(observation);
  }
}
