// The lease table as a plain Map: the twin that the tests hold the real one against. Slow and obvious.

import type { Duid } from "../duid.ts";
import { containsPrefix, inPrefix, type Prefix } from "../ipv6.ts";
import { type Lease, leaseKeyText } from "../lease.ts";
import { dueTime, isAvailable } from "../lease-status.ts";
import type { LeaseTable, LeaseTableOptions, LinkGroup } from "../lease-table.ts";
import { LIMITS } from "../limits.ts";
import { type DhcpTime, diffSeconds, NO_TIME } from "../time.ts";

function inUse(lease: Lease): boolean {
  return lease.status !== "FREE" && lease.status !== "FREE-BACKUP";
}

function compareKeys(a: Prefix, b: Prefix): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return a.length - b.length;
}

/** An empty table for tests. */
export function createMapTable({ groupOf }: Pick<LeaseTableOptions, "groupOf">): LeaseTable {
  const leases = new Map<string, Lease>();
  /** Keys in order of first insertion; removed ones stay as undefined, so that a walk's positions never shift. */
  const places: (string | undefined)[] = [];
  /** Keys of the leases of a client that became free last, the latest first. */
  const hints = new Map<Duid, string[]>();
  const forgetHint = (lease: Lease | undefined) => {
    if (lease?.duid === undefined) return;
    const key = leaseKeyText(lease);
    hints.set(
      lease.duid,
      (hints.get(lease.duid) ?? []).filter((other) => other !== key),
    );
  };
  const all = () => [...leases.values()];
  let turnover = 0;
  const countTurnover = (before: Lease | undefined, after: Lease) => {
    if (after.kind !== "prefix") return;
    const wasInUse = before !== undefined && inUse(before);
    const since = before?.primarySince ?? 0;
    const isSame = inUse(after)
      ? wasInUse
      : !wasInUse && before?.status === after.status && since === after.primarySince;
    if (!isSame) turnover += 1;
  };
  return {
    get size() {
      return leases.size;
    },
    get inUse() {
      return all().filter(inUse).length;
    },
    get: (key) => leases.get(leaseKeyText(key)),
    put: (lease) => {
      const key = leaseKeyText(lease);
      if (!leases.has(key)) places.push(key);
      const before = leases.get(key);
      leases.set(key, lease);
      countTurnover(before, lease);
      if (lease.duid === before?.duid && before !== undefined && inUse(lease) === inUse(before))
        return;
      forgetHint(before);
      if (lease.duid === undefined || inUse(lease)) return;
      const known = hints.get(lease.duid) ?? [];
      hints.set(lease.duid, [key, ...known].slice(0, LIMITS.hintsPerClient));
    },
    remove: (key) => {
      const text = leaseKeyText(key);
      const before = leases.get(text);
      forgetHint(before);
      if (before?.kind === "prefix" && inUse(before)) turnover += 1;
      if (leases.delete(text)) places[places.indexOf(text)] = undefined;
    },
    ofClient: (duid: Duid) => [
      ...all().filter((lease) => lease.duid === duid && inUse(lease)),
      ...(hints.get(duid) ?? []).map((key) => leases.get(key) as Lease),
    ],
    countInUse: (link) => all().filter((lease) => lease.link === link && inUse(lease)).length,
    prefixesWithin: (block, limit) =>
      all()
        .filter((lease) => lease.kind === "prefix" && inUse(lease))
        .filter((lease) => containsPrefix(block, lease) || containsPrefix(lease, block))
        .slice(0, limit),
    prefixRows: (block, after, limit) =>
      all()
        .filter((lease) => lease.kind === "prefix" && inPrefix(lease.address, block))
        .sort((a, b) => compareKeys(a, b))
        .filter((lease) => after === undefined || compareKeys(lease, after) > 0)
        .slice(0, limit),
    get prefixTurnover() {
      return turnover;
    },
    ...ordersOf(all, groupOf),
    slice: (from, limit) => {
      const keys = places.slice(from, from + limit).filter((key) => key !== undefined);
      const next = from + limit < places.length ? from + limit : undefined;
      return { leases: keys.map((key) => leases.get(key) as Lease), next };
    },
  };
}

type Orders = Pick<
  LeaseTable,
  | "due"
  | "dueDeclined"
  | "dueFree"
  | "countDeclined"
  | "oldestDeclined"
  | "marked"
  | "markedCount"
  | "oldestMarked"
>;

function ordersOf(all: () => readonly Lease[], groupOf: LeaseTableOptions["groupOf"]): Orders {
  const marks = (relationship: string) =>
    all()
      .filter((lease) => lease.marked && groupOf(lease.link) === relationship)
      .sort((a, b) => a.version - b.version);
  const inOrderOfTime = (some: readonly Lease[], time: DhcpTime) =>
    some
      .filter((lease) => dueTime(lease) !== NO_TIME && diffSeconds(time, dueTime(lease)) >= 0)
      .sort((a, b) => diffSeconds(time, dueTime(b)) - diffSeconds(time, dueTime(a)));
  const due = (group: LinkGroup, order: "due" | "free" | "declined") =>
    all()
      .filter((lease) => groupOf(lease.link) === group)
      .filter(({ status }) =>
        order === "declined"
          ? status === "ABANDONED"
          : status !== "ABANDONED" && isAvailable(status) === (order === "free"),
      );
  const declinedOn = (link: string | undefined) =>
    all().filter((lease) => lease.link === link && lease.status === "ABANDONED");
  return {
    due: (group, time, limit) => inOrderOfTime(due(group, "due"), time).slice(0, limit),
    dueDeclined: (group, time, limit) =>
      inOrderOfTime(due(group, "declined"), time).slice(0, limit),
    dueFree: (group, time, limit) => inOrderOfTime(due(group, "free"), time).slice(0, limit),
    countDeclined: (link) => declinedOn(link).length,
    oldestDeclined: (link, limit) =>
      declinedOn(link)
        .filter((lease) => dueTime(lease) !== NO_TIME)
        .sort((a, b) => dueTime(a) - dueTime(b))
        .slice(0, limit),
    marked: (relationship, after, limit) =>
      marks(relationship)
        .filter((lease) => lease.version > after)
        .slice(0, limit),
    markedCount: (relationship) => marks(relationship).length,
    oldestMarked: (relationship) => marks(relationship)[0]?.version ?? 0,
  };
}
