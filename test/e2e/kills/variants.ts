// What is done to a pair in the long kill test, one function a variant.

import { sleep } from "../../../tools/netns/command.ts";
import type { Times } from "../../../tools/netns/pair-config.ts";
import type { ServerName } from "../../../tools/netns/topology.ts";
import { MIDDLE, type Run } from "./run.ts";

export interface Variant {
  readonly name: string;
  readonly play: (run: Run) => Promise<void>;
  /** Leases whose BNDUPD never arrived must have been seen. */
  readonly youngExpected?: boolean;
  /** Renewals by the survivor must have been seen. */
  readonly takeover?: boolean;
  readonly tls?: boolean;
  /** Times, where the shortest are too short. */
  readonly times?: Times;
  /** Pools that the clients fill, so that what ended would be given again if it could be. */
  readonly tight?: boolean;
}

const partnerOf = (name: ServerName): ServerName => (name === "a" ? "b" : "a");

const aLifetime = (run: Run) => run.options.times.valid * 0.7;
/** Three valid lifetimes and 30 s: nothing that the dead server granted is left of itself. */
const outlasting = (run: Run) => run.options.times.valid * 3 + 30;

/** kill -9 while new clients arrive; the dead server comes back after a time. */
async function killed(run: Run, name: ServerName, back: "data" | "empty", dead: number) {
  run.load.add("late", Math.ceil(run.options.clients / 5), 3_000);
  await sleep(1_000 + Math.random() * 1_000);
  await run.kill(name);
  await run.alone(partnerOf(name));
  await run.pause(dead, `${name} is dead`);
  await run.restart(name, back);
}

function killUnderLoad(name: ServerName, back: "data" | "empty", dead = aLifetime) {
  return (run: Run): Promise<void> => killed(run, name, back, dead(run));
}

/** The primary dies and comes back, then the secondary. */
async function killInTurn(run: Run): Promise<void> {
  await killed(run, "a", "data", aLifetime(run));
  await run.stage.inState("NORMAL", ["a", "b"], 60_000);
  await run.stage.settled(20_000);
  await killed(run, "b", "data", aLifetime(run));
}

/**
 * The partner link drops 50 to 500 ms before the kill: leases exist whose BNDUPD never arrived. It is the primary
 * that dies: in NORMAL the other one gives no new leases.
 */
function dropThenKill(back: "data" | "empty") {
  return async (run: Run): Promise<void> => {
    run.load.add("late", Math.ceil(run.options.clients / 2), 3_000);
    // A client chooses among ADVERTISEs for up to a second before its REQUEST.
    await sleep(1_500);
    run.cutLink();
    await sleep(70 + Math.random() * 380);
    await run.kill("a");
    // Healed sooner, the dead server's kernel would still deliver what its process had written.
    await run.alone("b");
    run.healLink();
    await run.pause(aLifetime(run), "a is dead");
    await run.restart("a", back);
  };
}

/** The partner link alone is cut, for longer than the MCLT; new clients at both servers. */
async function linkCut(run: Run): Promise<void> {
  run.cutLink();
  await run.stage.inState("COMMUNICATIONS-INTERRUPTED", ["a", "b"], 15_000);
  run.load.add("during", Math.ceil(run.options.clients / 5), 2_000);
  await run.pause(run.options.times.mclt * 2, "the partner link is cut");
  run.healLink();
  run.repaired();
}

/** Both the partners and the clients can reach everybody again. */
function heal(run: Run): void {
  run.healLink();
  for (const group of ["base", "left", "right"]) run.load.route(group, [0, 1]);
  run.repaired();
}

/** Both links are cut: each client reaches one server; new clients, releases and expiry on both sides. */
async function split(run: Run): Promise<void> {
  const { load, stage } = run;
  const few = Math.ceil(run.options.clients / 10);
  run.cutLink();
  load.route("base", [0]);
  load.route("left", [0]);
  load.route("right", [1]);
  await stage.inState("COMMUNICATIONS-INTERRUPTED", ["a", "b"], 15_000);
  run.splitBegins();
  load.add("left", few, 1_000);
  load.add("right", few, 1_000);
  await sleep(2_500);
  load.release("base", few);
  load.release("right", Math.ceil(few / 3));
  load.vanish("base", few);
  load.vanish("right", Math.ceil(few / 3));
  await run.pause(run.options.times.valid, "both links are cut");
  load.add("left", few, 1_000);
  load.add("right", few, 1_000);
  await run.pause(run.options.times.mclt + 12, "both links are cut");
  run.splitEnds();
  heal(run);
}

