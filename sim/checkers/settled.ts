// After the healing both servers come back to NORMAL, owe each other nothing and know the same, within a bounded
// world time (R7031-11, R7031-12, R7031-47, F-360; marks and queues: F-299).

import {
  type Checker,
  type LeaseImage,
  leaseName,
  type Observation,
  type Report,
} from "./observation.ts";

type Look = Extract<Observation, { type: "looked" }>;

/** What is wrong with the pair, in words; empty when it is settled. */
export function unsettled(look: Pick<Look, "status" | "tables">): readonly string[] {
  const faults: string[] = [];
  for (const server of ["a", "b"] as const) {
    const { state, unacknowledged } = look.status[server];
    if (state !== "NORMAL") faults.push(`${server} is in ${state}`);
    if (unacknowledged > 0) faults.push(`${server} has ${unacknowledged} updates unacknowledged`);
    const marked = look.tables[server].filter((lease) => lease.marked).length;
    if (marked > 0) faults.push(`${server} has ${marked} marked leases`);
  }
  return [...faults, ...differences(look.tables.a, look.tables.b)];
}

/** No record means: free, in the default owner's pool. */
function isUnused(lease: LeaseImage | undefined): boolean {
  return lease === undefined || lease.status === "FREE" || lease.status === "FREE-BACKUP";
}

function differences(a: readonly LeaseImage[], b: readonly LeaseImage[]): readonly string[] {
  const name = (lease: LeaseImage) => `${lease.address}/${lease.length}`;
  const left = new Map(a.map((lease) => [name(lease), lease]));
  const right = new Map(b.map((lease) => [name(lease), lease]));
  const faults: string[] = [];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const one = left.get(key);
    const two = right.get(key);
    const fault = difference(one, two);
    if (fault !== undefined) faults.push(`${leaseName((one ?? two) as LeaseImage)}: ${fault}`);
  }
  return faults;
}

function difference(a: LeaseImage | undefined, b: LeaseImage | undefined): string | undefined {
  if (isUnused(a) && isUnused(b)) {
    if (a !== undefined && b !== undefined && a.status !== b.status)
      return `${a.status} and ${b.status}`;
    return undefined;
  }
  if (a === undefined || b === undefined)
    return `${a?.status ?? "no record"} and ${b?.status ?? "no record"}`;
  if (a.status !== b.status) return `${a.status} and ${b.status}`;
  if (a.duid !== b.duid || a.iaid !== b.iaid)
    return `of ${a.duid} ${a.iaid} and of ${b.duid} ${b.iaid}`;
  // An ended lease has no client whose expiry or contacts count.
  if (a.status !== "ACTIVE") return undefined;
  if (a.clientExpiry !== b.clientExpiry)
    return `client expiry ${a.clientExpiry} and ${b.clientExpiry}`;
  const last = (lease: LeaseImage) =>
    Math.max(lease.clientLastTransactionTime, lease.partnerRawCltTime);
  if (last(a) !== last(b)) return `last contact with the client ${last(a)} and ${last(b)}`;
  return undefined;
}

export function settled(report: Report): Checker {
  return {
    name: "settled",
    observe(observation) {
      if (observation.type !== "looked" || !observation.last) return;
      const faults = unsettled(observation);
      if (faults.length === 0) return;
      const more = faults.length > 6 ? ` and ${faults.length - 6} more` : "";
      report(observation.at, `not settled: ${faults.slice(0, 6).join("; ")}${more}`);
    },
  };
}
