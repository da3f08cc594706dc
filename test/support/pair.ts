// Two servers in one process for tests: instant disks, an instant partner link that can be cut, a clock that the test
// moves. The same door as in service; what it logs and sends is kept.

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { SimDisk } from "../../sim/disk.ts";
import type { Command } from "../../src/api/commands.ts";
import type { CommandResult } from "../../src/api/results.ts";
import { loadConfig } from "../../src/core/config/load.ts";
import type { CompiledConfig } from "../../src/core/config/types.ts";
import type { Machine } from "../../src/core/leasing/capacity.ts";
import { type Ipv6Address, parseIpv6 } from "../../src/core/model/ipv6.ts";
import type { LogEvent } from "../../src/core/model/log-events.ts";
import type { ServerEvent, Sink } from "../../src/core/server/events.ts";
import { createServer, type Server } from "../../src/core/server/server.ts";
import type { SentDatagram } from "../../src/ports/datagram.ts";
import type { LinkRequest } from "../../src/ports/partner-link.ts";

export const CONFIG = `
testing:
  allow-short-times: true
failover:
  relationships:
    - name: campus
      primary: a
      secondary: b
      security: plain
      mclt: 60s
      keepalive: 10s
      startup-time: 10s
      connect-retry: 1s
servers:
  a: { address: "2001:db8:f::1", port: 6471, state-directory: /tmp/a, duid: "00:03:00:01:02:00:00:00:00:0a" }
  b: { address: "2001:db8:f::2", port: 6472, state-directory: /tmp/b, duid: "00:03:00:01:02:00:00:00:00:0b" }
valid-lifetime: 300s
preferred-lifetime: 200s
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan
    pools:
      - pool: 2001:db8:1::1:0/112
    pd-pools:
      - prefix: 2001:db8:8000::/48
        delegated-len: 56
    option-data:
      - { name: dns-servers, data: "2001:db8::53" }
`;

export function configFor(server: string, text = CONFIG): CompiledConfig {
  const { config, problems } = loadConfig(text, {
    serverName: server,
    hostName: "nowhere",
    fileName: "test.yaml",
    sha256: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
  });
  if (config === undefined) throw new Error(JSON.stringify(problems, null, 2));
  return config;
}

