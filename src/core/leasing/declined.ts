// Declined addresses beyond a share of a link's pools are used again before their time, the oldest first: so that nobody can
// take a pool out of use by declining it (N-013).

import type { CompiledConfig, Link } from "../config/types.ts";
import { formatPrefix, ipv6ToBigint } from "../model/ipv6.ts";
import type { Lease } from "../model/lease.ts";
import { LIMITS } from "../model/limits.ts";
import {
  addSeconds,
  type DhcpTime,
  isLater,
  isPast,
  type Millis,
  NO_TIME,
  type Seconds,
} from "../model/time.ts";
import type { ExpiryContext } from "./expiry.ts";

interface Share {
  readonly link: Link;
  /** Addresses that may be out of use. */
  readonly most: number;
  /** The longest lease of the link. */
  readonly longest: Seconds;
}

/** Addresses of a link that stay out of use at most. */
export function mostDeclined({ subnets }: Link): number {
  let count = 0n;
  for (const { first, last } of subnets.flatMap(({ pools }) => pools))
    count += ipv6ToBigint(last) - ipv6ToBigint(first) + 1n;
  const most = count / BigInt(LIMITS.declinedPart);
  return most < 1n ? 1 : Number(most < 2n ** 53n ? most : 2n ** 53n);
}

export class DeclinedShare {
  readonly #shares: readonly Share[];
  #next = 0;

  constructor({ links }: CompiledConfig) {
    this.#shares = links.map((link) => ({
      link,
      most: mostDeclined(link),
      longest: Math.max(0, ...link.subnets.map(({ lifetimes }) => lifetimes.valid)),
    }));
  }

  /** Looks at some links, each in its turn. */
  returnSome(context: ExpiryContext, now: Millis): void {
    const count = Math.min(this.#shares.length, LIMITS.linksPerLook);
    for (let i = 0; i < count; i++) {
      const share = this.#shares[this.#next % this.#shares.length];
      this.#next = (this.#next + 1) % this.#shares.length;
      if (share !== undefined) returnOf(context, share, now);
    }
  }
}

function returnOf(context: ExpiryContext, { link, most, longest }: Share, now: Millis): void {
  const over = context.table.countDeclined(link.name) - most;
  if (over <= 0) return;
  const authority = context.authorityOf(link);
  if (!authority.mayReset(now)) return;
  let left = Math.min(over, LIMITS.declinedReturned);
  // Some of the oldest may have to wait.
  const oldest = context.table.oldestDeclined(link.name, LIMITS.declinedLookedAt);
  for (const lease of oldest) {
    if (left === 0) return;
    if (!isNobodys(lease, longest, authority.graceSeconds, now)) continue;
    left -= 1;
    context.counters.add("declined-returned");
    context.log({
      id: "DHCP6_DECLINED_RETURNED",
      fields: { lease: formatPrefix(lease), link: link.name, most },
    });
    context.save(authority.ended(lease, "RESET", now));
    context.exhausted.forget(link.name, lease.kind);
  }
}

/** T-04: whether no client can hold it, late copies and the partner's answers considered. A DECLINE that may be late leaves
 * the client's end with the record; what the partner gave unseen shows in its contact; and the partner, whose own
 * DECLINE it is, knows better. */
function isNobodys(lease: Lease, longest: Seconds, grace: Seconds, now: Millis): boolean {
  const { clientExpiry, clientLastTransactionTime, partnerRawCltTime } = lease;
  const isOver = (end: DhcpTime) => end === NO_TIME || isPast(addSeconds(end, grace), now);
  if (!isOver(clientExpiry)) return false;
  if (partnerRawCltTime === NO_TIME) return true;
  return (
    isLater(clientLastTransactionTime, partnerRawCltTime) &&
    isOver(addSeconds(partnerRawCltTime, longest))
  );
}
