// One conversation of a client about some IAs: the exchanges of RFC 8415 §18.2 one after the other.

import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import {
  type ClientMessage,
  decodeIas,
  find,
  type IaLease,
  MESSAGE,
  type Message,
  OPTION,
  STATUS,
  statusOf,
} from "./codec.ts";
import type { HeldIa } from "./held.ts";
import { buildMessage } from "./messages.ts";
import type { Personality } from "./personality.ts";
import { Retransmission, type RetransmissionTable } from "./retransmission.ts";

export type ClientOutput =
  /** Undefined destination: ff02::1:2. */
  | {
      readonly type: "send";
      readonly message: ClientMessage;
      readonly bytes: Uint8Array;
      readonly unicast: Ipv6Address | undefined;
    }
  /** The answer just delivered was taken. */
  | {
      readonly type: "accepted";
      readonly message: "ADVERTISE" | "REPLY";
      readonly answered: ClientMessage;
    }
  | { readonly type: "expired"; readonly address: Ipv6Address; readonly length: number };

export interface SessionOptions {
  readonly duid: Uint8Array;
  readonly ias: readonly HeldIa[];
  readonly personality: Personality;
  readonly timers: RetransmissionTable;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Where `unicastRenew` sends to; undefined: always multicast. */
  readonly serverAddress: Ipv6Address | undefined;
}

interface Offer {
  readonly serverId: Uint8Array;
  readonly preference: number;
  readonly leases: ReadonlyMap<HeldIa, readonly IaLease[]>;
}

interface Exchange {
  readonly message: ClientMessage;
  readonly transactionId: number;
  readonly timer: Retransmission;
  /** The IAs that are not answered yet. */
  readonly ias: Set<HeldIa>;
  offer: Offer | undefined;
}

/** Milliseconds to wait after an exchange that brought nothing, before soliciting again. */
const PAUSE = 2_000;
/** RFC 8415 §7.6: how long information lasts that says nothing of it, and the least time between questions, seconds. */
const IRT_DEFAULT = 86_400;
const IRT_MINIMUM = 600;

