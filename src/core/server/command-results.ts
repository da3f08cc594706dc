// What the operator's commands return (src/api): one function a command, typed by the command.

import type { CommandOf, CommandType } from "../../api/commands.ts";
import type { FailureCode } from "../../api/failures.ts";
import type { CommandResult, CoreResult, Refusal } from "../../api/results.ts";
import type { Endpoint } from "../failover/endpoint/endpoint.ts";
import { beginMaintenance, endMaintenance } from "../failover/endpoint/maintenance.ts";
import type { OperatorResult } from "../failover/endpoint/operator.ts";
import { recover, resync } from "../failover/endpoint/refetch.ts";
import { briefStatus, endpointStatus } from "../failover/endpoint/status.ts";
import { formatDuid } from "../model/duid.ts";
import { formatPrefix, parseIpv6, parsePrefix } from "../model/ipv6.ts";
import type { Lease, LeaseKey } from "../model/lease.ts";
import type { Millis } from "../model/time.ts";
import { timeText } from "../wire/time-text.ts";
import { leaseResult } from "./lease-result.ts";
import type { Server } from "./server.ts";

/** `stop` is the door's own. */
export type AnsweredType = Exclude<CommandType, "stop">;

type Answers = {
  readonly [Type in AnsweredType]: (
    server: Server,
    command: CommandOf<Type>,
    now: Millis,
  ) => CommandResult<Type>;
};

const ANSWERS: Answers = {
  status: (server, _command, now) => ok(serverStatus(server, now)),
  "failover-status": (server, _command, now) =>
    ok({
      relationships: server.failover.endpoints.map((endpoint) => endpointStatus(endpoint, now)),
      alarms: server.alarms.shown(now),
    }),
  "leases-list": leasesList,
  "leases-show": leasesShow,
  "partner-down": (server, command, now) =>
    declared(server, command, (endpoint) => endpoint.partnerDown(command.force, now)),
  "clock-accept": (server, _command, now) =>
    ok(server.time.accept(server.time.clock.toShell(now), server.failover)),
  reclaim: (server, command, now) =>
    declared(server, command, (endpoint) => endpoint.reclaim(command.force, now)),
  resync: (server, command, now) => declared(server, command, (each) => resync(each, now)),
  recover: (server, command, now) =>
    declared(server, command, (endpoint) => recover(endpoint, command.force, now)),
  "maintenance-begin": (server, command, now) =>
    declared(server, command, (endpoint) => beginMaintenance(endpoint, command.force, now)),
  "maintenance-end": (server, command) => declared(server, command, endMaintenance),
};

/** These change nothing. */
const READS: ReadonlySet<AnsweredType> = new Set([
  "status",
  "failover-status",
  "leases-list",
  "leases-show",
]);

export function runCommand<Type extends AnsweredType>(
  server: Server,
  command: CommandOf<Type> & { readonly type: Type },
  now: Millis,
): CommandResult<Type> {
  // T-08: what cannot be stored is not done.
  if (server.unfitReason !== undefined && !READS.has(command.type))
    return failed("refused", `the state directory is not written: ${server.unfitReason}`);
  return ANSWERS[command.type](server, command, now);
}

function ok<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

function failed(code: FailureCode, message: string): Refusal {
  return { ok: false, code, message };
}

function serverStatus(server: Server, now: Millis): CoreResult<"status"> {
  const { state, config, counters } = server;
  return {
    server: config.server.name,
    duid: formatDuid(config.server.duid),
    started: timeText(server.time.clock.told(server.startedAt)),
    uptimeSeconds: Math.floor((now - server.startedAt) / 1000),
    stopping: server.isStopping,
    clock: server.time.status,
    leases: state.table.size,
    leasesInUse: state.table.inUse,
    mostLeases: server.capacity.most,
    mostLeasesBy: server.capacity.by,
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
    relationships: server.failover.endpoints.map(briefStatus),
    alarms: server.alarms.shown(now),
    counters: counters.toJson(),
  };
}

function leasesList(
  server: Server,
  command: CommandOf<"leases-list">,
  now: Millis,
): CommandResult<"leases-list"> {
  const { link, unplaced, status, duid, cursor, limit } = command;
  const isWanted = (lease: Lease): boolean =>
    (link === undefined || lease.link === link) &&
    (unplaced !== true || lease.link === undefined) &&
    (status === undefined || lease.status === status) &&
    (duid === undefined || lease.duid === duid);
  const { leases, next } = server.state.table.slice(cursor, Math.max(1, limit));
  return ok({
    leases: leases
      .filter(isWanted)
      .map((lease) => leaseResult(lease, server.state.clock.shift, now)),
    next: next ?? null,
  });
}

function leasesShow(
  server: Server,
  command: CommandOf<"leases-show">,
  now: Millis,
): CommandResult<"leases-show"> {
  const key = keyOf(command.lease);
  const lease = key === undefined ? undefined : server.state.table.get(key);
  return lease === undefined
    ? failed("not-found", `no record of ${key === undefined ? command.lease : formatPrefix(key)}`)
    : ok(leaseResult(lease, server.state.clock.shift, now));
}

function keyOf(text: string): LeaseKey | undefined {
  const address = parseIpv6(text);
  if (address !== undefined) return { kind: "address", address, length: 128 };
  const prefix = parsePrefix(text);
  return prefix === undefined ? undefined : { kind: "prefix", ...prefix };
}

/** What the operator says of a relationship; without a name of the only one. */
function declared(
  server: Server,
  { relationship }: { readonly relationship?: string | undefined },
  say: (endpoint: Endpoint) => OperatorResult,
): CommandResult<"partner-down"> {
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
