// Configuration files for servers under test, as JSON (which is YAML too).

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon, type DaemonOptions } from "./daemon.ts";
import { type ServerName, STAGE } from "./topology.ts";

export interface Times {
  /** Seconds. */
  readonly mclt: number;
  readonly valid: number;
  readonly preferred: number;
  readonly renew?: number;
  readonly rebind?: number;
}

/** Real clients refuse shorter T1 and T2 than this gives.
 * @testonly */
export const REAL_CLIENT_TIMES: Times = { mclt: 60, valid: 180, preferred: 120 };

/** For generated clients; needs the switch for tests. */
export const SHORT_TIMES: Times = { mclt: 6, valid: 18, preferred: 14 };

export interface PairConfig {
  readonly folder: string;
  readonly times: Times;
  /** True: both servers on ::1, for tests and demos without root. */
  readonly loopback: boolean;
  /** Without it there is one server `a` alone. */
  readonly failover: boolean;
  /** Where B's address leads on loopback: a proxy's port; the ports of the servers' own listeners. */
  readonly ports?: Partial<Ports>;
  /** What the file says besides. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** What the relationship says besides. */
  readonly relationship?: Readonly<Record<string, unknown>>;
  /** Certificates by server; without it the link is plain. */
  readonly tls?: Readonly<Record<ServerName, Readonly<Record<string, string>>>>;
}

export interface Ports {
  readonly clientsA: number;
  readonly clientsB: number;
  readonly failoverA: number;
  readonly failoverB: number;
  /** What A connects to when that is not B itself. */
  readonly proxyB: number | undefined;
}

export const LOOPBACK_PORTS: Ports = {
  clientsA: 15_471,
  clientsB: 15_472,
  failoverA: 16_471,
  failoverB: 16_472,
  proxyB: undefined,
};

export const DUIDS: Readonly<Record<ServerName, string>> = {
  a: "00:03:00:01:02:00:00:00:00:0a",
  b: "00:03:00:01:02:00:00:00:00:0b",
};

/** A DUID as captures have it. */
export function duidHexOf(server: ServerName): string {
  return DUIDS[server].replaceAll(":", "");
}

export const POOLS = {
  lan: {
    subnet: STAGE.lan,
    pool: "2001:db8:1::1:0 - 2001:db8:1::1:ffff",
    prefixes: "2001:db8:8000::",
  },
  behind: {
    subnet: STAGE.behind,
    pool: "2001:db8:2::1:0 - 2001:db8:2::1:ffff",
    prefixes: "2001:db8:9000::",
  },
} as const;

function subnets(config: PairConfig): unknown[] {
  return Object.entries(POOLS).map(([name, { subnet, pool, prefixes }]) => ({
    subnet,
    pools: [{ pool }],
    "pd-pools": [{ prefix: prefixes, "prefix-len": 36, "delegated-len": 56 }],
    "rapid-commit": true,
    ...(name === "lan" && !config.loopback ? { interface: "lan0" } : {}),
  }));
}

function server(config: PairConfig, name: ServerName): Readonly<Record<string, unknown>> {
  const ports = { ...LOOPBACK_PORTS, ...config.ports };
  const common = {
    duid: DUIDS[name],
    "state-directory": join(config.folder, name, "state"),
    "control-socket": join(config.folder, name, "control.sock"),
    ...config.tls?.[name],
  };
  if (!config.loopback) {
    return {
      address: STAGE.partner[name],
      interfaces: ["lan0"],
      unicast: [STAGE.lanServer[name]],
      ...common,
    };
  }
  const clients = name === "a" ? ports.clientsA : ports.clientsB;
  const failover = name === "a" ? ports.failoverA : ports.failoverB;
  return { address: "::1", port: failover, unicast: [`[::1]:${clients}`], ...common };
}

/** The file's contents as `server` reads it: behind a proxy the two servers see different ports. */
function contents(config: PairConfig, reader: ServerName): Record<string, unknown> {
  const { times, failover, loopback } = config;
  const a = server(config, "a");
  const proxy = config.ports?.proxyB;
  const own = server(config, "b");
  const b = loopback && proxy !== undefined && reader === "a" ? { ...own, port: proxy } : own;
  const relationship = {
    ...{ name: "pair", primary: "a", secondary: "b", mclt: times.mclt },
    ...(config.tls === undefined ? { security: "plain" } : {}),
    ...config.relationship,
  };
  return {
    "valid-lifetime": times.valid,
    "preferred-lifetime": times.preferred,
    ...(times.renew === undefined ? {} : { "renew-timer": times.renew }),
    ...(times.rebind === undefined ? {} : { "rebind-timer": times.rebind }),
    ...(failover ? { failover: { relationships: [relationship] } } : {}),
    servers: failover ? { a, b } : { a },
    subnet6: subnets(config),
    testing: { "allow-short-times": true },
    ...config.extra,
  };
}

/** Writes the file of one server and returns its path. */
export function writeConfig(config: PairConfig, reader: ServerName): string {
  mkdirSync(join(config.folder, reader), { recursive: true });
  const path = join(config.folder, reader, "tandem.json");
  writeFileSync(path, `${JSON.stringify(contents(config, reader), undefined, 2)}\n`);
  return path;
}

/** The servers of a configuration, not started yet. */
export function makeDaemon(
  config: PairConfig,
  name: ServerName,
  options: Pick<DaemonOptions, "namespace" | "wrapper" | "logLevel">,
): Daemon {
  return new Daemon({
    name,
    config: writeConfig(config, name),
    stateDirectory: join(config.folder, name, "state"),
    controlSocket: join(config.folder, name, "control.sock"),
    log: join(config.folder, `${name}.log`),
    ...options,
  });
}
