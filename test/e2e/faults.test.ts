// A pair under generated load and every kind of fault: short runs of the variants of the long kill test
// (test/e2e/kills), and faults that are not kills.

import { expect, test } from "vitest";
import { sleep } from "../../tools/netns/command.ts";
import { certificatesFor } from "./kills/certificates.ts";
import { faultsOf } from "./kills/judgement.ts";
import { Run, SHORT } from "./kills/run.ts";
import { type Variant, variantNamed } from "./kills/variants.ts";
import { missing } from "./stage.ts";

const CLIENTS = 60;

function underLoad(title: string, variant: Variant): void {
  const reason = missing("tcpdump");
  if (reason !== undefined) {
    console.log(`skipped: ${title}: ${reason}`);
    test.skip(title, () => undefined);
    return;
  }
  test.concurrent(title, async () => {
    const tls = variant.tls === true ? { tls: certificatesFor() } : {};
    const run = new Run({
      times: variant.times ?? SHORT,
      clients: CLIENTS,
      real: false,
      seed: 1,
      ...tls,
    });
    let passed = false;
    try {
      await run.begin();
      await variant.play(run);
      const result = await run.finish();
      expect(faultsOf(variant, result)).toEqual([]);
      passed = true;
    } finally {
      if (!passed) console.log(`${title}: files of the failed run are in ${run.stage.folder}`);
      await run.end(!passed);
    }
  });
}

underLoad(
  "R7031-11 R7031-77: the primary is killed under load and returns with its data",
  variantNamed("kill-primary"),
);
underLoad(
  "R7031-11 R7031-43: the secondary is killed under load and returns with its data",
  variantNamed("kill-secondary"),
);
underLoad(
  "R7031-44 R7031-45: the primary returns with an empty disk",
  variantNamed("kill-primary-empty"),
);
underLoad(
  "R7031-44 R7031-45: the secondary returns with an empty disk",
  variantNamed("kill-secondary-empty"),
);
underLoad(
  "R7031-51: leases whose BNDUPD never left before the kill go to nobody else",
  variantNamed("drop-then-kill"),
);
underLoad(
  "R7031-12 R7031-42: only the partner link is cut, for longer than the MCLT",
  variantNamed("link-cut"),
);
underLoad(
  "R7031-46 R7031-47: both links are cut; new clients, releases and expiry on both sides",
  variantNamed("split"),
);
underLoad(
  "R7031-13 T-01: PARTNER-DOWN is wrongly given on both sides of a partition",
  variantNamed("partner-down-wrong-both"),
);
underLoad(
  "R7031-13 T-01: PARTNER-DOWN is wrongly given on the primary",
  variantNamed("partner-down-wrong-a"),
);
underLoad(
  "R7031-13 T-01: PARTNER-DOWN is wrongly given on the secondary",
  variantNamed("partner-down-wrong-b"),
);
underLoad(
  "R7031-44: the dead server returns to a partner in PARTNER-DOWN",
  variantNamed("partner-down-right"),
);
underLoad("R7031-15: the primary is killed; the link is on TLS", variantNamed("kill-primary-tls"));

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
