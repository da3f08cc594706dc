// STATE (RFC 8156 §6.3, §6.4).

import {
  type EndpointRecord,
  isRecordedState,
  type RecordedState,
  SERVER_STATE,
} from "../../model/endpoint-record.ts";
import { type DhcpTime, NO_TIME } from "../../model/time.ts";
import { firstOption, type Option, option } from "../../wire/options.ts";
import { STATES } from "./states/all.ts";

/** F-130 */
export const SERVER_FLAG = { ACK_STARTUP: 0x04, STARTUP: 0x02, COMMUNICATED: 0x01 } as const;

export interface PartnerReport {
  readonly state: RecordedState;
  readonly flags: number;
  readonly startTimeOfState: DhcpTime;
  readonly partnerDownTime: DhcpTime;
}

/** What can be recorded can be said; STARTUP is a flag (F-135). */
const BY_NUMBER = new Map<number, RecordedState>(
  Object.keys(SERVER_STATE)
    .filter(isRecordedState)
    .map((name) => [SERVER_STATE[name], name]),
);

/** F-135, F-194, F-195, F-196: the recorded state is sent, STARTUP is a flag. */
export function stateOptions(record: EndpointRecord, flags: number): readonly Option[] {
  const options: Option[] = [
    option("F_SERVER_STATE", { value: SERVER_STATE[record.state] }),
    option("F_SERVER_FLAGS", { value: flags }),
    option("F_START_TIME_OF_STATE", { value: record.startTimeOfState }),
  ];
  // the time of entry into PARTNER-DOWN.
  if (STATES[record.state].partnerIsOff)
    options.push(option("F_PARTNER_DOWN_TIME", { value: record.startTimeOfState }));
  return options;
}

/** What the partner says, or which option is missing or wrong (F-101). */
export function readState(options: readonly Option[]): PartnerReport | string {
  const number = firstOption(options, "F_SERVER_STATE")?.value;
  const state = number === undefined ? undefined : BY_NUMBER.get(number);
  const flags = firstOption(options, "F_SERVER_FLAGS")?.value;
  const startTimeOfState = firstOption(options, "F_START_TIME_OF_STATE")?.value;
  if (state === undefined) return "no valid F_SERVER_STATE";
  if (flags === undefined) return "no F_SERVER_FLAGS";
  if (startTimeOfState === undefined) return "no F_START_TIME_OF_STATE";
  // F-199, F-200
  const downTime = STATES[state].partnerIsOff
    ? (firstOption(options, "F_PARTNER_DOWN_TIME")?.value ?? NO_TIME)
    : NO_TIME;
  return { state, flags, startTimeOfState, partnerDownTime: downTime };
}