export function ip(text: string): Ipv6Address {
  const address = parseIpv6(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}

/** 2026-11-24T12:00:00Z */
export const EPOCH = Date.UTC(2026, 10, 24, 12);

/** One server with its disk. */
export class Host {
  readonly name: string;
  /** A later start takes another one. */
  config: CompiledConfig;
  disk = new SimDisk();
  server: Server | undefined;
  readonly logs: LogEvent[] = [];
  sent: SentDatagram[] = [];
  links: LinkRequest[] = [];
  readonly answers: CommandResult[] = [];
  stopped: { failed: boolean; reason: string } | undefined;
  /** Octets of memory and disk at the next start. */
  machine: Machine = { memory: 2 ** 36, disk: 2 ** 40 };
  /** Writes wait until `flushDisk`. */
  holdDisk = false;
  /** Milliseconds that pass within each batch, between its time and its outputs. */
  standstill = 0;
  /** Milliseconds by which its clock is ahead of the test's. */
  ahead = 0;
  #starts = 0;

  constructor(name: string, config: CompiledConfig) {
    this.name = name;
    this.config = config;
  }

  start(now: number): void {
    this.#starts++;
    const seed = new Uint8Array(24).fill(this.name.charCodeAt(0) + this.#starts);
    // Two stores are never one.
    if (this.#starts > 1) seed[0] = this.name.charCodeAt(0);
    this.stopped = undefined;
    this.server = createServer({
      config: this.config,
      seed,
      crc32,
      reader: this.disk.reader(),
      now: now + this.ahead,
      machine: this.machine,
      segmentBytes: 1 << 20,
    });
  }

  /** kill -9: what was handed to the disk stays. */
  kill(): void {
    this.server = undefined;
    this.links = [];
    this.disk.crash({ below: (limit) => limit - 1 }, "kill");
  }

  get up(): Server {
    if (this.server === undefined) throw new Error(`${this.name} is not running`);
    return this.server;
  }

  step(events: readonly ServerEvent[], now: number): void {
    if (this.server === undefined) return;
    this.server.stepBatch(events, now + this.ahead, this.#sink(now));
    if (!this.holdDisk) this.flushDisk(now);
  }

  flushDisk(now: number): void {
    for (let i = 0; i < 1_000 && this.disk.outstanding.length > 0; i++) {
      const results = this.disk.outstanding.map((id) => this.disk.finish(id));
      this.server?.stepBatch(results, now + this.ahead, this.#sink(now));
    }
  }

  command(command: Command, now: number): CommandResult {
    this.step([{ type: "command", id: 1, command }], now);
    return this.answers[this.answers.length - 1] as CommandResult;
  }

  #sink(now: number): Sink {
    return {
      now: () => now + this.ahead + this.standstill,
      datagram: (datagram) => this.sent.push({ ...datagram, bytes: datagram.bytes.slice() }),
      link: (request) =>
        this.links.push(
          "bytes" in request ? { ...request, bytes: request.bytes.slice() } : request,
        ),
      disk: (request) => this.disk.submit(request),
      log: (event) => this.logs.push(event),
      answer: (_id, result) => this.answers.push(result),
      stopped: (outcome) => {
        this.stopped = outcome;
        this.server = undefined;
      },
    };
  }
}

export class Pair {
  readonly a: Host;
  readonly b: Host;
  now = EPOCH;
  /** The partner link carries nothing (packets vanish). */
  cut = false;
  #nextIncoming = 1;
  /** a's link id to b's. */
  readonly #wires: { a: number; b: number; open: boolean }[] = [];
  /** What passed over the partner link, for tests that look at it. */
  readonly wire: { from: string; bytes: Uint8Array }[] = [];

  constructor(text = CONFIG) {
    this.a = new Host("a", configFor("a", text));
    this.b = new Host("b", configFor("b", text));
  }

  startBoth(): void {
    this.a.start(this.now);
    this.b.start(this.now);
  }

  /** Lets `millis` pass in ticks of 250 ms, carrying what is sent. */
  run(millis: number): void {
    const end = this.now + millis;
    while (this.now < end) {
      this.now = Math.min(end, this.now + 250);
      this.tick();
    }
  }

  tick(): void {
    for (const host of [this.a, this.b]) host.step([{ type: "tick" }], this.now);
    this.settle();
  }

  /** Carries link traffic until nothing moves. */
  settle(): void {
    for (let i = 0; i < 10_000; i++) {
      const moved = this.#carry(this.a, this.b) + this.#carry(this.b, this.a);
      if (moved === 0) return;
    }
    throw new Error("the link never came to rest");
  }

  kill(host: Host): void {
    host.kill();
    for (const wire of this.#wires.filter((each) => each.open))
      this.#reset(wire, "reset by the peer");
    this.settle();
  }

  #carry(from: Host, to: Host): number {
    const requests = from.links;
    from.links = [];
    for (const request of requests) this.#request(from, to, request);
    return requests.length;
  }

  #request(from: Host, to: Host, request: LinkRequest): void {
    const side = from === this.a ? "a" : "b";
    const other = side === "a" ? "b" : "a";
    if (request.type === "link-connect") {
      if (this.cut || to.server === undefined) {
        from.step([{ type: "link-closed", link: request.link, reason: "refused" }], this.now);
        return;
      }
      const incoming = this.#nextIncoming++;
      this.#wires.push({ a: request.link, b: incoming, open: true });
      const address = (host: Host) => host.config.server.address as Ipv6Address;
      to.step([{ type: "link-opened", link: incoming, peer: address(from) }], this.now);
      from.step([{ type: "link-opened", link: request.link, peer: address(to) }], this.now);
      return;
    }
    const wire = this.#wires.find((each) => each[side] === request.link && each.open);
    if (wire === undefined) {
      if (request.type === "link-close")
        from.step([{ type: "link-closed", link: request.link, reason: "closed here" }], this.now);
      return;
    }
    if (request.type === "link-send") {
      if (this.cut) return;
      this.wire.push({ from: side, bytes: request.bytes });
      to.step(
        [
          {
            type: "link-data",
            link: wire[other],
            bytes: request.bytes,
            receivedAt: this.now + to.ahead,
          },
        ],
        this.now,
      );
    } else if (request.type === "link-close") {
      wire.open = false;
      from.step([{ type: "link-closed", link: wire[side], reason: "closed here" }], this.now);
      if (!this.cut)
        to.step(
          [
            {
              type: "link-closed",
              link: wire[other],
              reason: "connection closed at the partner's end",
            },
          ],
          this.now,
        );
    }
  }

  #reset(wire: { a: number; b: number; open: boolean }, reason: string): void {
    wire.open = false;
    this.a.step([{ type: "link-closed", link: wire.a, reason }], this.now);
    this.b.step([{ type: "link-closed", link: wire.b, reason }], this.now);
  }

  get states(): string {
    const state = (host: Host) => host.server?.failover.endpoints[0]?.state ?? "down";
    return `${state(this.a)} ${state(this.b)}`;
  }
}
