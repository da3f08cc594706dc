// Clients that remember what they were told, behind a relay on ::1: the measure of what a server must still know
// after it was killed.

import { setInterval } from "node:timers";
import { DhcpClient } from "../../../sim/clients/client.ts";
import { PERSONALITIES } from "../../../sim/clients/personality.ts";
import { changedTimers } from "../../../sim/clients/retransmission.ts";
import { SocketRelay } from "../../../tools/load/relay.ts";
import type { LeaseRow } from "../../../tools/netns/pair-stage.ts";
import { LINK_ADDRESS } from "../loopback.ts";
import { readMessage } from "../oracle/dhcpv6.ts";

/** What a REPLY granted, the latest of each lease. */
export interface Told {
  readonly lease: string;
  /** DUID in hex. */
  readonly client: string;
  /** Milliseconds since 1970, by the clock of the client. */
  readonly expires: number;
}

const TICK = 5;
/** Clients that repeat ten times as often as real ones: the server is down most of the time. */
const TIMERS = changedTimers((limits) => ({
  ...limits,
  delay: limits.delay / 10,
  initial: limits.initial / 10,
  maximum: limits.maximum / 10,
}));
const KINDS = PERSONALITIES.filter(({ name }) => ["plain", "both", "router"].includes(name));

export class Witness {
  readonly #relay: SocketRelay;
  readonly #clients: { readonly client: DhcpClient; started: boolean }[] = [];
  readonly #told = new Map<string, Told>();
  #timer: NodeJS.Timeout | undefined;
  replies = 0;

  /** Messages go to the servers with these client ports on ::1. */
  constructor(ports: readonly number[]) {
    this.#relay = new SocketRelay({
      bind: "::1",
      port: 0,
      linkAddress: LINK_ADDRESS,
      servers: ports.map((port) => ({ address: "::1", port })),
      receive: (number, message) => this.#receive(number, message),
    });
  }

  async open(): Promise<void> {
    await this.#relay.open();
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#relay.close();
  }

  /** New clients, which begin at once. */
  add(count: number): void {
    for (let i = 0; i < count; i++) {
      const number = this.#clients.length;
      const duid = Buffer.from("000300010200aa000000", "hex");
      duid.writeUIntBE(number, 7, 3);
      const personality = KINDS[number % KINDS.length];
      if (personality === undefined) throw new Error("no such clients");
      const client = new DhcpClient({
        ...{ duid, iaid: number + 1, personality, timers: TIMERS },
        ...{ random: Math.random, serverAddress: undefined },
      });
      this.#clients.push({ client, started: false });
    }
  }

  /** What must not be lost: leases that clients still count on. */
  told(now: number): readonly Told[] {
    return [...this.#told.values()].filter(({ expires }) => expires > now);
  }

  #tick(): void {
    const now = Date.now();
    for (const [number, entry] of this.#clients.entries()) {
      if (!entry.started) {
        entry.started = true;
        this.#step(number, { type: "start" });
      } else if (entry.client.nextTick() <= now) this.#step(number, { type: "tick" });
    }
  }

  #receive(number: number, bytes: Buffer): void {
    const message = readMessage(bytes);
    if (message?.name === "REPLY") {
      this.replies++;
      const { client } = message;
      for (const { lease, valid } of message.ias.flatMap(({ leases }) => leases)) {
        if (valid > 0)
          this.#told.set(lease, { lease, client, expires: Date.now() + valid * 1_000 });
      }
    }
    this.#step(number, { type: "datagram", bytes });
  }

  #step(number: number, event: Parameters<DhcpClient["step"]>[0]): void {
    const outputs = this.#clients[number]?.client.step(event, Date.now()) ?? [];
    for (const output of outputs) {
      if (output.type === "send") this.#relay.send(number, output.bytes, [0, 1]);
    }
  }
}

/** Seconds by which a server may count a lease shorter than its client: it counts from the message's arrival. */
const ROUNDING = 2_000;

/** Leases that clients count on and the server does not know, or not for as long. */
export function forgotten(told: readonly Told[], rows: readonly LeaseRow[]): readonly string[] {
  const known = new Map(rows.map((row) => [plainLease(row), row]));
  return told.flatMap(({ lease, client, expires }) => {
    const row = known.get(lease);
    const duid = row?.duid?.replaceAll(":", "");
    const until = Date.parse(row?.clientExpiry ?? "");
    const good = row?.status === "ACTIVE" && duid === client && until >= expires - ROUNDING;
    return good ? [] : [`${lease} of ${client}: ${JSON.stringify(row)}`];
  });
}

/** The lease of a row as the oracle writes it: all zeros, a prefix with its length. */
export function plainLease({ lease, kind }: Pick<LeaseRow, "lease" | "kind">): string {
  const [address = "", length = ""] = lease.split("/");
  const [head = "", tail] = address.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const missing = 8 - groups(head).length - groups(tail ?? "").length;
  const zeros = tail === undefined ? [] : Array.from({ length: missing }, () => "0");
  const all = [...groups(head), ...zeros, ...groups(tail ?? "")];
  const text = all.map((group) => group.padStart(4, "0")).join(":");
  return kind === "address" ? text : `${text}/${length}`;
}
