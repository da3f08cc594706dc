// Maintenance: the partner serves all clients while this server stays up, until the operator ends it or the server is
// started again (RFC 8156 §8.9; T-05, T-13).

import type { Millis } from "../../model/time.ts";
import { STATUS } from "../../wire/messages.ts";
import type { Endpoint } from "./endpoint.ts";
import type { OperatorResult } from "./operator.ts";

export interface Maintenance {
  readonly since: Millis;
  /** The partner was told everything, or there was no time left for it, and serves alone. */
  isHandedOver: boolean;
}

export function beginMaintenance(endpoint: Endpoint, force: boolean, now: Millis): OperatorResult {
  if (endpoint.maintenance !== undefined)
    return { ok: true, message: "this server is in maintenance already" };
  if (!endpoint.isInStep && !force)
    return {
      ok: false,
      message: `in ${endpoint.state}${endpoint.behaviour.isShared ? ", not yet in step with the partner," : ""} it is not sure that the partner can serve all clients. Say --force if it does`,
    };
  endpoint.maintenance = { since: now, isHandedOver: false };
  return { ok: true, message: "handing over: the partner serves all clients" };
}

export function endMaintenance(endpoint: Endpoint): OperatorResult {
  if (endpoint.maintenance === undefined)
    return { ok: true, message: "this server is not in maintenance" };
  endpoint.maintenance = undefined;
  return { ok: true, message: "maintenance is over: this server connects and serves again" };
}

/** T-05: nothing is granted any more; until all is acknowledged, but not for long; then DISCONNECT. */
export function handOver(endpoint: Endpoint, now: Millis): void {
  const { maintenance, context, stream, channel } = endpoint;
  if (maintenance === undefined || maintenance.isHandedOver) return;
  const isOpen = endpoint.isLive && !stream.isAnsweredUpTo(context.lastSequence());
  if (isOpen && now - maintenance.since < context.config.tunables.drain) return;
  maintenance.isHandedOver = true;
  const reason = "maintenance";
  channel?.disconnect(endpoint.nextTransactionId(), STATUS.ServerShuttingDown, reason, now);
  endpoint.communicationsFailed("maintenance here", now);
}
