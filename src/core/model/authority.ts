// The seam between leasing and failover: what a server may do with a lease, and for how long.
// Failover implements it for a relationship; a lone server has the trivial one in lone-authority.ts.

import type { BindingStatus } from "./binding-status.ts";
import type { DiscardReason } from "./counter-names.ts";
import type { Duid } from "./duid.ts";
import type { Lease, LeaseKey, LeaseKind } from "./lease.ts";
import type { DhcpTime, Millis, Seconds } from "./time.ts";

/** Whose server identifier a client's message carries. */
export type ServerIdOwner = "none" | "own" | "partner" | "foreign";

export type MessageName =
  | "SOLICIT"
  | "REQUEST"
  | "CONFIRM"
  | "RENEW"
  | "REBIND"
  | "RELEASE"
  | "DECLINE"
  | "INFORMATION-REQUEST";

/** How a message is served (RFC 8156 §8, table of F-370). */
export type Service =
  /** As RFC 8415 says. */
  | { readonly type: "answer" }
  /** only if every lease in it is ACTIVE here for this client. */
  | { readonly type: "answer-for-partner" }
  /** RECOVER-DONE: only leases recorded here, nothing new (RFC 8156 §8.7.1). */
  | { readonly type: "answer-recorded" }
  | { readonly type: "silent"; readonly reason: DiscardReason };

export interface ClientRef {
  readonly duid: Duid;
  readonly iaid: number;
}

/** How much of a link's pools this server may give to new clients. */
export interface OwnShare {
  /** The value bit 127 must have; undefined: any (a lone server). */
  readonly addressBit: 0 | 1 | undefined;
  readonly prefixes: "all" | "FREE" | "FREE-BACKUP" | "none";
}

/** Why no new lease is started now, whoever asks. */
export interface StartWait {
  readonly reason: string;
  /** When it ends by itself; 0 = not by a time that is known. */
  readonly until: DhcpTime;
  /** What ends it, or what may be done. */
  readonly ends: string;
}

export interface Authority {
  serviceFor(message: MessageName, serverId: ServerIdOwner): Service;
  /** What to draw candidates from, one share after the other is used up; `mayStart` still judges each. */
  shares(now: Millis): readonly OwnShare[];
  /** Whether this server may now begin a lease of `key` for `client`. `lease` is the record, if there is one. */
  mayStart(key: LeaseKey, lease: Lease | undefined, client: ClientRef, now: Millis): boolean;
  /** Why `mayStart` is false for every lease of the kind now; undefined: it is not. */
  waitsFor(kind: LeaseKind, now: Millis): StartWait | undefined;
  /** Whether a lease that is ACTIVE here for the client may be extended. */
  mayExtend(lease: Lease, now: Millis): boolean;
  /** T-02: the lease has ended here by its time alone, and nobody else can have got it: to its own client it goes back. */
  mayGoBack(lease: Lease, now: Millis): boolean;
  /** The latest client expiry allowed now (RFC 8156 §4.4); undefined = no bound. `lease` undefined: a new one. */
  longestExpiry(lease: Lease | undefined, now: Millis): DhcpTime | undefined;
  /** T-02: the partner may have granted or renewed this unseen; neither confirm nor deny it. */
  isDoubtful(key: LeaseKey, lease: Lease | undefined, now: Millis): boolean;
  /** T-02: whether the partner may have granted leases that are not known here yet. */
  isOutOfStep(): boolean;
  /** Whether the partner may have carried out, unseen, a message of which a copy may still be under way. */
  mayHaveActedUnseen(now: Millis): boolean;
  /** A lease that `mayStart` allows, as it is just before another client gets it: FREE or FREE-BACKUP. */
  ready(lease: Lease, now: Millis): Lease;
  /** Completes a grant or extension: mark, version-independent failover times (RFC 8156 §7.3). `desired` is the
   * valid lifetime that policy alone would give. */
  granted(before: Lease | undefined, after: Lease, desired: Seconds, now: Millis): Lease;
  /** Completes an ending: RELEASED, EXPIRED, ABANDONED or RESET, with what follows at once. */
  ended(
    before: Lease,
    status: Extract<BindingStatus, "RELEASED" | "EXPIRED" | "ABANDONED" | "RESET">,
    now: Millis,
  ): Lease;
  /** The time of a hold on an ended lease has come: the partner is told of the end (again). */
  holdOver(lease: Lease, now: Millis): Lease;
  /** Seconds after its client's expiry at which a lease ends here (T-06 (6)). */
  readonly graceSeconds: Seconds;
  /** Whether housekeeping may end leases now. */
  mayExpire(): boolean;
  /** Whether a declined address may be put back into use now. */
  mayReset(now: Millis): boolean;
  /** Seconds a FREE lease is kept after its last use before its record may go. */
  readonly retention: Seconds;
}
