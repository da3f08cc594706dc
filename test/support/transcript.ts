// A transcript: lines that begin with "> " are commands, everything else is the trace that they leave: changes of state,
// what passes over the partner link, answers to clients. The commands are listed in test/transcripts/README.md.

import { SimDisk } from "../../sim/disk.ts";
import { formatIpv6, formatPrefix } from "../../src/core/model/ipv6.ts";
import type { LogEvent } from "../../src/core/model/log-events.ts";
import { type Answer, acquire, type Held, iaNa, iaPd, serverId, TestClient } from "./client.ts";
import { CONFIG, EPOCH, type Host, Pair } from "./pair.ts";
import { clientName, messageText } from "./transcript-text.ts";

interface Client {
  readonly test: TestClient;
  held: readonly Held[];
}

const LONGEST_RUN = 3_600_000;

/** The whole text again: the commands of `text` with the trace that they leave now. */
export function transcribe(text: string): string {
  const transcript = new Transcript();
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) lines.push(line);
    if (!line.startsWith("> ")) continue;
    lines.push(...(lines.length === 0 || lines.at(-1)?.startsWith("#") ? [] : [""]), line);
    lines.push(...transcript.run(line.slice(2).trim()));
  }
  return `${lines.join("\n")}\n`;
}

class Transcript {
  readonly #pair = new Pair(CONFIG);
  readonly #clients = new Map<number, Client>();
  #lines: string[] = [];
  #contacts = { a: 0, b: 0 };

  constructor() {
    for (const host of [this.#pair.a, this.#pair.b])
      observe(host.logs as LogEvent[], (event) => this.#logged(host, event));
    observe(this.#pair.wire, ({ from, bytes }) => this.#passed(from as "a" | "b", bytes));
  }

  run(command: string): readonly string[] {
    this.#lines = [];
    this.#contacts = { a: 0, b: 0 };
    const quiet = command.startsWith("quietly ");
    this.#dispatch(command.replace(/^quietly /, "").split(/\s+/));
    if (quiet) return [];
    for (const name of ["a", "b"] as const) {
      const count = this.#contacts[name];
      if (count > 0) this.#say(`${name}>${name === "a" ? "b" : "a"}`, `CONTACT x ${count}`);
    }
    return this.#lines;
  }

  #say(who: string, what: string): void {
    const seconds = ((this.#pair.now - EPOCH) / 1000).toFixed(2);
    this.#lines.push(`${seconds.padStart(8)}  ${who.padEnd(3)} ${what}`);
  }

  #logged(host: Host, { id, fields }: LogEvent): void {
    const values = fields as Readonly<Record<string, string>>;
    if (id === "FAILOVER_STATE")
      this.#say(host.name, `${values.from} -> ${values.to} (${values.reason})`);
    if (id === "FAILOVER_ALARM") this.#say(host.name, `alarm: ${values.alarm}`);
    if (id === "FAILOVER_CONFLICT")
      this.#say(host.name, `conflict: ${values.lease}, ${values.what}`);
    if (id === "DHCP6_LEASE_EXPIRED") this.#say(host.name, `expired: ${values.lease}`);
    if (id === "DHCP6_DISCARD" && values.message !== "SOLICIT")
      this.#say(host.name, `no answer to ${values.message}: ${values.reason}`);
  }

  #passed(from: "a" | "b", bytes: Uint8Array): void {
    for (const text of messageText(bytes)) {
      if (text === "CONTACT") this.#contacts[from]++;
      else this.#say(`${from}>${from === "a" ? "b" : "a"}`, text);
    }
  }

  #dispatch([verb = "", ...rest]: readonly string[]): void {
    switch (verb) {
      case "start":
      case "restart":
        this.#start(this.#host(rest[0]), rest[1] === "empty");
        return;
      case "kill":
        this.#pair.kill(this.#host(rest[0]));
        return;
      case "stop":
        this.#host(rest[0]).command({ type: "stop" }, this.#pair.now);
        this.#pair.settle();
        return;
      case "run":
        this.#pair.run(duration(rest[0]));
        return;
      case "cut":
      case "heal":
        this.#pair.cut = verb === "cut";
        return;
      case "partner-down":
        this.#partnerDown(this.#host(rest[0]), rest[1] === "--force");
        return;
      case "states":
        this.#lines.push(`          ${this.#pair.states}`);
        return;
      case "leases":
        this.#leases();
        return;
      default:
        this.#client(verb, rest);
    }
  }

  #host(name: string | undefined): Host {
    if (name === "a" || name === "b") return this.#pair[name];
    throw new Error(`${name} is no server; there are a and b`);
  }

  #start(host: Host, empty: boolean): void {
    if (empty) host.disk = new SimDisk();
    host.start(this.#pair.now);
    this.#pair.settle();
  }

  #partnerDown(host: Host, force: boolean): void {
    const result = host.command(
      { type: "partner-down", relationship: undefined, force },
      this.#pair.now,
    );
    this.#say(host.name, result.ok ? "partner-down: done" : `partner-down: ${result.message}`);
    this.#pair.settle();
  }

