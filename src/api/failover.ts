// Where the pair stands, as `failover status` shows it.

import { z } from "zod";
import { SERVER_STATE, type ServerState } from "../core/model/endpoint-record.ts";
import { ALARM } from "./alarms.ts";
import { TIME } from "./leases.ts";

const STATE = z.enum(Object.keys(SERVER_STATE) as [ServerState, ...ServerState[]]);

const SECONDS = z.number();

export const ENDPOINT = z
  .object({
    relationship: z.string(),
    role: z.enum(["primary", "secondary"]),
    state: STATE,
    since: TIME,
    /** Why the state was entered. */
    reason: z.string(),
    meaning: z.string(),
    previousState: STATE.nullable(),
    communications: z.enum(["OK", "failed"]),
    partner: z.string(),
    partnerAddress: z.string(),
    partnerState: STATE.nullable(),
    partnerSince: TIME.nullable(),
    lastContact: TIME.nullable(),
    /** Partner's clock less ours. */
    clockOffset: SECONDS.nullable(),
    mclt: SECONDS,
    /** Leases that the partner must still be told. */
    backlog: z.number(),
    unacknowledged: z.number(),
    rejected: z.number(),
    secured: z.boolean(),
    waitUntil: TIME.nullable(),
    /** T-01: since when the partner is confirmed to be off, and from when on its part is used. */
    reclaimed: z.object({ since: TIME, from: TIME }).readonly().nullable(),
    advice: z.array(z.string()).readonly(),
  })
  .readonly();
export type EndpointResult = z.output<typeof ENDPOINT>;

export const FAILOVER_STATUS = z
  .object({
    relationships: z.array(ENDPOINT).readonly(),
    alarms: z.array(ALARM).readonly(),
  })
  .readonly();

/** What a declaration of the operator led to. */
export const DECLARED = z
  .object({ relationship: z.string(), message: z.string(), state: STATE })
  .readonly();
