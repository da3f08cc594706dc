// What a state of the endpoint permits (RFC 8156 §8.1, F-362, the table of F-370). One file a state.

import type { MessageName, ServerIdOwner, Service } from "../../../model/authority.ts";
import type { ServerState } from "../../../model/endpoint-record.ts";

export interface StateContext {
  readonly role: "primary" | "secondary";
  readonly communicating: boolean;
  readonly partnerState: ServerState | undefined;
  /** `strict-rfc8156`: no answers to messages that name the partner. */
  readonly strict: boolean;
}

export interface StateBehaviour {
  readonly name: ServerState;
  readonly section: string;
  /** What it means, for people. */
  readonly meaning: string;
  service(message: MessageName, serverId: ServerIdOwner, context: StateContext): Service;
  /** New leases from the own pool. */
  readonly startsLeases: boolean;
  /** updates are sent without being asked for. */
  sendsUpdates(context: StateContext): boolean;
  /** Leases are ended by their times. */
  readonly expires: boolean;
  /** The server may answer clients: heartbeats are recorded. */
  readonly serves: boolean;
  /** The server is asked to do something, or what is being waited for (T-13, R7031-14). */
  advice(context: StateContext): string; // R7031-14
}

const ANSWER: Service = { type: "answer" };

export function silent(reason: string): Service {
  return { type: "silent", reason };
}

/** No message at all is answered. */
export function unresponsive(): Service {
  return silent("unresponsive-state");
}

/** F-372, F-452: all valid messages; the partner's RENEW, RELEASE and DECLINE too where `forPartner` (T-03, A-81). */
export function responsive(
  message: MessageName,
  serverId: ServerIdOwner,
  forPartner: boolean,
): Service {
  if (serverId === "own" || serverId === "none") return ANSWER;
  const takesOver = message === "RENEW" || message === "RELEASE" || message === "DECLINE";
  return serverId === "partner" && forPartner && takesOver
    ? { type: "answer-for-partner" }
    : silent("server-id-mismatch");
}

/** F-370, A-49: only messages that bear the own server identifier. */
export function renewResponsive(serverId: ServerIdOwner): Service {
  return serverId === "own" ? ANSWER : silent("renew-responsive");
}
