// The judgement over a history: two holders of one lease, clients whose lease changed, and what a kill did.

import type { History } from "./history.ts";
import {
  type Change,
  type Grant,
  type Holding,
  type Holdings,
  holdingsOf,
  type Wait,
} from "./holdings.ts";

export interface TwoHolders {
  readonly one: Holding;
  readonly other: Holding;
  /** Microseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export interface LongestWait {
  readonly seconds: number;
  readonly wait: Wait;
}

export interface JudgedChange extends Change {
  /** The partner had acknowledged a BNDUPD about this lease of this client before. */
  readonly acknowledged: boolean;
}

export interface Verdict {
  readonly holdings: Holdings;
  readonly twoHolders: readonly TwoHolders[];
  readonly changes: readonly JudgedChange[];
  /** The longest answered wait of any client, seconds. */
  readonly longestWait: LongestWait | undefined;
  /** The same of those that held a lease and asked to keep it. */
  readonly longestRenewal: LongestWait | undefined;
  readonly unanswered: readonly Wait[];
}

/** A server that died, and when. */
export interface Kill {
  /** Its DUID in hex. */
  readonly server: string;
  /** Its address on the partner link, as `addressText`. */
  readonly address: string;
  /** Microseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** When the survivor had given up the connection: what the dead server's kernel delivers later is heard by nobody. */
  readonly heardUntil?: number;
}

export interface YoungLease {
  readonly grant: Grant;
  /** What the client had in the end. */
  readonly fate: "kept" | "ended" | "changed";
}

export interface KillReport {
  /** Grants by the survivor for leases that the client had before the kill, in answer to RENEW or REBIND. */
  readonly renewals: readonly Grant[];
  /** Of these, the ones that fell due only after the kill. */
  readonly dueAfter: readonly Grant[];
  /** The latest grant before the kill never reached the partner as a BNDUPD. */
  readonly young: readonly YoungLease[];
}

export function judge(history: History): Verdict {
  const holdings = holdingsOf(history);
  const acks = acknowledgements(history);
  const changes = holdings.changes.map((change) => {
    const times = acks.get(`${change.before}|${change.client}`) ?? [];
    return { ...change, acknowledged: times.some((time) => time <= change.time) };
  });
  const renewals = holdings.waits.filter(({ first }) => first === "RENEW" || first === "REBIND");
  const unanswered = holdings.waits.filter((wait) => wait.to === undefined);
  return {
    holdings,
    twoHolders: overlaps(holdings.all),
    changes,
    longestWait: longestOf(holdings.waits),
    longestRenewal: longestOf(renewals),
    unanswered,
  };
}

function longestOf(waits: readonly Wait[]): LongestWait | undefined {
  let longest: LongestWait | undefined;
  for (const wait of waits) {
    if (wait.to === undefined) continue;
    const seconds = (wait.to - wait.from) / 1_000_000;
    if (longest === undefined || seconds > longest.seconds) longest = { seconds, wait };
  }
  return longest;
}

/** Times at which the partner accepted an update, by lease and client. */
function acknowledgements(history: History): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const message of history.failover) {
    if (message.name !== "BNDREPLY") continue;
    for (const { lease, client, status } of message.leases) {
      if (status !== 0) continue;
      const key = `${lease}|${client}`;
      const times = found.get(key) ?? [];
      times.push(message.time);
      found.set(key, times);
    }
  }
  return found;
}

/** Pairs of intervals of different clients that overlap on one address, or on prefixes that contain each other. */
export function overlaps(holdings: readonly Holding[]): TwoHolders[] {
  const found: TwoHolders[] = [];
  const groups = new Map<string, Holding[]>();
  const shortest = Math.min(128, ...holdings.map((holding) => prefixOf(holding.lease).length));
  for (const holding of holdings) {
    // What contains something else agrees with it in the first bits of the shortest prefix there is.
    const bits = holding.kind === "address" ? 128 : shortest;
    const key = `${holding.kind} ${prefixOf(holding.lease).bits.slice(0, bits)}`;
    const group = groups.get(key) ?? [];
    group.push(holding);
    groups.set(key, group);
  }
  for (const group of groups.values()) {
    for (const [index, one] of group.entries()) {
      for (const other of group.slice(index + 1)) {
        if (one.client === other.client || !contains(one.lease, other.lease)) continue;
        const from = Math.max(one.from, other.from);
        const to = Math.min(one.to, other.to);
        if (from < to) found.push({ one, other, from, to });
      }
    }
  }
  return found;
}

function prefixOf(lease: string): { readonly bits: string; readonly length: number } {
  const [address, length] = lease.split("/");
  const digits = (address as string).replaceAll(":", "");
  const bits = [...digits].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0"));
  return { bits: bits.join(""), length: length === undefined ? 128 : Number(length) };
}

function contains(one: string, other: string): boolean {
  const a = prefixOf(one);
  const b = prefixOf(other);
  const shared = Math.min(a.length, b.length);
  return a.bits.slice(0, shared) === b.bits.slice(0, shared);
}

/** What a kill did to clients: renewals by the survivor and leases that the partner never heard of. */
export function reportKill(history: History, holdings: Holdings, kill: Kill): KillReport {
  const within = (time: number) => time > kill.from && time <= kill.to;
  const renewals = holdings.grants.filter(
    ({ time, server, answers, due }) =>
      within(time) &&
      server !== kill.server &&
      due !== undefined &&
      (answers === "RENEW" || answers === "REBIND"),
  );
  const dueAfter = renewals.filter(({ due }) => (due as number) > kill.from);
  return { renewals, dueAfter, young: youngLeases(history, holdings, kill) };
}

function youngLeases(history: History, holdings: Holdings, kill: Kill): YoungLease[] {
  const latest = new Map<string, Grant>();
  for (const grant of holdings.grants) {
    if (grant.time <= kill.from && grant.server === kill.server)
      latest.set(`${grant.lease}|${grant.client}`, grant);
  }
  for (const message of history.failover) {
    if (message.name !== "BNDUPD" || message.from !== kill.address) continue;
    if (message.time > (kill.heardUntil ?? kill.from)) continue;
    for (const { lease, client } of message.leases) {
      const key = `${lease}|${client}`;
      const grant = latest.get(key);
      if (grant !== undefined && message.time >= grant.time) latest.delete(key);
    }
  }
  return [...latest.values()].map((grant) => ({ grant, fate: fateOf(holdings, grant) }));
}

function fateOf(holdings: Holdings, grant: Grant): YoungLease["fate"] {
  const later = holdings.grants.filter(
    (one) =>
      one.client === grant.client &&
      one.kind === grant.kind &&
      one.iaid === grant.iaid &&
      one.time > grant.time,
  );
  if (later.some((one) => one.lease !== grant.lease)) return "changed";
  return later.length > 0 ? "kept" : "ended";
}
