// The MCLT bound, from captures alone (RFC 8156 §4.4): what a client is told never ends later than the MCLT after
// the greater of now and the partner lifetime that the partner has acknowledged to this server.

import type { FailoverMessage } from "./failover.ts";
import type { History } from "./history.ts";
import type { Grant } from "./holdings.ts";

export interface BeyondBound {
  readonly grant: Grant;
  /** The longest lifetime that it might have had, seconds. */
  readonly bound: number;
}

export interface BoundOptions {
  /** Seconds. */
  readonly mclt: number;
  /** Addresses on the partner link (`addressText`) by DUID in hex. */
  readonly addresses: ReadonlyMap<string, string>;
}

const EPOCH_SECONDS = 946_684_800;
/** Stored times are whole seconds, rounded up (T-06), on both sides. */
const ROUNDING = 2;

interface Acked {
  readonly time: number;
  /** Seconds since 1970. */
  readonly until: number;
}

/** Grants that last longer than the bound allowed when they were given. */
export function beyondBound(
  history: History,
  grants: readonly Grant[],
  { mclt, addresses }: BoundOptions,
): readonly BeyondBound[] {
  const acked = ackedLifetimes(history.failover);
  const found: BeyondBound[] = [];
  for (const grant of grants) {
    const address = addresses.get(grant.server);
    if (address === undefined) continue;
    const known = acked.get(`${address} ${grant.lease} ${grant.client}`) ?? [];
    const now = grant.time / 1_000_000;
    const until = known.filter(({ time }) => time <= grant.time).map((one) => one.until);
    const bound = mclt + Math.max(0, Math.max(0, ...until) - now) + ROUNDING;
    if (grant.valid > bound) found.push({ grant, bound });
  }
  return found;
}

/** Partner lifetimes whose BNDUPD was accepted, by sender, lease and client. */
function ackedLifetimes(messages: readonly FailoverMessage[]): Map<string, Acked[]> {
  const open = new Map<string, FailoverMessage>();
  const found = new Map<string, Acked[]>();
  for (const message of messages) {
    const { name, from, to, transaction } = message;
    if (name === "BNDUPD") open.set(`${from} ${transaction}`, message);
    const sent = name === "BNDREPLY" ? open.get(`${to} ${transaction}`) : undefined;
    if (sent === undefined) continue;
    const refused = new Set(
      message.leases.filter(({ status }) => status !== 0).map(({ lease }) => lease),
    );
    for (const { lease, client, partnerLifetime } of sent.leases) {
      if (refused.has(lease) || partnerLifetime === 0) continue;
      const key = `${to} ${lease} ${client}`;
      const list = found.get(key) ?? [];
      list.push({ time: message.time, until: partnerLifetime + EPOCH_SECONDS });
      found.set(key, list);
    }
  }
  return found;
}
