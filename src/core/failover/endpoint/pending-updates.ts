// What the partner has not acknowledged, lease by lease: for `failover status` (F-300, A-30).

import type { Duid } from "../../model/duid.ts";
import { formatIpv6, formatPrefix } from "../../model/ipv6.ts";
import type { Lease } from "../../model/lease.ts";
import { LIMITS } from "../../model/limits.ts";
import {
  type DhcpTime,
  floorTime,
  isLater,
  laterOf,
  type Millis,
  NO_TIME,
} from "../../model/time.ts";
import { statusName } from "../../wire/messages.ts";
import type { Endpoint } from "./endpoint.ts";

/** Named in a status; the numbers count all. */
const NAMED = 20;

export interface PendingUpdate {
  /** The address or prefix. */
  readonly name: string;
  readonly duid: Duid | undefined;
  readonly since: DhcpTime;
  /** What it waits for. */
  readonly why: "contact" | "its turn" | "the answer" | "another try";
  /** The partner's last answer, if it was a refusal. */
  readonly refused: { readonly status: string; readonly message: string } | undefined;
}

/** The oldest ones by name. */
export function pendingUpdates(endpoint: Endpoint): readonly PendingUpdate[] {
  const { context, relationship } = endpoint;
  return context.table
    .marked(relationship.name, 0, NAMED)
    .map((lease) => pendingUpdate(endpoint, lease));
}

function pendingUpdate({ stream, communicating }: Endpoint, lease: Lease): PendingUpdate {
  const refusal = stream.rejections.reasonOf(lease);
  const waiting = refusal === undefined ? "its turn" : "another try";
  return {
    name: lease.kind === "address" ? formatIpv6(lease.address) : formatPrefix(lease),
    duid: lease.duid,
    since: laterOf(lease.startTimeOfState, lease.clientLastTransactionTime),
    why: stream.isUnderWay(lease) ? "the answer" : communicating ? waiting : "contact",
    refused:
      refusal === undefined
        ? undefined
        : { status: statusName(refusal.status), message: refusal.message },
  };
}

export interface AtRisk {
  /** Leases in use of which the partner does not know the present times. */
  readonly leases: number;
  /** The end of the last of them; 0 = none. */
  readonly until: DhcpTime;
  /** There are more: one step looks at no more rows. */
  readonly isMore: boolean;
}

/** What clients hold by this server's word alone: the replication lag. */
export function atRisk({ context, relationship }: Endpoint, now: Millis): AtRisk {
  const rows = context.table.marked(relationship.name, 0, LIMITS.rowsPerStep);
  const second = floorTime(now);
  const held = rows.filter(
    ({ status, clientExpiry }) => status === "ACTIVE" && isLater(clientExpiry, second),
  );
  let until: DhcpTime = NO_TIME;
  for (const { clientExpiry } of held) until = laterOf(until, clientExpiry);
  return { leases: held.length, until, isMore: rows.length === LIMITS.rowsPerStep };
}
