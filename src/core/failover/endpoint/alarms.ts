// What is wrong with a relationship now.

import type { AlarmFact } from "../../model/alarms.ts";
import { isTooFarOff } from "../link/connect.ts";
import type { Endpoint } from "./endpoint.ts";

export function endpointAlarms(endpoint: Endpoint): readonly AlarmFact[] {
  const { relationship, communicating, stream } = endpoint;
  const { clockOffset } = endpoint.contact;
  const subject = relationship.name;
  const alarms: AlarmFact[] = [];
  if (!communicating && !endpoint.stay.starting)
    alarms.push({ id: "NO_CONTACT", subject, fields: { partner: relationship.partner.server } });
  if (clockOffset !== undefined && isTooFarOff(clockOffset)) {
    const direction = clockOffset > 0 ? "ahead" : "behind";
    const fields = { seconds: Math.abs(clockOffset), direction };
    alarms.push({ id: "CLOCKS_DIFFER", subject, fields });
  }
  const count = stream.rejections.size;
  if (count > 0) alarms.push({ id: "UPDATES_REJECTED", subject, fields: { count } });
  return alarms;
}
