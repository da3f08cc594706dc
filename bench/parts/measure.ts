// Finds the rate that a server holds, and what an exchange costs it at a moderate rate.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, sleep } from "../../tools/netns/command.ts";
import { spawnInside } from "../../tools/netns/namespaces.ts";
import type { Contestant } from "./contestants.ts";
import type { Kind, Measured } from "./exchanges.ts";

export interface Figures {
  /** Exchanges a second with under 1 % loss. */
  readonly held: number;
  /** Microseconds of CPU an exchange, all threads. */
  readonly cpu: number;
  readonly partnerCpu: number | undefined;
  readonly p50: number;
  readonly p99: number;
}

const MODERATE = 1_000;
/** A rate is held with at most this loss, and when at least this share of it was really asked for. */
const LOSS = 0.01;
const ASKED = 0.97;

export async function measure(
  contestant: Contestant,
  kind: Kind,
  quick: boolean,
): Promise<Figures> {
  const seconds = quick ? 1.5 : 4;
  let first = 1;
  const trial = async (rate: number, duration = seconds): Promise<Measured> => {
    const result = await generate(contestant, { kind, rate, seconds: duration, first });
    first += result.started;
    await sleep(200);
    return result;
  };
  // Compiles the hot path; its figures are not used.
  await trial(MODERATE * 2, 2);
  const before = cpuOf(contestant.pid);
  const partnerBefore = contestant.partnerPid === undefined ? 0 : cpuOf(contestant.partnerPid);
  const moderate = await trial(MODERATE);
  const cpu = (cpuOf(contestant.pid) - before) / moderate.completed;
  const partnerCpu =
    contestant.partnerPid === undefined
      ? undefined
      : (cpuOf(contestant.partnerPid) - partnerBefore) / moderate.completed;
  const held = await highest(trial, quick ? 4 : 8);
  return { held, cpu, partnerCpu, p50: moderate.p50, p99: moderate.p99 };
}

/** Doubles the rate until it is not held, then halves the gap. */
async function highest(
  trial: (rate: number) => Promise<Measured>,
  trials: number,
): Promise<number> {
  let good = 0;
  let bad = Number.POSITIVE_INFINITY;
  let rate = 2_000;
  for (let count = 0; count < trials; count++) {
    const { started, completed, asked } = await trial(rate);
    const held = completed >= started * (1 - LOSS) && asked >= rate * ASKED;
    if (held) good = rate;
    else bad = rate;
    rate = bad === Number.POSITIVE_INFINITY ? rate * 2 : Math.round((good + bad) / 2);
    if (bad - good < good * 0.05) break;
  }
  return good;
}

interface Work {
  readonly kind: Kind;
  readonly rate: number;
  readonly seconds: number;
  readonly first: number;
}

function generate(contestant: Contestant, { kind, rate, seconds, first }: Work): Promise<Measured> {
  const { namespace, server, port } = contestant;
  const command = [
    ...[process.execPath, join(ROOT, "dist/bench/generator.js"), "--server", server],
    ...["--port", String(port), "--rate", String(rate), "--seconds", String(seconds)],
    ...["--kind", kind, "--first", String(first)],
  ];
  return new Promise((resolve, reject) => {
    const child = spawnInside(namespace, command, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout?.on("data", (bytes: Buffer) => {
      text += bytes.toString();
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(text) as Measured);
      else reject(new Error(`the generator ended with ${code}`));
    });
  });
}

/** CPU time of all threads of a process so far, microseconds. */
function cpuOf(pid: number): number {
  const folder = `/proc/${pid}/task`;
  let nanoseconds = 0;
  for (const task of readdirSync(folder)) {
    const text = readFileSync(join(folder, task, "schedstat"), "utf8");
    nanoseconds += Number(text.split(" ")[0]);
  }
  return nanoseconds / 1_000;
}
