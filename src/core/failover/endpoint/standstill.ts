// A partner that is in contact and does not go on, while a state here that answers nobody waits for it (T-13). Silence ends
// such a state by the keepalive time; CONTACT alone would prolong it for ever.

import { DEFAULTS } from "../../model/limits.ts";
import type { Millis } from "../../model/time.ts";
import { STATUS } from "../../wire/messages.ts";
import type { Endpoint } from "./endpoint.ts";
import { STATES } from "./states/all.ts";
import { transitionOf } from "./transitions.ts";

/** The pause in contact that follows a standstill: clients are answered meanwhile. */
export class Pause {
  /** 0: no pause. */
  until: Millis = 0;
  #length: Millis = 0;

  /** It doubles from one standstill to the next, so that a partner that stays so silences clients ever more seldom. */
  begin(now: Millis): void {
    this.#length = Math.min(
      Math.max(2 * this.#length, DEFAULTS.standstillPauseMillis),
      DEFAULTS.standstillPauseMaxMillis,
    );
    this.until = now + this.#length;
  }

  beginLongest(now: Millis): void {
    this.#length = DEFAULTS.standstillPauseMaxMillis;
    this.until = now + this.#length;
  }

  /** The two have settled. */
  forget(): void {
    this.#length = 0;
    this.until = 0;
  }
}

/** Since when nothing has moved in a state that waits for the partner in contact; undefined: it waits for nothing. */
export function standsSince({ behaviour, communicating, stay }: Endpoint): Millis | undefined {
  return communicating && behaviour.waitsFor !== undefined ? stay.lastProgress : undefined;
}

/** Whether the operator may give the partner up though it is in contact. A partner that trickles counts too. */
export function mayGiveUp(endpoint: Endpoint, now: Millis): boolean {
  return (
    standsSince(endpoint) !== undefined &&
    now >= endpoint.stay.enteredAt + DEFAULTS.updateSilenceMillis
  );
}

/** Ends the contact where that leads to a state in which clients are answered; elsewhere the operator decides. */
export function checkStandstill(endpoint: Endpoint, now: Millis): void {
  if (endpoint.behaviour.isShared && endpoint.communicating) endpoint.pause.forget();
  const since = standsSince(endpoint);
  if (since === undefined || now < since + DEFAULTS.updateSilenceMillis) return;
  const next = transitionOf(endpoint.state, "communications-failed", endpoint.role, undefined);
  if (next === undefined || !STATES[next.to].serves) return;
  endpoint.pause.begin(now);
  hangUp(endpoint, "settling differences made no progress", now);
}

/** By the operator's word. */
export function giveUp(endpoint: Endpoint, now: Millis): void {
  endpoint.pause.beginLongest(now);
  hangUp(endpoint, "the operator gave this server up", now);
}

function hangUp(endpoint: Endpoint, why: string, now: Millis): void {
  endpoint.channel?.disconnect(endpoint.nextTransactionId(), STATUS.UnspecFail, why, now);
  endpoint.communicationsFailed(why, now);
}
