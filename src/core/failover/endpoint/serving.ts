// Who serves the clients now, and what would happen if something failed: what an operator asks before he pulls a cable.

import type { ServerState } from "../../model/endpoint-record.ts";
import type { Endpoint } from "./endpoint.ts";
import { STATES } from "./states/all.ts";
import type { StateContext } from "./states/behaviour.ts";

/** Whom a server answers: everybody, only clients that name it, or nobody. */
export type Served = "everybody" | "own" | "nobody";

export interface Serving {
  readonly here: Served;
  /** Without contact nobody here knows. */
  readonly partner: Served | "unknown";
  readonly text: string;
}

export function servingOf(endpoint: Endpoint): Serving {
  const { communicating, stateContext, role, record } = endpoint;
  const inMaintenance = endpoint.maintenance !== undefined;
  const here = inMaintenance ? "nobody" : servedIn(endpoint.state, stateContext);
  const other = role === "primary" ? "secondary" : "primary";
  const partner =
    communicating && record.partnerState !== undefined
      ? servedIn(record.partnerState, {
          ...stateContext,
          role: other,
          partnerState: endpoint.state,
        })
      : "unknown";
  const text = inMaintenance
    ? "this server is in maintenance and answers nobody; the partner was told to answer everybody"
    : say(here, partner);
  return { here, partner, text };
}

/** By what the state answers to a client that is new, and to one that names this server. */
function servedIn(state: ServerState, context: StateContext): Served {
  const { service } = STATES[state];
  if (service("SOLICIT", "none", context).type !== "silent") return "everybody";
  return service("RENEW", "own", context).type === "silent" ? "nobody" : "own";
}

function say(here: Served, partner: Served | "unknown"): string {
  if (here === "everybody") {
    if (partner === "everybody") return "this server and the partner answer everybody";
    return partner === "unknown"
      ? "this server answers everybody; there is no contact with the partner"
      : "this server answers them; the partner stands by";
  }
  if (here === "own") {
    return partner === "unknown" || partner === "nobody"
      ? "this server answers only clients that have named it: new clients are NOT served"
      : "the partner answers them; this server stands by, and answers only clients that name it";
  }
  switch (partner) {
    case "everybody":
      return "the partner answers everybody; this server answers nobody";
    case "own":
      return "the partner answers only clients that name it: new clients are NOT served";
    case "nobody":
      return "NOBODY answers: neither this server nor the partner";
    case "unknown":
      return "this server answers NOBODY, and there is no contact with the partner";
  }
}

/** Something that may fail, and what it would mean for clients. */
export interface WhatIf {
  readonly event: string;
  readonly outcome: string;
}

export function whatIf(endpoint: Endpoint, unknownToPartner: number): readonly WhatIf[] {
  const { relationship } = endpoint;
  const { server } = relationship.partner;
  const silence = `${Math.ceil(relationship.keepalive / 1_000)} s`;
  return [
    { event: "this server is lost", outcome: ifLostHere(endpoint, silence, unknownToPartner) },
    { event: `${server} is lost`, outcome: ifPartnerLost(endpoint, silence) },
    { event: "the servers lose contact", outcome: ifLinkCut(endpoint) },
    { event: "this server's cable to the clients is pulled", outcome: ifDeaf(endpoint) },
  ];
}

function ifLostHere(endpoint: Endpoint, silence: string, unknownToPartner: number): string {
  const { here, partner } = servingOf(endpoint);
  const { server } = endpoint.relationship.partner;
  if (partner === "nobody") return `clients are not served until ${server} has recovered`;
  if (partner === "unknown")
    return `clients are served if ${server} runs, which is not known here: there is no contact`;
  if (here !== "everybody") return `${server} goes on`;
  const rest =
    unknownToPartner === 0
      ? ""
      : `; ${leases(unknownToPartner)} that it does not know yet end at their time unless this server returns`;
  return `${server} answers everybody: at once when the connection breaks, after ${silence} of silence; clients keep their leases${rest}`;
}

function ifPartnerLost(endpoint: Endpoint, silence: string): string {
  const { here } = servingOf(endpoint);
  if (!endpoint.communicating)
    return here === "everybody"
      ? "nothing changes: this server answers everybody already"
      : "clients are not served: this server needs its partner first";
  if (here === "everybody") return "this server goes on; new clients get leases of its own half";
  if (here === "own")
    return `this server answers everybody: at once when the connection breaks, after ${silence} of silence`;
  return "clients are not served: this server needs its partner first";
}

function ifLinkCut(endpoint: Endpoint): string {
  const { here, partner } = servingOf(endpoint);
  if (!endpoint.communicating) return "it is so already";
  if (here === "nobody" || partner === "nobody")
    return "whoever answers now goes on; the other one waits for the connection";
  return "both answer everybody, each gives new clients leases of its own half, and no address is given twice";
}

/** The state machine looks at the partner alone. */
function ifDeaf(endpoint: Endpoint): string {
  const { here, partner } = servingOf(endpoint);
  if (here === "nobody" || partner === "everybody") return "clients notice nothing of it";
  if (partner === "unknown") return "clients are answered by the partner, if it runs";
  return here === "own"
    ? "clients notice nothing of it; this server could not take over"
    : "clients are NOT answered until it is plugged in again, or until this server is stopped so that the partner answers everybody";
}

function leases(count: number): string {
  return count === 1 ? "1 lease" : `${count} leases`;
}
