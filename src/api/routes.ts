// Where each command is found on the control socket. Names of the path and of the query are fields of the command, and
// so are those of a POST's body.

import type { CommandType } from "./commands.ts";

interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
}

export const ROUTES = {
  status: { method: "GET", path: "/v1/status" },
  "failover-status": { method: "GET", path: "/v1/failover" },
  "leases-list": { method: "GET", path: "/v1/leases" },
  "leases-show": { method: "GET", path: "/v1/leases/:lease" },
  "partner-down": { method: "POST", path: "/v1/failover/partner-down" },
  reclaim: { method: "POST", path: "/v1/failover/reclaim" },
  "clock-accept": { method: "POST", path: "/v1/clock/accept" },
  resync: { method: "POST", path: "/v1/failover/resync" },
  recover: { method: "POST", path: "/v1/failover/recover" },
  "maintenance-begin": { method: "POST", path: "/v1/failover/maintenance/begin" },
  "maintenance-end": { method: "POST", path: "/v1/failover/maintenance/end" },
  stop: { method: "POST", path: "/v1/stop" },
} as const satisfies Readonly<Record<CommandType, Route>>;
