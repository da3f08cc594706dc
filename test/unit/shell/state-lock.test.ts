import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bootId } from "../../../src/shell/old-claims.ts";
import { FolderError } from "../../../src/shell/own-folder.ts";
import { lockState, StateInUseError } from "../../../src/shell/state-lock.ts";

let directory: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "tandem-lock-")), "state");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(join(directory, ".."), { recursive: true });
});
const claims = (): string[] => readdirSync(directory).filter((name) => name.startsWith("claim."));
const old = (path: string): void => utimesSync(path, 1, 1);
const pause = (millis: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, millis));

/** A process that listens on the name, as a server's claim does. */
async function otherProcess(name: string): Promise<ChildProcess> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const script = `process.chdir(${JSON.stringify(directory)}); require("net").createServer().listen(${JSON.stringify(name)}, () => console.log("listens"))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return child;
}
const ended = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => child.once("exit", resolve));
const claimName = (boot = bootId()): string => `claim.${boot.slice(0, 8)}.4711.00ff`;

describe("T-15: one server a state directory", () => {
  it("makes the directory for its owner only, and leaves nothing in it", async () => {
    const lock = await lockState(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, claims()[0] as string)).mode & 0o777).toBe(0o600);
    lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("a second one is refused and told who has it; after the release it is free", async () => {
    const lock = await lockState(directory);
    await expect(lockState(directory)).rejects.toThrow(StateInUseError);
    await expect(lockState(directory)).rejects.toThrow(`process ${process.pid}`);
    expect(lock.isHeld()).toBe(true);
    lock.release();
    (await lockState(directory)).release();
  });

  it("of several in the same moment never more than one gets it", async () => {
    for (let round = 0; round < 5; round++) {
      const results = await Promise.allSettled([1, 2, 3, 4].map(() => lockState(directory)));
      const won = results.filter((result) => result.status === "fulfilled");
      expect(won.length).toBeLessThanOrEqual(1);
      for (const result of won) result.value.release();
      expect(claims()).toEqual([]);
    }
  });

  it("a process that stands still has its claim however long, asked as often as may be; killed, it has none", async () => {
    const child = await otherProcess(claimName());
    child.kill("SIGSTOP");
    const path = join(directory, claimName());
    old(path);
    await expect(lockState(directory)).rejects.toThrow("process 4711");
    // Its queue of connections is full now.
    const probes = Array.from({ length: 700 }, () =>
      net.connect(path).on("error", () => undefined),
    );
    await pause(100);
    await expect(lockState(directory)).rejects.toThrow("process 4711");
    for (const probe of probes) probe.destroy();
    child.kill("SIGKILL");
    await ended(child);
    (await lockState(directory)).release();
    expect(claims()).toEqual([]);
  });

  it("a claim of another boot or machine counts while it is refreshed, and not when it is old", async () => {
    const name = claimName("another-boot");
    const child = await otherProcess(name);
    child.kill("SIGKILL");
    await ended(child);
    const attempt = lockState(directory);
    await pause(500);
    expect(existsSync(join(directory, name))).toBe(true);
    old(join(directory, name));
    (await attempt).release();
    expect(claims()).toEqual([]);
  });

  it("a claim that does not listen yet is left alone, and cleared away when it is old", async () => {
    const name = `${claimName()}.new`;
    const child = await otherProcess(name);
    child.kill("SIGKILL");
    await ended(child);
    (await lockState(directory)).release();
    expect(claims()).toEqual([name]);
    old(join(directory, name));
    (await lockState(directory)).release();
    expect(claims()).toEqual([]);
  });

  it("a name longer than a socket's may be is no matter", async () => {
    directory = join(directory, "x".repeat(120));
    (await lockState(directory)).release();
  });

  it("notices that its claim was removed, replaced, or went with the directory", async () => {
    const path = (): string => join(directory, claims()[0] as string);
    const cases: (() => void)[] = [
      () => rmSync(path()),
      () => {
        const name = path();
        renameSync(name, `${name}.moved`);
        writeFileSync(name, "");
      },
      () => renameSync(directory, `${directory}-moved`),
    ];
    for (const harm of cases) {
      const lock = await lockState(directory);
      expect(lock.isHeld()).toBe(true);
      harm();
      await pause(60);
      expect(lock.isHeld()).toBe(false);
      expect(lock.isHeld()).toBe(false);
      lock.release();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe("T-15: claims of the first versions", () => {
  const oldClaim = (change: Record<string, unknown>): string => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, "lock.other");
    const own = { boot: bootId(), namespace: namespace(), pid: process.pid };
    writeFileSync(path, JSON.stringify({ ...own, started: startOf(process.pid), ...change }));
    return path;
  };

  it("a server of an earlier version that lives has the directory; a dead one's claim is cleared away", async () => {
    const child = await otherProcess("lock.socket");
    rmSync(join(directory, "lock.socket"));
    const path = oldClaim({ pid: child.pid, started: startOf(child.pid as number) });
    const attempt = lockState(directory);
    await pause(300);
    expect(existsSync(path)).toBe(true);
    child.kill("SIGKILL");
    await ended(child);
    (await attempt).release();
    expect(existsSync(path)).toBe(false);
  });

  it("a process that has the PID of a dead one by chance does not count", async () => {
    oldClaim({ started: "1" });
    (await lockState(directory)).release();
  });

  it.each([
    ["another PID namespace", { namespace: "pid:[1]" }],
    ["an earlier boot", { boot: "an earlier one" }],
  ])("one of %s counts until it is old", async (_, change) => {
    const path = oldClaim(change);
    const attempt = lockState(directory);
    await pause(300);
    expect(existsSync(path)).toBe(true);
    old(path);
    (await attempt).release();
  });

  it.each(["null", "[]", "{", "7", ""])(
    "a file that holds %j is no reason to fall over",
    async (text) => {
      const path = oldClaim({});
      writeFileSync(path, text);
      const attempt = lockState(directory);
      await pause(200);
      old(path);
      (await attempt).release();
      expect(existsSync(path)).toBe(false);
    },
  );
});

describe("what is no folder of ours is refused, and nothing in it is changed", () => {
  const refused = async (): Promise<FolderError> => {
    const error: unknown = await lockState(directory).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof FolderError)) throw new Error(`not refused: ${error}`);
    return error;
  };
  const make = (mode = 0o755): void => {
    mkdirSync(directory);
    chmodSync(directory, mode);
  };

  it("changes no mode of a directory that is there", async () => {
    make();
    (await lockState(directory)).release();
    expect(statSync(directory).mode & 0o777).toBe(0o755);
  });

  it("a directory in which others may write", async () => {
    make(0o777);
    expect((await refused()).message).toContain("others may write");
    expect(readdirSync(directory)).toEqual([]);
  });

  it("a link to a directory, a file", async () => {
    const target = `${directory}-target`;
    mkdirSync(target);
    symlinkSync(target, directory);
    expect((await refused()).message).toContain("is a link");
    expect(readdirSync(target)).toEqual([]);
    rmSync(directory);
    writeFileSync(directory, "");
    expect((await refused()).message).toContain("is a file");
  });

  it("a directory with other things in it, such as /etc", async () => {
    make();
    writeFileSync(join(directory, "passwd"), "");
    expect((await refused()).message).toContain("holds other things (passwd)");
    expect(readdirSync(directory)).toEqual(["passwd"]);
    // A root of a file system, and notes beside the leases, are no matter.
    rmSync(join(directory, "passwd"));
    mkdirSync(join(directory, "lost+found"));
    (await lockState(directory)).release();
    writeFileSync(join(directory, "log-0000000000000001"), "");
    writeFileSync(join(directory, "README"), "");
    (await lockState(directory)).release();
  });

  it("a link or a folder where a file of the store is expected", async () => {
    for (const name of ["log-0000000000000001", "snapshot-0000000000000001.tmp", "head"]) {
      make();
      const precious = `${directory}-precious`;
      writeFileSync(precious, "precious");
      symlinkSync(precious, join(directory, name));
      expect((await refused()).message).toContain(`${name} is a link`);
      rmSync(join(directory, name));
      mkdirSync(join(directory, name));
      expect((await refused()).message).toContain(`${name} is a folder`);
      rmSync(directory, { recursive: true });
    }
  });

  it.runIf(process.geteuid?.() === 0)("a directory or a file of another user", async () => {
    make();
    chownSync(directory, 65534, 65534);
    expect((await refused()).message).toContain("belongs to user 65534");
    chownSync(directory, 0, 0);
    const path = join(directory, "log-0000000000000001");
    copyFileSync("/dev/null", path);
    chownSync(path, 65534, 65534);
    expect((await refused()).message).toContain("log-0000000000000001 belongs to user 65534");
  });
});

function namespace(): string {
  return readlinkSync("/proc/self/ns/pid");
}

function startOf(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}
