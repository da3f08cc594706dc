// No address or prefix is ever held by two clients at once, in world time (the promise; R7031-46, T-01, T-06).
// An interval opens when a client takes a REPLY; it ends at the client's own expiry, at RELEASE or DECLINE sent,
// or when a REPLY brings lifetime 0. A client that forgot its lease or vanished counts as holding it to the end.

import { readMessage, type SeenLease } from "./decode.ts";
import { type Checker, leaseName, type Observation, type Report } from "./observation.ts";
import { Reclaims } from "./reclaimed.ts";

interface Interval {
  readonly client: string;
  readonly address: string;
  readonly length: number;
  readonly from: number;
  until: number;
}

/** Whether the first `length` bits of two addresses in hex are equal. */
export function sameBits(a: string, b: string, length: number): boolean {
  const whole = length >> 2;
  if (a.slice(0, whole) !== b.slice(0, whole)) return false;
  const rest = length & 3;
  if (rest === 0) return true;
  const left = Number.parseInt(a[whole] as string, 16);
  const right = Number.parseInt(b[whole] as string, 16);
  return left >> (4 - rest) === right >> (4 - rest);
}

/** Infinity in world time for a lifetime of 0xffffffff. */
export function endOf(lease: SeenLease, at: number, rate: number): number {
  return lease.valid === 0xffffffff ? Number.POSITIVE_INFINITY : at + (lease.valid * 1000) / rate;
}

export function twoHolders(report: Report): Checker {
  // By the first 32 bits: all prefixes and addresses of a world that can contain each other share them.
  const intervals: Interval[] = [];
  const reclaims = new Reclaims();

  function clash(one: Interval, at: number): void {
    for (const other of intervals) {
      if (other === one || other.client === one.client || other.until <= at) continue;
      const length = Math.min(one.length, other.length);
      if (!sameBits(one.address, other.address, length)) continue;
      if (reclaims.isCost(one) || reclaims.isCost(other)) continue;
      const left = ((other.until - at) / 1000).toFixed(1);
      report(
        at,
        `${leaseName(one)} given to ${one.client} is held by ${other.client} (${leaseName(other)}) for ${left} s more`,
      );
    }
  }

  function close(client: string, lease: SeenLease, at: number): void {
    const found = intervals.findIndex(
      (one) =>
        one.client === client && one.address === lease.address && one.length === lease.length,
    );
    if (found >= 0) (intervals[found] as Interval).until = at;
  }

  function take(client: string, lease: SeenLease, at: number, until: number): void {
    for (let i = intervals.length - 1; i >= 0; i--) {
      if ((intervals[i] as Interval).until <= at) intervals.splice(i, 1);
    }
    const same = intervals.find(
      (one) =>
        one.client === client && one.address === lease.address && one.length === lease.length,
    );
    if (same !== undefined) {
      same.until = until;
      return clash(same, at);
    }
    const one = { client, address: lease.address, length: lease.length, from: at, until };
    intervals.push(one);
    clash(one, at);
  }

  return {
    name: "two-holders",
    observe(observation: Observation): void {
      const { at } = observation;
      reclaims.observe(observation);
      if (observation.type === "reply-accepted") {
        if (/^(RELEASE|DECLINE|CONFIRM)$/.test(observation.answered)) return;
        for (const ia of readMessage(observation.bytes)?.ias ?? []) {
          for (const lease of ia.leases) {
            if (lease.valid === 0) close(observation.client, lease, at);
            else take(observation.client, lease, at, endOf(lease, at, observation.rate));
          }
        }
      } else if (
        observation.type === "client-sent" &&
        /^(RELEASE|DECLINE)$/.test(observation.message)
      ) {
        for (const ia of readMessage(observation.bytes)?.ias ?? []) {
          for (const lease of ia.leases) close(observation.client, lease, at);
        }
      }
    },
  };
}
