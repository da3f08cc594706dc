// The authority over leases that no link of the configuration has any more: their subnet was taken out. Nobody is given
// them and nobody extends them; they end by their times.

import type { Authority } from "./authority.ts";
import { isPrivate } from "./lease-status.ts";
import { floorTime, NO_TIME } from "./time.ts";

/** `lone` ends what only this server ever knew; everything on a server without a relationship is so. T-01: of what a
 * partner may know the end is not known, as that may still run the file that has the link, and the link may come back here:
 * so it is EXPIRED and marked, and free it becomes only as a lease of the relationship in which its address is then. */
export function unplacedAuthority(lone: Authority, hasPartner: boolean): Authority {
  if (!hasPartner) return lone;
  return {
    ...lone,
    ended: (before, status, now) =>
      isPrivate(before)
        ? lone.ended(before, status, now)
        : {
            ...before,
            status,
            startTimeOfState: floorTime(now),
            stateExpirationTime: NO_TIME,
            marked: true,
            endingSent: false,
          },
    holdOver: (lease) => ({ ...lease, stateExpirationTime: NO_TIME, marked: true }),
    // T-04: a RESET beats an earlier grant of the partner's that was not told yet.
    mayReset: () => false,
  };
}
