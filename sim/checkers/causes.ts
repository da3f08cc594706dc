// No client loses a lease without a cause that has a name: release, decline, end as the client saw it, moved off the
// link, or told but not acknowledged when its server lost its disk (the promise, core.md; R7031-06, R7031-51).

import { readMessage, type SeenIa, type SeenLease, type SeenMessage } from "./decode.ts";
import { BNDREPLY } from "./decode-partner.ts";
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
  /** A cause that has arisen while it was held. */
  cause: string | undefined;
}

type Of<T extends Observation["type"]> = Extract<Observation, { type: T }>;
type Named = Pick<SeenLease, "address" | "length">;

const REPLY = 7;
const NO_BINDING = 3;
const NOT_ON_LINK = 4;
/** The expiry in an update may be this much before that of the REPLY as it left, seconds. */
const SLACK = 4;

const same = (one: Named, two: Named) => one.address === two.address && one.length === two.length;

/** What each server told last, and what of it the partner has acknowledged: client expiries by that server's clock. */
class Replication {
  readonly #told = new Map<string, number>();
  readonly #acked = new Map<string, number>();

  #key(server: string, duid: string, lease: Named): string {
    return `${server} ${duid} ${lease.address}/${lease.length}`;
  }

  sent({ bytes, server, serverTime }: Of<"server-sent">): void {
    const message = readMessage(bytes);
    if (message?.type !== REPLY) return;
    for (const lease of message.ias.flatMap((ia) => ia.leases)) {
      const until = secondsSince2000(serverTime) + lease.valid;
      this.#told.set(this.#key(server, message.duid, lease), until);
    }
  }

  received({ messages, server }: Of<"link-received">): void {
    for (const message of messages) {
      if (message.type !== BNDREPLY) continue;
      for (const lease of message.leases) {
        if (lease.error !== 0) continue;
        const key = this.#key(server, lease.duid, lease);
        this.#acked.set(key, lease.stateExpirationTime);
      }
    }
  }

  /** The client gave the lease back: what was acknowledged of it says nothing of a later one. */
  ended(duid: string, lease: Named): void {
    for (const server of ["a", "b"]) this.#acked.delete(this.#key(server, duid, lease));
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
    else if (observation.type === "link-received") this.#replication.received(observation);
    else if (observation.type === "started" && !observation.diskKept) this.#lost(observation);
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
      if (one.teller === server && !this.#replication.isAcknowledged(server, one)) {
        one.cause = "told but not acknowledged";
      }
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
      // It begins anew, so it has forgotten what it held.
      this.#drop((one) => one.client === client && ias.some((ia) => ia.kind === one.kind));
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
        if (known !== undefined) Object.assign(known, { until, teller, cause });
        else {
          const { address, iaid, kind, length } = lease;
          const { duid } = message;
          this.#held.push({ client, duid, kind, iaid, address, length, teller, until, cause });
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
      // Of two clients that a wrong word gave one lease, one yields.
      if (one.cause === undefined && !this.#reclaims.isCost(one)) {
        const server = this.#servers[message.serverId] ?? "?";
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
