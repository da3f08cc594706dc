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
  /** Takes three valid lifetimes and more. */
  readonly long?: boolean;
}

const partnerOf = (name: ServerName): ServerName => (name === "a" ? "b" : "a");

/** kill -9 while new clients arrive; the dead server comes back after `dead` seconds. */
function killUnderLoad(name: ServerName, back: "data" | "empty", dead: (run: Run) => number) {
  return async (run: Run): Promise<void> => {
    run.load.add("late", Math.ceil(run.options.clients / 5), 3_000);
    await sleep(1_000 + Math.random() * 1_000);
    await run.kill(name);
    await run.stage.inState("COMMUNICATIONS-INTERRUPTED", [partnerOf(name)], 15_000);
    await sleep(dead(run) * 1_000);
    await run.restart(name, back);
  };
}

const aLifetime = (run: Run) => run.options.times.valid * 0.7;
/** Three valid lifetimes and 30 s: nothing that the dead server granted is left of itself. */
const outlasting = (run: Run) => run.options.times.valid * 3 + 30;

/** The partner link drops shortly before the kill: leases exist whose BNDUPD never arrived. */
async function dropThenKill(run: Run): Promise<void> {
  run.load.add("late", Math.ceil(run.options.clients / 2), 2_000);
  await sleep(700);
  run.stage.topology.cutLink();
  await sleep(50 + Math.random() * 450);
  await run.kill("a");
  run.stage.topology.healLink();
  await run.stage.inState("COMMUNICATIONS-INTERRUPTED", ["b"], 15_000);
  await sleep(aLifetime(run) * 1_000);
  await run.restart("a", "data");
}

/** The partner link alone is cut, for longer than the MCLT; new clients at both servers. */
async function linkCut(run: Run): Promise<void> {
  run.stage.topology.cutLink();
  await run.stage.inState("COMMUNICATIONS-INTERRUPTED", ["a", "b"], 15_000);
  run.load.add("during", Math.ceil(run.options.clients / 5), 2_000);
  await sleep(run.options.times.mclt * 2_000);
  run.stage.topology.healLink();
  run.repaired();
}

/** Both the partners and the clients can reach everybody again. */
function heal(run: Run): void {
  run.stage.topology.healLink();
  for (const group of ["base", "left", "right"]) run.load.route(group, [0, 1]);
  run.repaired();
}

/** Both links are cut: each client reaches one server; new clients, releases and expiry on both sides. */
async function split(run: Run): Promise<void> {
  const { load, stage } = run;
  const few = Math.ceil(run.options.clients / 10);
  stage.topology.cutLink();
  load.route("base", [0]);
  load.route("left", [0]);
  load.route("right", [1]);
  await stage.inState("COMMUNICATIONS-INTERRUPTED", ["a", "b"], 15_000);
  load.add("left", few, 1_000);
  load.add("right", few, 1_000);
  await sleep(2_500);
  load.release("base", few);
  load.release("right", Math.ceil(few / 3));
  load.vanish("base", few);
  load.vanish("right", Math.ceil(few / 3));
  await sleep(run.options.times.valid * 1_000);
  load.add("left", few, 1_000);
  load.add("right", few, 1_000);
  await sleep(run.options.times.mclt * 1_000 + 12_000);
  heal(run);
}

/** The operator says PARTNER-DOWN although the partner lives. */
function wrongPartnerDown(servers: readonly ServerName[]) {
  return async (run: Run): Promise<void> => {
    const { load, stage } = run;
    const few = Math.ceil(run.options.clients / 10);
    stage.topology.cutLink();
    await stage.inState("COMMUNICATIONS-INTERRUPTED", ["a", "b"], 15_000);
    for (const name of servers) await run.partnerDown(name);
    load.route("left", [0]);
    load.route("right", [1]);
    load.add("left", few, 1_000);
    load.add("right", few, 1_000);
    load.vanish("base", few);
    load.release("base", few);
    await sleep(run.options.times.valid * 1_500);
    load.add("left", few, 1_000);
    load.add("right", few, 1_000);
    await sleep(4_000);
    heal(run);
  };
}

/** PARTNER-DOWN rightly: the dead server comes back to a partner in that state. */
function rightPartnerDown(back: "data" | "empty") {
  return async (run: Run): Promise<void> => {
    await run.kill("a");
    await run.stage.inState("COMMUNICATIONS-INTERRUPTED", ["b"], 15_000);
    // The heartbeat tells the time of a failure to within its interval; the operator comes after it.
    await sleep(3_000);
    await run.partnerDown("b");
    run.load.add("late", Math.ceil(run.options.clients / 5), 2_000);
    await sleep(aLifetime(run) * 1_000);
    await run.restart("a", back);
    await run.stage.passed("a", "RECOVER", 20_000);
  };
}

export const VARIANTS: readonly Variant[] = [
  { name: "kill-primary", play: killUnderLoad("a", "data", aLifetime), takeover: true },
  { name: "kill-secondary", play: killUnderLoad("b", "data", aLifetime), takeover: true },
  { name: "kill-primary-empty", play: killUnderLoad("a", "empty", aLifetime), takeover: true },
  { name: "kill-secondary-empty", play: killUnderLoad("b", "empty", aLifetime), takeover: true },
  { name: "drop-then-kill", play: dropThenKill, takeover: true, youngExpected: true },
  { name: "link-cut", play: linkCut },
  { name: "split", play: split },
  { name: "partner-down-wrong-a", play: wrongPartnerDown(["a"]), times: MIDDLE },
  { name: "partner-down-wrong-b", play: wrongPartnerDown(["b"]), times: MIDDLE },
  { name: "partner-down-wrong-both", play: wrongPartnerDown(["a", "b"]), times: MIDDLE },
  { name: "partner-down-right", play: rightPartnerDown("data"), takeover: true, times: MIDDLE },
  {
    name: "partner-down-right-empty",
    play: rightPartnerDown("empty"),
    takeover: true,
    times: MIDDLE,
  },
  {
    name: "kill-primary-tls",
    play: killUnderLoad("a", "data", aLifetime),
    takeover: true,
    tls: true,
  },
  {
    name: "kill-primary-long",
    play: killUnderLoad("a", "data", outlasting),
    takeover: true,
    long: true,
  },
  {
    name: "kill-secondary-long",
    play: killUnderLoad("b", "empty", outlasting),
    takeover: true,
    long: true,
  },
];

export function variantNamed(name: string): Variant {
  const found = VARIANTS.find((variant) => variant.name === name);
  if (found === undefined) {
    const names = VARIANTS.map((variant) => variant.name).join(", ");
    throw new Error(`no variant ${name}; there are ${names}`);
  }
  return found;
}
