// The end of STARTUP by contact (RFC 8156 §8.3.2 step 5).

import { diffSeconds, floorTime, type Millis } from "../../model/time.ts";
import type { Endpoint } from "./endpoint.ts";
import type { PartnerReport } from "./state-message.ts";
import { STATES } from "./states/all.ts";

/** F-382, F-383, F-384, F-385, A-36. */
export function leaveStartup(endpoint: Endpoint, report: PartnerReport, now: Millis): void {
  const previous = endpoint.record.state;
  if (!STATES[report.state].partnerIsOff || STATES[previous].isRecovering) {
    endpoint.enter(previous, "contact with the partner", now);
    return;
  }
  const { lastOperation } = endpoint.failureTimes;
  const wasAliveThen =
    lastOperation !== 0 && diffSeconds(report.startTimeOfState, floorTime(lastOperation)) <= 0;
  endpoint.enter(
    wasAliveThen ? "POTENTIAL-CONFLICT" : "RECOVER",
    "the partner was in PARTNER-DOWN",
    now,
  );
}
