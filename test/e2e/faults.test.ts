// A pair under generated load and every kind of fault: short runs of the variants of the long kill test
// (test/e2e/kills), three as long as there, and faults that are not kills.

import { join } from "node:path";
import { expect } from "vitest";
import { ROOT, sleep } from "../../tools/netns/command.ts";
import { Lanes } from "./kills/lanes.ts";
import { type Outcome, play } from "./kills/play.ts";
import type { Variant } from "./kills/variants.ts";
import { REAL_CLIENTS } from "./real-clients.ts";
import { whereItCan } from "./stage.ts";

const CLIENTS = 60;
const SHORT_RUN = { number: 1, clients: CLIENTS, real: false, keep: false };

function expectFaultless(title: string, outcome: Outcome): void {
  const { faults, folder } = outcome;
  if (folder !== undefined) console.log(`${title}: files of the failed run are in ${folder}`);
  expect(faults, outcome.variant).toEqual([]);
  expect(outcome.shown, outcome.variant).toBeDefined();
}

/** Runs of the kill test in processes of their own, as the command plays them, all at once. */
async function playInLanes(
  variants: readonly string[],
  what: Pick<typeof SHORT_RUN, "clients" | "real">,
): Promise<readonly Outcome[]> {
  const lanes = new Lanes(join(ROOT, "dist/e2e/kills.js"));
  const orders = variants.map((variant, i) => ({ ...what, variant, number: i + 1, keep: false }));
  await lanes.play(orders, orders.length, () => undefined);
  expect(lanes.outcomes).toHaveLength(variants.length);
  return lanes.outcomes;
}

/** A variant of the kill test with few clients and short times. */
function shortRun(title: string, variant: string): void {
  whereItCan(title, [], async () => {
    for (const outcome of await playInLanes([variant], SHORT_RUN)) expectFaultless(title, outcome);
  });
}

/** What is no variant of the kill test, with few clients and short times. */
function underLoad(title: string, variant: Variant): void {
  whereItCan(title, [], async () => expectFaultless(title, await play(variant, SHORT_RUN)));
}

const FULL =
  "R7031-11 R7031-15 R7031-51: three runs as `npm run e2e:kills` plays them, with 500 generated clients and one of each real client";
whereItCan(FULL, REAL_CLIENTS, async () => {
  const variants = ["drop-then-kill", "kill-secondary", "kill-primary-tls"];
  for (const outcome of await playInLanes(variants, { clients: 500, real: true })) {
    expectFaultless(FULL, outcome);
    expect(outcome.shown?.clients).toBeGreaterThanOrEqual(500);
    expect(outcome.shown?.realClients).toBe(4);
    expect(outcome.shown?.echoed).toBeGreaterThan(500);
  }
});

shortRun(
  "R7031-11 R7031-77: the primary is killed under load and returns with its data",
  "kill-primary",
);
shortRun(
  "R7031-11 R7031-43: the secondary is killed under load and returns with its data",
  "kill-secondary",
);
shortRun("R7031-44 R7031-45: the primary returns with an empty disk", "kill-primary-empty");
shortRun("R7031-44 R7031-45: the secondary returns with an empty disk", "kill-secondary-empty");
shortRun(
  "R7031-51: leases whose BNDUPD never left before the kill go to nobody else",
  "drop-then-kill",
);
shortRun("R7031-12 R7031-42: only the partner link is cut, for longer than the MCLT", "link-cut");
shortRun(
  "R7031-46 R7031-47: both links are cut; new clients, releases and expiry on both sides",
  "split",
);
shortRun(
  "R7031-13 T-01: PARTNER-DOWN is wrongly given on both sides of a partition",
  "partner-down-wrong-both",
);
shortRun("R7031-13 T-01: PARTNER-DOWN is wrongly given on the primary", "partner-down-wrong-a");
shortRun("R7031-13 T-01: PARTNER-DOWN is wrongly given on the secondary", "partner-down-wrong-b");
shortRun("R7031-44: the dead server returns to a partner in PARTNER-DOWN", "partner-down-right");
shortRun("R7031-15: the primary is killed; the link is on TLS", "kill-primary-tls");

underLoad("R7031-48: the partner link passes in one direction only", {
  name: "one-way",
  async play(run) {
    run.stage.topology.cutLinkTowards("b");
    await run.stage.inState("COMMUNICATIONS-INTERRUPTED", ["a", "b"], 20_000);
    run.load.add("during", 10, 1_000);
    await sleep(8_000);
    run.stage.topology.healLink();
    run.repaired();
  },
});

underLoad("R7031-10 R7031-50: a frozen partner holds up no reply", {
  name: "frozen",
  async play(run) {
    const { a, b } = run.stage.servers;
    b.freeze();
    run.load.add("during", 20, 500);
    const all = CLIENTS + 20;
    // Sooner than the keepalive time: the primary still believes that its partner is there.
    const { longestWait } = await run.load.when(
      "the new clients",
      1_900,
      ({ bound }) => bound === all,
    );
    expect(longestWait).toBeLessThan(1_500);
    expect(a.running).toBe(true);
    await run.stage.inState("COMMUNICATIONS-INTERRUPTED", ["a"], 10_000);
    b.thaw();
    run.repaired();
  },
});

underLoad("R7031-49: the partner link is cut during the recovery of a lost disk, again and again", {
  name: "cut-in-recovery",
  async play(run) {
    await run.kill("a");
    await run.stage.inState("COMMUNICATIONS-INTERRUPTED", ["b"], 10_000);
    await run.restart("a", "empty");
    for (let time = 0; time < 3; time++) {
      await sleep(500 + time * 400);
      run.stage.topology.cutLink();
      await sleep(3_000);
      run.stage.topology.healLink();
    }
    run.repaired();
  },
});

underLoad("T-05: a planned stop of the primary hands over at once and loses nothing", {
  name: "planned-stop",
  async play(run) {
    const { a } = run.stage.servers;
    run.load.add("late", 20, 2_000);
    await sleep(1_000);
    expect(await a.stop()).toBe(0);
    await run.stage.inState("COMMUNICATIONS-INTERRUPTED", ["b"], 1_000);
    await sleep(12_000);
    await run.restart("a", "data");
  },
});
