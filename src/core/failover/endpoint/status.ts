// What `tandem failover status` shows of an endpoint, as plain data (T-13: every wait names its command).

import { formatDuid } from "../../model/duid.ts";
import { formatIpv6 } from "../../model/ipv6.ts";
import { addSeconds, type DhcpTime, floorTime, type Millis, NO_TIME } from "../../model/time.ts";
import { timeText } from "../../wire/time-text.ts";
import { isReclaiming, ownsAll, reclaimedFrom } from "../reclaim.ts";
import type { Endpoint } from "./endpoint.ts";
import { atRisk, type PendingUpdate, pendingUpdates } from "./pending-updates.ts";
import { servingOf, whatIf } from "./serving.ts";
import type { Stay } from "./stay.ts";

/** Its shape is that of `ENDPOINT` in src/api, which core/server holds it to. */
export function endpointStatus(endpoint: Endpoint, now: Millis) {
  const { record, relationship, communicating, stay, stream, context } = endpoint;
  const told = (time: DhcpTime) => timeText(addSeconds(time, context.timeShift()));
  const text = (time: DhcpTime) => (time === NO_TIME ? null : told(time));
  const { endsByTime } = endpoint.behaviour;
  const until = endsByTime ? record.recoverWaitUntil : record.noNewLeasesUntil;
  const waits = until !== NO_TIME && floorTime(now) < until;
  const risk = atRisk(endpoint, now);
  return {
    ...briefStatus(endpoint),
    reason: stay.starting ? "the server was started" : record.reason,
    meaning: endpoint.behaviour.meaning,
    previousState: record.previousState ?? null,
    serving: servingOf(endpoint),
    partner: relationship.partner.server,
    partnerAddress: formatIpv6(relationship.partner.address),
    partnerSince: text(record.partnerStartTimeOfState),
    lastContact: text(endpoint.lastContact),
    clockOffset: endpoint.contact.clockOffset ?? null,
    mclt: record.mclt,
    unacknowledged: stream.unacknowledged,
    rejected: stream.rejections.size,
    pending: pendingUpdates(endpoint).map((each) => shownPending(each, text)),
    atRisk: { leases: risk.leases, until: text(risk.until), isMore: risk.isMore },
    unseenSince: text(unseenSince(endpoint, now)),
    whatIf: whatIf(endpoint, risk.leases),
    security: relationship.security.mode,
    secured: communicating ? relationship.security.mode === "tls" : null,
    waitUntil: waits ? told(until) : null,
    reclaimed: isReclaiming(endpoint)
      ? { since: told(record.reclaimedAt), from: told(reclaimedFrom(endpoint)) }
      : null,
    fetching: fetchingOf(stay),
    maintenance:
      endpoint.maintenance === undefined
        ? null
        : {
            since: told(floorTime(endpoint.maintenance.since)),
            isHandedOver: endpoint.maintenance.isHandedOver,
          },
    prefixPools: endpoint.balance.shown,
    advice: adviceFor(endpoint, waits),
  };
}

/** What was asked of the partner and is not here yet. */
function fetchingOf({ outstanding }: Stay): "nothing" | "updates" | "all" {
  if (outstanding === undefined) return "nothing";
  return outstanding.all ? "all" : "updates";
}

/** What `tandem status` shows: nothing that costs a walk. */
export function briefStatus(endpoint: Endpoint) {
  const { record, relationship, context, stay, communicating } = endpoint;
  const { name, role } = relationship;
  const since = stay.starting ? floorTime(context.startedAt) : record.startTimeOfState;
  return {
    relationship: name,
    role,
    state: endpoint.state,
    since: timeText(addSeconds(since, context.timeShift())),
    communications: communicating ? ("OK" as const) : ("failed" as const),
    partnerState: record.partnerState ?? null,
    backlog: context.table.markedCount(name) + context.blocks.markedCount(name),
  };
}

/** T-02: since when the partner may have given or renewed leases unseen; NO_TIME: nothing is unseen. */
function unseenSince(endpoint: Endpoint, now: Millis): DhcpTime {
  const { record, isInStep, relationship } = endpoint;
  if (isInStep || relationship.strict || ownsAll(endpoint, now) || !record.communicated)
    return NO_TIME;
  return endpoint.communicating ? floorTime(endpoint.contact.silentSince) : endpoint.lastContact;
}

function shownPending(
  { name, duid, since, why, refused }: PendingUpdate,
  text: (time: DhcpTime) => string | null,
) {
  return {
    lease: name,
    duid: duid === undefined ? null : formatDuid(duid),
    since: text(since),
    waitsFor: why,
    refused: refused ?? null,
  };
}

function adviceFor(endpoint: Endpoint, waits: boolean): readonly string[] {
  const advice = [endpoint.behaviour.advice(endpoint.stateContext)];
  if (endpoint.record.updateAllNeeded && !endpoint.communicating)
    advice.push(
      "The own leases were lost, so no new ones are given before the partner has sent them. If it will never come back: `tandem failover partner-down --force`.",
    );
  else if (endpoint.record.updateAllNeeded)
    advice.push(
      "The own leases were lost and are being fetched from the partner: no new leases until then.",
    );
  else if (waits && !endpoint.behaviour.endsByTime)
    advice.push(
      "No new leases before the wait is over: leases given before the failure may still run.",
    );
  if (isReclaiming(endpoint))
    advice.push(
      `The partner is confirmed to be off: from ${timeText(reclaimedFrom(endpoint))} on its part of the pools is used. Do not start it without its link to this server.`,
    );
  if (endpoint.stream.rejections.size > 0)
    advice.push(
      "The partner refuses some updates: compare the two configurations (log event FAILOVER_REJECTED).",
    );
  if (endpoint.record.aloneSince !== NO_TIME)
    advice.push(
      "Started without contact: no delegated prefixes are given once the partner may have used this server's.",
    );
  return advice;
}
