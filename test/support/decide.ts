// The decision of RFC 8156 §7.5.4 at a server whose clock nobody has shifted.

import { decide as decideBy } from "../../src/core/failover/updates/bndupd-decide.ts";
import type { Decision, UpdatedLease } from "../../src/core/failover/updates/update.ts";
import type { Lease } from "../../src/core/model/lease.ts";

export function decide(
  own: Lease | undefined,
  update: UpdatedLease,
  role: "primary" | "secondary",
  now: number,
): Decision {
  return decideBy(own, update, { role, clockDoubt: 0 }, now);
}
