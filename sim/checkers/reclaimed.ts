// What `partner-down --reclaim` permits (T-01): a server that was told so gives lifetimes without bound and passes leases
// on. Nothing more may happen than that, and two holders of what it passed on only where the partner served clients
// meanwhile: then the operator's word was wrong, or the partner was started where it could not reach this server.

import { readMessage } from "./decode.ts";
import type { Observation, ServerName } from "./observation.ts";

const REPLY = 7;
const STATE = 34;

/** A slow server answers what it took before it read that its partner is there, milliseconds. */
const ANSWERED_LATE = 30_000;

const otherOf = (server: ServerName): ServerName => (server === "a" ? "b" : "a");
const keyOf = (lease: { address: string; length: number }) => `${lease.address}/${lease.length}`;

export class Reclaims {
  readonly #active = new Set<ServerName>();
  /** A command that is not answered yet, where none was in force. */
  readonly #asked = new Set<ServerName>();
  readonly #ever = new Set<ServerName>();
  /** Servers whose partner served clients while the word was in force. */
  readonly #wrong = new Set<ServerName>();
  readonly #endedAt = new Map<ServerName, number>();
  /** Leases that a server gave while the word was in force. */
  readonly #given: Readonly<Record<ServerName, Set<string>>> = { a: new Set(), b: new Set() };

  observe(observation: Observation): void {
    if (observation.type === "command") {
      this.#told(observation.server, observation.name);
    } else if (observation.type === "endpoint") {
      const { to } = observation;
      if (to !== "PARTNER-DOWN" && to !== "STARTUP") this.#end(observation);
    } else if (observation.type === "link-received") {
      // A partner that speaks is not off.
      if (observation.messages.some(({ type }) => type === STATE)) this.#end(observation);
    } else if (observation.type === "server-sent" && this.#active.size > 0) {
      this.#sent(observation);
    }
  }

  /** The answer may be lost with the server, so the command counts until it is refused. */
  #told(server: ServerName, name: string): void {
    if (name === "reclaim" && !this.#active.has(server)) this.#asked.add(server);
    if (name === "reclaim" || name === "reclaim accepted") {
      this.#active.add(server);
      this.#ever.add(server);
    }
    if (name === "reclaim refused" && this.#asked.has(server)) this.#active.delete(server);
    if (name !== "reclaim") this.#asked.delete(server);
  }

  #end({ at, server }: { readonly at: number; readonly server: ServerName }): void {
    if (this.#active.delete(server)) this.#endedAt.set(server, at);
  }

  #sent({ bytes, server }: Extract<Observation, { type: "server-sent" }>): void {
    const message = readMessage(bytes);
    if (message?.type !== REPLY) return;
    const leases = message.ias.flatMap((ia) => ia.leases).filter(({ valid }) => valid > 0);
    if (leases.length > 0 && this.#active.has(otherOf(server))) this.#wrong.add(otherOf(server));
    if (this.#active.has(server)) for (const lease of leases) this.#given[server].add(keyOf(lease));
  }

  /** Whether the server may give lifetimes without bound now. */
  isUnbounded(server: ServerName, at: number): boolean {
    const endedAt = this.#endedAt.get(server) ?? Number.NEGATIVE_INFINITY;
    return this.#active.has(server) || at - endedAt < ANSWERED_LATE;
  }

  /** Whether the server was ever told so: what it does then may be written later. */
  mayPassOn(server: string): boolean {
    return this.#ever.has(server as ServerName);
  }

  /** Whether two clients may have the lease, as it was passed on by a word that was wrong. */
  isCost(lease: { readonly address: string; readonly length: number }): boolean {
    const key = keyOf(lease);
    return [...this.#wrong].some((server) => this.#given[server].has(key));
  }
}
