// Leases as commands show them.

import { z } from "zod";
import { BINDING_STATUS, type BindingStatus } from "../core/model/binding-status.ts";

const STATUS_NAMES = Object.keys(BINDING_STATUS) as [BindingStatus, ...BindingStatus[]];

/** A time in ISO 8601, UTC. */
export const TIME = z.string();

const SECONDS = z.number();

/** Times are null where there is none. The names are RFC 8156's (§7.3). */
export const LEASE = z
  .object({
    /** An address, or a prefix with its length. */
    lease: z.string(),
    kind: z.enum(["address", "prefix"]),
    /** Null: no link of the configuration has the address. */
    link: z.string().nullable(),
    duid: z.string().nullable(),
    iaid: z.number(),
    status: z.enum(STATUS_NAMES),
    since: TIME.nullable(),
    validLifetime: SECONDS,
    preferredLifetime: SECONDS,
    t1: SECONDS,
    t2: SECONDS,
    /** When an ACTIVE lease ends or an ABANDONED one is free again. */
    expires: TIME.nullable(),
    remainingSeconds: SECONDS.nullable(),
    clientExpiry: TIME.nullable(),
    clientLastTransactionTime: TIME.nullable(),
    partnerRawCltTime: TIME.nullable(),
    ackedPartnerLifetime: TIME.nullable(),
    partnerLifetime: TIME.nullable(),
    expirationTime: TIME.nullable(),
    /** The partner has not acknowledged the last change. */
    marked: z.boolean(),
    version: z.number(),
  })
  .readonly();
export type LeaseResult = z.output<typeof LEASE>;

export const LEASES_PAGE = z
  .object({
    leases: z.array(LEASE).readonly(),
    /** The cursor of the next page; null after the last one. */
    next: z.number().nullable(),
  })
  .readonly();
