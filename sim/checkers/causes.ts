// No client loses a lease without a cause that has a name: release, decline, end as the client saw it, moved off the
// link, or known to one server only (the promise, core.md; R7031-06, R7031-51). What both servers knew, its client gets again
// after a reboot too, and whatever was promised since (T-02, T-14).

import { readMessage, type SeenIa, type SeenLease, type SeenMessage } from "./decode.ts";
import { BNDREPLY, BNDUPD, statusName } from "./decode-partner.ts";
import {
  type Checker,
  leaseName,
  type Observation,
  type Report,
  type ServerName,
  secondsSince2000,
} from "./observation.ts";
import { Reclaims } from "./reclaimed.ts";
import { endOf } from "./two-holders.ts";

interface Held {
  readonly client: string;
  readonly duid: string;
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  readonly address: string;
  readonly length: number;
  /** Which server told it last. */
  teller: ServerName | undefined;
  until: number;
  /** Since when its client has it. */
  readonly since: number;
  /** Its client has begun anew and forgotten it. */
  forgotten: boolean;
  /** A cause that has arisen while it was held. */
  cause: string | undefined;
}

type Of<T extends Observation["type"]> = Extract<Observation, { type: T }>;
type Named = Pick<SeenLease, "address" | "length">;

const REPLY = 7;
const NO_BINDING = 3;
const NOT_ON_LINK = 4;
/** A lost partner is noticed within this, milliseconds. */
const UNNOTICED = 15_000;
/** The expiry in an update may be this much before that of the REPLY as it left, seconds. */
const SLACK = 4;

const same = (one: Named, two: Named) => one.address === two.address && one.length === two.length;

/** What each server told last, and what of it the partner has acknowledged: client expiries by that server's clock. */
class Replication {
  readonly #told = new Map<string, number>();
  readonly #acked = new Map<string, number>();
  /** Leases by client that one server acknowledged to the other as ACTIVE, and not as ended since. */
  readonly #shared = new Set<string>();
  /** Leases whose end a server told so that the partner may free it: it cannot give them back before the answer (F-559). */
  readonly #endTold = new Set<string>();

  #key(server: string, duid: string, lease: Named): string {
    return `${server} ${duid} ${lease.address}/${lease.length}`;
  }

  sent({ bytes, server, serverTime }: Of<"server-sent">): void {
    const message = readMessage(bytes);
    if (message?.type !== REPLY) return;
    for (const lease of message.ias.flatMap((ia) => ia.leases)) {
      const until = secondsSince2000(serverTime) + lease.valid;
      this.#told.set(this.#key(server, message.duid, lease), until);
      if (lease.valid > 0) this.#endTold.delete(this.#key(server, message.duid, lease));
    }
  }

  sentToPartner({ messages, server }: Of<"link-sent">): void {
    for (const lease of messages.filter(({ type }) => type === BNDUPD).flatMap((one) => one.leases))
      if (statusName(lease.bindingStatus) === "EXPIRED" && lease.stateExpirationTime === 0)
        this.#endTold.add(this.#key(server, lease.duid, lease));
  }

  hasToldEnd(server: string, one: Held): boolean {
    return this.#endTold.has(this.#key(server, one.duid, one));
  }

  /** `isRunning`: whether a client still holds the lease; then its end is not yet true. */
  received(
    { messages, server }: Of<"link-received">,
    isRunning: (lease: Named & { readonly duid: string }) => boolean,
  ): void {
    for (const message of messages) {
      if (message.type !== BNDREPLY) continue;
      for (const lease of message.leases) {
        if (lease.error !== 0) continue;
        const key = this.#key(server, lease.duid, lease);
        this.#acked.set(key, lease.stateExpirationTime);
        const status = statusName(lease.bindingStatus);
        const shared = this.#key("", lease.duid, lease);
        if (status === "ACTIVE") this.#shared.add(shared);
        else if (status !== "EXPIRED" || !isRunning(lease)) this.#shared.delete(shared);
      }
    }
  }

  /** The client gave the lease back: what was acknowledged of it says nothing of a later one. */
  ended(duid: string, lease: Named): void {
    for (const server of ["a", "b"]) this.#acked.delete(this.#key(server, duid, lease));
    this.#shared.delete(this.#key("", duid, lease));
  }

  /** Whether both servers knew the lease, if not until when it was promised. */
  isShared(one: Held): boolean {
    return this.#shared.has(this.#key("", one.duid, one));
  }

  /** Whether the partner knew of all that the server told. */
  isAcknowledged(server: ServerName, one: Held): boolean {
    const key = this.#key(server, one.duid, one);
    return (this.#acked.get(key) ?? 0) >= (this.#told.get(key) ?? 0) - SLACK;
  }
}

