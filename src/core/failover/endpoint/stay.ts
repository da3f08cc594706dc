// What belongs to one stay of an endpoint in a state. `enter` makes it whole, so nothing of an earlier stay is left over.

import type { Millis } from "../../model/time.ts";

/** The UPDREQ or UPDREQALL that this state has sent. */
export interface OutstandingRequest {
  readonly transactionId: number;
  readonly all: boolean;
  lastProgress: Millis;
}

export interface Stay {
  /** STARTUP: the one state that is never recorded (F-135). */
  readonly starting: boolean;
  /** When the state was entered here. */
  readonly enteredAt: Millis;
  /** When the partner last did something in it: a CONTACT, or a STATE that says nothing new, is none. */
  lastProgress: Millis;
  /** an UPDDONE counts only in the stay that asked: one of RECOVER does not end POTENTIAL-CONFLICT (F-472). */
  outstanding: OutstandingRequest | undefined;
  /** The operator had all of the partner's leases asked for, beside the service. */
  resyncing: boolean;
  /** T-13: the log has what the operator can do. */
  advised: boolean;
  /** NORMAL: marks up to this version were open at its entry; undefined: all of them are answered. */
  drainUpTo: number | undefined;
  /** T-02: since when no update of the partner about the time without contact is missing any more; undefined: some are. */
  synchronisedAt: Millis | undefined;
  /** marks up to this version were open when the partner reached RECOVER-DONE. */
  returnUpTo: number | undefined;
}

function stay(starting: boolean, enteredAt: Millis, drainUpTo: number | undefined): Stay {
  return {
    starting,
    enteredAt,
    lastProgress: enteredAt,
    outstanding: undefined,
    resyncing: false,
    advised: false,
    drainUpTo,
    synchronisedAt: undefined,
    returnUpTo: undefined,
  };
}

/** The stay in STARTUP, which begins with the process. */
export function startupStay(now: Millis): Stay {
  return stay(true, now, undefined);
}

/** The stay in a recorded state. `drainUpTo`: the last version whose mark the state waits for; undefined: it waits for none. */
export function newStay(now: Millis, drainUpTo: number | undefined): Stay {
  return stay(false, now, drainUpTo);
}

/** The same stay when contact is lost in it: what was asked of the partner, and awaited from it, is void. */
export function stayWithoutContact({ starting, enteredAt, lastProgress }: Stay): Stay {
  return { ...stay(starting, enteredAt, undefined), lastProgress };
}
