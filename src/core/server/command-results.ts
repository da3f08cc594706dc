// What the operator's commands return, as plain data (docs/internals/core.md, control channel).

import type { Endpoint } from "../failover/endpoint/endpoint.ts";
import type { OperatorResult } from "../failover/endpoint/operator.ts";
import { endpointStatus } from "../failover/endpoint/status.ts";
import { BINDING_STATUS, bindingStatusOf } from "../model/binding-status.ts";
import { formatDuid, parseDuid } from "../model/duid.ts";
import { formatIpv6, formatPrefix, parseIpv6 } from "../model/ipv6.ts";
import type { Lease } from "../model/lease.ts";
import { floorTime, type Millis, NO_TIME } from "../model/time.ts";
import { unreachable } from "../model/unreachable.ts";
import { timeText } from "../wire/time-text.ts";
import type { Command } from "./commands.ts";
import type { CommandResult } from "./events.ts";
import type { Server } from "./server.ts";

/** Leases in one page of a listing at most. */
const PAGE_MOST = 1_000;

export function runCommand(
  server: Server,
  command: Exclude<Command, { type: "stop" }>,
  now: Millis,
): CommandResult {
  switch (command.type) {
    case "status":
      return ok(status(server, now));
    case "failover-status":
      return ok({
        relationships: server.failover.endpoints.map((endpoint) => endpointStatus(endpoint, now)),
      });
    case "leases-list":
      return leasesList(server, command, now);
    case "leases-show":
      return leasesShow(server, command, now);
    case "partner-down":
      return declared(server, command, (endpoint) => endpoint.partnerDown(command.force, now));
    case "reclaim":
      return declared(server, command, (endpoint) => endpoint.reclaim(command.force, now));
    default:
      return unreachable(command);
  }
}

function ok(value: unknown): CommandResult {
  return { ok: true, value };
}

function failed(code: string, message: string): CommandResult {
  return { ok: false, code, message };
}

function status(server: Server, now: Millis): unknown {
  const { state, config, counters } = server;
  return {
    server: config.server.name,
    duid: formatDuid(config.server.duid),
    started: timeText(floorTime(server.startedAt)),
    uptimeSeconds: Math.floor((now - server.startedAt) / 1000),
    stopping: server.isStopping,
    leases: state.table.size,
    unacknowledged: server.unacknowledged,
    links: config.links.map((link) => ({
      name: link.name,
      inUse: state.table.countInUse(link.name),
    })),
    withoutLink: state.table.countInUse(undefined),
    log: {
      ...state.store.stats,
      lastSequence: state.store.lastSequence,
      durableSequence: state.store.durableSequence,
      trouble: state.store.trouble ?? null,
    },
    relationships: server.failover.endpoints.map((endpoint) => {
      const {
        relationship,
        role,
        state: name,
        since,
        partnerState,
        communications,
        backlog,
      } = endpointStatus(endpoint, now);
      return { relationship, role, state: name, since, partnerState, communications, backlog };
    }),
    counters: counters.toJson(),
  };
}

function leasesList(
  server: Server,
  command: Extract<Command, { type: "leases-list" }>,
  now: Millis,
): CommandResult {
  const wanted = filterOf(command);
  if (typeof wanted === "string") return failed("bad-request", wanted);
  const limit = Math.max(1, Math.min(command.limit, PAGE_MOST));
  const { leases, next } = server.state.table.slice(command.cursor, limit);
  return ok({
    leases: leases.filter(wanted).map((lease) => leaseJson(lease, now)),
    next: next ?? null,
  });
}

function filterOf({
  link,
  unplaced,
  status: name,
  duid,
}: Extract<Command, { type: "leases-list" }>): ((lease: Lease) => boolean) | string {
  const client = duid === undefined ? undefined : parseDuid(duid);
  if (duid !== undefined && client === undefined) return `${duid} is no DUID`;
  if (name !== undefined && !Object.hasOwn(BINDING_STATUS, name)) {
    const names = Array.from({ length: 8 }, (_, i) => bindingStatusOf(i + 1)).join(", ");
    return `${name} is no binding-status; there are ${names}`;
  }
  return (lease) =>
    (link === undefined || lease.link === link) &&
    (unplaced !== true || lease.link === undefined) &&
    (name === undefined || lease.status === name) &&
    (client === undefined || lease.duid === client);
}

function leasesShow(
  server: Server,
  { kind, address, length }: Extract<Command, { type: "leases-show" }>,
  now: Millis,
): CommandResult {
  const parsed = parseIpv6(address);
  if (parsed === undefined) return failed("bad-request", `${address} is no IPv6 address`);
  const lease = server.state.table.get({ kind, address: parsed, length });
  return lease === undefined
    ? failed("not-found", `no record of ${formatPrefix({ address: parsed, length })}`)
    : ok(leaseJson(lease, now));
}

/** What the operator says of a relationship; without a name of the only one. */
function declared(
  server: Server,
  { relationship }: { readonly relationship: string | undefined },
  say: (endpoint: Endpoint) => OperatorResult,
): CommandResult {
  const endpoint = server.endpointNamed(relationship);
  if (endpoint === undefined) {
    const names = server.failover.relationshipNames().join(", ");
    return failed(
      "not-found",
      names === "" ? "this server has no failover relationship" : `name the relationship: ${names}`,
    );
  }
  const result = say(endpoint);
  return result.ok
    ? ok({
        relationship: endpoint.relationship.name,
        message: result.message,
        state: endpoint.state,
      })
    : failed("refused", result.message);
}

function time(value: number): string | null {
  return value === NO_TIME ? null : timeText(value);
}

function leaseJson(lease: Lease, now: Millis): unknown {
  const shown = lease.kind === "address" ? formatIpv6(lease.address) : formatPrefix(lease);
  return {
    lease: shown,
    kind: lease.kind,
    link: lease.link ?? null,
    duid: lease.duid === undefined ? null : formatDuid(lease.duid),
    iaid: lease.iaid,
    status: lease.status,
    since: time(lease.startTimeOfState),
    validLifetime: lease.validLifetime,
    preferredLifetime: lease.preferredLifetime,
    t1: lease.t1,
    t2: lease.t2,
    expires:
      lease.status === "ACTIVE" || lease.status === "ABANDONED"
        ? time(lease.stateExpirationTime)
        : null,
    remainingSeconds:
      lease.status === "ACTIVE" ? Math.max(0, (lease.clientExpiry - floorTime(now)) | 0) : null,
    clientExpiry: time(lease.clientExpiry),
    clientLastTransactionTime: time(lease.clientLastTransactionTime),
    partnerRawCltTime: time(lease.partnerRawCltTime),
    ackedPartnerLifetime: time(lease.ackedPartnerLifetime),
    partnerLifetime: time(lease.partnerLifetime),
    expirationTime: time(lease.expirationTime),
    marked: lease.marked,
    version: lease.version,
  };
}
