// The clients of a world: where they are, how their clocks err, and what they do besides renewing.

import type { Ipv6Address } from "../src/core/model/ipv6.ts";
import { type ClientEvent, DhcpClient } from "./clients/client.ts";
import { PERSONALITIES, type Personality, STATELESS } from "./clients/personality.ts";
import { type RetransmissionTable, RFC_TIMERS } from "./clients/retransmission.ts";
import type { ClientOutput } from "./clients/session.ts";
import { SERVER_ADDRESS } from "./config.ts";
import type { LinkName } from "./network.ts";
import { Prng } from "./prng.ts";
import type { EventQueue } from "./queue.ts";
import type { Scenario } from "./scenario.ts";

export interface PopulationEars {
  send(
    client: SimClient,
    bytes: Uint8Array,
    message: string,
    unicast: Ipv6Address | undefined,
  ): void;
  accepted(client: SimClient, bytes: Uint8Array, answered: string): void;
  expired(client: SimClient): void;
  moved(client: SimClient): void;
}

/** A client's clock errs by at most 1 s a lease (core.md): lifetimes are at most this long, seconds. */
const LONGEST_LEASE = 300;
const CLIENT_ERROR = 1 / LONGEST_LEASE;

export class SimClient {
  readonly name: string;
  readonly linkLocal: Ipv6Address;
  readonly duid: string;
  readonly rate: number;
  readonly device: DhcpClient;
  link: LinkName;
  on = true;
  token = 0;

  constructor(options: {
    index: number;
    generation: number;
    link: LinkName;
    prng: Prng;
    personality: Personality;
    timers: RetransmissionTable;
  }) {
    const { generation, index, link, personality, prng, timers } = options;
    this.name = `c${String(index).padStart(2, "0")}${generation === 0 ? "" : `.${generation}`}`;
    const tail = index.toString(16).padStart(4, "0");
    this.linkLocal =
      `fe8000000000000000000000${generation.toString(16).padStart(4, "0")}${tail}` as Ipv6Address;
    this.duid = `0003000102${generation.toString(16).padStart(6, "0")}${tail}`;
    this.rate = 1 + (prng.fraction() * 2 - 1) * CLIENT_ERROR;
    this.link = link;
    this.device = new DhcpClient({
      duid: Uint8Array.from(this.duid.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16)),
      iaid: prng.pick([0, 1, prng.next()]),
      personality,
      timers,
      random: () => prng.fraction(),
      serverAddress: SERVER_ADDRESS[prng.pick(["a", "b"] as const)],
    });
  }
}

/** What a client does again and again: mean seconds between two. */
interface Plan {
  readonly mean: number;
  readonly draws: Prng;
  readonly act: (client: SimClient) => void;
}

export class Population {
  readonly #queue: EventQueue;
  readonly #prng: Prng;
  readonly #scenario: Scenario;
  readonly #ears: PopulationEars;
  readonly #clients: SimClient[] = [];
  readonly #byAddress = new Map<string, SimClient>();
  readonly #timers: RetransmissionTable;
  /** Draws of reboots. */
  readonly #reboots: Prng;

  constructor(options: {
    queue: EventQueue;
    prng: Prng;
    scenario: Scenario;
    ears: PopulationEars;
  }) {
    this.#queue = options.queue;
    this.#prng = options.prng;
    this.#scenario = options.scenario;
    this.#ears = options.ears;
    this.#reboots = new Prng(options.scenario.seed, "reboots");
    const extend = { ...RFC_TIMERS.RENEW, initial: options.scenario.renewTimeout, maximum: 30_000 };
    // Short lifetimes need short pauses: an hour between two SOLICITs would end most worlds.
    const solicit = { ...RFC_TIMERS.SOLICIT, maximum: 60_000 };
    this.#timers = { ...RFC_TIMERS, SOLICIT: solicit, RENEW: extend, REBIND: extend };
  }

  get clients(): readonly SimClient[] {
    return this.#clients;
  }

  /** Switches the clients on, one after the other. */
  begin(): void {
    for (let i = 0; i < this.#scenario.clients; i++) {
      const client = this.#create(i, 0);
      this.#clients.push(client);
      this.#queue.after(this.#prng.below(20_000), () => this.#step(client, { type: "start" }));
      this.#live(i);
    }
    // Beside those that want leases: information is asked for, whatever state the servers are in.
    const stateless = this.#create(this.#scenario.clients, 0, STATELESS);
    this.#queue.after(this.#prng.below(20_000), () => this.#step(stateless, { type: "start" }));
  }

