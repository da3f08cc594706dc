// `npm run sim`: runs worlds, prints what failed with its seed and trace, and what was covered.

import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { coreServer } from "./core-server.ts";
import { Coverage, printCoverage } from "./coverage.ts";
import { drawScenario, FAULT_KINDS, type FaultKind } from "./scenario.ts";
import { formatSeed } from "./seeds.ts";
import { runWorld, type WorldResult } from "./world.ts";

const HELP = `npm run sim -- [options]
  --seeds N         worlds to run (100)
  --seed S          the first seed (1)
  --jobs K          worker threads (1)
  --trace           one world, the whole trace, in columns: seconds, who, what, details
  --single          a lone server instead of a pair
  --without A,B     leave out these faults
  --with A,B        add these faults (rollback is only had so)
  --skip S,S        leave out these seeds
  --first           stop at the first failure
  --keep            add failing seeds to sim/seeds.txt
  --only-coverage   print what was covered, not what failed`;

/** What the command line changes in every world. */
interface Variant {
  readonly single: boolean;
  readonly without: readonly string[];
  readonly with: readonly FaultKind[];
}

interface Task extends Variant {
  readonly seeds: readonly number[];
  /** Stop at the first failure. */
  readonly first: boolean;
}

type Outcome = Omit<WorldResult, "trace"> & { readonly milliseconds: number };

const TRACE_LINES = 60;

function runSeed(seed: number, variant: Variant, trace: boolean): WorldResult {
  const drawn = drawScenario(seed, variant.single);
  const all = new Set([...drawn.faults, ...variant.with]);
  const faults = [...all].filter((kind) => !variant.without.includes(kind));
  return runWorld({ scenario: { ...drawn, faults }, createServer: coreServer, trace });
}

function* runTask(task: Task): Generator<Outcome> {
  for (const seed of task.seeds) {
    const began = performance.now();
    const { trace: _, ...outcome } = runSeed(seed, task, false);
    yield { ...outcome, milliseconds: performance.now() - began };
    if (task.first && outcome.violations.length > 0) return;
  }
}

function parse() {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "100" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: "1" },
      trace: { type: "boolean", default: false },
      single: { type: "boolean", default: false },
      without: { type: "string", default: "" },
      with: { type: "string", default: "" },
      skip: { type: "string", default: "" },
      first: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      "only-coverage": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [seeds, jobs, seed] = [values.seeds, values.jobs, values.seed].map(Number) as [
    number,
    number,
    number,
  ];
  if (![seeds, jobs, seed].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw new Error("--seeds, --seed and --jobs take whole numbers");
  }
  const skip = new Set(values.skip.split(",").map(Number));
  const without = values.without.split(",");
  const names = values.with.split(",").filter((name) => name !== "");
  const added = names.map(faultNamed);
  return { ...values, seeds, seed, jobs: Math.max(1, jobs), skip, without, with: added };
}

function faultNamed(name: string): FaultKind {
  const kind = [...FAULT_KINDS, "rollback" as const].find((one) => one === name);
  if (kind === undefined)
    throw new Error(`no fault is called ${name}: ${FAULT_KINDS.join(", ")}, rollback`);
  return kind;
}

type Options = ReturnType<typeof parse>;

class Summary {
  readonly coverage = new Coverage();
  readonly failures: Outcome[] = [];
  #worlds = 0;
  #counted = 0;
  #faults = 0;
  #worldHours = 0;
  #slowest = { seed: 0, milliseconds: 0 };

  get worlds(): number {
    return this.#worlds;
  }

