// What `tandem failover status` shows of an endpoint, as plain data (T-13: every wait names its command).

import { formatIpv6 } from "../../model/ipv6.ts";
import { addSeconds, type DhcpTime, floorTime, type Millis, NO_TIME } from "../../model/time.ts";
import { timeText } from "../../wire/time-text.ts";
import { isReclaiming, reclaimedFrom } from "../reclaim.ts";
import type { Endpoint } from "./endpoint.ts";

/** Its shape is that of `ENDPOINT` in src/api, which core/server holds it to. */
export function endpointStatus(endpoint: Endpoint, now: Millis) {
  const { record, relationship, context } = endpoint;
  const told = (time: DhcpTime) => timeText(addSeconds(time, context.timeShift()));
  const text = (time: DhcpTime) => (time === NO_TIME ? null : told(time));
  const since = endpoint.stay.starting ? floorTime(context.startedAt) : record.startTimeOfState;
  const { endsByTime } = endpoint.behaviour;
  const until = endsByTime ? record.recoverWaitUntil : record.noNewLeasesUntil;
  const waits = until !== NO_TIME && floorTime(now) < until;
  return {
    relationship: relationship.name,
    role: relationship.role,
    state: endpoint.state,
    since: told(since),
    reason: endpoint.stay.starting ? "the server was started" : record.reason,
    meaning: endpoint.behaviour.meaning,
    previousState: record.previousState ?? null,
    communications: endpoint.communicating ? ("OK" as const) : ("failed" as const),
    partner: relationship.partner.server,
    partnerAddress: formatIpv6(relationship.partner.address),
    partnerState: record.partnerState ?? null,
    partnerSince: text(record.partnerStartTimeOfState),
    lastContact: text(endpoint.lastContact),
    clockOffset: endpoint.contact.clockOffset ?? null,
    mclt: record.mclt,
    backlog:
      context.table.markedCount(relationship.name) + context.blocks.markedCount(relationship.name),
    unacknowledged: endpoint.stream.unacknowledged,
    rejected: endpoint.stream.rejections.size,
    secured: relationship.security.mode === "tls",
    waitUntil: waits ? told(until) : null,
    reclaimed: isReclaiming(endpoint)
      ? { since: told(record.reclaimedAt), from: told(reclaimedFrom(endpoint)) }
      : null,
    advice: adviceFor(endpoint, waits),
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
