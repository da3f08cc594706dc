// One daemon a state directory. Each process leaves a claim with a name of its own, then looks for the
// claims of others; so clearing away a dead one can never remove a live one, whatever the timing.

import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";

/** A claim that this machine cannot check (other PID namespace, other boot) counts for this long. */
const FOREIGN_MILLIS = 15_000;
const REFRESH_MILLIS = 5_000;
/** Two that start in the same moment see each other; both step back and try again. */
const TRIES = 4;
const DIRECTORY_MODE = 0o700;

interface Claim {
  readonly pid: number;
  /** Clock ticks since boot at which the process started; a reused PID has another. */
  readonly started: string;
  readonly boot: string;
  readonly namespace: string;
}

export interface StateLock {
  release(): void;
}

/** Another process has the directory; the message says which. */
export class StateInUseError extends Error {
  readonly code = "state-in-use";
}

/** Makes the directory (0700) if need be and claims it. Throws StateInUseError, or an error of the system. */
export async function lockState(directory: string): Promise<StateLock> {
  fs.mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  fs.chmodSync(directory, DIRECTORY_MODE);
  const deadline = Date.now() + FOREIGN_MILLIS + REFRESH_MILLIS;
  for (let attempt = 1; ; attempt++) {
    const name = writeClaim(directory);
    const other = findLiveClaim(directory, name);
    if (other === undefined) return keep(directory, name);
    fs.unlinkSync(join(directory, name));
    // A crashed container leaves a claim that only its age can tell dead: wait for that.
    const mayEnd = other.foreign ? Date.now() < deadline : attempt < TRIES;
    if (!mayEnd) throw new StateInUseError(`${directory} is in use by process ${other.pid}`);
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 300));
  }
}

/** The claim appears whole under its name: written elsewhere first, then linked. */
function writeClaim(directory: string): string {
  const claim: Claim = self();
  const name = `lock.${claim.pid}.${randomBytes(8).toString("hex")}`;
  const unfinished = join(directory, `${name}.new`);
  fs.writeFileSync(unfinished, JSON.stringify(claim), { mode: 0o600, flag: "wx" });
  fs.renameSync(unfinished, join(directory, name));
  return name;
}

function keep(directory: string, name: string): StateLock {
  const path = join(directory, name);
  const timer = setInterval(() => {
    const now = new Date();
    fs.utimes(path, now, now, () => undefined);
  }, REFRESH_MILLIS);
  timer.unref();
  return {
    release() {
      clearInterval(timer);
      fs.rmSync(path, { force: true });
    },
  };
}

/** A claim of somebody who lives, after the dead ones were cleared away. */
function findLiveClaim(
  directory: string,
  own: string,
): { pid: number; foreign: boolean } | undefined {
  for (const name of fs.readdirSync(directory)) {
    if (!name.startsWith("lock.") || name === own) continue;
    const path = join(directory, name);
    const claim = readClaim(path);
    if (claim === "gone") continue;
    const life = claim === "unfinished" ? ageOf(path) : lifeOf(claim, path);
    if (life === "dead") fs.rmSync(path, { force: true });
    else if (claim !== "unfinished") return { pid: claim.pid, foreign: life === "foreign" };
  }
  return undefined;
}

function readClaim(path: string): Claim | "gone" | "unfinished" {
  try {
    return JSON.parse(fs.readFileSync(path, "utf8")) as Claim;
  } catch (error) {
    return error instanceof SyntaxError ? "unfinished" : "gone";
  }
}

function lifeOf(claim: Claim, path: string): "alive" | "foreign" | "dead" {
  const here = self();
  if (claim.boot !== here.boot || claim.namespace !== here.namespace) return ageOf(path);
  return startOf(claim.pid) === claim.started ? "alive" : "dead";
}

function ageOf(path: string): "foreign" | "dead" {
  try {
    return Math.abs(Date.now() - fs.statSync(path).mtimeMs) <= FOREIGN_MILLIS ? "foreign" : "dead";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "dead";
    throw error;
  }
}

function self(): Claim {
  return {
    pid: process.pid,
    started: startOf(process.pid) ?? "",
    boot: fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    namespace: fs.readlinkSync("/proc/self/ns/pid"),
  };
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold anything, so it is cut off first. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has stopped working; its parent has just not looked yet.
    return fields[0] === "Z" ? undefined : fields[19];
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
