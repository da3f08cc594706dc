// The state directory: whether it can be written, how fast, and how much room there is. A lease is promised when it is
// on disk, so each answer waits for one such write.

import * as fs from "node:fs";
import { join } from "node:path";
import { type Finding, fail, ok, unknown, warn } from "./finding.ts";

const WRITES = 40;
const WRITE_OCTETS = 4_096;
/** A client that waits for a second asks again. */
const SLOW_MILLIS = 20;
const TOO_SLOW_MILLIS = 500;
/** Two segments and two snapshots of a small server. */
const LEAST_FREE = 256 * 1024 * 1024;

export function diskFindings(directory: string): readonly Finding[] {
  const what = "state directory";
  let stats: fs.Stats;
  try {
    stats = fs.statSync(directory);
  } catch (error) {
    const said = (error as NodeJS.ErrnoException).code;
    return said === "ENOENT"
      ? [unknown(what, `${directory} is not there yet: the server makes it at its first start`)]
      : [fail(what, `${directory}: ${(error as Error).message}`, "run doctor as root")];
  }
  return [modeFinding(directory, stats), roomFinding(directory), speedFinding(directory)];
}

function modeFinding(directory: string, { mode, uid }: fs.Stats): Finding {
  const what = "state directory";
  if (!fs.statSync(directory).isDirectory())
    return fail(what, `${directory} is no folder`, "move it away");
  return (mode & 0o022) === 0
    ? ok(what, `${directory}, of user ${uid}`)
    : fail(what, `others may write in ${directory}`, `chmod go-w ${directory}`);
}

function roomFinding(directory: string): Finding {
  const { bavail, bsize } = fs.statfsSync(directory);
  const free = bavail * bsize;
  const megabytes = `${Math.floor(free / 1024 / 1024)} MiB free`;
  return free >= LEAST_FREE
    ? ok("disk space", megabytes)
    : warn("disk space", megabytes, "make room: 256 MiB at least, and 1 KiB for each lease");
}

/** The same kind of write as the log's: O_DSYNC, one at a time. */
function speedFinding(directory: string): Finding {
  const what = "disk speed";
  const path = join(directory, `doctor-${process.pid}`);
  const times: number[] = [];
  try {
    const flags = fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_WRONLY;
    const file = fs.openSync(path, flags | fs.constants.O_DSYNC, 0o600);
    const octets = new Uint8Array(WRITE_OCTETS);
    for (let i = 0; i < WRITES; i++) {
      const began = performance.now();
      fs.writeSync(file, octets, 0, WRITE_OCTETS, (i % 8) * WRITE_OCTETS);
      times.push(performance.now() - began);
    }
    fs.closeSync(file);
  } catch (error) {
    return fail(
      what,
      `${path}: ${(error as Error).message}`,
      "run doctor as root, look at the disk",
    );
  } finally {
    fs.rmSync(path, { force: true });
  }
  return judgeSpeed(times);
}

/** Of writes in milliseconds. */
export function judgeSpeed(times: readonly number[]): Finding {
  const what = "disk speed";
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const worst = sorted.at(-1) ?? 0;
  const found = `a durable write takes ${middle.toFixed(1)} ms, the slowest of ${times.length} took ${worst.toFixed(1)} ms`;
  if (middle > TOO_SLOW_MILLIS)
    return fail(what, found, "clients give up before they are answered: another disk is needed");
  return middle > SLOW_MILLIS || worst > TOO_SLOW_MILLIS
    ? warn(what, found, "every answer waits for such a write; look at what else uses the disk")
    : ok(what, found);
}
