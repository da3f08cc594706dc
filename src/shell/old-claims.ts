// Claims of the first versions: files `lock.*` with the process in them, refreshed every five seconds. A server of such
// a version that lives is respected, what a dead one left is cleared away.

import * as fs from "node:fs";
import { join } from "node:path";

/** A claim that this machine cannot check (other PID namespace, other boot) counts for this long. */
const FOREIGN_MILLIS = 15_000;

interface Claim {
  readonly pid: number;
  /** Clock ticks since boot at which the process started; a reused PID has another. */
  readonly started: string;
  readonly boot: string;
  readonly namespace: string;
}

/** The process of a claim that may live; undefined: there is none. */
export function findOldClaim(folder: string): string | undefined {
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith("lock.")) continue;
    const path = join(folder, name);
    const claim = readClaim(path);
    if (isAlive(claim, path)) return `process ${claim?.pid ?? "?"}`;
    fs.rmSync(path, { force: true });
  }
  return undefined;
}

/** Undefined for a file that is no claim: it counts until it is old. */
function readClaim(path: string): Claim | undefined {
  try {
    const claim: unknown = JSON.parse(fs.readFileSync(path, "utf8"));
    return typeof claim === "object" && claim !== null && "pid" in claim
      ? (claim as Claim)
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(claim: Claim | undefined, path: string): boolean {
  const isHere =
    claim?.boot === bootId() && claim.namespace === fs.readlinkSync("/proc/self/ns/pid");
  return isHere ? startOf(claim.pid) === claim.started : ageOf(path) <= FOREIGN_MILLIS;
}

/** Of a file: since it was touched last. */
export function ageOf(path: string): number {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? Number.POSITIVE_INFINITY : Math.abs(Date.now() - stats.mtimeMs);
}

/** Changes with every boot, and is the same in all containers of a machine. */
export function bootId(): string {
  try {
    return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "0".repeat(36);
  }
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold anything, so it is cut off first. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has stopped working; its parent has just not looked yet.
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