  // ---- clients: `<verb> client N at a [naming b]` ----

  #client(verb: string, [word, number, at, name, naming, other]: readonly string[]): void {
    if (word !== "client" || at !== "at" || (naming !== undefined && naming !== "naming"))
      throw new Error(`"${verb} client 1 at a [naming b]" was expected`);
    const host = this.#host(name);
    const client = this.#clientNumber(Number(number), host);
    const { duid } = (naming === undefined ? host : this.#host(other)).config.server;
    const leases = client.held;
    const ias = [
      iaNa(1, ...leases.filter((lease) => lease.kind === "address").map((lease) => lease.address)),
      iaPd(1, ...leases.filter((lease) => lease.kind === "prefix")),
    ];
    const send = (type: "RENEW" | "REBIND" | "RELEASE" | "DECLINE") =>
      client.test.send(type, type === "REBIND" ? ias : [serverId(duid), ...ias], this.#pair.now, {
        host,
      });
    switch (verb) {
      case "acquire":
        client.held = acquire(client.test, host, this.#pair.now);
        this.#answered(
          host,
          client,
          client.held.length === 0 ? "nothing" : leasesText(client.held),
        );
        break;
      case "renew":
      case "rebind":
        this.#extended(host, client, send(verb === "renew" ? "RENEW" : "REBIND"));
        break;
      case "release":
      case "decline":
        this.#answered(
          host,
          client,
          send(verb === "release" ? "RELEASE" : "DECLINE")?.type ?? "silence",
        );
        client.held = [];
        break;
      default:
        throw new Error(`${verb} is no command`);
    }
    // The update leaves with the next turn.
    this.#pair.tick();
  }

  #clientNumber(number: number, host: Host): Client {
    const found = this.#clients.get(number);
    if (found !== undefined) return found;
    const client = { test: new TestClient(host, number), held: [] };
    this.#clients.set(number, client);
    return client;
  }

  #extended(host: Host, client: Client, answer: Answer | undefined): void {
    if (answer !== undefined) client.held = answer.leases.filter((lease) => lease.valid > 0);
    this.#answered(
      host,
      client,
      answer === undefined ? "silence" : leasesText(answer.leases) || `status ${answer.status}`,
    );
  }

  #answered(host: Host, client: Client, what: string): void {
    this.#say(host.name, `to ${clientName(client.test.duid)}: ${what}`);
  }

  // ---- tables ----

  #leases(): void {
    for (const host of [this.#pair.a, this.#pair.b]) {
      if (host.server === undefined) continue;
      const { table, blocks } = host.server.state;
      const now = Math.floor((this.#pair.now - 946_684_800_000) / 1000);
      for (const lease of table.slice(0, 1_000).leases) {
        const ends = lease.status === "ACTIVE" ? `, ends ${signed(lease.clientExpiry - now)}` : "";
        const acked =
          lease.ackedPartnerLifetime === 0
            ? ""
            : `, acknowledged ${signed(lease.ackedPartnerLifetime - now)}`;
        const mark = lease.marked ? ", to be told" : "";
        this.#lines.push(
          `          ${host.name}: ${formatPrefix(lease)} ${lease.status} ${lease.duid === undefined ? "" : clientName(lease.duid)}${ends}${acked}${mark}`,
        );
      }
      for (const block of blocks.all())
        this.#lines.push(
          `          ${host.name}: ${formatPrefix(block)} ${block.status}${block.marked ? ", to be told" : ""}`,
        );
    }
  }
}

function leasesText(leases: readonly Held[]): string {
  return leases
    .map(
      (lease) =>
        `${lease.kind === "address" ? formatIpv6(lease.address) : formatPrefix(lease)} valid ${lease.valid} T1 ${lease.t1}`,
    )
    .join(", ");
}

function signed(seconds: number): string {
  return `${seconds < 0 ? "" : "+"}${seconds}`;
}

function duration(text = ""): number {
  const match = /^(\d+)(s|m|h)$/.exec(text);
  const unit = { s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? "s"] ?? 0;
  const millis = Number(match?.[1]) * unit;
  if (!(millis > 0 && millis <= LONGEST_RUN))
    throw new Error(`${text} is no duration up to an hour`);
  return millis;
}

/** Calls `seen` for everything that is pushed. */
function observe<T>(array: T[], seen: (item: T) => void): void {
  array.push = (...items: T[]) => {
    for (const item of items) seen(item);
    return Array.prototype.push.apply(array, items);
  };
}
