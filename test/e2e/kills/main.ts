// `npm run e2e:kills -- --runs N [--clients 500] [--only NAME,NAME] [--real] [--names] [--keep]`: the long kill test.
// Variants in turn, a table of what each showed, exit code 1 if any run failed. Needs root and tcpdump.
//
// --names lists each lease whose BNDUPD never arrived before a kill, and what became of it. --real runs with MCLT 60 s and valid 180 s and one of each real client, else with short times.

import { parseArgs } from "node:util";
import { program } from "../../../tools/netns/command.ts";
import { namespacesMissing } from "../../../tools/netns/namespaces.ts";
import { shortAddress } from "../oracle/frames.ts";
import { certificatesFor } from "./certificates.ts";
import { faultsOf } from "./judgement.ts";
import { LONG, Run, type RunResult, SHORT } from "./run.ts";
import { VARIANTS, type Variant, variantNamed } from "./variants.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    clients: { type: "string", default: "500" },
    only: { type: "string" },
    real: { type: "boolean", default: false },
    long: { type: "boolean", default: false },
    names: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

const HEADINGS = [
  "run",
  "variant",
  "clients",
  "renewed",
  "due later",
  "lifetimes",
  "young",
  "two holders",
  "changed",
  "new wait",
  "renew wait",
  "NORMAL s",
  "tables",
];
const WIDTHS = [3, 24, 7, 7, 9, 11, 16, 11, 8, 8, 10, 8, 6];

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, i) => String(cell).padEnd(WIDTHS[i] ?? 8)).join("  ");
}

function namesOf(result: RunResult): readonly string[] {
  const all = result.kills.flatMap((kill) => kill.young);
  return all.map(({ grant, fate }) => {
    const [address, length] = grant.lease.split("/") as [string, string | undefined];
    const lease = `${shortAddress(address)}${length === undefined ? "" : `/${length}`}`;
    return `young: ${lease} of ${grant.client}, ${grant.answers}, ${grant.valid} s: ${fate}`;
  });
}

/** Of the renewals that fell due after a kill. */
function lifetimes(result: RunResult): string {
  const all = result.kills.flatMap((kill) => kill.dueAfter).map((grant) => grant.valid);
  return all.length === 0 ? "-" : `${Math.min(...all)}-${Math.max(...all)} s`;
}

function seconds(value: number | undefined): string {
  return `${(value ?? 0).toFixed(1)} s`;
}

function young(variant: Variant, result: RunResult): string {
  if (variant.tls === true) return "-";
  const all = result.kills.flatMap((kill) => kill.young);
  const count = (fate: string) => all.filter((one) => one.fate === fate).length;
  if (all.length === 0) return "0";
  return `${all.length}: ${count("kept")}k ${count("ended")}e ${count("changed")}c`;
}

async function play(number: number, variant: Variant): Promise<boolean> {
  const tls = variant.tls === true ? { tls: certificatesFor() } : {};
  const times = values.real ? LONG : (variant.times ?? SHORT);
  const options = {
    times,
    clients: Number(values.clients),
    real: values.real,
    seed: number,
    ...tls,
  };
  const run = new Run(options);
  let faults: readonly string[] = [];
  try {
    await run.begin();
    await variant.play(run);
    const result = await run.finish();
    faults = faultsOf(variant, result);
    const { counts, verdict, kills } = result;
    const sum = (pick: (kill: (typeof kills)[number]) => number) =>
      kills.reduce((total, kill) => total + pick(kill), 0);
    console.log(
      row([
        ...[number, variant.name, counts.clients, sum((kill) => kill.renewals.length)],
        ...[
          sum((kill) => kill.dueAfter.length),
          lifetimes(result),
          young(variant, result),
          verdict.twoHolders.length,
          verdict.changes.length,
        ],
        ...[
          seconds(verdict.longestWait?.seconds),
          seconds(verdict.longestRenewal?.seconds),
          result.toNormal.toFixed(1),
        ],
        result.differences.length === 0 ? "equal" : "DIFFER",
      ]),
    );
    if (values.names) for (const line of namesOf(result)) console.log(`     ${line}`);
  } catch (error) {
    faults = [error instanceof Error ? error.message : String(error)];
    console.log(row([number, variant.name, "-"]));
  }
  for (const fault of faults.slice(0, 10)) console.log(`     FAIL ${fault}`);
  if (faults.length > 0 || values.keep) console.log(`     files: ${run.stage.folder}`);
  await run.end(faults.length > 0 || values.keep);
  return faults.length === 0;
}

async function main(): Promise<number> {
  const reason =
    namespacesMissing() ??
    (program("tcpdump") === undefined ? "tcpdump is not installed" : undefined);
  if (reason !== undefined) {
    console.log(`e2e:kills cannot run here: ${reason}`);
    return process.env.TANDEM_CI === "1" ? 1 : 0;
  }
  const usual = VARIANTS.filter((variant) => values.long || variant.long !== true);
  const chosen = values.only?.split(",").map(variantNamed) ?? usual;
  console.log(row(HEADINGS));
  let failed = 0;
  const runs = Number(values.runs);
  for (let number = 1; number <= runs; number++) {
    const variant = chosen[(number - 1) % chosen.length] as Variant;
    if (!(await play(number, variant))) failed++;
  }
  console.log(`${runs - failed} of ${runs} runs without a fault`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
