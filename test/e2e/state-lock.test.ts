// Two servers on one state directory, as real processes: one of them in a PID namespace of its own (a container).

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sleep } from "../../tools/netns/command.ts";
import { Daemon } from "../../tools/netns/daemon.ts";
import { SHORT_TIMES } from "../../tools/netns/pair-config.ts";
import { onLoopback } from "./loopback.ts";

const CONTAINER = ["unshare", "-p", "-f", "--kill-child", "--mount-proc"];
/** Longer than a claim of another boot counts. */
const LONG = 17_000;

/** The server itself, which is the child of unshare. */
function inside(daemon: Daemon): number {
  const { pid } = daemon;
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}

test("T-15: a server that stands still in a container keeps its state directory; one whose claim was removed ends before it writes or sends", async () => {
  const options = { times: SHORT_TIMES, failover: false, wrapper: () => CONTAINER };
  await onLoopback(options, async (loopback) => {
    const first = loopback.servers.a;
    const { wrapper: _, ...rest } = first.options;
    const log = join(loopback.folder, "second.log");
    const second = new Daemon({ ...rest, log });
    loopback.closing(() => void second.kill());
    await first.start();
    const server = inside(first);
    expect(server).toBeGreaterThan(1);
    const { stateDirectory } = first.options;
    const claims = () => readdirSync(stateDirectory).filter((name) => name.startsWith("claim."));
    expect(claims()).toHaveLength(1);

    process.kill(server, "SIGSTOP");
    await sleep(LONG);
    await expect(second.start()).rejects.toThrow("ended at its start");
    expect(readFileSync(log, "utf8")).toContain("is in use by process");
    process.kill(server, "SIGCONT");
    expect(await first.ask("/v1/status")).toMatchObject({ leases: 0 });

    // The claim is taken away while it stands still: what it does first is to look.
    process.kill(server, "SIGSTOP");
    for (const name of claims()) rmSync(join(stateDirectory, name));
    rmSync(first.options.controlSocket);
    await second.start();
    process.kill(server, "SIGCONT");
    expect(await first.ended(10_000)).toBe(1);
    const last = readFileSync(first.options.log, "utf8").trim().split("\n").at(-1);
    expect(last).toContain("STATE_LOST");
    expect(await second.ask("/v1/status")).toMatchObject({ leases: 0 });
    expect(existsSync(first.options.controlSocket)).toBe(true);
    expect(await second.stop()).toBe(0);
    expect(claims()).toEqual([]);
  });
});
