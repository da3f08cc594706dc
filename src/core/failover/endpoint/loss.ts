// A server that lost its database, and what each of the two makes of it (RFC 8156 §8.5, T-04, T-10).

import type { EndpointRecord, ServerState } from "../../model/endpoint-record.ts";
import { floorTime, isLater, type Millis, NO_TIME } from "../../model/time.ts";
import type { Forgotten } from "../link/extensions.ts";
import { forgetBlocks } from "../prefixes/moves.ts";
import type { Endpoint } from "./endpoint.ts";
import { STATES } from "./states/all.ts";

/** the partner remembers nothing of what it acknowledged, nor of what it told its clients: as far as it may have told
 * anything since the loss before. `state`: where it is now. */
export function partnerLost(endpoint: Endpoint, state: ServerState | undefined, now: Millis): void {
  const { ackEpoch, partnerLostAt, partnerServed } = endpoint.record;
  const hasPromised = partnerServed || partnerLostAt === NO_TIME;
  endpoint.update({
    partnerUpdateAll: true,
    partnerLostAt: hasPromised ? floorTime(now) : partnerLostAt,
    partnerServed: mayPromise(state),
    ackEpoch: ackEpoch + 1,
    // T-07: its log may have gone back too.
    partnerStore: undefined,
  });
}

/** Whether a partner that is in this state, or was when it was last heard of, may tell clients something. */
export function mayPromise(state: ServerState | undefined): boolean {
  return state === undefined || !STATES[state].isMute;
}

/** What a server without memory is told by its partner: when it could still promise something, which may be long before it
 * found its database lost, and how much (T-10). */
export function learnOfLoss(endpoint: Endpoint, { lostAt, mclt, valid }: Forgotten): void {
  const { mcltHighest, ownLostAt, updateAllNeeded, validHighest } = endpoint.record;
  if (!updateAllNeeded || ownLostAt === NO_TIME || lostAt === NO_TIME) return;
  endpoint.update({
    ownLostAt: isLater(ownLostAt, lostAt) ? lostAt : ownLostAt,
    mcltHighest: Math.max(mcltHighest, mclt),
    validHighest: Math.max(validHighest, valid),
  });
}

/** F-566: all of the partner's leases are needed. Whose the prefixes are is the primary's to say, so a secondary that may
 * remember blocks which it gave back since forgets its blocks; they come with the leases. */
export function ownLost(endpoint: Endpoint, changes: Partial<EndpointRecord>, now: Millis): void {
  const { context, relationship, role } = endpoint;
  if (role === "secondary") forgetBlocks(context, relationship.name);
  endpoint.update({ updateAllNeeded: true, ownLostAt: floorTime(now), ...changes });
}
