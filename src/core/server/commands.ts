// Commands of the operator, as they come over the control channel.

import type { LeaseKind } from "../model/lease.ts";

export type Command =
  | { readonly type: "status" }
  | { readonly type: "failover-status" }
  /** A page of leases in the table's own order; `cursor` from the previous page, 0 to start. */
  | {
      readonly type: "leases-list";
      readonly cursor: number;
      readonly limit: number;
      readonly link?: string;
      /** Only what is on no link of the configuration. */
      readonly unplaced?: boolean;
      readonly status?: string;
      readonly duid?: string;
    }
  | {
      readonly type: "leases-show";
      readonly kind: LeaseKind;
      readonly address: string;
      readonly length: number;
    }
  /** T-01, A-72. `force` is needed in STARTUP and the RECOVER states. */
  | {
      readonly type: "partner-down";
      readonly relationship: string | undefined;
      readonly force: boolean;
    }
  /** T-01: the partner's machine is off, said a second time and by name. `force` as above. */
  | { readonly type: "reclaim"; readonly relationship: string; readonly force: boolean }
  /** T-05: planned stop. */
  | { readonly type: "stop" };
