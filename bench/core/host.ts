// A server in this process without sockets and with a disk that is done at once: what is left is the core.

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { loadConfig } from "../../src/core/config/load.ts";
import type { ReceivedDatagram } from "../../src/core/model/received-datagram.ts";
import type { ServerEvent, Sink } from "../../src/core/server/events.ts";
import { createServer, type Server } from "../../src/core/server/server.ts";
import type { SentDatagram } from "../../src/ports/datagram.ts";
import type { DiskResult } from "../../src/ports/disk.ts";
import type { LinkRequest } from "../../src/ports/partner-link.ts";

const POOLS = {
  "valid-lifetime": 4_000,
  "preferred-lifetime": 3_000,
  subnet6: [
    {
      subnet: "2001:db8:1::/64",
      "rapid-commit": true,
      pools: [{ pool: "2001:db8:1::/64" }],
      "pd-pools": [{ prefix: "2001:db9::/32", "delegated-len": 56 }],
      "option-data": [{ name: "dns-servers", data: "2001:db8::53" }],
    },
  ],
};

const SERVERS = {
  a: { address: "2001:db8:f::1", "state-directory": "/a", duid: "00:03:00:01:02:00:00:00:00:0a" },
  b: { address: "2001:db8:f::2", "state-directory": "/b", duid: "00:03:00:01:02:00:00:00:00:0b" },
};

const RELATIONSHIP = { name: "bench", primary: "a", secondary: "b", security: "plain" };

function configOf(name: "a" | "b", failover: boolean) {
  const pair = { failover: { relationships: [RELATIONSHIP] }, servers: SERVERS };
  const alone = { servers: { a: SERVERS.a } };
  const text = JSON.stringify({ ...POOLS, ...(failover ? pair : alone) });
  const { config, problems } = loadConfig(text, {
    ...{ serverName: name, hostName: "nowhere", fileName: "bench.json" },
    sha256: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
  });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

export class Host {
  readonly server: Server;
  readonly address: string;
  sent: SentDatagram[] = [];
  links: LinkRequest[] = [];
  /** Milliseconds in the core by the clock, which also runs while others have the CPU. */
  spent = 0;
  readonly #sink: Sink;
  #now = 0;
  #done: DiskResult[] = [];

  constructor(name: "a" | "b", failover: boolean, now: number) {
    const config = configOf(name, failover);
    this.address = String(config.server.address);
    this.server = createServer({
      ...{ config, seed: new Uint8Array(24).fill(7), now },
      machine: { memory: 2 ** 40, disk: 2 ** 44 },
      crc32: (bytes, previous) => crc32(bytes, previous ?? 0),
      reader: { list: () => [], size: () => 0, read: () => new Uint8Array(0) },
    });
    this.#sink = {
      now: () => this.#now,
      datagram: (datagram) => this.sent.push(datagram),
      link: (request) => this.links.push(request),
      disk: ({ id }) => this.#done.push({ type: "disk-done", id }),
      log: () => undefined,
      answer: () => undefined,
      stopped: ({ reason }) => {
        throw new Error(reason);
      },
    };
  }

  /** A batch, and what the disk has to say of it. */
  step(events: readonly ServerEvent[], now: number): void {
    const before = performance.now();
    this.#now = now;
    this.server.stepBatch(events, now, this.#sink);
    while (this.#done.length > 0) {
      const results = this.#done;
      this.#done = [];
      this.server.stepBatch(results, now, this.#sink);
    }
    this.spent += performance.now() - before;
  }

  receive(datagrams: readonly ReceivedDatagram[], now: number): void {
    this.step(
      datagrams.map((datagram) => ({ type: "datagram", datagram })),
      now,
    );
  }
}