  #create(
    index: number,
    generation: number,
    personality = this.#prng.pick(PERSONALITIES),
  ): SimClient {
    const link: LinkName = this.#prng.chance(0.6) ? "lan" : "far";
    const endsOnce = personality.endsOnce && this.#scenario.endsOnce;
    const habits = { ...personality, endsOnce };
    const options = { index, generation, link, personality: habits, timers: this.#timers };
    const client = new SimClient({
      ...options,
      prng: this.#prng.fork(`client ${index}.${generation}`),
    });
    this.#byAddress.set(client.linkLocal, client);
    return client;
  }

  /** Plans what the client at this place does of its own accord, until the safety phase is over. */
  #live(place: number): void {
    const { churn } = this.#scenario;
    const actions: readonly (readonly [number, (client: SimClient) => void])[] = [
      [churn.release, (client) => this.#leave(client, { type: "release" })],
      [churn.vanish, (client) => this.#leave(client, { type: "vanish" })],
      [churn.decline, (client) => this.#step(client, { type: "decline" })],
      [churn.move, (client) => this.#move(client)],
      [churn.rebirth, () => this.#rebirth(place)],
    ];
    for (const [mean, act] of actions) this.#plan(place, { mean, act, draws: this.#prng });
    const act = (client: SimClient) => this.#reboot(client);
    this.#plan(place, { mean: churn.reboot, act, draws: this.#reboots });
  }

  #plan(place: number, plan: Plan): void {
    const { act, draws, mean } = plan;
    if (mean === 0) return;
    const wait = -Math.log(1 - draws.fraction()) * mean * 1000;
    if (this.#queue.now + wait > this.#scenario.safety) return;
    this.#queue.after(wait, () => {
      const client = this.#clients[place] as SimClient;
      if (client.on) act(client);
      this.#plan(place, plan);
    });
  }

  /** Some of the clients at once: the power was off. */
  reboot(share: number): void {
    for (const client of this.#clients)
      if (client.on && this.#reboots.chance(share)) this.#reboot(client);
  }

  #reboot(client: SimClient): void {
    this.#step(client, { type: "vanish" });
    this.#step(client, { type: "return", remembers: false });
  }

  #leave(client: SimClient, event: { readonly type: "release" | "vanish" }): void {
    this.#step(client, event);
    // Whoever releases waits for the answers to it; whoever vanishes hears nothing any more.
    if (event.type === "vanish") client.on = false;
    const mean = event.type === "vanish" ? this.#scenario.valid : 20;
    const remembers = event.type === "vanish" && this.#prng.chance(0.6);
    this.#queue.after(this.#prng.below(mean * 1500), () => {
      client.on = true;
      this.#step(client, { type: "return", remembers });
    });
  }

  /** Goes to the other link and asks whether its addresses still fit (CONFIRM). */
  #move(client: SimClient): void {
    if (this.#prng.chance(0.6)) {
      client.link = client.link === "lan" ? "far" : "lan";
      this.#ears.moved(client);
    }
    this.#step(client, { type: "link-up" });
  }

  /** The client is gone for good without a word; a new one with a new DUID stands in its place. */
  #rebirth(place: number): void {
    const old = this.#clients[place] as SimClient;
    this.#step(old, { type: "vanish" });
    old.on = false;
    const generation = Number(old.name.split(".")[1] ?? 0) + 1;
    const client = this.#create(place, generation);
    this.#clients[place] = client;
    this.#step(client, { type: "start" });
  }

  /** A datagram for the node that has this address on this link. */
  deliver(link: LinkName, address: Ipv6Address, bytes: Uint8Array): void {
    const client = this.#byAddress.get(address) ?? this.#holderOf(address);
    if (client === undefined || !client.on || client.link !== link) return;
    this.#step(client, { type: "datagram", bytes });
  }

  #holderOf(address: Ipv6Address): SimClient | undefined {
    return this.#clients.find((client) =>
      client.device.leases.some((lease) => lease.address === address),
    );
  }

  /** The client's own time: milliseconds that run at its own rate. */
  #time(client: SimClient): number {
    return this.#queue.now * client.rate;
  }

  #step(client: SimClient, event: ClientEvent): void {
    const outputs = client.device.step(event, this.#time(client));
    for (const output of outputs) this.#output(client, event, output);
    const token = ++client.token;
    const next = client.device.nextTick();
    if (!Number.isFinite(next)) return;
    this.#queue.at(Math.max(Math.ceil(next / client.rate), this.#queue.now + 1), () => {
      if (client.token === token) this.#step(client, { type: "tick" });
    });
  }

  #output(client: SimClient, event: ClientEvent, output: ClientOutput): void {
    if (output.type === "send")
      this.#ears.send(client, output.bytes, output.message, output.unicast);
    else if (output.type === "expired") this.#ears.expired(client);
    else if (
      output.type === "accepted" &&
      output.message === "REPLY" &&
      event.type === "datagram"
    ) {
      this.#ears.accepted(client, event.bytes, output.answered);
    }
  }
}
