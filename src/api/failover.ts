// Where the pair stands, as `failover status` shows it.

import { z } from "zod";
import { SERVER_STATE, type ServerState } from "../core/model/endpoint-record.ts";
import { ALARM } from "./alarms.ts";
import { TIME } from "./leases.ts";

const STATE = z.enum(Object.keys(SERVER_STATE) as [ServerState, ...ServerState[]]);

const SECONDS = z.number();

/** RFC 8156 §4.2.2: prefixes of a pool that each server could delegate, that clients have, that are on their way from one
 * server to the other, and that clients gave back in the secondary's part. */
const PREFIX_POOL = z
  .object({
    pool: z.string(),
    delegatedLength: z.number(),
    primary: z.number(),
    secondary: z.number(),
    inUse: z.number(),
    moving: z.number(),
    returned: z.number(),
  })
  .readonly();

/** Everybody, only clients that name the server, or nobody. */
const SERVED = ["everybody", "own", "nobody"] as const;

/** Who serves the clients now. */
const SERVING = z
  .object({
    here: z.enum(SERVED),
    partner: z.enum([...SERVED, "unknown"]),
    text: z.string(),
  })
  .readonly();

/** An update that the partner has not acknowledged. */
const PENDING = z
  .object({
    /** An address, or a prefix with its length. */
    lease: z.string(),
    duid: z.string().nullable(),
    /** When the lease changed. */
    since: TIME.nullable(),
    waitsFor: z.enum(["contact", "its turn", "the answer", "another try"]),
    refused: z.object({ status: z.string(), message: z.string() }).readonly().nullable(),
  })
  .readonly();
export type PendingResult = z.output<typeof PENDING>;

export const ENDPOINT_BRIEF = z
  .object({
    relationship: z.string(),
    role: z.enum(["primary", "secondary"]),
    state: STATE,
    since: TIME,
    communications: z.enum(["OK", "failed"]),
    /** The last one known while communications are failed. */
    partnerState: STATE.nullable(),
    /** Leases and blocks that the partner has not acknowledged. */
    backlog: z.number(),
  })
  .readonly();

const ENDPOINT = ENDPOINT_BRIEF.unwrap()
  .extend({
    /** Why the state was entered. */
    reason: z.string(),
    meaning: z.string(),
    previousState: STATE.nullable(),
    serving: SERVING,
    partner: z.string(),
    partnerAddress: z.string(),
    partnerSince: TIME.nullable(),
    lastContact: TIME.nullable(),
    /** Partner's clock less ours. */
    clockOffset: SECONDS.nullable(),
    mclt: SECONDS,
    /** Updates that are on their way. */
    unacknowledged: z.number(),
    rejected: z.number(),
    /** The oldest of the backlog by name. */
    pending: z.array(PENDING).readonly(),
    /** Leases in use of whose present times the partner does not know, and the end of the last; `isMore`: at least. */
    atRisk: z
      .object({ leases: z.number(), until: TIME.nullable(), isMore: z.boolean() })
      .readonly(),
    /** T-02: the partner may have given or renewed leases since then that are not known here. */
    unseenSince: TIME.nullable(),
    whatIf: z.array(z.object({ event: z.string(), outcome: z.string() }).readonly()).readonly(),
    security: z.enum(["tls", "plain"]),
    /** Null without a connection. */
    secured: z.boolean().nullable(),
    waitUntil: TIME.nullable(),
    /** T-01: since when the partner is confirmed to be off, and from when on its part is used. */
    reclaimed: z.object({ since: TIME, from: TIME }).readonly().nullable(),
    /** What was asked of the partner and is not here yet. */
    fetching: z.enum(["nothing", "updates", "all"]),
    maintenance: z.object({ since: TIME, isHandedOver: z.boolean() }).readonly().nullable(),
    /** The pools with the fewest free prefixes. */
    prefixPools: z.array(PREFIX_POOL).readonly(),
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
