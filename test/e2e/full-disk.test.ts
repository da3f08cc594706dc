// A disk without room under a real server (T-08): it says so, stays up, starts again, and goes on when there is room.

import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { run, until } from "../../tools/netns/command.ts";
import { SHORT_TIMES } from "../../tools/netns/pair-config.ts";
import { onLoopback } from "./loopback.ts";

/** Room for one segment of the log and the small files, not for the next segment. */
const SMALL = "size=20m";

test("T-08: on a full disk a server starts, starts again, serves while its segment has room, and finds new room by itself", async () => {
  await onLoopback({ times: SHORT_TIMES, failover: false }, async (loopback) => {
    const { a } = loopback.servers;
    const { stateDirectory } = a.options;
    mkdirSync(stateDirectory, { recursive: true });
    run("mount", "-t", "tmpfs", "-o", `${SMALL},mode=0700`, "tandem-test", stateDirectory);
    try {
      const alarms = async () => {
        const { alarms } = (await a.ask("/v1/status")) as { alarms: { id: string }[] };
        return alarms.map(({ id }) => id);
      };
      const leases = async () => ((await a.ask("/v1/status")) as { leases: number }).leases;
      await a.start();
      const load = await loopback.load(1);
      load.add("first", 20, 1_000);
      await load.when("clients to be bound", 30_000, (counts) => counts.bound === 20);
      // The segment in use is the only one.
      await until("the alarm", 10_000, async () =>
        (await alarms()).includes("DISK_TROUBLE") ? true : undefined,
      );

      // Not an octet is left: not for the claim, not for the control socket's folder.
      const before = await leases();
      await a.kill();
      expect(() => writeFileSync(`${stateDirectory}/filler`, Buffer.alloc(32 << 20))).toThrow(
        "ENOSPC",
      );
      await a.start();
      expect(await leases()).toBeGreaterThanOrEqual(before);
      load.add("second", 20, 1_000);
      await load.when("more clients to be bound", 30_000, (counts) => counts.bound >= 40);
      expect(await alarms()).toContain("DISK_TROUBLE");

      run("mount", "-o", "remount,size=80m", stateDirectory);
      await until("the end of the alarm", 20_000, async () =>
        (await alarms()).includes("DISK_TROUBLE") ? undefined : true,
      );
      await load.stop();
      expect(await a.stop()).toBe(0);
    } finally {
      await a.kill();
      run("umount", stateDirectory);
    }
  });
});
