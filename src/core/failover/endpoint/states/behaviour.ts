// What a state of the endpoint permits (RFC 8156 §8.1, F-362, the table of F-370). One file a state. Whoever asks
// something about a state asks it here; nobody compares its name.

import type { MessageName, ServerIdOwner, Service } from "../../../model/authority.ts";
import type { DiscardReason } from "../../../model/counter-names.ts";
import type { EndpointRecord, RecordedState, ServerState } from "../../../model/endpoint-record.ts";
import type { DhcpTime } from "../../../model/time.ts";

export type Role = "primary" | "secondary";

export interface StateContext {
  readonly role: Role;
  readonly communicating: boolean;
  readonly partnerState: ServerState | undefined;
  /** `strict-rfc8156`: no answers to messages that name the partner. */
  readonly strict: boolean;
}

/** What the operator's `partner-down` needs in a state. */
export type PartnerDownRule = "at-once" | "by-force" | "when-stuck" | "already";

/** What the entry into a state goes by. */
export interface Entry {
  readonly from: ServerState;
  readonly record: EndpointRecord;
  /** F-422: no record here, and the partner says that it never met us. */
  readonly neverRan: boolean;
  /** F-420, A-60, A-80: the end of a wait of the MCLT after the failure. */
  waitAfterFailure(): DhcpTime;
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
  /** Both servers work and tell each other everything: what happened unseen is soon known (T-02). */
  readonly isShared: boolean;
  /** The operator, or a time, said that the partner is off. */
  readonly partnerIsOff: boolean;
  /** On the way back from a stop or a loss; the other server goes on with the clients. */
  readonly isRecovering: boolean;
  /** T-04: a server in it fetches updates before it takes part, and its request says whether its memory is lost. */
  readonly asksFirst: boolean;
  /** Nothing is told to clients in it, nor in what follows it without the other server, unless an operator uses force. */
  readonly isMute: boolean;
  /** It ends by a time of its own, `recoverWaitUntil`. */
  readonly endsByTime: boolean;
  readonly partnerDown: PartnerDownRule;
  /** T-13: what this state, in which clients are not answered, waits for while the partner is in contact. */
  readonly waitsFor: string | undefined;
  /** Whether it sends UPDREQ or UPDREQALL. `isLost`: the own database is lost: a server that was sent on with
   * `partner-down --force` fetches it when the partner returns. */
  asksForUpdates(context: StateContext, isLost: boolean): boolean;
  /** the partner in this state has to be told the own state again. */
  repeatsStateTo(partner: ServerState): boolean;
  /** F-379: where a restart begins, if not in this state: its successor when communications fail. */
  afterRestart(role: Role): RecordedState | undefined;
  /** What its entry changes in the record. */
  entryChanges(entry: Entry): Partial<EndpointRecord>;
  /** What the operator is alarmed of at its entry. */
  entryAlarm(entry: Entry): string | undefined;
  /** The server is asked to do something, or what is being waited for (T-13, R7031-14). */
  advice(context: StateContext): string; // R7031-14
}

/** What most states have in common; each says where it differs. */
export const ORDINARY = {
  isShared: false,
  partnerIsOff: false,
  isRecovering: false,
  asksFirst: false,
  isMute: false,
  endsByTime: false,
  partnerDown: "at-once",
  waitsFor: undefined,
  asksForUpdates: (_context: StateContext, isLost: boolean) => isLost,
  repeatsStateTo: () => false,
  afterRestart: () => undefined,
  entryChanges: () => ({}),
  entryAlarm: () => undefined,
} as const satisfies Partial<StateBehaviour>;

const ANSWER: Service = { type: "answer" };

export function silent(reason: DiscardReason): Service {
  return { type: "silent", reason };
}

/** No message at all is answered. */
export function unresponsive(): Service {
  return silent("not-serving");
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
  return serverId === "own" ? ANSWER : silent("left-to-partner");
}
