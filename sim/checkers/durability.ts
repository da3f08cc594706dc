// What a server told a client or its partner stands on its disk at that moment: after each crash, and at probes in
// between, every lease it promised must be found by a start from the disk (R7031-62, R7031-63, F-530, F-538).

import { readMessage } from "./decode.ts";
import { BNDREPLY, BNDUPD, type PartnerLease, statusName } from "./decode-partner.ts";
import {
  type Checker,
  type LeaseImage,
  leaseName,
  type Observation,
  type Report,
  type ServerName,
  secondsSince2000,
} from "./observation.ts";

interface Promised {
  readonly address: string;
  readonly length: number;
  readonly duid: string;
  readonly iaid: number;
  /** The client's expiry by the server's clock, seconds since 2000. */
  readonly until: number;
  readonly what: string;
  readonly at: number;
}

const REPLY = 7;
const RELEASE = 8;
const DECLINE = 9;
/** An answer waits this long for a slow disk at most, milliseconds. */
const HELD_FOR = 30_000;
/** The step that made a REPLY is up to 2 s before its release (T-06). */
const SLACK = 3;
const ENDINGS = new Set(["EXPIRED", "RELEASED", "RESET"]);

const key = (server: ServerName, lease: { address: string; length: number }) =>
  `${server} ${lease.address}/${lease.length}`;

type Of<T extends Observation["type"]> = Extract<Observation, { type: T }>;

