// `npm run sim`: runs worlds, prints what failed with its seed and trace, and what was covered.

import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { coreServer } from "./core-server.ts";
import { Coverage, printCoverage } from "./coverage.ts";
import { drawScenario } from "./scenario.ts";
import { runWorld, type WorldResult } from "./world.ts";

/** What the command line changes in every world. */
interface Variant {
  readonly single: boolean;
  readonly without: readonly string[];
}

interface Task extends Variant {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

type Outcome = Omit<WorldResult, "trace"> & { readonly milliseconds: number };

const TRACE_LINES = 60;

function runSeed(seed: number, { single, without }: Variant, trace: boolean): WorldResult {
  const drawn = drawScenario(seed, single);
  const faults = drawn.faults.filter((kind) => !without.includes(kind));
  return runWorld({ scenario: { ...drawn, faults }, createServer: coreServer, trace });
}

function* runTask(task: Task): Generator<Outcome> {
  for (let i = 0; i < task.count; i++) {
    const began = performance.now();
    const { trace: _, ...outcome } = runSeed(task.first + i * task.step, task, false);
    yield { ...outcome, milliseconds: performance.now() - began };
  }
}

function parse() {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "100" },
      seed: { type: "string" },
      jobs: { type: "string", default: "1" },
      trace: { type: "boolean", default: false },
      single: { type: "boolean", default: false },
      "only-coverage": { type: "boolean", default: false },
      without: { type: "string", default: "" },
    },
  });
  const seeds = Number(values.seeds);
  const jobs = Number(values.jobs);
  const first = values.seed === undefined ? 1 : Number(values.seed);
  if (![seeds, jobs, first].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw new Error("--seeds, --seed and --jobs take whole numbers");
  }
  return { ...values, seeds, jobs: Math.max(1, jobs), first, without: values.without.split(",") };
}

type Options = ReturnType<typeof parse>;

class Summary {
  readonly coverage = new Coverage();
  readonly failures: Outcome[] = [];
  worlds = 0;
  counted = 0;
  faults = 0;
  worldHours = 0;
  slowest = { seed: 0, milliseconds: 0 };

  add(outcome: Outcome): void {
    this.worlds += 1;
    if (outcome.itCounts) this.counted += 1;
    this.faults += outcome.faults;
    this.worldHours += outcome.duration / 3_600_000;
    this.coverage.merge(outcome.counts);
    const { milliseconds, seed } = outcome;
    if (milliseconds > this.slowest.milliseconds) this.slowest = { seed, milliseconds };
    if (outcome.violations.length > 0) this.failures.push(outcome);
  }
}

function runInWorker(task: Task, onOutcome: (outcome: Outcome) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: task });
    worker.on("message", onOutcome);
    worker.on("error", reject);
    worker.on("exit", () => resolve());
  });
}

async function runAll(options: Options, onOutcome: (outcome: Outcome) => void): Promise<void> {
  const { first, jobs, seeds, single, without } = options;
  const tasks = Array.from({ length: jobs }, (_, i): Task => {
    return { first: first + i, step: jobs, count: Math.ceil((seeds - i) / jobs), single, without };
  });
  if (jobs === 1) for (const outcome of runTask(tasks[0] as Task)) onOutcome(outcome);
  else await Promise.all(tasks.map((task) => runInWorker(task, onOutcome)));
}

/** The failing seed once more, with its trace. */
function explain(seed: number, options: Options, whole: boolean): void {
  const { trace, violations } = runSeed(seed, options, true);
  for (const line of whole ? trace : trace.slice(-TRACE_LINES)) console.log(line);
  for (const { at, checker, message } of violations) {
    console.log(`seed ${seed}: ${checker} at ${(at / 1000).toFixed(3)}: ${message}`);
  }
}

async function main(): Promise<void> {
  const options = parse();
  if (options.trace) return explain(options.first, options, true);
  const began = performance.now();
  const summary = new Summary();
  await runAll(options, (outcome) => {
    summary.add(outcome);
    if (outcome.violations.length > 0 && !options["only-coverage"]) {
      const [violation] = outcome.violations;
      console.log(`seed ${outcome.seed} FAILED: ${violation?.checker}: ${violation?.message}`);
    }
    if (summary.worlds % 50 === 0)
      console.log(`${summary.worlds} worlds, ${summary.failures.length} failed`);
  });
  for (const line of printCoverage(summary.coverage.counts)) console.log(line);
  const [failure] = summary.failures.sort((a, b) => a.seed - b.seed);
  if (failure !== undefined && !options["only-coverage"]) explain(failure.seed, options, false);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `${summary.worlds} worlds (${summary.counted} count), ${summary.faults} faults, ` +
      `${summary.worldHours.toFixed(1)} hours of world time in ${seconds} s; slowest seed ` +
      `${summary.slowest.seed} ${summary.slowest.milliseconds.toFixed(0)} ms; ${summary.failures.length} failed`,
  );
  if (summary.failures.length > 0) {
    console.log(`failing seeds: ${summary.failures.map((one) => one.seed).join(" ")}`);
    process.exitCode = 1;
  }
}

if (isMainThread) await main();
else for (const outcome of runTask(workerData as Task)) parentPort?.postMessage(outcome);
