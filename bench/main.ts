// `npm run bench [-- --quick]`: exchanges a second held with under 1 % loss, server CPU an exchange and
// latency, for relayed clients on ::1: one server alone, the pair, and Kea where it is installed (as root, in a
// namespace). All in one run on one machine, so that the ratios count; the figures themselves depend on it.

import { rmSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { type Contestant, kea, pair, single } from "./parts/contestants.ts";
import type { Kind } from "./parts/exchanges.ts";
import { type Figures, measure } from "./parts/measure.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    kinds: { type: "string", default: "address,prefix,rapid" },
  },
});

const HEADINGS = [
  "what",
  "server",
  "exchanges/s",
  "CPU µs",
  "partner µs",
  "p50 ms",
  "p99 ms",
  "to single",
  "CPU ratio",
];

function row(cells: readonly string[]): string {
  return cells.map((cell, i) => cell.padEnd(i < 2 ? 10 : 11)).join(" ");
}

function shown(kind: Kind, name: string, figures: Figures, base: Figures | undefined): string {
  const ratio = (mine: number, theirs: number | undefined) =>
    theirs === undefined || theirs === 0 ? "" : (mine / theirs).toFixed(2);
  return row([
    ...[kind, name, figures.held.toFixed(0), figures.cpu.toFixed(0)],
    figures.partnerCpu === undefined ? "" : figures.partnerCpu.toFixed(0),
    ...[figures.p50.toFixed(3), figures.p99.toFixed(3)],
    ...[ratio(figures.held, base?.held), ratio(figures.cpu, base?.cpu)],
  ]);
}

async function figuresOf(make: () => Promise<Contestant>, kind: Kind): Promise<Figures> {
  const contestant = await make();
  try {
    return await measure(contestant, kind, values.quick);
  } finally {
    await contestant.end();
    rmSync(contestant.folder, { recursive: true, force: true });
  }
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}, UDP by dgram`,
);
console.log(
  "CPU at 1,000 exchanges/s, of the server that answers; latency of the last answer at that rate",
);
console.log(row(HEADINGS));
for (const kind of values.kinds.split(",") as Kind[]) {
  const alone = await figuresOf(single, kind);
  console.log(shown(kind, "single", alone, undefined));
  console.log(shown(kind, "pair", await figuresOf(pair, kind), alone));
  const reason = kea.missing();
  if (reason === undefined)
    console.log(shown(kind, "Kea alone", await figuresOf(kea.start, kind), alone));
  else console.log(`${kind}: no comparison with Kea: ${reason}`);
}
