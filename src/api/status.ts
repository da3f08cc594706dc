// What one server does, as `tandem status` shows it.

import { z } from "zod";
import {
  COUNTERS,
  type CounterName,
  PROCESS_COUNTERS,
  type ProcessCounterName,
} from "../core/model/counter-names.ts";
import { ALARM } from "./alarms.ts";
import { ENDPOINT_BRIEF } from "./failover.ts";
import { TIME } from "./leases.ts";

function counts<Name extends string>(list: Readonly<Record<Name, string>>) {
  const names = Object.keys(list) as [Name, ...Name[]];
  return z.partialRecord(z.enum(names), z.number()).readonly();
}

const LOG = z
  .object({
    groups: z.number(),
    records: z.number(),
    logBytes: z.number(),
    largestGroupRecords: z.number(),
    segments: z.number(),
    snapshots: z.number(),
    snapshotBytes: z.number(),
    removeFailures: z.number(),
    lastSequence: z.number(),
    durableSequence: z.number(),
    /** What the disk said; null: nothing is wrong. */
    trouble: z.string().nullable(),
  })
  .readonly();

/** T-06 (1) */
const CLOCK = z
  .object({
    /** The wall clock less lease time, seconds. */
    wallAheadSeconds: z.number(),
    /** What `tandem clock accept` has shifted so far, seconds. */
    acceptedSeconds: z.number(),
    /** The clock was behind the last record at the start: nothing is promised before the time is known. */
    waiting: z.boolean(),
  })
  .readonly();

export const CLOCK_ACCEPTED = z
  .object({ shiftedSeconds: z.number(), message: z.string() })
  .readonly();

/** What the core knows. */
export const SERVER_STATUS = z
  .object({
    server: z.string(),
    duid: z.string(),
    started: TIME,
    uptimeSeconds: z.number(),
    stopping: z.boolean(),
    clock: CLOCK,
    /** Records, with the free ones that are remembered. */
    leases: z.number(),
    leasesInUse: z.number(),
    mostLeases: z.number(),
    /** Where that limit is from. */
    mostLeasesBy: z.string(),
    unacknowledged: z.number(),
    links: z.array(z.object({ name: z.string(), inUse: z.number() }).readonly()).readonly(),
    /** Leases in use whose address no link of the configuration has. */
    withoutLink: z.number(),
    log: LOG,
    relationships: z.array(ENDPOINT_BRIEF).readonly(),
    alarms: z.array(ALARM).readonly(),
    counters: counts<CounterName>(COUNTERS),
  })
  .readonly();

const INTERFACE = z
  .object({
    name: z.string(),
    /** Null: the kernel does not say, or there is no such interface. */
    carrier: z.boolean().nullable(),
    /** Its clients are heard. */
    open: z.boolean(),
    /** Why they are not. */
    reason: z.string().nullable(),
  })
  .readonly();

/** What only the process knows. */
export const PROCESS_STATUS = z
  .object({
    version: z.string(),
    pid: z.number(),
    /** SHA-256 of the file that it was started with. */
    configuration: z.string(),
    udpAdapter: z.string(),
    /** Those of the configuration. */
    interfaces: z.array(INTERFACE).readonly(),
    /** Sockets for clients and relays that are open. */
    sockets: z.array(z.string()).readonly(),
    counters: counts<ProcessCounterName>(PROCESS_COUNTERS),
  })
  .readonly();
export type ProcessStatus = z.output<typeof PROCESS_STATUS>;

export const STATUS = SERVER_STATUS.unwrap().extend({ process: PROCESS_STATUS }).readonly();
