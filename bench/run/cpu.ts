// CPU time of a process out of /proc: what its threads ran, in nanoseconds, whatever clock tick the kernel has.

import { readdirSync, readFileSync } from "node:fs";

export interface CpuTime {
  /** Seconds, all threads. */
  readonly all: number;
  /** Seconds, the thread that runs JavaScript. */
  readonly main: number;
}

export function cpuTime(pid: number): CpuTime {
  let all = 0;
  let main = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const seconds = ranFor(pid, task) / 1e9;
    all += seconds;
    if (task === String(pid)) main = seconds;
  }
  return { all, main };
}

/** A thread may end between listing and reading. */
function ranFor(pid: number, task: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return 0;
  }
}

export function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
