// The load generator as a process: simulated clients behind a relay on a real socket. It prints JSON lines
// (ready, counts five times a second, findings) and takes commands as JSON lines on standard input, so that
// it can run inside a network namespace while a test outside steers it.
//
//   node dist/load.js --servers '[::1]:15471,[::1]:15472' --link 2001:db8:2::1 [--bind ::1] [--port 0]
//   {"type":"add","group":"g","count":100,"over":1000}   {"type":"route","group":"g","servers":[0]}
//   {"type":"release","group":"g","count":10}   {"type":"vanish","group":"g","count":10}   {"type":"stop"}

import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Fleet } from "./load/fleet.ts";
import { parseDestination } from "./load/relay.ts";

const { values } = parseArgs({
  options: {
    servers: { type: "string" },
    link: { type: "string" },
    bind: { type: "string", default: "::" },
    port: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    "time-scale": { type: "string", default: "1" },
    clients: { type: "string", default: "0" },
  },
});

type LoadCommand =
  | { readonly type: "add"; readonly group: string; readonly count: number; readonly over?: number }
  | { readonly type: "route"; readonly group: string; readonly servers: readonly number[] }
  | { readonly type: "release" | "vanish"; readonly group: string; readonly count: number }
  | { readonly type: "stop" };

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

if (values.servers === undefined || values.link === undefined) {
  console.error("load: --servers and --link are needed, see the head of tools/load.ts");
  process.exit(2);
}

const fleet = new Fleet({
  bind: values.bind,
  port: Number(values.port),
  linkAddress: values.link,
  servers: values.servers.split(",").map(parseDestination),
  seed: Number(values.seed),
  timeScale: Number(values["time-scale"]),
  report: (event) => say({ ...event, at: Date.now() }),
});

function counts(): void {
  say({ type: "counts", at: Date.now(), counts: fleet.snapshot() });
}

function stop(): void {
  clearInterval(timer);
  counts();
  fleet.close();
  say({ type: "stopped" });
  lines.close();
}

function obey(command: LoadCommand): void {
  switch (command.type) {
    case "add":
      return fleet.add(command.group, command.count, command.over ?? 0);
    case "route":
      return fleet.route(command.group, command.servers);
    case "release":
      return say({ type: "released", count: fleet.release(command.group, command.count) });
    case "vanish":
      return say({ type: "vanished", count: fleet.vanish(command.group, command.count) });
    case "stop":
      return stop();
  }
}

await fleet.open();
const timer = setInterval(counts, 200);
if (Number(values.clients) > 0) fleet.add("all", Number(values.clients), 1_000);
say({ type: "ready" });
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line.trim() !== "") obey(JSON.parse(line) as LoadCommand);
});
lines.on("close", () => process.exit(0));
