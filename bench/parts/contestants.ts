// The servers that are measured: Tandem alone, Tandem as a pair (plain link), Kea 2.2 alone with memfile.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program, sleep, until } from "../../tools/netns/command.ts";
import {
  logged,
  Namespaces,
  namespacesMissing,
  spawnInside,
} from "../../tools/netns/namespaces.ts";
import { LOOPBACK_PORTS, makeDaemon, type PairConfig } from "../../tools/netns/pair-config.ts";
import { askRelationship } from "../../tools/netns/pair-stage.ts";

export interface Contestant {
  readonly folder: string;
  /** Where the generator runs and sends to. */
  readonly namespace: string | undefined;
  readonly server: string;
  readonly port: number;
  /** The process that answers, and its partner's. */
  readonly pid: number;
  readonly partnerPid: number | undefined;
  end(): Promise<void>;
}

const TIMES = { mclt: 3_600, valid: 4_000, preferred: 3_000 };

function config(failover: boolean): PairConfig {
  const folder = mkdtempSync(join(tmpdir(), "tandem-bench-"));
  const extra = {
    subnet6: [
      {
        subnet: "2001:db8:2::/64",
        pools: [{ pool: "2001:db8:2::/64" }],
        "pd-pools": [{ prefix: "2001:db8:8000::", "prefix-len": 33, "delegated-len": 56 }],
        "rapid-commit": true,
      },
    ],
  };
  return {
    folder,
    times: TIMES,
    loopback: true,
    failover,
    extra,
    relationship: { "startup-time": "1s" },
  };
}

export async function single(): Promise<Contestant> {
  const settings = config(false);
  const a = makeDaemon(settings, "a", { namespace: undefined, logLevel: "warn" });
  await a.start();
  return {
    ...{ folder: settings.folder, namespace: undefined, port: 0, partnerPid: undefined },
    server: `[::1]:${LOOPBACK_PORTS.clientsA}`,
    pid: a.pid as number,
    end: () => a.kill(),
  };
}

export async function pair(): Promise<Contestant> {
  const settings = config(true);
  const a = makeDaemon(settings, "a", { namespace: undefined, logLevel: "warn" });
  const b = makeDaemon(settings, "b", { namespace: undefined, logLevel: "warn" });
  await Promise.all([a.start(), b.start()]);
  await until("the pair to be in NORMAL", 20_000, async () => {
    const sides = await Promise.all([askRelationship(a), askRelationship(b)]);
    return sides.every(({ state }) => state === "NORMAL") ? true : undefined;
  });
  return {
    ...{ folder: settings.folder, namespace: undefined, port: 0 },
    server: `[::1]:${LOOPBACK_PORTS.clientsA}`,
    pid: a.pid as number,
    partnerPid: b.pid as number,
    async end() {
      await Promise.all([a.kill(), b.kill()]);
    },
  };
}

/** Kea as packaged: one thread, memfile, no fsync. */
export const kea = {
  missing(): string | undefined {
    return (
      namespacesMissing() ??
      (program("kea-dhcp6") === undefined ? "kea-dhcp6 is not installed" : undefined)
    );
  },

  async start(): Promise<Contestant> {
    const folder = mkdtempSync(join(tmpdir(), "tandem-bench-kea-"));
    const spaces = new Namespaces();
    const namespace = spaces.add("kea");
    const file = join(folder, "kea.json");
    writeFileSync(file, JSON.stringify(keaConfig(folder)));
    const child = spawnInside(namespace, ["kea-dhcp6", "-c", file], {
      stdio: logged(join(folder, "kea.log")),
      env: { ...process.env, KEA_LOCKFILE_DIR: folder, KEA_PIDFILE_DIR: folder },
    });
    await sleep(1_500);
    if (child.exitCode !== null) throw new Error(`Kea ended at its start, see ${folder}`);
    return {
      ...{ folder, namespace, server: "[::1]:547", port: 0, partnerPid: undefined },
      pid: child.pid as number,
      async end() {
        child.kill("SIGKILL");
        spaces.remove();
        await sleep(100);
      },
    };
  },
} as const;

function keaConfig(folder: string): unknown {
  return {
    Dhcp6: {
      "interfaces-config": { interfaces: ["lo/::1"] },
      "lease-database": {
        type: "memfile",
        persist: true,
        name: join(folder, "leases.csv"),
        "lfc-interval": 0,
      },
      "server-id": { type: "EN", "enterprise-id": 2495, identifier: "0123456789", persist: false },
      "valid-lifetime": TIMES.valid,
      "preferred-lifetime": TIMES.preferred,
      subnet6: [
        {
          id: 1,
          subnet: "2001:db8:2::/64",
          pools: [{ pool: "2001:db8:2::/64" }],
          "pd-pools": [{ prefix: "2001:db8:8000::", "prefix-len": 33, "delegated-len": 56 }],
          "rapid-commit": true,
        },
      ],
      loggers: [{ name: "kea-dhcp6", severity: "WARN", output_options: [{ output: "stdout" }] }],
    },
  };
}
