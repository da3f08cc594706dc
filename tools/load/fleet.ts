// Many simulated clients behind one relay, and what they saw: waits, renewals, changed leases, and whether
// two of them were ever told the same address.

import { type ClientLease, DhcpClient } from "../../sim/clients/client.ts";
import { decodeIas, decodeMessage, find, OPTION } from "../../sim/clients/codec.ts";
import { PERSONALITIES, type Personality } from "../../sim/clients/personality.ts";
import { changedTimers, type RetransmissionTable } from "../../sim/clients/retransmission.ts";
import { type Destination, SocketRelay } from "./relay.ts";

export interface FleetOptions {
  readonly bind: string;
  readonly port: number;
  readonly linkAddress: string;
  readonly servers: readonly Destination[];
  /** Makes every DUID of this fleet different from another fleet's. */
  readonly seed: number;
  /** Clients' timeouts are RFC 8415's times this. */
  readonly timeScale: number;
  /** Told of each renewal and finding as it happens. */
  readonly report: (event: FleetEvent) => void;
}

export type FleetEvent =
  | {
      readonly type: "renewed";
      readonly client: number;
      readonly server: string;
      readonly due: number;
      readonly lifetimes: readonly number[];
    }
  | {
      readonly type: "changed";
      readonly client: number;
      readonly lost: readonly string[];
      readonly why: string;
    }
  | {
      readonly type: "two-holders";
      readonly lease: string;
      readonly clients: readonly [number, number];
    };

export interface FleetCounts {
  clients: number;
  bound: number;
  leases: number;
  exchanges: number;
  renewals: number;
  changed: number;
  twoHolders: number;
  /** The longest wait of any client for a lease or its extension, milliseconds; waits still open included. */
  longestWait: number;
  /** Leases given by each server so far, by DUID in hex. */
  granted: Record<string, number>;
  sent: number;
  received: number;
}

interface Member {
  readonly client: DhcpClient;
  readonly group: string;
  next: number;
  /** First transmission of what is not answered yet. */
  asking: number | undefined;
  /** T1 of the latest grant. */
  due: number;
  leases: readonly ClientLease[];
  leaving: boolean;
}