/** The operator says PARTNER-DOWN although the partner lives. */
function wrongPartnerDown(servers: readonly ServerName[]) {
  return async (run: Run): Promise<void> => {
    const { load, stage } = run;
    const few = Math.ceil(run.options.clients / 10);
    run.cutLink();
    await stage.inState("COMMUNICATIONS-INTERRUPTED", ["a", "b"], 15_000);
    for (const name of servers) await run.partnerDown(name);
    load.route("left", [0]);
    load.route("right", [1]);
    load.add("left", few, 1_000);
    load.add("right", few, 1_000);
    load.vanish("base", few);
    load.release("base", few);
    await run.pause(run.options.times.valid * 1.5, "partner-down was wrongly given");
    load.add("left", few, 1_000);
    load.add("right", few, 1_000);
    await sleep(4_000);
    heal(run);
  };
}

/** PARTNER-DOWN rightly: the dead server comes back to a partner in that state. */
function rightPartnerDown(back: "data" | "empty") {
  return async (run: Run): Promise<void> => {
    run.load.add("late", Math.ceil(run.options.clients / 10), 2_000);
    await sleep(1_000);
    await run.kill("a");
    await run.alone("b");
    // The heartbeat tells the time of a failure to within its interval; the operator comes after it.
    await sleep(3_000);
    await run.partnerDown("b");
    run.load.add("late", Math.ceil(run.options.clients / 5), 2_000);
    await run.pause(aLifetime(run), "a is dead, partner-down was given");
    await run.restart("a", back);
    await run.stage.passed("a", "RECOVER", 20_000);
  };
}

const wrong = (...servers: ServerName[]) => ({
  play: wrongPartnerDown(servers),
  times: MIDDLE,
});
const right = (back: "data" | "empty") => ({
  play: rightPartnerDown(back),
  takeover: true,
  times: MIDDLE,
});
const kill = (...how: Parameters<typeof killUnderLoad>) => ({
  play: killUnderLoad(...how),
  takeover: true,
});
const drop = (back: "data" | "empty") => ({
  play: dropThenKill(back),
  takeover: true,
  youngExpected: true,
});

export const VARIANTS: readonly Variant[] = [
  { name: "kill-primary", ...kill("a", "data") },
  { name: "kill-secondary", ...kill("b", "data") },
  { name: "kill-primary-empty", ...kill("a", "empty") },
  { name: "kill-secondary-empty", ...kill("b", "empty") },
  { name: "kill-in-turn", play: killInTurn, takeover: true },
  { name: "drop-then-kill", ...drop("data") },
  { name: "drop-then-kill-empty", ...drop("empty") },
  { name: "link-cut", play: linkCut },
  { name: "split", play: split, tight: true },
  { name: "partner-down-wrong-a", ...wrong("a") },
  { name: "partner-down-wrong-b", ...wrong("b") },
  { name: "partner-down-wrong-both", ...wrong("a", "b") },
  { name: "partner-down-right", ...right("data") },
  { name: "partner-down-right-empty", ...right("empty") },
  { name: "kill-primary-tls", ...kill("a", "data"), tls: true },
  { name: "kill-secondary-empty-tls", ...kill("b", "empty"), tls: true },
  { name: "kill-primary-long", ...kill("a", "data", outlasting) },
  { name: "kill-secondary-empty-long", ...kill("b", "empty", outlasting) },
  { name: "kill-primary-long-tls", ...kill("a", "data", outlasting), tls: true },
];

export function variantNamed(name: string): Variant {
  const found = VARIANTS.find((variant) => variant.name === name);
  if (found === undefined) throw new Error(`there is no variant ${name}`);
  return found;
}
