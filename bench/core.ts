// `node dist/bench/core.js [--exchanges N] [--batch N] [--profile]`: the core alone, without sockets and with a disk
// that is done at once: CPU time of one exchange of four messages for a single server and for both servers of a pair.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseIpv6 } from "../src/core/model/ipv6.ts";
import type { ReceivedDatagram } from "../src/core/model/received-datagram.ts";
import { Host } from "./core/host.ts";
import { Wire } from "./core/wire.ts";
import { readAnswer, request, solicit } from "./load/packets.ts";
import { costs, profileText } from "./run/profile.ts";
import { fixed } from "./run/report.ts";

const { values } = parseArgs({
  options: {
    exchanges: { type: "string", default: "200000" },
    /** Datagrams in one step: few at a low rate, up to 32 at a high one. */
    batch: { type: "string", default: "16" },
    profile: { type: "boolean", default: false },
  },
});

const EXCHANGES = Number(values.exchanges);
const BATCH = Number(values.batch);
const RELAY = parseIpv6("2001:db8::1");
if (RELAY === undefined) throw new Error("no address");

let now = Date.UTC(2026, 10, 24);
let nextClient = 1;

function datagram(bytes: Buffer): ReceivedDatagram {
  return {
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
    ...{ interface: "lan", source: RELAY as NonNullable<typeof RELAY>, sourcePort: 4_000 },
    ...{ multicast: false, receivedAt: now },
  };
}

function answers(host: Host) {
  const found = host.sent.map(({ bytes }) =>
    readAnswer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
  );
  host.sent = [];
  return found;
}

/** A batch of exchanges; how many ended in a REPLY with a lease. */
function exchange(host: Host, wire: Wire | undefined): number {
  now += 1;
  const solicits = Array.from({ length: BATCH }, () =>
    datagram(solicit(nextClient++, "address", false)),
  );
  host.receive(solicits, now);
  const requests = answers(host).flatMap((offer) =>
    offer?.server && offer.ia ? [datagram(request(offer.client, offer.server, offer.ia))] : [],
  );
  host.receive(requests, now);
  wire?.carry(now);
  return answers(host).filter((reply) => reply?.ia !== undefined).length;
}

function run(hosts: readonly Host[], wire: Wire | undefined, exchanges: number): readonly number[] {
  const [host] = hosts;
  if (host === undefined) throw new Error("no server");
  for (const each of hosts) each.spent = 0;
  const from = { clock: performance.now(), cpu: process.cpuUsage() };
  let done = 0;
  while (done < exchanges) {
    const more = exchange(host, wire);
    if (more === 0) throw new Error("no answers");
    done += more;
    if (now % 250 === 0) for (const each of hosts) each.step([{ type: "tick" }], now);
  }
  // The CPU time of all, shared out by the clock: reading it for each step would cost more than the step.
  const { user, system } = process.cpuUsage(from.cpu);
  const cpuPerMilli = (user + system) / (performance.now() - from.clock);
  return hosts.map(({ spent }) => (spent * cpuPerMilli) / done);
}

function single(): { hosts: Host[]; wire: undefined } {
  return { hosts: [new Host("a", false, now)], wire: undefined };
}

function pair(): { hosts: Host[]; wire: Wire } {
  const a = new Host("a", true, now);
  const b = new Host("b", true, now);
  const wire = new Wire(a, b);
  for (let i = 0; i < 400; i++) {
    now += 250;
    for (const host of [a, b]) host.step([{ type: "tick" }], now);
    wire.carry(now);
  }
  return { hosts: [a, b], wire };
}

async function profiled<T>(name: string, action: () => T): Promise<T> {
  if (!values.profile) return action();
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 300 });
  await session.post("Profiler.start");
  const result = action();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  const folder = mkdtempSync(join(tmpdir(), "tandem-profile-"));
  writeFileSync(join(folder, `CPU.0.0.${process.pid}.0.cpuprofile`), JSON.stringify(profile));
  console.log(`\n${name}: share of the time`);
  console.log(profileText(costs(folder, process.pid), 45));
  rmSync(folder, { recursive: true, force: true });
  return result;
}

for (const [name, make] of [
  ["single", single],
  ["pair", pair],
] as const) {
  const { hosts, wire } = make();
  run(hosts, wire, EXCHANGES / 4);
  const spent = await profiled(name, () => run(hosts, wire, EXCHANGES));
  console.log(
    `${name}: ${spent.map((each) => `${fixed(each, 2)} µs`).join(" and ")} an exchange, ${BATCH} in a step`,
  );
}
