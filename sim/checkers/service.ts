// Clients are served: once all is healed and the pair is back, most of those that ask hold something (R7031-77).
// Without this a pair that gives nothing to anybody would pass all other checkers.

import type { Checker, Report } from "./observation.ts";

/** Declined addresses, doubts and the partner's half keep some leases out of use. */
const SHARE = 1 / 3;

export function service(report: Report): Checker {
  return {
    name: "service",
    observe(observation) {
      if (observation.type !== "served") return;
      const { at, capacity, holding, wanting } = observation;
      const expected = Math.floor(Math.min(wanting, capacity) * SHARE);
      if (holding >= expected) return;
      report(at, `${holding} of ${wanting} clients hold a lease, at least ${expected} should`);
    },
  };
}
