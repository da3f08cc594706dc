// Records and updates for the tests of RFC 8156 §7.5.4: our last contact 100 s ago, the sender's some seconds after it.

import type { Decision, UpdatedLease } from "../../src/core/failover/updates/update.ts";
import type { BindingStatus } from "../../src/core/model/binding-status.ts";
import { duidFromBytes } from "../../src/core/model/duid.ts";
import type { Lease } from "../../src/core/model/lease.ts";
import { freshLease } from "../../src/core/model/lease-status.ts";
import { addSeconds, floorTime } from "../../src/core/model/time.ts";
import { EPOCH, ip } from "./pair.ts";

const NOW = floorTime(EPOCH);
export const at = (seconds: number): number => addSeconds(NOW, seconds);
export const KEY = { kind: "address", address: ip("2001:db8:1::1:1"), length: 128 } as const;
export const duid = (number: number) =>
  duidFromBytes(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, number));

/** Our record: last contact 100 s ago, in its status for 200 s, ACTIVE until 50 s from now. */
export function own(status: BindingStatus, changes: Partial<Lease> = {}): Lease {
  return {
    ...freshLease(KEY, "lan"),
    status,
    duid: duid(1),
    iaid: 1,
    clientLastTransactionTime: at(-100),
    startTimeOfState: at(-200),
    stateExpirationTime: status === "ACTIVE" ? at(50) : 0,
    ...changes,
  };
}

/** An update: the sender's contact `offset` seconds after ours. */
export function update(
  status: BindingStatus,
  offset: number,
  changes: Partial<UpdatedLease> = {},
): UpdatedLease {
  return {
    ...KEY,
    duid: duid(1),
    iaid: 1,
    t1: 0,
    t2: 0,
    preferredLifetime: 0,
    validLifetime: 0,
    status,
    startTimeOfState: at(-100 + offset),
    clientTransactionTime: at(-100 + offset),
    stateExpirationTime: 0,
    partnerLifetime: 0,
    expirationTime: 0,
    partnerRawCltTime: 0,
    relayData: undefined,
    reconfigureData: undefined,
    fqdn: undefined,
    hasDnsData: false,
    ...changes,
  };
}

export function verdict(decision: Decision): "accept" | number {
  return decision.type === "accept" ? "accept" : decision.status;
}