export class Session {
  readonly #options: SessionOptions;
  #exchange: Exchange | undefined;
  /** A REBIND that was sent beside the RENEW; its answer counts until another exchange begins. */
  #beside: Exchange | undefined;
  #serverId: Uint8Array | undefined;
  #offered: ReadonlyMap<HeldIa, readonly IaLease[]> = new Map();
  /** When to solicit if nothing is held; infinite while switched off. */
  #solicitAt = Number.POSITIVE_INFINITY;
  #running = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get ias(): readonly HeldIa[] {
    return this.#options.ias;
  }

  get #holds(): readonly HeldIa[] {
    return this.#options.ias.filter((ia) => ia.leases.length > 0);
  }

  start(now: number): void {
    this.#running = true;
    this.#solicitAt = now;
  }

  /** Stops sending; what is held stays held until it expires. */
  silence(): void {
    this.#running = false;
    this.#exchange = undefined;
    this.#beside = undefined;
    this.#solicitAt = Number.POSITIVE_INFINITY;
  }

  forget(): void {
    for (const ia of this.#options.ias) ia.forget();
    // What is being given back is given back to the end.
    if (!/^(RELEASE|DECLINE)$/.test(this.#exchange?.message ?? "")) this.#serverId = undefined;
  }

  /** RFC 8415 §18.2.12: the link came back, perhaps another one. */
  linkUp(now: number): void {
    if (!this.#running) this.start(now);
    const held = this.#holds;
    if (held.length === 0) return;
    const onlyPrefixes = held.every((ia) => ia.kind === "prefix");
    this.#begin(onlyPrefixes ? "REBIND" : "CONFIRM", held, now);
  }

  /** Gives everything back and falls silent. */
  release(now: number): void {
    this.#giveBack("RELEASE", this.#holds, now);
    this.#solicitAt = Number.POSITIVE_INFINITY;
  }

  /** RFC 8415 §18.2.8: another node uses the addresses; prefixes are kept by a later REBIND or lost. */
  decline(now: number): void {
    const addresses = this.#holds.filter((ia) => ia.kind === "address");
    this.#giveBack("DECLINE", addresses, now);
    this.#solicitAt = now + PAUSE;
  }

  #giveBack(message: "RELEASE" | "DECLINE", ias: readonly HeldIa[], now: number): void {
    if (ias.length === 0 || this.#serverId === undefined) return;
    this.#offered = new Map(ias.map((ia) => [ia, ia.leases]));
    this.#begin(message, ias, now);
    // RFC 8415 §18.2.7: the addresses are not used from now on.
    for (const ia of ias) ia.forget();
  }

  /** When `tick` is due. */
  nextAt(): number {
    const exchange = this.#exchange;
    const held = this.#holds;
    const expiries = held.flatMap((ia) => ia.leases.map((lease) => lease.expiresAt));
    const times = [exchange?.timer.dueAt ?? Number.POSITIVE_INFINITY, ...expiries];
    if (this.#running && exchange === undefined) {
      times.push(...(held.length === 0 ? [this.#solicitAt] : held.map((ia) => ia.t1At)));
    }
    if (exchange?.message === "RENEW" && !this.#options.personality.lateRebind) {
      times.push(Math.max(...[...exchange.ias].map((ia) => ia.t2At)));
    }
    return Math.min(...times);
  }

  tick(now: number, out: ClientOutput[]): void {
    for (const ia of this.#options.ias) {
      for (const { address, length } of ia.expire(now))
        out.push({ type: "expired", address, length });
    }
    this.#choose(now);
    const exchange = this.#exchange;
    if (exchange !== undefined && now >= exchange.timer.dueAt) this.#due(exchange, now, out);
  }

  /** Starts what the times ask for. */
  #choose(now: number): void {
    if (!this.#running) return;
    const held = this.#holds;
    const current = this.#exchange;
    const extending = current !== undefined && /^(RENEW|REBIND|CONFIRM)$/.test(current.message);
    if (this.#options.ias.length === 0) {
      if (current === undefined && now >= this.#solicitAt)
        this.#begin("INFORMATION-REQUEST", [], now);
      return;
    }
    if (held.length === 0) {
      if (extending || (current === undefined && now >= this.#solicitAt)) this.#solicit(now);
      return;
    }
    const due = held.filter((ia) => now >= ia.t1At);
    if (current === undefined) {
      if (due.length === 0) return;
      // RFC 7550 §4.4.1: an IA without leases is asked for again with those that are extended.
      const empty = this.#options.ias.filter((ia) => ia.leases.length === 0);
      const late = due.every((ia) => now >= ia.t2At) && !this.#options.personality.lateRebind;
      if (late) this.#rebind([...due, ...empty], now);
      else this.#begin("RENEW", [...due, ...empty], now);
      return;
    }
    if (current.message === "RENEW" || current.message === "REBIND")
      this.#extend(current, due, now);
  }

  /** An exchange of extension goes on: with what else is due, as REBIND after T2, not for lost leases alone. */
  #extend(exchange: Exchange, due: readonly HeldIa[], now: number): void {
    for (const ia of due) exchange.ias.add(ia);
    const held = [...exchange.ias].filter((ia) => ia.leases.length > 0);
    if (held.length === 0) this.#exchange = undefined;
    else if (exchange.message === "RENEW" && !this.#options.personality.lateRebind) {
      if (held.every((ia) => now >= ia.t2At)) this.#rebind([...exchange.ias], now);
    }
  }

  #rebind(ias: readonly HeldIa[], now: number): void {
    if (this.#options.personality.neverRebinds) this.#solicit(now);
    else this.#begin("REBIND", ias, now);
  }

  #solicit(now: number): void {
    const { ias, personality, random } = this.#options;
    if (personality.newIaidEachTime) {
      for (const ia of ias) {
        ia.forget();
        ia.iaid = Math.floor(random() * 0xffffffff);
      }
    }
    this.#begin("SOLICIT", ias, now);
  }

  #begin(message: ClientMessage, ias: readonly HeldIa[], now: number): void {
    const { random, timers } = this.#options;
    this.#beside = undefined;
    this.#exchange = {
      message,
      transactionId: Math.floor(random() * 0x100_0000),
      timer: new Retransmission(timers[message], now, random),
      ias: new Set(ias),
      offer: undefined,
    };
  }

  /** The timer of the exchange has fired: choose an offer, give up, or transmit. */
  #due(exchange: Exchange, now: number, out: ClientOutput[]): void {
    const { message, timer } = exchange;
    if (message === "SOLICIT" && exchange.offer !== undefined)
      return this.#request(exchange.offer, now, out);
    const needsNoIa = /^(RELEASE|DECLINE|INFORMATION-REQUEST)$/.test(message);
    if (timer.isOver(now) || (!needsNoIa && exchange.ias.size === 0)) return this.#over(now);
    const late = (ia: HeldIa) => ia.leases.length === 0 || now >= ia.t2At;
    if (message === "RENEW" && [...exchange.ias].every(late)) {
      this.#rebind([...exchange.ias], now);
      return this.tick(now, out);
    }
    this.#transmit(exchange, now, out);
    if (this.#options.personality.endsOnce && /^(RELEASE|DECLINE)$/.test(message)) this.#over(now);
  }

  #over(now: number): void {
    this.#exchange = undefined;
    if (this.#running && this.#solicitAt <= now) this.#solicitAt = now + PAUSE;
  }

  #request(offer: Offer, now: number, out: ClientOutput[]): void {
    this.#serverId = offer.serverId;
    this.#offered = offer.leases;
    this.#begin("REQUEST", this.#options.ias, now);
    this.tick(now, out);
  }

  #transmit(exchange: Exchange, now: number, out: ClientOutput[]): void {
    const { duid, personality, serverAddress } = this.#options;
    const { message, timer, transactionId } = exchange;
    const named = /^(REQUEST|RENEW|RELEASE|DECLINE)$/.test(message);
    const first = timer.sent === 0;
    timer.transmitted(now, message === "SOLICIT");
    const elapsed = first ? 0 : now - timer.began;
    const asked = message === "REQUEST" || message === "RELEASE" || message === "DECLINE";
    const ias = [...exchange.ias].map((ia) => {
      const leases = (asked ? this.#offered.get(ia) : undefined) ?? ia.leases;
      return { kind: ia.kind, iaid: ia.iaid, leases };
    });
    const serverId = named ? this.#serverId : undefined;
    const draft = { message, transactionId, duid, serverId, ias, elapsed };
    const bytes = buildMessage(draft, personality);
    const direct =
      personality.unicastRenew && first && (message === "RENEW" || message === "RELEASE");
    out.push({ type: "send", message, bytes, unicast: direct ? serverAddress : undefined });
    if (personality.impatient && first && message === "RENEW") this.#askBeside(exchange, now, out);
  }

  #askBeside(renewing: Exchange, now: number, out: ClientOutput[]): void {
    const beside: Exchange = {
      ...renewing,
      message: "REBIND",
      transactionId: renewing.transactionId ^ 0xff_ffff,
      ias: new Set(renewing.ias),
    };
    this.#transmit(beside, now, out);
    this.#beside = beside;
  }

  /** An ADVERTISE or REPLY for this client. */
  receive(message: Message, now: number, out: ClientOutput[]): void {
    const exchange = [this.#exchange, this.#beside].find(
      (one) => one?.transactionId === message.transactionId,
    );
    if (exchange === undefined || exchange.timer.sent === 0) return;
    const serverId = find(message.options, OPTION.SERVERID);
    if (serverId === undefined) return;
    if (message.type === MESSAGE.ADVERTISE) this.#advertise(exchange, message, now, out);
    else if (message.type === MESSAGE.REPLY) this.#reply(exchange, message, now, out);
  }

  #advertise(exchange: Exchange, message: Message, now: number, out: ClientOutput[]): void {
    if (exchange.message !== "SOLICIT" || (statusOf(message.options) ?? 0) !== STATUS.Success)
      return;
    const leases = new Map<HeldIa, readonly IaLease[]>();
    for (const ia of decodeIas(message.options)) {
      const mine = this.#options.ias.find((own) => own.kind === ia.kind && own.iaid === ia.iaid);
      if (mine !== undefined && ia.leases.length > 0) leases.set(mine, ia.leases);
    }
    if (leases.size === 0) return;
    const preference = find(message.options, OPTION.PREFERENCE)?.[0] ?? 0;
    if (exchange.offer !== undefined && exchange.offer.preference >= preference) return;
    const serverId = Uint8Array.from(find(message.options, OPTION.SERVERID) as Uint8Array);
    exchange.offer = { serverId, preference, leases };
    out.push({ type: "accepted", message: "ADVERTISE", answered: "SOLICIT" });
    // RFC 8415 §18.2.1: the first timeout is for collecting; later the first offer is taken.
    if (preference === 255 || exchange.timer.sent > 1) this.#request(exchange.offer, now, out);
  }

  #reply(exchange: Exchange, message: Message, now: number, out: ClientOutput[]): void {
    const { personality } = this.#options;
    const serverId = Uint8Array.from(find(message.options, OPTION.SERVERID) as Uint8Array);
    const answered = exchange.message;
    if (answered === "SOLICIT") {
      if (!personality.rapidCommit || find(message.options, OPTION.RAPID_COMMIT) === undefined)
        return;
      // An answer that brings nothing is no reason to stop asking others.
      if (decodeIas(message.options).every((ia) => ia.leases.length === 0)) return;
    }
    if (answered === "RENEW" && personality.comparesServerId && !same(serverId, this.#serverId))
      return;
    const status = statusOf(message.options) ?? STATUS.Success;
    if (answered === "RELEASE" || answered === "DECLINE") {
      out.push({ type: "accepted", message: "REPLY", answered });
      return this.#over(now);
    }
    if (answered === "INFORMATION-REQUEST") return this.#informed(message, now, out);
    if (answered === "CONFIRM") return this.#confirmed(status, now, out);
    if (status !== STATUS.Success) return;
    out.push({ type: "accepted", message: "REPLY", answered });
    const keep = answered === "RENEW" || (answered === "REBIND" && personality.keepsOldServer);
    if (!keep || this.#serverId === undefined) this.#serverId = serverId;
    this.#takeIas(exchange, message, serverId, now);
  }

  #confirmed(status: number, now: number, out: ClientOutput[]): void {
    out.push({ type: "accepted", message: "REPLY", answered: "CONFIRM" });
    this.#exchange = undefined;
    if (status !== STATUS.NotOnLink) return;
    for (const ia of this.#options.ias) ia.forget();
    this.#solicitAt = now;
  }

  /** RFC 8415 §21.23: asked again when the information is old. */
  #informed(message: Message, now: number, out: ClientOutput[]): void {
    out.push({ type: "accepted", message: "REPLY", answered: "INFORMATION-REQUEST" });
    this.#exchange = undefined;
    const data = find(message.options, OPTION.INFORMATION_REFRESH_TIME);
    const refresh =
      data === undefined || data.length !== 4
        ? IRT_DEFAULT
        : new DataView(data.buffer, data.byteOffset).getUint32(0);
    this.#solicitAt =
      refresh === 0xffff_ffff
        ? Number.POSITIVE_INFINITY
        : now + Math.max(refresh, IRT_MINIMUM) * 1000;
  }

  /** RFC 8415 §18.2.10.1: takes over the IAs; those that are missing stay open. */
  #takeIas(exchange: Exchange, message: Message, serverId: Uint8Array, now: number): void {
    const { personality } = this.#options;
    let unbound = false;
    let offLink = false;
    for (const ia of decodeIas(message.options)) {
      const mine = [...exchange.ias].find((own) => own.kind === ia.kind && own.iaid === ia.iaid);
      if (mine === undefined) continue;
      exchange.ias.delete(mine);
      if (ia.status === STATUS.NoBinding) unbound = true;
      if (ia.status === STATUS.NotOnLink) offLink = true;
      mine.take(ia, now, personality.halfValid);
    }
    if (unbound && exchange.message !== "REQUEST") {
      this.#serverId = serverId;
      this.#offered = new Map(this.#options.ias.map((ia) => [ia, ia.leases]));
      return this.#begin("REQUEST", this.#options.ias, now);
    }
    const done =
      exchange.ias.size === 0 || exchange.message === "REQUEST" || exchange.message === "SOLICIT";
    if (done && exchange === this.#exchange) this.#exchange = undefined;
    // Nothing came of it: the next attempt is not made at once.
    for (const ia of this.#options.ias) ia.t1At = Math.max(ia.t1At, now + PAUSE);
    if (this.#holds.length === 0 && done) this.#solicitAt = now + (offLink ? 0 : PAUSE);
  }
}

function same(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((octet, i) => octet === b[i]);
}