class Durability {
  readonly #promises = new Map<string, Promised>();
  /** BNDUPDs as they came, to know what a BNDREPLY is about. */
  readonly #open = new Map<string, readonly PartnerLease[]>();
  /** Leases whose end the partner told, with the client, and when it was acknowledged: then nothing ACTIVE of the client
   * may be found unless it was written since the update came. */
  readonly #endings = new Map<string, { readonly duid: string; told: number | undefined }>();
  /** When a RELEASE or DECLINE for a lease came last: an answer made before it may leave after it. */
  readonly #givenAt = new Map<string, number>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  observe(observation: Observation): void {
    if (observation.type === "server-sent") this.#replied(observation);
    else if (observation.type === "server-received") this.#given(observation);
    else if (observation.type === "link-sent") this.#acknowledged(observation);
    else if (observation.type === "link-received") this.#updated(observation);
    else if (observation.type === "written") this.#written(observation);
    else if (observation.type === "durable") this.#compare(observation);
    else if (observation.type === "started") {
      if (observation.diskKept) this.#compare(observation);
      else this.#forget(observation.server);
    }
  }

  #forget(server: ServerName): void {
    for (const name of this.#promises.keys()) {
      if (name.startsWith(`${server} `)) this.#promises.delete(name);
    }
    for (const name of this.#endings.keys()) {
      if (name.startsWith(`${server} `)) this.#endings.delete(name);
    }
  }

  #written({ leases, server }: Of<"written">): void {
    for (const lease of leases)
      if (lease.status === "ACTIVE") this.#endings.delete(key(server, lease));
  }

  #replied({ at, bytes, server, serverTime }: Of<"server-sent">): void {
    const message = readMessage(bytes);
    if (message === undefined || message.type !== REPLY) return;
    const now = secondsSince2000(serverTime);
    const { duid } = message;
    for (const lease of message.ias.flatMap((ia) => ia.leases)) {
      if (lease.valid === 0 || this.#wasGiven(server, lease, at)) continue;
      const { address, iaid, length } = lease;
      const until = now + lease.valid;
      const promise = { address, length, duid, iaid, until, what: "REPLY", at };
      this.#promises.set(key(server, lease), promise);
    }
  }

  /** A BNDREPLY that accepts ACTIVE is a promise too; one that accepts another status ends what was promised. */
  #acknowledged(observation: Of<"link-sent">): void {
    const { link, server } = observation;
    for (const message of observation.messages) {
      if (message.type !== BNDREPLY) continue;
      const updates = this.#open.get(`${server} ${link} ${message.transactionId}`) ?? [];
      for (const answer of message.leases) {
        const lease = updates.find((one) => key(server, one) === key(server, answer));
        if (lease !== undefined && answer.error === 0) this.#accepted(observation, lease);
      }
    }
  }

  #accepted({ at, server }: Of<"link-sent">, lease: PartnerLease): void {
    if (statusName(lease.bindingStatus) !== "ACTIVE") {
      this.#promises.delete(key(server, lease));
      const ending = this.#endings.get(key(server, lease));
      if (ending?.duid === lease.duid) ending.told = at;
      return;
    }
    const { address, duid, iaid, length, stateExpirationTime: until } = lease;
    const before = this.#promises.get(key(server, lease));
    if (before !== undefined && before.duid === duid && before.until > until) return;
    if (this.#wasGiven(server, lease, at)) return;
    this.#promises.set(key(server, lease), {
      address,
      length,
      duid,
      iaid,
      until,
      what: "BNDREPLY",
      at,
    });
  }

  #updated(observation: Of<"link-received">): void {
    for (const message of observation.messages) {
      if (message.type !== BNDUPD) continue;
      const { link, server } = observation;
      this.#open.set(`${server} ${link} ${message.transactionId}`, message.leases);
      // A newer update is answered by a newer promise.
      for (const lease of message.leases) {
        this.#endings.delete(key(server, lease));
        if (ENDINGS.has(statusName(lease.bindingStatus)))
          this.#endings.set(key(server, lease), { duid: lease.duid, told: undefined });
      }
      // What the update ends may be on the disk before its answer leaves.
      for (const lease of message.leases) {
        const promise = this.#promises.get(key(server, lease));
        const goesOn = statusName(lease.bindingStatus) === "ACTIVE" && lease.duid === promise?.duid;
        if (!goesOn) this.#promises.delete(key(server, lease));
      }
    }
  }

  #wasGiven(server: ServerName, lease: { address: string; length: number }, at: number): boolean {
    return (this.#givenAt.get(key(server, lease)) ?? Number.NEGATIVE_INFINITY) >= at - HELD_FOR;
  }

  /** A RELEASE or DECLINE that came may have ended it. */
  #given({ at, bytes, server }: Of<"server-received">): void {
    const message = readMessage(bytes);
    if (message === undefined || (message.type !== RELEASE && message.type !== DECLINE)) return;
    for (const lease of message.ias.flatMap((ia) => ia.leases)) {
      const name = key(server, lease);
      this.#givenAt.set(name, at);
      if (this.#promises.get(name)?.duid === message.duid) this.#promises.delete(name);
    }
  }

  #compare({ at, leases, server, serverTime }: Of<"started" | "durable">): void {
    const found = new Map(leases.map((lease) => [key(server, lease), lease]));
    const now = secondsSince2000(serverTime);
    for (const [name, ending] of this.#endings) {
      const lease = found.get(name);
      const { duid, told } = ending;
      if (lease?.status !== "ACTIVE" || lease.duid !== duid || told === undefined) continue;
      this.#endings.delete(name);
      this.#report(
        at,
        `${server} acknowledged at ${(told / 1000).toFixed(3)} that ${leaseName(lease)} of ${duid} has ` +
          "ended, its disk has it ACTIVE",
      );
    }
    for (const [name, promise] of this.#promises) {
      if (!name.startsWith(`${server} `)) continue;
      const lease = found.get(name);
      if (promise.until > now && keeps(lease, promise)) continue;
      this.#promises.delete(name);
      if (promise.until <= now) continue;
      const state =
        lease === undefined
          ? "nothing"
          : `${lease.status} of ${lease.duid} until ${lease.clientExpiry}`;
      this.#report(
        at,
        `${server} told ${leaseName(promise)} to ${promise.duid} until ${promise.until} (${promise.what} at ` +
          `${(promise.at / 1000).toFixed(3)}), its disk has ${state}`,
      );
    }
  }
}

function keeps(lease: LeaseImage | undefined, promise: Promised): boolean {
  if (lease === undefined || lease.status !== "ACTIVE") return false;
  const same = lease.duid === promise.duid && lease.iaid === promise.iaid;
  return same && lease.clientExpiry >= promise.until - SLACK;
}

export function durability(report: Report): Checker {
  const judge = new Durability(report);
  return { name: "durability", observe: (observation) => judge.observe(observation) };
}
