// `npm run sim`: runs worlds, prints what failed with its seed and trace, and what was covered.

import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { coreServer } from "./core-server.ts";
import { printCoverage } from "./coverage.ts";
import { drawScenario, FAULT_KINDS, type FaultKind, RARE_FAULTS } from "./scenario.ts";
import { formatSeed } from "./seeds.ts";
import { type Failure, type Outcome, type RunRecord, Summary } from "./summary.ts";
import { runWorld, type WorldResult } from "./world.ts";

const HELP = `npm run sim -- [options]
  --seeds N         worlds to run (100)
  --seed S          the first seed (1)
  --jobs K          worker threads (1)
  --trace           one world, the whole trace, in columns: seconds, who, what, details
  --single          a lone server instead of a pair
  --without A,B     leave out these faults
  --with A,B        add these faults
  --skip S,S        leave out these seeds
  --first           stop at the first failure
  --keep            add failing seeds to sim/seeds.txt
  --record FILE     keep the sums in FILE and go on from it: a run that was stopped is not lost
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
      record: { type: "string" },
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
  const kind = [...FAULT_KINDS, ...RARE_FAULTS].find((one) => one === name);
  if (kind === undefined)
    throw new Error(`no fault is called ${name}: ${[...FAULT_KINDS, ...RARE_FAULTS].join(", ")}`);
  return kind;
}

type Options = ReturnType<typeof parse>;

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

async function runAll(
  options: Options,
  isDone: (seed: number) => boolean,
  onOutcome: (outcome: Outcome) => void,
): Promise<void> {
  const { first, jobs, single, with: added, without } = options;
  const wanted = Array.from({ length: options.seeds }, (_, i) => options.seed + i);
  const seeds = wanted.filter((seed) => !options.skip.has(seed) && !isDone(seed));
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

function keep(failures: readonly Failure[], single: boolean): void {
  for (const { seed, about } of failures) {
    appendFileSync(
      "sim/seeds.txt",
      `${formatSeed({ seed, single, about: about.split(":")[0] ?? "" })}\n`,
    );
  }
}

/** Worlds between two writes of the file. */
const RECORD_EVERY = 20;

/** The file of a run. Written whole and renamed, so that a stop at any moment leaves a sound one. */
class RunFile {
  readonly #file: string;
  readonly #build: string;
  readonly #variant: string;

  constructor(file: string, options: Options) {
    this.#file = file;
    const bundle = readFileSync(fileURLToPath(import.meta.url));
    this.#build = createHash("sha256").update(bundle).digest("hex").slice(0, 16);
    const { single, with: added, without } = options;
    this.#variant = JSON.stringify({ single, with: added, without });
  }

  load(summary: Summary): void {
    if (!existsSync(this.#file)) return;
    const record = JSON.parse(readFileSync(this.#file, "utf8")) as RunRecord;
    summary.resume(record, this.#build, this.#variant);
    console.log(`${this.#file}: goes on after ${summary.worlds} worlds`);
  }

  save(summary: Summary): void {
    const temporary = `${this.#file}.new`;
    writeFileSync(temporary, JSON.stringify(summary.record(this.#build, this.#variant)));
    renameSync(temporary, this.#file);
  }
}

async function main(): Promise<void> {
  const options = parse();
  if (options.help) return console.log(HELP);
  if (options.trace) return explain(options.seed, options);
  const summary = new Summary();
  const file = options.record === undefined ? undefined : new RunFile(options.record, options);
  file?.load(summary);
  await runAll(
    options,
    (seed) => summary.has(seed),
    (outcome) => {
      summary.add(outcome);
      const [violation] = outcome.violations;
      if (violation !== undefined && !options["only-coverage"]) {
        console.log(`seed ${outcome.seed} FAILED: ${violation.checker}: ${violation.message}`);
      }
      if (summary.worlds % RECORD_EVERY === 0) file?.save(summary);
      if (summary.worlds % 50 === 0) {
        console.log(`${summary.worlds} worlds, ${summary.failures.length} failed`);
      }
    },
  );
  file?.save(summary);
  if (!options.first)
    for (const line of printCoverage(summary.coverage.counts, options.single)) console.log(line);
  const failures = summary.failures.sort((a, b) => a.seed - b.seed);
  if (failures[0] !== undefined && !options["only-coverage"]) explain(failures[0].seed, options);
  console.log(summary.line());
  if (summary.fault !== undefined) {
    console.log(`FAILED: ${summary.fault}`);
    process.exitCode = 1;
  }
  if (failures.length === 0) return;
  console.log(`failing seeds: ${failures.map((one) => one.seed).join(" ")}`);
  if (options.keep) keep(failures, options.single);
  process.exitCode = 1;
}

if (isMainThread) await main();
else for (const outcome of runTask(workerData as Task)) parentPort?.postMessage(outcome);
