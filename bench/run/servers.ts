// The servers that are measured: one alone and a pair, on ::1 with files of their own, all running at the same time.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../tools/netns/command.ts";
import { Daemon } from "../../tools/netns/daemon.ts";
import { PartnerLink } from "./partner-link.ts";
import { freePort } from "./ports.ts";

export interface Server {
  readonly daemon: Daemon;
  readonly clientPort: number;
}

export interface Servers {
  readonly folder: string;
  readonly single: Server;
  readonly primary: Server;
  readonly secondary: Server;
  /** What the partners talk through, if it was asked for. */
  readonly link: PartnerLink | undefined;
  end(): Promise<void>;
}

/** Lifetimes of the measurements of other servers, so that figures can be compared. */
const COMMON = {
  "valid-lifetime": 4_000,
  "preferred-lifetime": 3_000,
  subnet6: [
    {
      subnet: "2001:db8:1::/64",
      "rapid-commit": true,
      pools: [{ pool: "2001:db8:1::/64" }],
      "pd-pools": [{ prefix: "2001:db9::/32", "delegated-len": 56 }],
      "option-data": [{ name: "dns-servers", data: "2001:db8::53" }],
    },
  ],
};

function duid(name: string): string {
  return `00:03:00:01:02:00:00:00:00:0${name}`;
}

interface Making {
  readonly folder: string;
  /** Put before the command. */
  readonly wrapper: readonly string[];
}

/** Options of node stand behind its name, those of the server at the end. Each lease is not logged: that is the
 * setting that other servers are measured with. */
function commandWith(nodeOptions: string): readonly string[] {
  return ["sh", "-c", `node=$1; shift; exec "$node" ${nodeOptions} "$@" --log-level warn`, "sh"];
}

function makeDaemon(making: Making, name: string, config: string): Daemon {
  const home = join(making.folder, name);
  mkdirSync(home, { recursive: true });
  return new Daemon({
    ...{ name: name.slice(-1), namespace: undefined, config, wrapper: making.wrapper },
    stateDirectory: join(home, "state"),
    controlSocket: join(home, "control.sock"),
    log: join(home, "log"),
  });
}

function serverPart(making: Making, name: string, clientPort: number) {
  const home = join(making.folder, name);
  return {
    duid: duid(name.slice(-1)),
    unicast: [`[::1]:${clientPort}`],
    "state-directory": join(home, "state"),
    "control-socket": join(home, "control.sock"),
  };
}

function write(folder: string, name: string, content: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ ...COMMON, ...content }, undefined, 2));
  return path;
}

async function makeSingle(making: Making): Promise<Server> {
  const clientPort = await freePort("udp");
  const servers = { c: serverPart(making, "single-c", clientPort) };
  const config = write(making.folder, "single.json", { servers });
  return { daemon: makeDaemon(making, "single-c", config), clientPort };
}

interface MadePair {
  readonly primary: Server;
  readonly secondary: Server;
  readonly link: PartnerLink | undefined;
}

/** `slowed`: the primary has a file of its own, in which the secondary listens where the proxy does. */
async function makePair(making: Making, slowed: boolean): Promise<MadePair> {
  const ports = { a: await freePort("udp"), b: await freePort("udp") };
  const part = async (name: "a" | "b") => ({
    ...serverPart(making, `pair-${name}`, ports[name]),
    ...{ address: "::1", port: await freePort("tcp") },
  });
  const relationship = {
    ...{ name: "bench", primary: "a", secondary: "b", security: "plain", mclt: 3_600 },
    ...{ "startup-time": "1s", "connect-retry": "300ms" },
  };
  const parts = { a: await part("a"), b: await part("b") };
  const link = slowed ? await PartnerLink.open(await freePort("tcp"), parts.b.port) : undefined;
  const make = (name: "a" | "b") => {
    const port = name === "a" && link !== undefined ? link.port : parts.b.port;
    const config = write(making.folder, `pair-${name}.json`, {
      testing: { "allow-short-times": true },
      failover: { relationships: [relationship] },
      servers: { a: parts.a, b: { ...parts.b, port } },
    });
    return makeDaemon(making, `pair-${name}`, config);
  };
  return {
    primary: { daemon: make("a"), clientPort: ports.a },
    secondary: { daemon: make("b"), clientPort: ports.b },
    link,
  };
}

async function inNormal(daemon: Daemon): Promise<true | undefined> {
  const answer = (await daemon.ask("/v1/failover")) as {
    readonly relationships: readonly { readonly state: string }[];
  };
  return answer.relationships[0]?.state === "NORMAL" ? true : undefined;
}

/** Starts all three; the pair is in NORMAL. `nodeOptions` are for every server; `slowed`: with a link to slow down. */
export async function startServers(nodeOptions: string, slowed = false): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), "tandem-bench-"));
  const making = { folder, wrapper: commandWith(nodeOptions) };
  const single = await makeSingle(making);
  const { primary, secondary, link } = await makePair(making, slowed);
  const daemons = [single, primary, secondary].map(({ daemon }) => daemon);
  const end = async (): Promise<void> => {
    await Promise.all(daemons.map((daemon) => daemon.kill()));
    link?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(daemons.map((daemon) => daemon.start()));
    for (const { daemon } of [primary, secondary]) {
      await until(`${daemon.options.name} to be in NORMAL`, 30_000, () => inNormal(daemon));
    }
  } catch (error) {
    await end();
    throw error;
  }
  return { folder, single, primary, secondary, link, end };
}
