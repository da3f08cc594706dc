// Who held what and when, from what clients were told: an interval opens with a REPLY, and ends at the
// client's own expiry, at RELEASE or DECLINE sent, or at a lifetime of 0. A second REPLY to one message (both
// servers answered) may only lengthen: the client takes the first, but the second is a promise too.

import type { ClientMessage, LeaseInMessage } from "./dhcpv6.ts";
import type { History } from "./history.ts";

export type Ending = "runs" | "expired" | "released" | "declined" | "zero";

export interface Holding {
  readonly client: string;
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  readonly lease: string;
  /** Microseconds since 1970. */
  readonly from: number;
  to: number;
  ending: Ending;
  /** The server that granted or extended it last, DUID in hex. */
  server: string;
  /** When it was granted or extended last, and the lifetimes then (seconds). */
  granted: number;
  valid: number;
  t1: number;
  /** First RENEW or REBIND that named it and was not answered since; undefined when none is open. */
  asked: number | undefined;
  /** False when only a second REPLY ever spoke of it: promised, but not taken. */
  accepted: boolean;
}

/** One REPLY that gave a lease, as the client took it. */
export interface Grant {
  readonly time: number;
  readonly client: string;
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  readonly lease: string;
  readonly server: string;
  /** The client's message that it answers. */
  readonly answers: string;
  readonly valid: number;
  readonly t1: number;
  /** When the grant before fell due for renewal; undefined for a first grant. */
  readonly due: number | undefined;
}

export interface Change {
  readonly time: number;
  readonly client: string;
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  readonly before: string;
  /** The lease it got instead; undefined when it only lost the old one. */
  readonly after: string | undefined;
  readonly why: "expired while asking" | "zero lifetime" | "another lease";
}

export interface Wait {
  readonly client: string;
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  /** What the client sent first. */
  readonly first: string;
  readonly from: number;
  /** Undefined: no answer until the end of the captures. */
  readonly to: number | undefined;
}

export interface Holdings {
  readonly all: readonly Holding[];
  readonly grants: readonly Grant[];
  readonly changes: readonly Change[];
  readonly waits: readonly Wait[];
}

const MICROS = 1_000_000;
const INFINITE = 0xffffffff;
const ASKING = new Set(["SOLICIT", "REQUEST", "RENEW", "REBIND"]);

interface Transaction {
  readonly name: string;
  answered: boolean;
}

interface OpenWait {
  readonly first: string;
  readonly from: number;
}

class Bookkeeper {
  readonly all: Holding[] = [];
  readonly grants: Grant[] = [];
  readonly changes: Change[] = [];
  readonly waits: Wait[] = [];
  readonly #running = new Map<string, Holding>();
  readonly #byIa = new Map<string, Set<Holding>>();
  readonly #transactions = new Map<string, Transaction>();
  readonly #waiting = new Map<
    string,
    OpenWait & { readonly key: readonly [string, "address" | "prefix", number] }
  >();

