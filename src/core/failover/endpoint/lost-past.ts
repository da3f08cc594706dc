// A store that has lost its past (T-07, F-570): an older copy of the state directory was put back, or the partner's was
// put in its place. It says that all is well, so the partner's memory of it is asked.

import type { Millis } from "../../model/time.ts";
import type { StoreMark, StoreWords } from "../link/store-words.ts";
import type { Endpoint } from "./endpoint.ts";
import { ownLost } from "./loss.ts";
import { startupStay } from "./stay.ts";

export type StoreVerdict = "sound" | "lost-past" | "copy-of-partner";

/** `found`: the last sequence that the start found. What the partner saw of this run is no more than `last`. */
export function judgeStore(
  words: StoreWords,
  own: { readonly id: string; readonly found: number; readonly last: number },
  metInThisRun: boolean,
): StoreVerdict {
  if (words.own.id === own.id) return "copy-of-partner";
  if (words.seen === undefined) return "sound";
  if (words.seen.id !== own.id) return "lost-past";
  return words.seen.sequence > (metInThisRun ? own.last : own.found) ? "lost-past" : "sound";
}

/** F-413, F-566, A-61, A-80: as after a lost database: RECOVER, with all of the partner's leases and the wait of the MCLT.
 * Anywhere but in STARTUP that begins with STARTUP; the caller ends the connection. */
export function loseThePast(endpoint: Endpoint, now: Millis): void {
  ownLost(endpoint, { state: "RECOVER" }, now);
  endpoint.alarm(
    "the state directory is older than what the partner has seen of it: everything is fetched from the partner",
  );
  if (!endpoint.stay.starting) endpoint.stay = startupStay(now);
}

/** Whether more is seen of the partner's store than is remembered. */
export function isNews(remembered: StoreMark | undefined, { id, sequence }: StoreMark): boolean {
  return remembered?.id !== id || remembered.sequence < sequence;
}