class Causes {
  readonly #held: Held[] = [];
  /** A server that hears of it later may take back what the other one gave again meanwhile. */
  readonly #declined = new Set<string>();
  readonly #replication = new Replication();
  readonly #reclaims = new Reclaims();
  readonly #running = new Set<string>();
  /** Servers that have not heard from the partner since their start. */
  readonly #alone = new Set<string>();
  readonly #servers: Readonly<Record<string, ServerName>>;
  readonly #report: Report;

  constructor(servers: Readonly<Record<string, ServerName>>, report: Report) {
    this.#servers = servers;
    this.#report = report;
  }

  observe(observation: Observation): void {
    this.#drop((one) => one.until <= observation.at);
    this.#reclaims.observe(observation);
    if (observation.type === "reply-accepted") this.#told(observation);
    else if (observation.type === "client-sent") this.#sent(observation);
    else if (observation.type === "client-moved") {
      for (const one of this.#of(observation.client)) one.cause = "moved off the link";
    } else if (observation.type === "server-sent") this.#replication.sent(observation);
    else if (observation.type === "link-sent") this.#replication.sentToPartner(observation);
    else if (observation.type === "link-received") this.#heard(observation);
    else if (observation.type === "started") this.#started(observation);
    else if (observation.type === "crashed") this.#running.delete(observation.server);
  }

  #heard(observation: Of<"link-received">): void {
    this.#alone.delete(observation.server);
    this.#replication.received(observation, (lease) =>
      this.#held.some((one) => one.duid === lease.duid && same(one, lease)),
    );
  }

  #started(observation: Of<"started">): void {
    this.#running.add(observation.server);
    this.#alone.add(observation.server);
    if (!observation.diskKept) this.#lost(observation);
  }

  #of(client: string): readonly Held[] {
    return this.#held.filter((one) => one.client === client);
  }

  #drop(gone: (one: Held) => boolean): void {
    for (let i = this.#held.length - 1; i >= 0; i--) {
      if (gone(this.#held[i] as Held)) this.#held.splice(i, 1);
    }
  }

  #lost({ server }: Of<"started">): void {
    for (const one of this.#held) {
      const isKnown = this.#replication.isShared(one);
      if (one.teller === server && !isKnown && !this.#replication.isAcknowledged(server, one))
        one.cause = "told but not acknowledged";
    }
  }

  #sent({ bytes, client, message }: Of<"client-sent">): void {
    const { duid = "", ias = [] } = readMessage(bytes) ?? {};
    if (message === "RELEASE" || message === "DECLINE") {
      const given = ias.flatMap((ia) => ia.leases);
      for (const lease of given) this.#replication.ended(duid, lease);
      if (message === "DECLINE")
        for (const lease of given) this.#declined.add(declinedBy(client, lease));
      this.#drop((one) => one.client === client && given.some((lease) => same(lease, one)));
    } else if (message === "SOLICIT") {
      // It begins anew, so it has forgotten what it held; under another IAID it asks for something else.
      for (const one of this.#of(client)) {
        const asked = ias.filter((ia) => ia.kind === one.kind);
        if (asked.some((ia) => ia.iaid === one.iaid)) one.forgotten = true;
        else if (asked.length > 0) this.#drop((other) => other === one);
      }
    }
  }

  #told(observation: Of<"reply-accepted">): void {
    const message = readMessage(observation.bytes);
    const { answered, at, client, rate } = observation;
    if (message === undefined || answered === "RELEASE" || answered === "DECLINE") return;
    if (answered === "CONFIRM") return this.#confirmed(message, client, at);
    for (const ia of message.ias) {
      this.#refused(ia, message, observation);
      for (const lease of ia.leases) {
        if (lease.valid === 0) continue;
        const teller = this.#servers[message.serverId];
        const until = endOf(lease, at, rate);
        const known = this.#of(client).find((one) => same(one, lease));
        const cause = this.#declined.has(declinedBy(client, lease)) ? "declined" : undefined;
        const told = { teller, until, cause, forgotten: false };
        if (known !== undefined) Object.assign(known, told);
        else {
          const { address, iaid, kind, length } = lease;
          const { duid } = message;
          this.#held.push({ client, duid, kind, iaid, address, length, since: at, ...told });
        }
      }
    }
  }

  /** An answer that takes from the client what it holds in this IA. */
  #refused(ia: SeenIa, message: SeenMessage, observation: Of<"reply-accepted">): void {
    const { answered, at, client } = observation;
    const mine = this.#of(client).filter((one) => one.kind === ia.kind && one.iaid === ia.iaid);
    for (const one of mine) {
      const how = loss(one, ia, mine, answered);
      if (how === undefined) continue;
      const server = this.#servers[message.serverId] ?? "?";
      const isExcused =
        one.forgotten &&
        !this.#mustGiveAgain(server, one) &&
        !(answered === "SOLICIT" && this.#hadNoChoice(server, one, at));
      // Of two clients that a wrong word gave one lease, one yields.
      if (one.cause === undefined && !isExcused && !this.#reclaims.isCost(one)) {
        const left = ((one.until - at) / 1000).toFixed(1);
        this.#report(
          at,
          `${leaseName(one)} of ${client} was ${how} by ${server} in its answer to ${answered}, ${left} s before its end`,
        );
      }
      // One DECLINE excuses one loss.
      this.#declined.delete(declinedBy(client, one));
      if (how === "denied") one.cause = "denied before";
      else this.#drop((other) => other === one);
    }
  }

  /** What only its teller knew, another server cannot give again; nor what it has told to be over, nor what ended while it
   * was off. */
  #mustGiveAgain(server: string, one: Held): boolean {
    if (this.#alone.has(server) || this.#replication.hasToldEnd(server, one)) return false;
    return this.#replication.isShared(one);
  }

  /** T-02: a lease that another server gave, which would have shown it too, was passed over by Rapid Commit. What is that young
   * may have been given before this server noticed that it was alone. */
  #hadNoChoice(server: string, one: Held, at: number): boolean {
    const { since, teller } = one;
    if (teller === undefined || teller === server) return false;
    return this.#running.has(teller) && at - since > UNNOTICED;
  }

  #confirmed(message: SeenMessage, client: string, at: number): void {
    if (message.status !== NOT_ON_LINK) return;
    for (const one of this.#of(client)) {
      // A CONFIRM asks about addresses only.
      if (one.cause !== undefined || one.kind === "prefix") continue;
      this.#report(
        at,
        `${leaseName(one)} of ${client} is "not on link", but the client did not move`,
      );
    }
    this.#drop((one) => one.client === client);
  }
}

function declinedBy(client: string, lease: Named): string {
  return `${client} ${lease.address}/${lease.length}`;
}

/** How the answer takes the lease away; undefined when it does not. */
function loss(one: Held, ia: SeenIa, mine: readonly Held[], answered: string) {
  const lease = ia.leases.find((other) => same(other, one));
  if (one.forgotten)
    return lease === undefined && ia.leases.some(({ valid }) => valid > 0)
      ? "forgotten"
      : undefined;
  if (lease !== undefined) return lease.valid === 0 ? "ended" : undefined;
  if (ia.status === NO_BINDING) return "denied";
  // Leases that are merely left out are neither confirmed nor denied (T-02).
  const isNew = (other: SeenLease) => other.valid > 0 && !mine.some((had) => same(had, other));
  const extending = answered === "RENEW" || answered === "REBIND";
  return extending && ia.leases.some(isNew) ? "replaced" : undefined;
}

export function causes(servers: Readonly<Record<string, ServerName>>, report: Report): Checker {
  const judge = new Causes(servers, report);
  return { name: "causes", observe: (observation) => judge.observe(observation) };
}
