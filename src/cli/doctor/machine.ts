// The machine: its clock, and what the process may do.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type Finding, fail, ok, unknown, warn } from "./finding.ts";

const PATIENCE_MILLIS = 3_000;
const CAP_NET_BIND_SERVICE = 1n << 10n;
const LEAST_FILES = 256;
const CLIENT_PORT = 547;

/** Whether something keeps the clock right, as systemd sees it. */
export function clockFinding(): Finding {
  const what = "clock";
  const asked = spawnSync("timedatectl", ["show", "--property=NTPSynchronized", "--value"], {
    encoding: "utf8",
    timeout: PATIENCE_MILLIS,
  });
  if (asked.status !== 0)
    return unknown(
      what,
      "timedatectl does not answer, so nobody here says whether it is kept right",
    );
  return asked.stdout.trim() === "yes"
    ? ok(what, "kept right by time synchronisation")
    : warn(
        what,
        "no time synchronisation",
        "install chrony or systemd-timesyncd: the clocks of both servers may differ by 5 s at most",
      );
}

/** Of the running server, or of this process, which stands for it. `fromPort`: the lowest that the server opens. */
export function processFindings(
  pid: number | undefined,
  ports: readonly number[],
): readonly Finding[] {
  const of = pid ?? process.pid;
  const whose = pid === undefined ? "this command's user" : `process ${pid}`;
  return [privileges(of, whose, ports), files(of, whose)];
}

function privileges(pid: number, whose: string, ports: readonly number[]): Finding {
  const what = "privileges";
  const lowest = Math.min(...ports, CLIENT_PORT);
  try {
    const free = Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "latin1"));
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const capabilities = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)?.[1] ?? "0"}`);
    if (lowest >= free || (capabilities & CAP_NET_BIND_SERVICE) !== 0n)
      return ok(what, `${whose} may open port ${lowest}`);
    const found = `${whose} may not open ports below ${free}`;
    return pid === process.pid
      ? unknown(what, `${found}; the unit gives the server what it needs`)
      : fail(what, found, "CAP_NET_BIND_SERVICE, as in deploy/tandem.service");
  } catch (error) {
    return unknown(what, (error as Error).message);
  }
}

function files(pid: number, whose: string): Finding {
  const what = "open files";
  try {
    const limits = readFileSync(`/proc/${pid}/limits`, "latin1");
    const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
    return soft >= LEAST_FILES
      ? ok(what, `${whose} may open ${soft}`)
      : warn(what, `${whose} may open ${soft}`, "LimitNOFILE=1024 in the unit");
  } catch (error) {
    return unknown(what, (error as Error).message);
  }
}