  add(outcome: Outcome): void {
    const { counts, duration, faults, itCounts, milliseconds, seed } = outcome;
    this.#worlds += 1;
    if (itCounts) this.#counted += 1;
    this.#faults += faults;
    this.#worldHours += duration / 3_600_000;
    this.coverage.merge(counts);
    if (milliseconds > this.#slowest.milliseconds) this.#slowest = { seed, milliseconds };
    if (outcome.violations.length > 0) this.failures.push(outcome);
  }

  line(seconds: number): string {
    const { milliseconds, seed } = this.#slowest;
    return (
      `${this.#worlds} worlds (${this.#counted} count), ${this.#faults} faults, ` +
      `${this.#worldHours.toFixed(1)} hours of world time in ${seconds.toFixed(1)} s; slowest seed ` +
      `${seed} ${milliseconds.toFixed(0)} ms; ${this.failures.length} failed`
    );
  }
}

async function runWorkers(
  tasks: readonly Task[],
  onOutcome: (outcome: Outcome) => void,
): Promise<void> {
  const workers = tasks.map((task) => new Worker(new URL(import.meta.url), { workerData: task }));
  const ends = workers.map(
    (worker, i) =>
      new Promise<void>((resolve, reject) => {
        worker.on("message", (outcome: Outcome) => {
          onOutcome(outcome);
          if (tasks[i]?.first === true && outcome.violations.length > 0) {
            for (const other of workers) void other.terminate();
          }
        });
        worker.on("error", reject);
        worker.on("exit", () => resolve());
      }),
  );
  await Promise.all(ends);
}

async function runAll(options: Options, onOutcome: (outcome: Outcome) => void): Promise<void> {
  const { first, jobs, single, with: added, without } = options;
  const wanted = Array.from({ length: options.seeds }, (_, i) => options.seed + i);
  const seeds = wanted.filter((seed) => !options.skip.has(seed));
  const tasks = Array.from({ length: jobs }, (_, i): Task => {
    return {
      seeds: seeds.filter((_seed, at) => at % jobs === i),
      first,
      single,
      with: added,
      without,
    };
  });
  if (jobs === 1) for (const outcome of runTask(tasks[0] as Task)) onOutcome(outcome);
  else await runWorkers(tasks, onOutcome);
}

/** The failing seed once more, with its trace. */
function explain(seed: number, options: Options): void {
  const { trace, violations } = runSeed(seed, options, true);
  for (const line of options.trace ? trace : trace.slice(-TRACE_LINES)) console.log(line);
  for (const { at, checker, message } of violations) {
    console.log(`seed ${seed}: ${checker} at ${(at / 1000).toFixed(3)}: ${message}`);
  }
}

function keep(failures: readonly Outcome[], single: boolean): void {
  for (const { seed, violations } of failures) {
    const about = violations[0]?.checker ?? "";
    appendFileSync("sim/seeds.txt", `${formatSeed({ seed, single, about })}\n`);
  }
}

async function main(): Promise<void> {
  const options = parse();
  if (options.help) return console.log(HELP);
  if (options.trace) return explain(options.seed, options);
  const began = performance.now();
  const summary = new Summary();
  await runAll(options, (outcome) => {
    summary.add(outcome);
    const [violation] = outcome.violations;
    if (violation !== undefined && !options["only-coverage"]) {
      console.log(`seed ${outcome.seed} FAILED: ${violation.checker}: ${violation.message}`);
    }
    if (summary.worlds % 50 === 0) {
      console.log(`${summary.worlds} worlds, ${summary.failures.length} failed`);
    }
  });
  if (!options.first)
    for (const line of printCoverage(summary.coverage.counts, options.single)) console.log(line);
  const failures = summary.failures.sort((a, b) => a.seed - b.seed);
  if (failures[0] !== undefined && !options["only-coverage"]) explain(failures[0].seed, options);
  console.log(summary.line((performance.now() - began) / 1000));
  if (failures.length === 0) return;
  console.log(`failing seeds: ${failures.map((one) => one.seed).join(" ")}`);
  if (options.keep) keep(failures, options.single);
  process.exitCode = 1;
}

if (isMainThread) await main();
else for (const outcome of runTask(workerData as Task)) parentPort?.postMessage(outcome);
