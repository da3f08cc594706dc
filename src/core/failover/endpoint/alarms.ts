// What is wrong with a relationship now.

import type { AlarmFact } from "../../model/alarms.ts";
import { floorTime, type Millis } from "../../model/time.ts";
import { timeText } from "../../wire/time-text.ts";
import { isTooFarOff } from "../link/connect.ts";
import type { Endpoint } from "./endpoint.ts";
import { servingOf } from "./serving.ts";
import { standsSince } from "./standstill.ts";

/** A partner may be slow for so long. */
const SLOW_FOR: Millis = 30_000;

export function endpointAlarms(endpoint: Endpoint, now: Millis): readonly AlarmFact[] {
  const { relationship, communicating, stay, stream } = endpoint;
  const { clockOffset } = endpoint.contact;
  const subject = relationship.name;
  const alarms: AlarmFact[] = [];
  const inMaintenance = endpoint.maintenance !== undefined;
  if (inMaintenance) alarms.push({ id: "MAINTENANCE", subject, fields: {} });
  if (!communicating && !stay.starting && !inMaintenance)
    alarms.push({ id: "NO_CONTACT", subject, fields: { partner: relationship.partner.server } });
  const { here, partner, text } = servingOf(endpoint);
  const isServed = here === "everybody" || partner === "everybody" || partner === "own";
  if (!isServed && !stay.starting && !inMaintenance)
    alarms.push({ id: "NOBODY_SERVES", subject, fields: { who: text } });
  if (clockOffset !== undefined && isTooFarOff(clockOffset)) {
    const direction = clockOffset > 0 ? "ahead" : "behind";
    const fields = { seconds: Math.abs(clockOffset), direction };
    alarms.push({ id: "CLOCKS_DIFFER", subject, fields });
  }
  alarms.push(...standstillAlarms(endpoint, now));
  const { size } = stream.rejections;
  if (size > 0) {
    const leases = size === 1 ? "1 lease" : `${size} leases`;
    alarms.push({ id: "UPDATES_REJECTED", subject, fields: { leases } });
  }
  return alarms;
}

/** T-13 */
function standstillAlarms(endpoint: Endpoint, now: Millis): readonly AlarmFact[] {
  const { behaviour, pause, relationship, state } = endpoint;
  const subject = relationship.name;
  const partner = relationship.partner.server;
  const at = (time: Millis): string => timeText(floorTime(time));
  const since = standsSince(endpoint);
  if (since !== undefined && now >= since + SLOW_FOR) {
    const fields = { partner, state, since: at(since), what: behaviour.waitsFor ?? "" };
    return [{ id: "PARTNER_STANDS_STILL", subject, fields }];
  }
  if (now >= pause.until) return [];
  return [{ id: "CONTACT_PAUSED", subject, fields: { partner, until: at(pause.until) } }];
}
