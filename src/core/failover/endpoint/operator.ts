// What the operator declares (RFC 8156 §8.4; T-01, T-13, A-72, A-80, A-83).

import {
  addSeconds,
  ceilTime,
  floorTime,
  laterOf,
  type Millis,
  NO_TIME,
} from "../../model/time.ts";
import { timeText } from "../../wire/time-text.ts";
import { reclaim, reclaimedFrom } from "../reclaim.ts";
import { startsNothing } from "../start-wait.ts";
import { mcltWait } from "../updates/mclt.ts";
import type { Endpoint } from "./endpoint.ts";
import { waitAfterFailure } from "./record.ts";
import { giveUp, mayGiveUp } from "./standstill.ts";

export interface OperatorResult {
  readonly ok: boolean;
  readonly message: string;
}

/** The partner is off: at once where this server knows all that it can (F-440, F-457, F-480), by force elsewhere. */
export function declarePartnerDown(
  endpoint: Endpoint,
  force: boolean,
  now: Millis,
): OperatorResult {
  const { state } = endpoint;
  const { partnerDown: rule } = endpoint.behaviour;
  if (rule === "already") return again(endpoint, force, now);
  const isStuck = force && mayGiveUp(endpoint, now);
  if (rule === "when-stuck" && !isStuck) {
    const message =
      "the servers are settling their differences. If that lasts for more than a minute, --force gives the partner up; if the partner is silent it ends by itself";
    return { ok: false, message };
  }
  // nor does a server that lost its database know all before its UPDREQALL is answered.
  if (rule === "by-force" || endpoint.record.updateAllNeeded) {
    if (!force) {
      const message = `in ${state} this server may lack leases that the partner gave; say --force if the partner will never return`;
      return { ok: false, message };
    }
    waitForUnknown(endpoint, now);
  }
  // Who is off says nothing of the clocks any more.
  endpoint.contact.clockOffset = undefined;
  // T-13: a live partner would be met again at once, and silence this server again.
  if (isStuck) giveUp(endpoint, now);
  endpoint.fire("operator-partner-down", "the operator declared the partner down", now);
  return { ok: true, message: `${state} -> ${endpoint.state}${waitNotice(endpoint, now)}` };
}

/** T-01: the machine is off, confirmed a second time: all of its leases may pass on when their waits are over. */
export function declareReclaim(endpoint: Endpoint, force: boolean, now: Millis): OperatorResult {
  if (endpoint.communicating) {
    const message = "the partner is in contact, so its machine is not off: nothing is reclaimed";
    return { ok: false, message };
  }
  const declared = declarePartnerDown(endpoint, force, now);
  if (!declared.ok) return declared;
  reclaim(endpoint, now);
  const from = timeText(reclaimedFrom(endpoint));
  return {
    ok: true,
    message: `${declared.message}; lifetimes have no bound any more, and from ${from} on new clients get what was the partner's too. Keep its machine off until its link to this server works`,
  };
}

/** What the command does not do at once (T-13): until when new clients wait, and what spares a new pair that. */
function waitNotice(endpoint: Endpoint, now: Millis): string {
  const wait = startsNothing(endpoint, now);
  if (wait === undefined) return "";
  const when = wait.until === NO_TIME ? "" : ` until ${timeText(wait.until)}`;
  const notice = `. Known clients are renewed; new clients wait${when}: ${wait.reason}`;
  if (endpoint.record.communicated) return notice;
  return `${notice}. This server never met its partner: with partner-down-when-new in the relationship such a server serves new clients as soon as its startup time is over, from its first start on`;
}

/** T-13: a partner that came back and is gone again before its answer to UPDREQALL is given up by a second word. */
function again(endpoint: Endpoint, force: boolean, now: Millis): OperatorResult {
  const waitsForAnswer = endpoint.record.updateAllNeeded && !endpoint.communicating;
  if (!force || !waitsForAnswer) return { ok: true, message: "already in PARTNER-DOWN" };
  waitForUnknown(endpoint, now);
  return {
    ok: true,
    message: `in PARTNER-DOWN; nobody is asked for the leases that were lost${waitNotice(endpoint, now)}`,
  };
}

/** Forced past recovery: what was given before the failure may not be known here, so no new lease before that has
 * ended; what is known is renewed. */
function waitForUnknown(endpoint: Endpoint, now: Millis): void {
  const { record, failureTimes } = endpoint;
  const isLost = !record.communicated || record.updateAllNeeded;
  const longest = Math.max(record.validHighest, record.mcltHighest);
  const failed = waitAfterFailure(failureTimes, isLost ? longest : record.mcltHighest);
  // The partner may have renewed what this server forgot until this moment.
  const lost = addSeconds(ceilTime(now), mcltWait(longest, failureTimes.heartbeat));
  const until = isLost ? laterOf(failed, lost) : failed;
  endpoint.update({
    noNewLeasesUntil: laterOf(until, record.noNewLeasesUntil),
    // until the first contact.
    aloneSince: record.aloneSince === NO_TIME ? floorTime(now) : record.aloneSince,
  });
}
