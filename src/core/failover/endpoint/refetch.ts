// What the operator has fetched from the partner anew: all of its leases beside the service (`resync`), or after this
// server's own are not to be trusted any more (`recover`, RFC 8156 §8.5; T-07, T-13, A-61, A-80).

import type { Millis } from "../../model/time.ts";
import type { Endpoint } from "./endpoint.ts";
import type { OperatorResult } from "./operator.ts";
import { servingOf } from "./serving.ts";

function refused(message: string): OperatorResult {
  return { ok: false, message };
}

/** UPDREQALL in NORMAL: nothing is lost here, so the partner need not take its promises as forgotten. */
export function resync(endpoint: Endpoint, now: Millis): OperatorResult {
  const { stay, behaviour, state } = endpoint;
  if (!endpoint.communicating || endpoint.contact.partnerStarting)
    return refused("there is no contact with the partner, so nobody can be asked");
  if (!behaviour.isShared)
    return refused(`in ${state} this server fetches by itself what it needs; resync is for NORMAL`);
  if (stay.outstanding !== undefined)
    return { ok: true, message: "the partner is sending its leases already" };
  stay.resyncing = true;
  endpoint.act(now);
  return { ok: true, message: "the partner was asked for all its leases; service goes on" };
}

/** As after a lost database: this server serves nobody until it has all from the partner and the MCLT has passed. */
export function recover(endpoint: Endpoint, force: boolean, now: Millis): OperatorResult {
  const { state, behaviour, communicating } = endpoint;
  if (behaviour.isRecovering) return { ok: true, message: `already in ${state}` };
  if (behaviour.partnerIsOff)
    return refused(
      "in PARTNER-DOWN this server is the one that knows the leases: give the command on the other one",
    );
  if (!behaviour.serves) return refused(`${state} ends by itself in a moment; try again then`);
  const { partner } = servingOf(endpoint);
  if (!communicating && !force)
    return refused(
      "there is no contact with the partner: nobody may serve the clients, and nobody can be asked. Say --force if the partner serves them all the same",
    );
  if (partner === "nobody") return refused("the partner serves nobody: nobody would");
  endpoint.distrust(now);
  endpoint.enter("RECOVER", "the operator does not trust this server's leases", now);
  endpoint.act(now);
  return {
    ok: true,
    message: `${state} -> ${endpoint.state}: this server fetches the partner's leases, waits for the MCLT and goes back to NORMAL by itself`,
  };
}
