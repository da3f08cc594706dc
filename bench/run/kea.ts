// An installed Kea beside Tandem in the same run, with the same generator: alone and as a hot-standby pair (its threads
// on, the peers' channel by its own listener). It writes no lease through to the disk, as is its way.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program, until } from "../../tools/netns/command.ts";
import type { Generator, Subject } from "./measure.ts";
import { freePort } from "./ports.ts";

export interface Kea {
  readonly subjects: readonly Subject[];
  end(): Promise<void>;
}

const HOOKS = "/usr/lib/x86_64-linux-gnu/kea/hooks";

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

interface Peer {
  readonly name: string;
  readonly url: string;
  readonly role: "primary" | "standby";
}

function highAvailability(own: string, peers: readonly Peer[]): object {
  const channel = {
    "enable-multi-threading": true,
    "http-dedicated-listener": true,
    "http-listener-threads": 2,
    "http-client-threads": 2,
  };
  const settings = {
    ...{ "this-server-name": own, mode: "hot-standby", peers, "heartbeat-delay": 1_000 },
    ...{ "max-response-delay": 10_000, "max-unacked-clients": 0, "multi-threading": channel },
  };
  return {
    "multi-threading": { "enable-multi-threading": true, "thread-pool-size": 2 },
    "hooks-libraries": [
      { library: join(HOOKS, "libdhcp_lease_cmds.so") },
      { library: join(HOOKS, "libdhcp_ha.so"), parameters: { "high-availability": [settings] } },
    ],
  };
}

function configuration(home: string, number: number, more: object): object {
  return {
    Dhcp6: {
      "interfaces-config": { interfaces: ["lo/::1"], "re-detect": false },
      "data-directory": home,
      "server-id": { type: "EN", "enterprise-id": 2495, identifier: `0${number}`, persist: false },
      "control-socket": { "socket-type": "unix", "socket-name": join(home, "control.sock") },
      "lease-database": { type: "memfile", persist: true, name: join(home, "leases.csv") },
      "valid-lifetime": 4_000,
      "preferred-lifetime": 3_000,
      subnet6: [
        {
          ...{ id: 1, subnet: "2001:db8:1::/64", "rapid-commit": true },
          pools: [{ pool: "2001:db8:1::/64" }],
          "pd-pools": [{ prefix: "2001:db9::", "prefix-len": 32, "delegated-len": 56 }],
          "option-data": [{ name: "dns-servers", data: "2001:db8::53" }],
        },
      ],
      loggers: [
        {
          ...{ name: "kea-dhcp6", severity: "WARN" },
          output_options: [{ output: join(home, "log") }],
        },
      ],
      ...more,
    },
  };
}

async function start(folder: string, number: number, more: object): Promise<Running> {
  const command = program("kea-dhcp6");
  if (command === undefined) throw new Error("kea-dhcp6 is not installed");
  const home = join(folder, `kea-${number}`);
  mkdirSync(home);
  const config = join(home, "kea.json");
  writeFileSync(config, JSON.stringify(configuration(home, number, more)));
  const port = await freePort("udp");
  const places = { KEA_PIDFILE_DIR: home, KEA_LOCKFILE_DIR: "none", KEA_DHCP_DATA_DIR: home };
  const child = spawn(command, ["-c", config, "-p", String(port)], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...places },
  });
  return { child, port };
}

/** Until it answers; a pair of Kea takes some seconds to agree. */
async function answering(generator: Generator, subject: Subject): Promise<void> {
  await until(`${subject.name} to answer`, 60_000, async () => {
    const { done } = await generator.measure(subject, { kind: "address", rate: 20, seconds: 0.5 });
    return done > 0 ? true : undefined;
  });
}

export async function startKea(generator: Generator): Promise<Kea> {
  const folder = mkdtempSync(join(tmpdir(), "tandem-bench-kea-"));
  const running: Running[] = [];
  const pid = (index: number) => running[index]?.child.pid ?? 0;
  const end = async (): Promise<void> => {
    for (const { child } of running) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const channels = [await freePort("tcp"), await freePort("tcp")];
    const peers: readonly Peer[] = [
      { name: "one", url: `http://127.0.0.1:${channels[0]}/`, role: "primary" },
      { name: "two", url: `http://127.0.0.1:${channels[1]}/`, role: "standby" },
    ];
    running.push(await start(folder, 0, {}));
    running.push(await start(folder, 1, highAvailability("one", peers)));
    running.push(await start(folder, 2, highAvailability("two", peers)));
    const port = (index: number) => running[index]?.port ?? 0;
    const subjects = [
      { name: "kea", port: port(0), pids: [pid(0)] },
      { name: "kea pair", port: port(1), pids: [pid(1), pid(2)] },
    ];
    for (const subject of subjects) await answering(generator, subject);
    return { subjects, end };
  } catch (error) {
    await end();
    throw error;
  }
}
