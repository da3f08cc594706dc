// `tandem failover drill` in the primary's namespace, as a client on the clients' link: what it says is what clients see.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import type { DrillResult } from "../../src/cli/drill/drill.ts";
import { ROOT } from "../../tools/netns/command.ts";
import { SHORT_TIMES } from "../../tools/netns/pair-config.ts";
import { onStage } from "./stage.ts";

onStage(
  "R7031-13 T-05 a drill on the clients' link: the partner answers while this server is out, and the pair is in NORMAL afterwards",
  [],
  { times: SHORT_TIMES, failover: true },
  async (stage) => {
    await stage.startPair();
    await stage.settled(10_000);
    const { controlSocket } = stage.servers.a.options;
    const drill = ["failover", "drill", "--interface", "lan0", "--yes", "--json"];
    const command = [
      process.execPath,
      join(ROOT, "bin/tandem.mjs"),
      ...drill,
      "--socket",
      controlSocket,
    ];
    const space = ["netns", "exec", stage.topology.servers.a];
    const { stdout } = await promisify(execFile)("ip", [...space, ...command]);
    const result = JSON.parse(stdout) as DrillResult;
    expect(Object.keys(result.by)).toHaveLength(2);
    expect(result.answered).toBeGreaterThan(result.asked / 2);
    await stage.inState("NORMAL", ["a", "b"], 10_000);
  },
);
