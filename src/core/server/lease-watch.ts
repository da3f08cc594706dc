// Says it when the leases come near the limit: at 80 % and at 95 %, each once until they are fewer again.

import type { Capacity } from "../leasing/capacity.ts";
import type { AlarmFact } from "../model/alarms.ts";
import type { LogEvent } from "../model/log-events.ts";
import type { Server } from "./server.ts";

/** Percent of the limit; the alarms of the same names stand as long as it is true. */
const MANY = 80;
const NEARLY_ALL = 95;

/** Whole percent of the limit. */
function percentOf(count: number, most: number): number {
  return Math.floor((100 * count) / most);
}

export class LeaseWatch {
  #said = 0;

  look(count: number, { most, by }: Capacity): LogEvent | undefined {
    const percent = percentOf(count, most);
    const reached = percent >= NEARLY_ALL ? NEARLY_ALL : percent >= MANY ? MANY : 0;
    const rises = reached > this.#said;
    // A few per cent fewer before it is said again.
    if (rises || percent < this.#said - 5) this.#said = reached;
    if (!rises) return undefined;
    return { id: "DHCP6_MANY_LEASES", fields: { count, percent, most, by } };
  }
}

/** D-294: how near the leases are to the limit of the server and of each link that has one. */
export function leaseAlarms({ config, state, capacity }: Server): readonly AlarmFact[] {
  const whole = {
    subject: config.server.name,
    count: state.table.inUse,
    most: capacity.most,
    by: capacity.by,
  };
  const links = config.links.flatMap(({ name, maxLeases: most }) =>
    most === undefined
      ? []
      : [
          {
            subject: name,
            count: state.table.countInUse(name),
            most,
            by: "max-leases of the link",
          },
        ],
  );
  return [whole, ...links].flatMap(({ subject, ...numbers }): readonly AlarmFact[] => {
    const percent = percentOf(numbers.count, numbers.most);
    if (percent < MANY) return [];
    const id = percent < NEARLY_ALL ? "MANY_LEASES" : "NEARLY_ALL_LEASES";
    return [{ id, subject, fields: { ...numbers, percent } }];
  });
}
