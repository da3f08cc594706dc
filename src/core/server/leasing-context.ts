// What the server hands to leasing: its state, and who decides about a link.

import type { CompiledConfig, Link } from "../config/types.ts";
import { failoverAuthority } from "../failover/authority.ts";
import type { Endpoint } from "../failover/endpoint/endpoint.ts";
import { longestValid } from "../failover/updates/forgotten.ts";
import { Exhausted } from "../leasing/allocate/exhausted.ts";
import { Answered } from "../leasing/answered.ts";
import { AskedAgain } from "../leasing/asked-again.ts";
import type { Capacity } from "../leasing/capacity.ts";
import { DeclinedShare } from "../leasing/declined.ts";
import { EndedMessages } from "../leasing/ended-messages.ts";
import type { ExpiryContext } from "../leasing/expiry.ts";
import { Offers } from "../leasing/offers.ts";
import type { Authority, MessageName } from "../model/authority.ts";
import type { DiscardReason } from "../model/counter-names.ts";
import type { Counters } from "../model/counters.ts";
import { hashKeyOf } from "../model/hash.ts";
import { ALONE, UNPLACED } from "../model/lease-table.ts";
import type { LogEvent } from "../model/log-events.ts";
import { loneAuthority } from "../model/lone-authority.ts";
import { octetsOf } from "../model/octets.ts";
import type { Millis } from "../model/time.ts";
import { unplacedAuthority } from "../model/unplaced-authority.ts";
import type { ServerState } from "./state.ts";

/** A free lease's record is kept for a day at most. */
const RETENTION_MOST = 86_400;

export interface LeasingParts {
  readonly config: CompiledConfig;
  readonly state: ServerState;
  readonly counters: Counters;
  readonly startedAt: Millis;
  readonly capacity: Capacity;
  readonly debug: boolean;
  readonly log: (event: LogEvent) => void;
  /** T-08 */
  readonly isUnfit: () => boolean;
  /** Why no such message is answered now on a link with a partner. */
  readonly silence: (message: MessageName) => DiscardReason | undefined;
}

export function leasingContext(parts: LeasingParts, endpoints: readonly Endpoint[]): ExpiryContext {
  const { capacity, config, counters, debug, log, startedAt, state } = parts;
  const lone = authorityAlone(parts);
  const authorities = new Map<string, Authority>();
  for (const endpoint of endpoints)
    authorities.set(endpoint.relationship.name, failoverAuthority(endpoint, parts.silence));
  const authorityOf = ({ relationship }: Link): Authority =>
    (relationship === undefined ? undefined : authorities.get(relationship)) ?? lone;
  return {
    config,
    table: state.table,
    blocks: state.blocks,
    offers: new Offers(config.tunables.offerHeld),
    endedMessages: new EndedMessages(state.table.size === 0 ? undefined : startedAt),
    askedAgain: new AskedAgain(),
    answered: new Answered(),
    exhausted: new Exhausted(),
    declinedShare: new DeclinedShare(config),
    capacity,
    counters,
    // Stable as long as the store is, so that a client gets the same lease after a restart.
    hashKey: hashKeyOf(octetsOf(state.store.storeId)),
    groups: [
      { name: ALONE, authority: lone },
      { name: UNPLACED, authority: unplacedAuthority(lone, config.relationships.length > 0) },
      ...[...authorities].map(([name, authority]) => ({ name, authority })),
    ],
    authorityOf,
    save: (lease) => state.save(lease),
    amend: (lease) => state.amend(lease),
    remove: (key) => state.remove(key),
    log,
    debug,
  };
}

/** Of the links without a partner. */
function authorityAlone({ config, isUnfit }: LeasingParts): Authority {
  return loneAuthority({
    declinedHeld: config.tunables.declinedHeld,
    retention: Math.min(longestValid(config), RETENTION_MOST),
    isUnfit,
  });
}
