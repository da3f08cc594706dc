// `npm run bench [-- options]`: one server and a pair in one run, with relayed clients on ::1. docs/internals/bench.md
// tells how to read it. Figures of different runs or machines do not compare; ratios within a run do.

import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Kind } from "./load/open-loop.ts";
import { residentMib } from "./run/cpu.ts";
import { startKea } from "./run/kea.ts";
import { casesOf, compareDelays } from "./run/link-delays.ts";
import { Generator, type Measured, type Subject } from "./run/measure.ts";
import { Neighbour } from "./run/neighbour.ts";
import { costs, profileText, profilingOptions } from "./run/profile.ts";
import {
  DELAY_HEADINGS,
  fixed,
  HEADINGS,
  heldLine,
  line,
  measuredLine,
  median,
} from "./run/report.ts";
import { search } from "./run/search.ts";
import { type Server, type Servers, startServers } from "./run/servers.ts";

const { values } = parseArgs({
  options: {
    /** Seconds of one run. */
    seconds: { type: "string", default: "2" },
    /** Exchanges a second for CPU, ratios and latency. */
    rate: { type: "string", default: "1000" },
    /** How often single and pair are measured in turn at that rate. */
    rounds: { type: "string", default: "5" },
    kinds: { type: "string", default: "address,prefix,rapid,renew-mix" },
    /** Leave out the search for the highest rate. */
    "no-search": { type: "boolean", default: false },
    /** Print the functions that cost most while a rate is held. */
    profile: { type: "boolean", default: false },
    /** Measure an installed Kea in the same run, alone and as a pair. */
    kea: { type: "boolean", default: false },
    /** Milliseconds each way on the partner link, measured in turn; nothing else is measured then. */
    "partner-delay": { type: "string" },
    /** Per cent of its segments that come a retransmission timeout later, at each of these delays besides. */
    "partner-loss": { type: "string", default: "0" },
  },
});

const seconds = Number(values.seconds);
const rate = Number(values.rate);
/** A pair and what it is compared with. */
const PAIRS = [
  ["pair", "single"],
  ["kea pair", "kea"],
] as const;

const kinds = values.kinds.split(",") as Kind[];

function pidOf({ daemon }: Server): number {
  if (daemon.pid === undefined) throw new Error(`${daemon.options.name} does not run`);
  return daemon.pid;
}

function subjects({ single, primary, secondary }: Servers): readonly [Subject, Subject] {
  return [
    { name: "single", port: single.clientPort, pids: [pidOf(single)] },
    { name: "pair", port: primary.clientPort, pids: [pidOf(primary), pidOf(secondary)] },
  ];
}

async function printMachine({ single }: Servers): Promise<void> {
  const status = (await single.daemon.ask("/v1/status")) as Record<string, unknown>;
  const { udpAdapter } = { ...status, ...(status.process as object | undefined) } as {
    udpAdapter?: string;
  };
  const [model] = cpus();
  console.log(`UDP adapter ${udpAdapter ?? "unknown"}, node ${process.version}`);
  console.log(`${cpus().length} CPUs (${model?.model}), load average ${loadavg()[0]?.toFixed(2)}`);
}

/** Single and pair in turn at a moderate rate: CPU an exchange, latency, and the ratio that counts. */
async function compare(generator: Generator, all: readonly Subject[], kind: Kind): Promise<void> {
  const found = new Map<string, Measured[]>();
  // The engine compiles what it meets: the first run of a kind does not count.
  for (const subject of all) await generator.measure(subject, { kind, rate, seconds });
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const subject of all) {
      const measured = await generator.measure(subject, { kind, rate, seconds });
      found.set(subject.name, [...(found.get(subject.name) ?? []), measured]);
    }
  }
  const cpuOf = (name: string) => median((found.get(name) ?? []).map(({ cpu }) => cpu[0] ?? 0));
  for (const { name } of all) {
    const runs = found.get(name) ?? [];
    const middle = runs.find(({ cpu }) => cpu[0] === cpuOf(name));
    if (middle !== undefined) console.log(measuredLine(name, kind, middle));
  }
  for (const [pair, single] of PAIRS.filter(([name]) => found.has(name))) {
    const ratio = cpuOf(pair) / cpuOf(single);
    console.log(
      `ratio ${pair}/${single}, CPU of the server that answers, ${kind}: ${fixed(ratio, 2)}`,
    );
  }
}

