// Durable before promised, seen from outside: the real servers under strace, with every write to the log delayed or
// failing. That a write has returned is all that can be seen here; what a disk loses is the simulator's subject.

import { expect, test } from "vitest";
import type { LoadProcess } from "../../tools/load/process.ts";
import { program, until } from "../../tools/netns/command.ts";
import { duidHexOf, SHORT_TIMES } from "../../tools/netns/pair-config.ts";
import type { ServerName } from "../../tools/netns/topology.ts";
import { logWrites } from "./durability/log-writes.ts";
import { type Promised, type PromiseKind, promisesOf } from "./durability/promises.ts";
import { readTraces, straceCommand } from "./durability/strace.ts";
import { type Loopback, type LoopbackOptions, onLoopback } from "./loopback.ts";

const CLIENTS = 150;
const DELAY = 0.3;
const SERVERS: readonly ServerName[] = ["a", "b"];

const needsStrace = program("strace") === undefined ? test.skip : test;
if (program("strace") === undefined) console.log("skipped: durability: strace is not installed");
if (process.env.TANDEM_CI === "1" && program("strace") === undefined) {
  throw new Error("the durability tests would be skipped: strace is not installed");
}

/** A pair whose servers named in `inject` run under strace. */
function traced(inject: Partial<Record<ServerName, string>>): LoopbackOptions {
  return {
    times: SHORT_TIMES,
    failover: true,
    relationship: { keepalive: "4s", "startup-time": "1s", "connect-retry": "300ms" },
    wrapper: (server, folder) => {
      const rule = inject[server];
      if (rule === undefined) return undefined;
      return straceCommand({ inject: rule, traces: `${folder}/trace-${server}` });
    },
  };
}

const countOf = (promised: readonly Promised[], kind: PromiseKind) =>
  promised.filter((one) => one.kind === kind).length;

const unfounded = (promised: readonly Promised[]) =>
  promised.filter(({ write }) => write === undefined).map(({ kind, text }) => `${kind} ${text}`);

async function everybodyBound(load: LoadProcess, renewals: number): Promise<void> {
  await load.when("clients to be bound and renewed", 60_000, (counts) => {
    return counts.bound === CLIENTS && counts.renewals >= renewals;
  });
}

needsStrace(
  "R7031-63 F-530 F-532 F-538 F-539: with every write to the log delayed by 300 ms no REPLY, BNDREPLY, BNDUPD or STATE leaves sooner than its write",
  async () => {
    const delayed = `pwrite64:delay_enter=${DELAY * 1e6}`;
    await onLoopback(traced({ a: delayed, b: delayed }), async (loopback) => {
      await loopback.startPair(90_000);
      const load = await loopback.load(1);
      load.add("all", CLIENTS, 3_000);
      await everybodyBound(load, CLIENTS);
      await load.stop();
      await Promise.all(SERVERS.map((name) => loopback.servers[name].kill()));

      const promised = SERVERS.flatMap((name) => {
        const calls = readTraces(loopback.folder, `trace-${name}`);
        for (const { start, end } of logWrites(calls)) {
          expect(end - start).toBeGreaterThanOrEqual(DELAY);
        }
        return promisesOf(calls);
      });
      expect(unfounded(promised)).toEqual([]);
      for (const kind of ["REPLY", "BNDREPLY", "BNDUPD"] as const) {
        expect(countOf(promised, kind), kind).toBeGreaterThan(100);
      }
      expect(countOf(promised, "STATE")).toBeGreaterThan(1);
    });
  },
);

/** Waits until clients are renewed by the other server after this moment. */
async function takenOver(loopback: Loopback, load: LoadProcess, by: ServerName): Promise<void> {
  const since = Date.now();
  await loopback.inState("COMMUNICATIONS-INTERRUPTED", [by], 20_000);
  await until(`clients to be renewed by ${by}`, 60_000, () => {
    const renewed = load.events.filter(
      (one) => one.type === "renewed" && one.at > since && one.server === duidHexOf(by),
    );
    return renewed.length >= CLIENTS / 2 ? true : undefined;
  });
}

/** In NORMAL the primary answers clients, and the secondary the primary's updates. */
const FAILURES = [
  { failing: "a", other: "b", role: "primary", kind: "REPLY" },
  { failing: "b", other: "a", role: "secondary", kind: "BNDREPLY" },
] as const;

for (const { failing, other, role, kind } of FAILURES) {
  needsStrace(
    `R7031-63 F-530 F-538: after a failed write the ${role} sends no ${kind} and ends with an error, and the partner takes over`,
    async () => {
      // Counted by thread: it strikes under load, long after the segments were made.
      const fails = "pwrite64:error=EIO:when=100+";
      await onLoopback(traced({ [failing]: fails }), async (loopback) => {
        await loopback.startPair(30_000);
        const load = await loopback.load(2);
        load.add("all", CLIENTS, 4_000);
        expect(await loopback.servers[failing].ended(60_000)).toBe(1);
        await takenOver(loopback, load, other);
        expect((await load.stop()).twoHolders).toBe(0);

        const calls = readTraces(loopback.folder, `trace-${failing}`);
        const promised = promisesOf(calls);
        const failed = logWrites(calls).filter(({ ok }) => !ok);
        expect(failed, "the first failed write is the last").toHaveLength(1);
        expect(logWrites(calls).at(-1)?.ok).toBe(false);
        // Each promise rests on a write that succeeded, so none on the failed one.
        expect(unfounded(promised)).toEqual([]);
        expect(countOf(promised, kind)).toBeGreaterThan(100);
        expect(loopback.logOf(failing)).toContain("STORE_FAILED");
      });
    },
  );
}