const GRANTS = new Set(["SOLICIT", "REQUEST", "RENEW", "REBIND"]);
const TICK = 10;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #relay: SocketRelay;
  readonly #members: Member[] = [];
  readonly #routes = new Map<string, readonly number[]>();
  /** Who holds what, by lease text. */
  readonly #holders = new Map<string, { member: number; until: number }>();
  readonly #random: () => number;
  readonly #timers: RetransmissionTable;
  #timer: NodeJS.Timeout | undefined;
  readonly counts: FleetCounts = {
    ...{ clients: 0, bound: 0, leases: 0, exchanges: 0, renewals: 0, changed: 0, twoHolders: 0 },
    ...{ longestWait: 0, granted: {}, sent: 0, received: 0 },
  };

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#random = mulberry(options.seed);
    this.#timers = scaled(options.timeScale);
    const { bind, port, linkAddress, servers } = options;
    const receive = (client: number, message: Buffer) => this.#receive(client, message);
    this.#relay = new SocketRelay({ bind, port, linkAddress, servers, receive });
  }

  async open(): Promise<void> {
    await this.#relay.open();
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#relay.close();
  }

  /** Adds clients; their starts are spread over `over` milliseconds. */
  add(
    group: string,
    count: number,
    over: number,
    personalities: readonly Personality[] = MIX,
  ): void {
    const now = Date.now();
    for (let i = 0; i < count; i++) {
      const number = this.#members.length;
      const personality = personalities[number % personalities.length] as Personality;
      const client = new DhcpClient({
        duid: duidOf(this.#options.seed, number),
        iaid: number + 1,
        personality,
        timers: this.#timers,
        random: this.#random,
        serverAddress: undefined,
      });
      const start = now + (over * i) / Math.max(1, count);
      this.#members.push({
        client,
        group,
        next: start,
        asking: undefined,
        due: Number.POSITIVE_INFINITY,
        leases: [],
        leaving: false,
      });
    }
    this.counts.clients += count;
  }

  /** The servers that a group's messages reach; all unless told. */
  route(group: string, servers: readonly number[]): void {
    this.#routes.set(group, servers);
  }

  /** The first `count` clients of a group that hold something give it back and leave. */
  release(group: string, count: number): number {
    const leaving = this.#members.filter(
      (member) => member.group === group && member.leases.length > 0 && !member.leaving,
    );
    for (const member of leaving.slice(0, count)) {
      member.leaving = true;
      this.#step(this.#members.indexOf(member), { type: "release" });
    }
    return Math.min(count, leaving.length);
  }

  /** The first `count` clients of a group fall silent: what they hold runs out. */
  vanish(group: string, count: number): number {
    const going = this.#members.filter((member) => member.group === group && !member.leaving);
    for (const member of going.slice(0, count)) {
      member.leaving = true;
      this.#step(this.#members.indexOf(member), { type: "vanish" });
    }
    return Math.min(count, going.length);
  }

  /** What a group's clients hold now. */
  holding(group: string): number {
    return this.#members.filter((member) => member.group === group && member.leases.length > 0)
      .length;
  }

  /** The counts, with the waits that are still open. */
  snapshot(): FleetCounts {
    const now = Date.now();
    this.counts.bound = 0;
    this.counts.leases = 0;
    for (const member of this.#members) {
      if (member.leases.length > 0) this.counts.bound++;
      this.counts.leases += member.leases.length;
      if (member.asking !== undefined && !member.leaving) this.#waited(now - member.asking);
    }
    this.counts.sent = this.#relay.sent;
    this.counts.received = this.#relay.received;
    return this.counts;
  }

  #waited(milliseconds: number): void {
    this.counts.longestWait = Math.max(this.counts.longestWait, milliseconds);
  }

  #tick(): void {
    const now = Date.now();
    for (const [index, member] of this.#members.entries()) {
      if (member.next > now) continue;
      const first = member.asking === undefined && member.leases.length === 0 && !member.leaving;
      this.#step(
        index,
        first && member.client.nextTick() === Number.POSITIVE_INFINITY
          ? { type: "start" }
          : { type: "tick" },
      );
    }
  }

  #receive(index: number, message: Buffer): void {
    if (this.#members[index] !== undefined) this.#step(index, { type: "datagram", bytes: message });
  }

  #step(index: number, event: Parameters<DhcpClient["step"]>[0]): void {
    const member = this.#members[index] as Member;
    const now = Date.now();
    const outputs = member.client.step(event, now);
    for (const output of outputs) {
      if (output.type === "send") {
        if (GRANTS.has(output.message)) member.asking ??= now;
        this.#relay.send(index, output.bytes, this.#routes.get(member.group) ?? ALL);
      } else if (output.type === "accepted" && output.message === "REPLY") {
        if (event.type === "datagram" && GRANTS.has(output.answered))
          this.#answered(index, output.answered, event.bytes);
      }
    }
    this.#compare(index, now);
    member.next = member.client.nextTick();
  }

  #answered(index: number, answered: string, bytes: Uint8Array): void {
    const member = this.#members[index] as Member;
    const now = Date.now();
    this.counts.exchanges++;
    const leases = member.client.leases;
    if (leases.length === 0) return;
    if (member.asking !== undefined) this.#waited(now - member.asking);
    member.asking = undefined;
    const decoded = decodeMessage(bytes);
    const server = Buffer.from(find(decoded?.options ?? [], OPTION.SERVERID) ?? []).toString("hex");
    if (answered === "RENEW" || answered === "REBIND") {
      this.counts.renewals++;
      const lifetimes = leases.map((lease) => lease.valid);
      this.#options.report({ type: "renewed", client: index, server, due: member.due, lifetimes });
    } else {
      this.counts.granted[server] = (this.counts.granted[server] ?? 0) + 1;
    }
    member.due = now + 1_000 * Math.min(...decodeIas(decoded?.options ?? []).map(({ t1 }) => t1));
  }

  /** Finds leases that are gone though nobody gave them back, and leases that somebody else holds. */
  #compare(index: number, now: number): void {
    const member = this.#members[index] as Member;
    const leases = member.client.leases;
    if (leases === member.leases) return;
    const held = new Set(leases.map(leaseText));
    const lost = member.leases.map(leaseText).filter((text) => !held.has(text));
    member.leases = leases;
    for (const text of lost) {
      if (this.#holders.get(text)?.member === index) this.#holders.delete(text);
    }
    if (lost.length > 0 && !member.leaving) {
      this.counts.changed += lost.length;
      const why = leases.length > 0 ? `now ${[...held].join(" ")}` : "nothing in its place";
      this.#options.report({ type: "changed", client: index, lost, why });
    }
    for (const lease of leases) this.#hold(index, lease, now);
  }

  #hold(index: number, lease: ClientLease, now: number): void {
    const text = leaseText(lease);
    const other = this.#holders.get(text);
    if (other !== undefined && other.member !== index && other.until > now) {
      this.counts.twoHolders++;
      this.#options.report({ type: "two-holders", lease: text, clients: [other.member, index] });
    }
    this.#holders.set(text, { member: index, until: lease.expiresAt });
  }
}

const ALL = [0, 1];

/** Addresses, prefixes, both, with and without Rapid Commit. */
const MIX = PERSONALITIES.filter(({ name }) =>
  ["plain", "both", "router", "rapid", "dibbler"].includes(name),
);

export function leaseText(lease: Pick<ClientLease, "address" | "length">): string {
  return `${lease.address}/${lease.length}`;
}

/** A DUID-LL of a locally administered address. */
function duidOf(seed: number, number: number): Uint8Array {
  const bytes = Buffer.from("0003000102000000000000", "hex").subarray(0, 10);
  const duid = Buffer.from(bytes);
  duid.writeUInt16BE(seed & 0xffff, 5);
  duid.writeUIntBE(number, 7, 3);
  return duid;
}

function scaled(factor: number): RetransmissionTable {
  return changedTimers(({ delay, initial, maximum, count, duration }) => ({
    delay: delay * factor,
    initial: initial * factor,
    // Nobody waits an hour in a test: the longest pause is a minute before scaling.
    maximum: maximum === 0 ? 0 : Math.min(maximum, 60_000) * factor,
    count,
    duration: duration * factor,
  }));
}

/** A small generator of pseudo-random numbers, so that a run can be repeated. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