  client(time: number, message: ClientMessage): void {
    const { name, client, transaction } = message;
    const key = `${client}/${transaction}/${name}`;
    const known = this.#transactions.get(key);
    // One id for the whole life of a lease (udhcpc6): what comes after an answer is a new transaction.
    if (known === undefined || known.answered) {
      this.#transactions.set(key, { name, answered: false });
      this.#transactions.set(
        `${client}/${transaction}`,
        this.#transactions.get(key) as Transaction,
      );
    }
    for (const ia of message.ias) {
      const wait = `${client}/${ia.kind}/${ia.iaid}`;
      if (ASKING.has(name) && !this.#waiting.has(wait)) {
        this.#waiting.set(wait, { first: name, from: time, key: [client, ia.kind, ia.iaid] });
      }
      for (const lease of ia.leases) this.#named(time, message, lease);
      if (name === "RELEASE" || name === "DECLINE") this.#waiting.delete(wait);
    }
  }

  #named(time: number, message: ClientMessage, lease: LeaseInMessage): void {
    const holding = this.#runningAt(time, message.client, lease);
    if (holding === undefined) return;
    if (message.name === "RELEASE") this.#end(holding, time, "released");
    if (message.name === "DECLINE") this.#end(holding, time, "declined");
    if (message.name === "RENEW" || message.name === "REBIND") holding.asked ??= time;
  }

  reply(time: number, message: ClientMessage): void {
    const transaction = this.#transactions.get(`${message.client}/${message.transaction}`);
    const first = transaction !== undefined && !transaction.answered;
    const answers = transaction?.name ?? "nothing";
    if (!ASKING.has(answers) && answers !== "nothing") return;
    if (transaction !== undefined) transaction.answered = true;
    for (const ia of message.ias) {
      const wait = `${message.client}/${ia.kind}/${ia.iaid}`;
      const opened = this.#waiting.get(wait);
      if (opened !== undefined && ia.leases.some((lease) => lease.valid > 0)) {
        this.#waiting.delete(wait);
        this.#waited(opened, time);
      }
      for (const lease of ia.leases) {
        if (lease.valid === 0) this.#zero(time, message, lease, first);
        else this.#grant({ time, message, lease, first, answers, t1: ia.t1 });
      }
      if (first) this.#compare(time, message.client, ia.leases);
    }
  }

  #grant(given: {
    time: number;
    message: ClientMessage;
    lease: LeaseInMessage;
    first: boolean;
    answers: string;
    t1: number;
  }): void {
    const { time, message, lease, first, t1 } = given;
    const { client, server } = message;
    const { kind, iaid, valid } = lease;
    const until = valid === INFINITE ? Number.POSITIVE_INFINITY : time + valid * MICROS;
    const running = this.#runningAt(time, client, lease);
    const due = running === undefined ? undefined : running.granted + running.t1 * MICROS;
    const common = { client, kind, iaid, lease: lease.lease, server, valid, t1 };
    if (first || running === undefined)
      this.grants.push({ time, ...common, answers: given.answers, due });
    if (running === undefined) {
      const holding: Holding = {
        ...common,
        from: time,
        to: until,
        ending: "runs",
        granted: time,
        asked: undefined,
        accepted: first,
      };
      this.all.push(holding);
      this.#running.set(`${client}/${lease.lease}`, holding);
      const key = `${client}/${kind}/${iaid}`;
      const held = this.#byIa.get(key) ?? new Set();
      this.#byIa.set(key, held.add(holding));
      return;
    }
    running.to = first ? until : Math.max(running.to, until);
    if (!first) return;
    Object.assign(running, { server, granted: time, valid, t1, asked: undefined, accepted: true });
  }

  #zero(time: number, message: ClientMessage, lease: LeaseInMessage, first: boolean): void {
    const running = this.#runningAt(time, message.client, lease);
    if (running === undefined || !first) return;
    this.#end(running, time, "zero");
    const { client } = message;
    const { kind, iaid } = lease;
    this.changes.push({
      time,
      client,
      kind,
      iaid,
      before: lease.lease,
      after: undefined,
      why: "zero lifetime",
    });
  }

  /** An answer that gives leases and leaves out one that the client holds moves it to another lease. */
  #compare(time: number, client: string, leases: readonly LeaseInMessage[]): void {
    const given = leases.filter((lease) => lease.valid > 0);
    const one = given[0];
    if (one === undefined) return;
    const names = new Set(given.map((lease) => lease.lease));
    for (const held of this.#byIa.get(`${client}/${one.kind}/${one.iaid}`) ?? []) {
      if (held.ending !== "runs" || names.has(held.lease) || held.to < time || !held.accepted)
        continue;
      const what = {
        client,
        kind: held.kind,
        iaid: held.iaid,
        before: held.lease,
        after: one.lease,
      };
      this.changes.push({ time, ...what, why: "another lease" });
    }
  }

  #runningAt(time: number, client: string, lease: LeaseInMessage): Holding | undefined {
    const key = `${client}/${lease.lease}`;
    const holding = this.#running.get(key);
    if (holding === undefined) return undefined;
    if (holding.to >= time) return holding;
    this.#end(holding, holding.to, "expired");
    return undefined;
  }

  #end(holding: Holding, time: number, ending: Ending): void {
    holding.to = Math.min(holding.to, time);
    holding.ending = ending;
    this.#running.delete(`${holding.client}/${holding.lease}`);
    if (ending !== "expired" || holding.asked === undefined || !holding.accepted) return;
    const { client, kind, iaid, lease } = holding;
    this.changes.push({
      time,
      client,
      kind,
      iaid,
      before: lease,
      after: undefined,
      why: "expired while asking",
    });
  }

  #waited(
    opened: OpenWait & { key: readonly [string, "address" | "prefix", number] },
    to: number | undefined,
  ): void {
    const [client, kind, iaid] = opened.key;
    this.waits.push({ client, kind, iaid, first: opened.first, from: opened.from, to });
  }

  finish(end: number): void {
    for (const holding of [...this.#running.values()]) {
      if (holding.to < end) this.#end(holding, holding.to, "expired");
    }
    for (const opened of this.#waiting.values()) this.#waited(opened, undefined);
  }
}

/** Follows a history from its beginning to its end. */
export function holdingsOf(history: History): Holdings {
  const book = new Bookkeeper();
  for (const { time, message } of history.said) {
    if (message.name === "REPLY") book.reply(time, message);
    else if (message.name !== "ADVERTISE") book.client(time, message);
  }
  book.finish(history.end);
  const { all, grants, changes, waits } = book;
  return { all, grants, changes, waits };
}
