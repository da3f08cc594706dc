// `npm run e2e:kills`: the long kill test. Plays the plan, several runs at a time; a row for each run, the leases
// whose BNDUPD never arrived by name, a sum, and exit code 1 if anything is not as it must be.

import { fileURLToPath } from "node:url";
import { clientMissing } from "../../../tools/netns/clients.ts";
import { program } from "../../../tools/netns/command.ts";
import { namespacesMissing } from "../../../tools/netns/namespaces.ts";
import { REAL_CLIENTS } from "../real-clients.ts";
import { playAsChild } from "./child.ts";
import { Lanes } from "./lanes.ts";
import { type Asked, readOptions } from "./options.ts";
import { missingOf } from "./plan.ts";
import { heading, linesOf, namesOf, sumOf } from "./table.ts";

const PROGRESS = 60_000;

/** Why the test cannot run here; undefined when it can. */
function missingHere({ real }: Asked): string | undefined {
  const clients = real ? REAL_CLIENTS.map((name) => clientMissing(name)) : [];
  const tcpdump = program("tcpdump") === undefined ? "tcpdump is not installed" : undefined;
  return [namespacesMissing(), tcpdump, ...clients].find((reason) => reason !== undefined);
}

function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** One line: how long it has run, what is done, and what each lane does. */
function progress(lanes: Lanes, began: number, count: number): string {
  const each = lanes.doing.map(({ number, variant, text, until }) => {
    const left = until === undefined ? "" : ` (${clock(until - Date.now())} left)`;
    return `${number} ${variant}: ${text}${left}`;
  });
  const done = `${lanes.outcomes.length} of ${count} runs done`;
  return `[${clock(Date.now() - began)}] ${[done, ...each].join("; ")}`;
}

async function main(asked: Asked): Promise<number> {
  const reason = missingHere(asked);
  if (reason !== undefined) {
    console.error(`e2e:kills cannot run here: ${reason}`);
    return 1;
  }
  const { runs, clients, real, keep } = asked;
  const orders = runs.map((variant, i) => ({ variant, number: i + 1, clients, real, keep }));
  const lanes = new Lanes(fileURLToPath(import.meta.url));
  const began = Date.now();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    lanes.end();
  };
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const times = real ? "MCLT 60 s, valid 180 s, with one of each real client" : "short times";
  console.log(`${runs.length} runs, ${asked.lanes} at a time, ${clients} clients, ${times}`);
  console.log(heading());
  const timer = setInterval(() => console.log(progress(lanes, began, orders.length)), PROGRESS);
  await lanes.play(orders, asked.lanes, (outcome) => {
    for (const line of linesOf(outcome)) console.log(line);
  });
  clearInterval(timer);
  if (interrupted) {
    console.error("interrupted");
    return 1;
  }
  return conclude(asked, lanes, Date.now() - began);
}

function conclude({ whole }: Asked, lanes: Lanes, took: number): number {
  const outcomes = [...lanes.outcomes].sort((one, other) => one.number - other.number);
  const names = namesOf(outcomes);
  if (names.length > 0) {
    console.log("\nLeases whose BNDUPD never arrived, and what became of each:");
    for (const line of names) console.log(`  ${line}`);
  }
  console.log("\nAll runs, in order:");
  console.log(heading());
  for (const line of outcomes.flatMap(linesOf)) console.log(line);
  console.log(`\nSum, after ${clock(took)}:`);
  for (const line of sumOf(outcomes)) console.log(`  ${line}`);
  const missing = whole ? missingOf(outcomes) : [];
  for (const line of missing) console.log(`  MISSING ${line}`);
  const failed = outcomes.filter(({ faults }) => faults.length > 0).length;
  const good = failed === 0 && missing.length === 0;
  console.log(good ? "PASS" : `FAIL: ${failed} runs with faults, ${missing.length} things missing`);
  return good ? 0 : 1;
}

if (process.argv[2] === "child" && process.send !== undefined) playAsChild();
else {
  const asked = readOptions(process.argv.slice(2));
  if ("text" in asked) {
    (asked.code === 0 ? console.log : console.error)(asked.text);
    process.exitCode = asked.code;
  } else process.exitCode = await main(asked);
}
