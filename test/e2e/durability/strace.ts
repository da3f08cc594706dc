// System calls of a server as strace saw them, with their octets and times: one file a thread, so that no call is
// split over two lines.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Call {
  readonly name: string;
  /** What the file descriptor stands for: a path, or a socket with its ends. */
  readonly file: string;
  readonly bytes: Buffer;
  /** Seconds since 1970; `end` is when the call returned. */
  readonly start: number;
  readonly end: number;
  /** Octets moved; negative when the call failed. */
  readonly result: number;
}

export interface Injection {
  /** As strace's option `inject` takes it. */
  readonly inject: string;
  /** Where the traces go: one file a thread, with this beginning. */
  readonly traces: string;
}

const TRACED = "pwrite64,pwritev,write,writev,sendmsg,sendto,sendmmsg,recvmsg,recvfrom,read";

/** The words before a command that is to be traced. */
export function straceCommand({ inject, traces }: Injection): readonly string[] {
  return [
    ...["strace", "-ff", "--seccomp-bpf", "-qq", "-ttt", "-T", "-yy", "-xx", "-s", "65535"],
    ...["-e", `trace=${TRACED}`, "-e", "signal=none", "-e", `inject=${inject}`, "-o", traces],
  ];
}

/** `1795516193.95 pwrite64(21<\x2f…>, "\x00…"..., 4096, 0) = 4096 (DELAYED) <0.300092>` */
const LINE = /^(\d+\.\d+) (\w+)\(\d+<(.*?)>, (.*)\) = (-?\d+)(.*)$/s;
const DURATION = /<(\d+\.\d+)>\s*$/;
const STRING = /"((?:\\x[0-9a-f]{2})*)"/g;

function octets(text: string): Buffer {
  return Buffer.from(text.replaceAll("\\x", ""), "hex");
}

/** strace writes names in hexadecimal too, but not the ends of a socket. */
function plain(text: string): string {
  return text.includes("\\x") && !text.includes("[") ? octets(text).toString() : text;
}

/** A call with octets; undefined for everything else that stands in a trace. */
export function parseLine(line: string): Call | undefined {
  const [, start, name, file, rest, result, tail] = LINE.exec(line) ?? [];
  if (start === undefined || name === undefined || file === undefined || rest === undefined) {
    return undefined;
  }
  const duration = Number(DURATION.exec(tail ?? "")?.[1] ?? 0);
  // In the calls with a header the octets are behind `iov_base=`, the peer's address comes before.
  const from = Math.max(0, rest.indexOf("iov_base="));
  const parts = [...rest.slice(from).matchAll(STRING)].map(([, hex]) => octets(hex ?? ""));
  return {
    name,
    file: plain(file),
    bytes: Buffer.concat(parts),
    start: Number(start),
    end: Number(start) + duration,
    result: Number(result),
  };
}

/** All calls of a process in the order of their ends. */
export function readTraces(folder: string, beginning: string): readonly Call[] {
  const calls: Call[] = [];
  for (const file of readdirSync(folder)) {
    if (!file.startsWith(beginning)) continue;
    for (const line of readFileSync(join(folder, file), "latin1").split("\n")) {
      const call = parseLine(line);
      if (call !== undefined) calls.push(call);
    }
  }
  return calls.sort((one, other) => one.end - other.end);
}
