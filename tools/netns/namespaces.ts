// Network namespaces with names of our own: made, joined by cables, removed. Names start with the process id
// of the maker, so that what a killed test left behind is found and removed at the next start.

import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { attempt, program, run } from "./command.ts";

const PREFIX = "tdm";
let worlds = 0;

/** Why namespaces cannot be used here; undefined when they can. */
export function namespacesMissing(): string | undefined {
  if (process.platform !== "linux") return "network namespaces need Linux";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  if (program("ip") === undefined) return "iproute2 is not installed (ip)";
  const probe = `${PREFIX}${process.pid}probe`;
  if (attempt("ip", "netns", "add", probe) === undefined) return "ip netns add is not permitted";
  const bridge = attempt("ip", "-n", probe, "link", "add", "br0", "type", "bridge");
  attempt("ip", "netns", "del", probe);
  return bridge === undefined ? "no bridge can be made in a namespace" : undefined;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Removes namespaces whose maker no longer runs. */
export function removeStale(): void {
  const listed = attempt("ip", "netns", "list") ?? "";
  for (const line of listed.split("\n")) {
    const name = line.split(" ")[0] ?? "";
    const pid = new RegExp(`^${PREFIX}(\\d+)`).exec(name)?.[1];
    if (pid !== undefined && !alive(Number(pid))) attempt("ip", "netns", "del", name);
  }
}

/** One end of a cable: namespace and interface. */
export interface End {
  readonly namespace: string;
  readonly name: string;
}

/** A set of namespaces that are removed together. */
export class Namespaces {
  readonly #tag: string;
  readonly #made: string[] = [];

  constructor() {
    worlds++;
    this.#tag = `${PREFIX}${process.pid}x${worlds.toString(36)}`;
    removeStale();
  }

  /** Makes a namespace; the name returned is what `ip` knows it by. */
  add(role: string): string {
    const name = `${this.#tag}-${role}`;
    run("ip", "netns", "add", name);
    this.#made.push(name);
    const set = (key: string) => run("ip", "netns", "exec", name, "sysctl", "-qw", key);
    set("net.ipv6.conf.default.accept_dad=0");
    set("net.ipv6.conf.all.accept_dad=0");
    set("net.ipv6.conf.default.accept_ra=0");
    run("ip", "-n", name, "link", "set", "lo", "up");
    return name;
  }

  /** A bridge that floods all multicast: the cable of a small LAN. */
  bridge(namespace: string, name: string): void {
    run("ip", "-n", namespace, "link", "add", name, "type", "bridge", "mcast_snooping", "0");
    run("ip", "-n", namespace, "link", "set", name, "up");
  }

  /** Joins two interfaces by a cable; `bridge` puts the second end into that bridge. */
  cable(one: End, other: End, bridge?: string): void {
    run(
      ...(["ip", "link", "add", one.name, "netns", one.namespace, "type", "veth"] as const),
      ...(["peer", "name", other.name, "netns", other.namespace] as const),
    );
    if (bridge !== undefined) {
      run("ip", "-n", other.namespace, "link", "set", other.name, "master", bridge);
    }
    run("ip", "-n", one.namespace, "link", "set", one.name, "up");
    run("ip", "-n", other.namespace, "link", "set", other.name, "up");
  }

  address(end: End, address: string): void {
    run("ip", "-n", end.namespace, "-6", "addr", "add", address, "dev", end.name, "nodad");
  }

  /** Ends what still runs inside and removes the namespaces. Never throws. */
  remove(): void {
    for (const name of this.#made.splice(0)) {
      const inside = attempt("ip", "netns", "pids", name) ?? "";
      for (const pid of inside.split("\n").filter((text) => text !== "")) {
        attempt("kill", "-9", pid);
      }
      attempt("ip", "netns", "del", name);
    }
  }
}

/** Starts a program inside a namespace. `ip netns exec` becomes the program: its pid is the program's. */
export function spawnInside(
  namespace: string | undefined,
  command: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const whole = namespace === undefined ? command : ["ip", "netns", "exec", namespace, ...command];
  const [file, ...args] = whole;
  return spawn(file as string, args, options);
}

/** Standard output and error appended to a file, which the child keeps open by itself. */
export function logged(file: string): StdioOptions {
  const descriptor = openSync(file, "a");
  setImmediate(() => closeSync(descriptor));
  return ["ignore", descriptor, descriptor];
}

/** Runs a program inside a namespace to its end. */
export function runInside(namespace: string, ...command: readonly string[]): string {
  return run("ip", "netns", "exec", namespace, ...command);
}

/** A port of a bridge stops carrying frames in both directions; both ends keep their carrier (a silent cut). */
export function cutPort(bridge: End): void {
  runInside(bridge.namespace, "bridge", "link", "set", "dev", bridge.name, "state", "0");
}

/** Frames towards what is behind the port are dropped; frames from it still pass (a one-way cut). */
export function cutTowards(bridge: End): void {
  const off = ["learning", "off", "flood", "off", "mcast_flood", "off", "bcast_flood", "off"];
  runInside(bridge.namespace, "bridge", "link", "set", "dev", bridge.name, ...off);
  const known = runInside(bridge.namespace, "bridge", "fdb", "show", "dev", bridge.name);
  for (const line of known.split("\n")) {
    const address = line.split(" ")[0] ?? "";
    if (address === "" || line.includes("permanent")) continue;
    attempt(
      ...(["ip", "netns", "exec", bridge.namespace, "bridge", "fdb", "del", address] as const),
      ...(["dev", bridge.name, "master"] as const),
    );
  }
}

/** Undoes either cut. */
export function healPort(bridge: End): void {
  const on = ["learning", "on", "flood", "on", "mcast_flood", "on", "bcast_flood", "on"];
  runInside(bridge.namespace, "bridge", "link", "set", "dev", bridge.name, ...on, "state", "3");
}

/** Addresses of an interface, without the link-local ones, as `address/length`. */
export function addressesOf(end: End): readonly string[] {
  const text = run("ip", "-n", end.namespace, "-6", "-o", "addr", "show", "dev", end.name);
  return [...text.matchAll(/inet6 (\S+) scope global/g)].map((match) => match[1] as string);
}
