// Where the demo plays: in network namespaces as root, with a real client when one is installed, or on
// loopback with unprivileged ports, where the clients come through a simulated relay.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LoadProcess } from "../load/process.ts";
import { type ClientProgram, clientMissing, type RealClient } from "../netns/clients.ts";
import type { Daemon } from "../netns/daemon.ts";
import { namespacesMissing } from "../netns/namespaces.ts";
import { makeDaemon, type PairConfig, SHORT_TIMES } from "../netns/pair-config.ts";
import {
  askRelationship,
  differences,
  leasesOf,
  PairStage,
  type Relationship,
} from "../netns/pair-stage.ts";
import type { ServerName } from "../netns/topology.ts";
import { CuttableProxy } from "./proxy.ts";

export interface Scene {
  readonly place: string;
  readonly folder: string;
  readonly servers: Readonly<Record<ServerName, Daemon>>;
  readonly load: LoadProcess;
  readonly realClient: RealClient | undefined;
  cutLink(): void;
  healLink(): void;
  end(keep: boolean): Promise<void>;
}

const RELATIONSHIP = { keepalive: "2s", "startup-time": "1s", "connect-retry": "300ms" };
/** Clients of the demo give up sooner than real ones, as their leases are as short. */
const TIME_SCALE = 0.25;
const REAL: readonly ClientProgram[] = ["dhclient", "dhcpcd"];

/** In namespaces where that can be, unless loopback is asked for. */
export async function openScene(loopback: boolean): Promise<Scene> {
  return loopback || namespacesMissing() !== undefined ? await onLoopback() : await inNamespaces();
}

async function inNamespaces(): Promise<Scene> {
  const stage = new PairStage({ times: SHORT_TIMES, failover: true, relationship: RELATIONSHIP });
  try {
    const real = REAL.find((name) => clientMissing(name) === undefined);
    const realClient = real === undefined ? undefined : await stage.client(real, "lan");
    const load = await stage.load(1, TIME_SCALE);
    return {
      place: "network namespaces",
      folder: stage.folder,
      servers: stage.servers,
      load,
      realClient,
      cutLink: () => stage.topology.cutLink(),
      healLink: () => stage.topology.healLink(),
      end: (keep) => stage.end(keep),
    };
  } catch (error) {
    await stage.end(false);
    throw error;
  }
}

/** A free TCP port on ::1. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "::1", () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === "string") reject(new Error("no port"));
        else resolve(address.port);
      });
    });
  });
}

async function onLoopback(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "tandem-demo-"));
  const [clientsA, clientsB, failoverA, failoverB, proxyB] = (await Promise.all(
    Array.from({ length: 5 }, freePort),
  )) as [number, number, number, number, number];
  const ports = { clientsA, clientsB, failoverA, failoverB, proxyB };
  const config: PairConfig = {
    ...{ folder, times: SHORT_TIMES, loopback: true, failover: true },
    ...{ ports, relationship: RELATIONSHIP },
  };
  const servers = {
    a: makeDaemon(config, "a", { namespace: undefined }),
    b: makeDaemon(config, "b", { namespace: undefined }),
  };
  const proxy = new CuttableProxy(failoverB);
  await proxy.open(proxyB);
  const load = new LoadProcess({
    namespace: undefined,
    servers: [`[::1]:${clientsA}`, `[::1]:${clientsB}`],
    linkAddress: "2001:db8:2::1",
    bind: "::1",
    port: 0,
    seed: 1,
    timeScale: TIME_SCALE,
  });
  await load.ready();
  return {
    place: "loopback (as root it takes network namespaces and a real client)",
    folder,
    servers,
    load,
    realClient: undefined,
    cutLink: () => proxy.cut(),
    healLink: () => proxy.heal(),
    async end(keep) {
      load.kill();
      await Promise.all([servers.a.kill(), servers.b.kill()]);
      proxy.close();
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A server's side of the relationship; undefined when it does not answer. */
export async function sideOf(server: Daemon): Promise<Relationship | undefined> {
  if (!server.running) return undefined;
  try {
    return await askRelationship(server);
  } catch {
    return undefined;
  }
}

/** Rows in which the two servers disagree. */
export async function disagreements(scene: Scene): Promise<readonly string[]> {
  const [a, b] = await Promise.all([leasesOf(scene.servers.a), leasesOf(scene.servers.b)]);
  return differences(a, b);
}
