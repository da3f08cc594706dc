import { spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockState, StateInUseError } from "../../../src/shell/state-lock.ts";

describe("one daemon a state directory", () => {
  let directory: string;
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), "tandem-lock-")), "state");
  });
  afterEach(() => rmSync(join(directory, ".."), { recursive: true }));
  const locks = (): string[] => readdirSync(directory).filter((name) => name.startsWith("lock."));
  /** What a process leaves that was here and is no more. */
  const claim = (change: Record<string, unknown>): string => {
    const own = JSON.parse(readFileSync(join(directory, locks()[0] as string), "utf8"));
    const path = join(directory, "lock.other");
    writeFileSync(path, JSON.stringify({ ...own, ...change }));
    return path;
  };
  const old = (path: string): void => utimesSync(path, 1, 1);

  it("makes the directory for its owner only", async () => {
    const lock = await lockState(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    lock.release();
    expect(locks()).toEqual([]);
  });

  it("narrows the mode of a directory that is there", async () => {
    mkdirSync(directory, { mode: 0o755 });
    (await lockState(directory)).release();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it("a second one is refused and told who has it; after the release it is free", async () => {
    const lock = await lockState(directory);
    await expect(lockState(directory)).rejects.toThrow(StateInUseError);
    await expect(lockState(directory)).rejects.toThrow(`process ${process.pid}`);
    lock.release();
    (await lockState(directory)).release();
  });

  it("of several in the same moment never more than one gets it", async () => {
    for (let round = 0; round < 5; round++) {
      const results = await Promise.allSettled([1, 2, 3, 4].map(() => lockState(directory)));
      const won = results.filter((result) => result.status === "fulfilled");
      expect(won.length).toBeLessThanOrEqual(1);
      for (const result of won) result.value.release();
      expect(locks()).toEqual([]);
    }
  });

  it("the claim of a process that was killed is cleared away", async () => {
    (await lockState(directory)).release();
    const lock = await lockState(directory);
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    claim({ pid: child.pid, started: startOf(child.pid as number) });
    lock.release();
    await expect(lockState(directory)).rejects.toThrow(`process ${child.pid}`);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    (await lockState(directory)).release();
  });

  it("a process that has the PID of a dead one by chance does not count", async () => {
    const lock = await lockState(directory);
    claim({ pid: process.pid, started: "1" });
    lock.release();
    (await lockState(directory)).release();
  });

  it("a claim of another PID namespace counts while it is refreshed, and not when it is old", async () => {
    const lock = await lockState(directory);
    const path = claim({ namespace: "pid:[1]" });
    lock.release();
    old(path);
    (await lockState(directory)).release();
  });

  it("a claim of an earlier boot is dead when it is old", async () => {
    const lock = await lockState(directory);
    const path = claim({ boot: "an earlier one" });
    lock.release();
    old(path);
    (await lockState(directory)).release();
  });

  it("a claim that was never finished is cleared away when it is old", async () => {
    (await lockState(directory)).release();
    const path = join(directory, "lock.1.abc.new");
    writeFileSync(path, "{");
    old(path);
    const lock = await lockState(directory);
    expect(locks()).toHaveLength(1);
    lock.release();
  });
});

function startOf(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}
