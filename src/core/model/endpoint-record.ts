// What an endpoint keeps in stable storage (RFC 8156 §8.2, §6.4, §6.1.2; F-367, F-541, F-544, F-566).

import type { Duid } from "./duid.ts";
import type { DhcpTime, Seconds } from "./time.ts";

/** The ten states with their numbers on the wire (RFC 8156 §5.5.16). */
export const SERVER_STATE = {
  STARTUP: 1,
  NORMAL: 2,
  "COMMUNICATIONS-INTERRUPTED": 3,
  "PARTNER-DOWN": 4,
  "POTENTIAL-CONFLICT": 5,
  RECOVER: 6,
  "RECOVER-WAIT": 7,
  "RECOVER-DONE": 8,
  "RESOLUTION-INTERRUPTED": 9,
  "CONFLICT-DONE": 10,
} as const;

export type ServerState = keyof typeof SERVER_STATE;

/** F-135: STARTUP is never recorded. */
export type RecordedState = Exclude<ServerState, "STARTUP">;

export function isRecordedState(name: string): name is RecordedState {
  return Object.hasOwn(SERVER_STATE, name) && name !== "STARTUP";
}

export interface EndpointRecord {
  readonly relationship: string;
  readonly state: RecordedState;
  readonly previousState: RecordedState | undefined;
  readonly startTimeOfState: DhcpTime;
  /** Why the state was entered, for people. */
  readonly reason: string;
  readonly partnerState: ServerState | undefined;
  readonly partnerFlags: number;
  readonly partnerStartTimeOfState: DhcpTime;
  readonly partnerDownTime: DhcpTime;
  readonly partnerLastContact: DhcpTime;
  readonly partnerDuid: Duid | undefined;
  /** F-133: has ever communicated with this partner. */
  readonly communicated: boolean;
  /** the need for UPDREQALL, until its UPDDONE. */
  readonly updateAllNeeded: boolean;
  /** an UPDREQALL of the partner is being answered; until UPDDONE its UPDREQ counts as UPDREQALL. */
  readonly partnerUpdateAll: boolean;
  /** When the partner lost its database after it had promised something: what it promised before, it has forgotten. 0 = never. */
  readonly partnerLostAt: DhcpTime;
  /** The partner may have promised something since `partnerLostAt`, so that another loss counts as one. */
  readonly partnerServed: boolean;
  /** When this server found that it had lost its own database: what it promised before, nobody may know. 0 = never. */
  readonly ownLostAt: DhcpTime;
  /** acks of earlier epochs are void. */
  readonly ackEpoch: number;
  /** F-170, F-541: the MCLT in force, seconds. */
  readonly mclt: Seconds;
  /** F-560: the largest MCLT of leases that may still run. */
  readonly mcltHighest: Seconds;
  /** T-10: the longest valid lifetime that a configuration gave: a lease of it may still run. */
  readonly validHighest: Seconds;
  /** no new lease before this time (0 = none). */
  readonly noNewLeasesUntil: DhcpTime;
  /** RECOVER-WAIT ends then (0 = not waiting). */
  readonly recoverWaitUntil: DhcpTime;
  /** the server started and has had no contact since; the TIME-OF-FAILURE of that start (0 = none). */
  readonly aloneSince: DhcpTime;
  /** T-06 (1): seconds by which the operator shifted lease time since the pair was last in step. */
  readonly clockShifted: Seconds;
  /** T-01: when the operator confirmed a second time that the partner is off (0 = did not). */
  readonly reclaimedAt: DhcpTime;
  /** How long the waits last that count from it, seconds with margins. */
  readonly reclaimWait: Seconds;
  /** T-07: the partner's store and the highest sequence of it that was seen; undefined: it said nothing of it. */
  readonly partnerStore: { readonly id: string; readonly sequence: number } | undefined;
}