async function highest(generator: Generator, all: readonly Subject[], kind: Kind): Promise<void> {
  const rates = new Map<string, number>();
  for (const subject of all) {
    const held = await search(generator, subject, { kind, from: rate, seconds });
    rates.set(subject.name, held.rate);
    console.log(heldLine(subject.name, kind, held));
  }
  for (const [pair, single] of PAIRS.filter(([name]) => rates.has(name))) {
    const ratio = (rates.get(pair) ?? 0) / (rates.get(single) ?? 0);
    console.log(`ratio ${pair}/${single}, rate held, ${kind}: ${fixed(ratio, 2)}`);
  }
}

async function profile(generator: Generator): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tandem-profile-"));
  const servers = await startServers(profilingOptions(folder));
  try {
    const { single, primary, secondary } = servers;
    const all = subjects(servers);
    for (const subject of all) {
      const held = await search(generator, subject, { kind: "address", from: rate * 4, seconds });
      await generator.measure(subject, { kind: "address", rate: held.rate, seconds: seconds * 3 });
      console.log(`${subject.name}: profile at ${held.rate} exchanges/s`);
    }
    for (const [name, server] of Object.entries({ single, primary, secondary })) {
      const pid = pidOf(server);
      await server.daemon.stop();
      console.log(`\nwhere the busy time of ${name} goes`);
      console.log(profileText(costs(folder, pid), 30));
    }
  } finally {
    await servers.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The pair with a slow partner link. */
async function slowLink(delays: readonly number[]): Promise<void> {
  const generator = await Generator.start(0);
  const neighbour = await Neighbour.start();
  const servers = await startServers("", true);
  try {
    await printMachine(servers);
    const [single, pair] = subjects(servers);
    const { primary, link } = servers;
    if (link === undefined) throw new Error("there is no link to slow down");
    const rounds = Number(values.rounds);
    const load = { rate, seconds };
    const run = { generator, single, pair, primary, neighbour, link, load, rounds };
    const cases = casesOf(delays, Number(values["partner-loss"]) / 100);
    console.log(`\nat ${rate} exchanges/s, ${seconds} s a run, middle of ${rounds}`);
    console.log(line(DELAY_HEADINGS));
    for (const kind of kinds) await compareDelays(run, cases, kind);
  } finally {
    await servers.end();
    neighbour.end();
    generator.end();
  }
}

async function main(): Promise<void> {
  const generator = await Generator.start(0);
  const servers = await startServers("");
  const kea = values.kea ? await startKea(generator) : undefined;
  try {
    await printMachine(servers);
    const all: readonly Subject[] = [...subjects(servers), ...(kea?.subjects ?? [])];
    console.log(`\nat ${rate} exchanges/s, ${seconds} s a run, middle of ${values.rounds}`);
    console.log(line(HEADINGS));
    for (const kind of kinds) await compare(generator, all, kind);
    if (!values["no-search"]) {
      console.log("\nhighest rate with less than 1 % lost");
      console.log(line(HEADINGS));
      for (const kind of kinds) await highest(generator, all, kind);
    }
    const memory = [servers.single, servers.primary, servers.secondary].map((server) =>
      fixed(residentMib(pidOf(server)), 0),
    );
    console.log(
      `\nmemory at the end, MiB: single ${memory[0]}, pair ${memory[1]} and ${memory[2]}`,
    );
    if (values.profile) await profile(generator);
  } finally {
    await servers.end();
    await kea?.end();
    generator.end();
  }
}

const delays = values["partner-delay"]?.split(",").map(Number);
if (delays === undefined) await main();
else if (delays.every((delay) => delay >= 0)) await slowLink(delays);
else
  throw new Error(`--partner-delay ${values["partner-delay"]}: milliseconds, with commas between`);
