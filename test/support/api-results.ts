// One sound result of each command, for tests of what stands between the core and the operator.

import type { Command } from "../../src/api/commands.ts";
import type { EndpointResult } from "../../src/api/failover.ts";
import type { LeaseResult } from "../../src/api/leases.ts";
import type { Ask, CommandResult, CoreResult } from "../../src/api/results.ts";
import type { ProcessStatus } from "../../src/api/status.ts";

export const ENDPOINT_RESULT: EndpointResult = {
  relationship: "campus",
  role: "primary",
  state: "COMMUNICATIONS-INTERRUPTED",
  since: "2026-11-24T10:00:00Z",
  reason: "no contact for 60 s",
  meaning: "This server answers all clients.",
  previousState: "NORMAL",
  communications: "failed",
  partner: "b",
  partnerAddress: "2001:db8::2",
  partnerState: "NORMAL",
  partnerSince: "2026-11-24T09:00:00Z",
  lastContact: "2026-11-24T09:59:00Z",
  clockOffset: -3,
  mclt: 3600,
  backlog: 12,
  serving: { here: "everybody", partner: "unknown", text: "this server answers everybody" },
  unacknowledged: 0,
  rejected: 1,
  pending: [
    {
      lease: "2001:db8::7",
      duid: "00:01:aa",
      since: "2026-11-24T09:58:00Z",
      waitsFor: "another try",
      refused: { status: "ConfigurationConflict", message: "no such pool" },
    },
  ],
  atRisk: { leases: 11, until: "2026-11-24T11:00:00Z", isMore: false },
  unseenSince: "2026-11-24T09:59:00Z",
  whatIf: [{ event: "this server is lost", outcome: "nobody answers" }],
  security: "tls",
  secured: null,
  waitUntil: null,
  reclaimed: null,
  fetching: "nothing",
  maintenance: null,
  prefixPools: [],
  advice: ["Look at the partner.", "If it stays off: tandem failover partner-down"],
};

export const LEASE_RESULT: LeaseResult = {
  lease: "2001:db8::1",
  kind: "address",
  link: "campus",
  duid: "00:01:aa",
  iaid: 1,
  status: "ACTIVE",
  since: "2026-11-24T10:00:00Z",
  validLifetime: 3600,
  preferredLifetime: 1800,
  t1: 900,
  t2: 1440,
  expires: "2026-11-24T11:00:00Z",
  remainingSeconds: 3000,
  clientExpiry: "2026-11-24T11:00:00Z",
  clientLastTransactionTime: "2026-11-24T10:00:00Z",
  partnerRawCltTime: null,
  ackedPartnerLifetime: null,
  partnerLifetime: null,
  expirationTime: "2026-11-24T11:00:00Z",
  marked: false,
  version: 7,
};

export const PROCESS_STATUS: ProcessStatus = {
  version: "1.2.3",
  pid: 7,
  configuration: "00",
  udpAdapter: "dgram",
  interfaces: [{ name: "eth0", carrier: true, open: true, reason: null }],
  sockets: ["eth0"],
  counters: { udp_received_total: 3 },
};

export const CORE_RESULTS: { readonly [Type in Command["type"]]: CoreResult<Type> } = {
  status: {
    server: "a",
    duid: "00:01:aa",
    started: "2026-11-24T10:00:00Z",
    uptimeSeconds: 60,
    stopping: false,
    clock: { wallAheadSeconds: 0, acceptedSeconds: 0, waiting: false },
    leases: 3,
    leasesInUse: 3,
    mostLeases: 1_000,
    mostLeasesBy: "max-leases of the file",
    unacknowledged: 0,
    links: [{ name: "campus", inUse: 3 }],
    withoutLink: 0,
    log: {
      groups: 1,
      records: 1,
      logBytes: 4096,
      largestGroupRecords: 1,
      segments: 2,
      snapshots: 0,
      snapshotBytes: 0,
      removeFailures: 0,
      lastSequence: 7,
      durableSequence: 7,
      trouble: null,
    },
    relationships: [],
    alarms: [],
    counters: { "received-SOLICIT": 3 },
  },
  "failover-status": { relationships: [ENDPOINT_RESULT], alarms: [] },
  "leases-list": { leases: [LEASE_RESULT], next: null },
  "leases-show": LEASE_RESULT,
  "partner-down": {
    relationship: "campus",
    message: "NORMAL -> PARTNER-DOWN",
    state: "PARTNER-DOWN",
  },
  reclaim: { relationship: "campus", message: "NORMAL -> PARTNER-DOWN", state: "PARTNER-DOWN" },
  "clock-accept": { shiftedSeconds: 3_600, message: "every running lease was shifted by 3600 s" },
  resync: { relationship: "campus", message: "the partner was asked", state: "NORMAL" },
  recover: { relationship: "campus", message: "NORMAL -> RECOVER", state: "RECOVER" },
  "maintenance-begin": { relationship: "campus", message: "handing over", state: "NORMAL" },
  "maintenance-end": { relationship: "campus", message: "over", state: "NORMAL" },
  stop: { stopping: true },
};

/** A core that notes commands and answers each as told, or else with the sound result. */
export function answering(
  commands: Command[],
  answer: (command: Command) => CommandResult | undefined = () => undefined,
): Ask {
  return async <Asked extends Command>(command: Asked) => {
    commands.push(command);
    const value = CORE_RESULTS[command.type];
    return (answer(command) ?? { ok: true, value }) as CommandResult<Asked["type"]>;
  };
}
