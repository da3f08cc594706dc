// `--partner-delay`: what clients of a pair see while its partner link is slow (RFC 7031 §7 (6)): nothing, as no answer
// waits for the partner.

import { sleep, until } from "../../tools/netns/command.ts";
import type { Kind } from "../load/open-loop.ts";
import type { Generator, Measured, Subject } from "./measure.ts";
import type { Neighbour } from "./neighbour.ts";
import { type LinkQuality, type PartnerLink, UNHINDERED } from "./partner-link.ts";
import { delayLine, fixed, median } from "./report.ts";
import type { Server } from "./servers.ts";

export interface DelayRun {
  readonly generator: Generator;
  readonly single: Subject;
  readonly pair: Subject;
  readonly primary: Server;
  readonly neighbour: Neighbour;
  readonly link: PartnerLink;
  readonly load: { readonly rate: number; readonly seconds: number };
  readonly rounds: number;
}

/** Measured in turn; `quality` undefined: the single server, `beside` with a neighbour as busy as a partner. */
interface Case {
  readonly name: string;
  readonly quality: LinkQuality | undefined;
  readonly beside?: boolean;
}

interface Found {
  readonly runs: Measured[];
  /** Updates that the partner had not acknowledged near the end of each run. */
  readonly open: number[];
}

const PERCENTILES = ["p50", "p95", "p99"] as const;
/** Of a run, when the open updates are counted. */
const LATE = 0.9;

/** Each delay, and again with the loss if there is one; the single server first, without and with a neighbour. */
export function casesOf(delays: readonly number[], loss: number): readonly Case[] {
  const withLoss = (share: number): Case[] =>
    delays.map((delayMillis) => ({
      name: `pair ${delayMillis} ms${share > 0 ? ` ${share * 100} %` : ""}`,
      quality: { delayMillis, loss: share },
    }));
  return [
    { name: "single", quality: undefined },
    { name: "single, neighbour", quality: undefined, beside: true },
    ...withLoss(0),
    ...(loss > 0 ? withLoss(loss) : []),
  ];
}

async function openUpdates({ daemon }: Server): Promise<number> {
  const { relationships } = (await daemon.ask("/v1/failover")) as {
    readonly relationships: readonly { readonly state: string; readonly backlog: number }[];
  };
  const [only] = relationships;
  if (only?.state !== "NORMAL") throw new Error(`the pair went to ${only?.state}`);
  return only.backlog;
}

/** One run; the pair begins it and is left with all updates acknowledged. */
async function measure(run: DelayRun, each: Case, kind: Kind, into: Found): Promise<void> {
  const { generator, single, pair, primary, link, load } = run;
  if (each.quality === undefined) {
    if (each.beside === true) run.neighbour.work();
    into.runs.push(await generator.measure(single, { kind, ...load }));
    run.neighbour.rest();
    return;
  }
  link.quality = each.quality;
  const late = sleep(load.seconds * LATE * 1_000).then(() => openUpdates(primary));
  const [measured, open] = await Promise.all([generator.measure(pair, { kind, ...load }), late]);
  into.runs.push(measured);
  run.neighbour.learn(measured);
  into.open.push(open);
  link.quality = UNHINDERED;
  await until("the updates to be acknowledged", 60_000, async () =>
    (await openUpdates(primary)) === 0 ? true : undefined,
  );
}

/** Single and pair at every quality of the link in turn, the same rate for all; prints latencies and ratios. */
export async function compareDelays(
  run: DelayRun,
  cases: readonly Case[],
  kind: Kind,
): Promise<void> {
  const found = new Map<Case, Found>(cases.map((each) => [each, { runs: [], open: [] }]));
  // The engine compiles what it meets: the first run of each does not count. The pair comes first: the neighbour learns
  // from it.
  for (const each of cases.toReversed()) await measure(run, each, kind, { runs: [], open: [] });
  for (let round = 0; round < run.rounds; round++)
    for (const [each, into] of found) await measure(run, each, kind, into);
  const latencies = new Map<string, readonly number[]>();
  for (const [{ name }, { runs, open }] of found) {
    const of = (value: (measured: Measured) => number) => median(runs.map(value));
    const row = PERCENTILES.map((percentile) => of((measured) => measured[percentile]));
    latencies.set(name, row);
    const counts = {
      rate: of(({ done, seconds }) => done / seconds),
      loss: of(({ loss }) => loss),
    };
    const waiting = open.length > 0 ? median(open) : undefined;
    console.log(delayLine({ name, kind, ...counts, latencies: row, open: waiting }));
  }
  const [single, beside, first, ...slower] = cases.map(({ name }) => name);
  const ratio = (name = "", base = "") => {
    const parts = PERCENTILES.map((percentile, i) => {
      const value = (latencies.get(name)?.[i] ?? Number.NaN) / (latencies.get(base)?.[i] ?? 1);
      return `${percentile} ${fixed(value, 2)}`;
    });
    console.log(`ratio ${name} / ${base}, latency, ${kind}: ${parts.join(", ")}`);
  };
  for (const base of [single, beside]) for (const name of [first, ...slower]) ratio(name, base);
  for (const name of slower) ratio(name, first);
}
