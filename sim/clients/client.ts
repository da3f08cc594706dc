// A DHCPv6 client without transport: events in, datagrams out. The simulator and `tools/` drive the same clients.

import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import { decodeMessage, find, type IaKind, OPTION } from "./codec.ts";
import { HeldIa, type HeldLease } from "./held.ts";
import type { Personality } from "./personality.ts";
import type { RetransmissionTable } from "./retransmission.ts";
import { type ClientOutput, Session } from "./session.ts";

export type { ClientOutput } from "./session.ts";

export type ClientEvent =
  | { readonly type: "start" }
  | { readonly type: "tick" }
  | { readonly type: "datagram"; readonly bytes: Uint8Array }
  /** The link came back, perhaps another one: CONFIRM, or REBIND for prefixes alone. */
  | { readonly type: "link-up" }
  | { readonly type: "release" }
  | { readonly type: "decline" }
  /** Switched off without a word; what it was told stays its own until it expires. */
  | { readonly type: "vanish" }
  /** Switched on again; `remembers` its leases or has lost them. */
  | { readonly type: "return"; readonly remembers: boolean };

export interface ClientOptions {
  readonly duid: Uint8Array;
  /** IA_NA and IA_PD use the same number, as most clients do. */
  readonly iaid: number;
  readonly personality: Personality;
  readonly timers: RetransmissionTable;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** A server's own address, for clients that send by unicast; undefined: always multicast. */
  readonly serverAddress: Ipv6Address | undefined;
}

export interface ClientLease extends HeldLease {
  readonly kind: IaKind;
  readonly iaid: number;
}

export class DhcpClient {
  readonly #options: ClientOptions;
  readonly #sessions: readonly Session[];

  constructor(options: ClientOptions) {
    this.#options = options;
    const { iaid, personality } = options;
    const ias: HeldIa[] = [];
    if (personality.address) ias.push(new HeldIa("address", iaid));
    if (personality.prefix) ias.push(new HeldIa("prefix", iaid));
    const groups = personality.oneIaPerMessage ? ias.map((ia) => [ia]) : [ias];
    this.#sessions = groups.map((group) => new Session({ ...options, ias: group }));
  }

  get duid(): Uint8Array {
    return this.#options.duid;
  }

  get personality(): Personality {
    return this.#options.personality;
  }

  /** What it holds now. */
  get leases(): readonly ClientLease[] {
    return this.#sessions.flatMap((session) =>
      session.ias.flatMap((ia) =>
        ia.leases.map((lease) => ({ kind: ia.kind, iaid: ia.iaid, ...lease })),
      ),
    );
  }

  /** The time (the client's own milliseconds) of the next `tick`; infinite when there is none. */
  nextTick(): number {
    return Math.min(...this.#sessions.map((session) => session.nextAt()));
  }

  /** `now` never goes back. Received octets are not kept. */
  step(event: ClientEvent, now: number): readonly ClientOutput[] {
    const out: ClientOutput[] = [];
    if (event.type === "datagram") this.#receive(event.bytes, now, out);
    for (const session of this.#sessions) {
      if (event.type !== "datagram" && event.type !== "tick") command(session, event, now);
      session.tick(now, out);
    }
    return out;
  }

  #receive(bytes: Uint8Array, now: number, out: ClientOutput[]): void {
    const message = decodeMessage(bytes);
    if (message === undefined) return;
    const duid = find(message.options, OPTION.CLIENTID);
    const own = this.#options.duid;
    if (
      duid === undefined ||
      duid.length !== own.length ||
      !duid.every((octet, i) => octet === own[i])
    )
      return;
    for (const session of this.#sessions) session.receive(message, now, out);
  }
}

function command(
  session: Session,
  event: Exclude<ClientEvent, { type: "tick" | "datagram" }>,
  now: number,
): void {
  switch (event.type) {
    case "start":
      return session.start(now);
    case "link-up":
      return session.linkUp(now);
    case "release":
      return session.release(now);
    case "decline":
      return session.decline(now);
    case "vanish":
      return session.silence();
    case "return":
      if (!event.remembers) session.forget();
      session.start(now);
      return event.remembers ? session.linkUp(now) : undefined;
  }
}
