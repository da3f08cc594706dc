// What a step commits: whole after-images keyed by what they describe, never by row.

import type { Block } from "./blocks.ts";
import type { ClockRecord } from "./clock-record.ts";
import type { EndpointRecord } from "./endpoint-record.ts";
import type { Prefix } from "./ipv6.ts";
import type { Lease, LeaseKey } from "./lease.ts";
import type { Millis } from "./time.ts";

export type Change =
  | { readonly type: "lease"; readonly lease: Lease }
  | { readonly type: "lease-removed"; readonly key: LeaseKey }
  | { readonly type: "block"; readonly block: Block }
  | { readonly type: "block-removed"; readonly prefix: Prefix }
  | { readonly type: "endpoint"; readonly record: EndpointRecord }
  | { readonly type: "heartbeat"; readonly at: Millis }
  | { readonly type: "clock"; readonly record: ClockRecord };
