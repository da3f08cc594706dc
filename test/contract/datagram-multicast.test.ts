// The port `datagram socket` on a link: two namespaces of our own, a cable, multicast. Needs root.

import type { ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../tools/netns/command.ts";
import { Namespaces, namespacesMissing, spawnInside } from "../../tools/netns/namespaces.ts";
import { until } from "./wait.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUNDLE = `${ROOT}.cache/contract`;
const missing = namespacesMissing();
if (missing !== undefined) console.log(`the dgram adapter was not tried on a link: ${missing}`);

/** A client or relay: sends one datagram and prints what comes back with its source. */
const CLIENT = `
  const [port, text, to, from] = process.argv.slice(1);
  const socket = require("node:dgram").createSocket("udp6");
  socket.on("message", (bytes, peer) => {
    console.log(JSON.stringify({ text: String(bytes), address: peer.address, port: peer.port }));
    socket.close();
  });
  socket.bind({ port: Number(port), address: from || "::" }, () => {
    if (to.includes("%")) socket.setMulticastInterface("::%" + to.split("%")[1]);
    socket.send(text, Number(process.argv[5] ?? 547), to);
  });
  setTimeout(() => process.exit(1), 10000).unref();
`;

interface Told {
  readonly text?: string;
  readonly log?: string;
  readonly socket?: string;
  readonly interface?: string;
  readonly source?: string;
  readonly multicast?: boolean;
}

describe.runIf(missing === undefined)("dgram on a link", () => {
  const world = new Namespaces();
  const told: Told[] = [];
  let server: string;
  let client: string;
  let host: ChildProcess;

  beforeAll(async () => {
    await build({
      cwd: ROOT,
      input: { "dgram-host": "./test/contract/dgram-host.ts" },
      platform: "node",
      external: /^[^./]/,
      logLevel: "warn",
      output: { dir: BUNDLE, format: "esm", entryFileNames: "[name].mjs" },
    });
    server = world.add("server");
    client = world.add("client");
    world.cable({ namespace: server, name: "s0" }, { namespace: client, name: "c0" });
    world.cable({ namespace: server, name: "s1" }, { namespace: client, name: "c1" });
    world.address({ namespace: server, name: "s0" }, "2001:db8:5::1/64");
    world.address({ namespace: client, name: "c0" }, "2001:db8:5::2/64");
    host = spawnInside(server, [process.execPath, `${BUNDLE}/dgram-host.mjs`, "s0", "s1"]);
    let rest = "";
    host.stdout?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) told.push(JSON.parse(line) as Told);
    });
    await until(() => listening("s0") && listening("s1") && listening("[ff05::1:3]"));
    await until(() => linkLocalOf(client, "c0") && linkLocalOf(client, "c1"));
  });
  afterAll(() => {
    host?.kill("SIGKILL");
    world.remove();
    rmSync(BUNDLE, { recursive: true, force: true });
  });

  const listening = (socket: string): boolean =>
    told.some((it) => it.log === "UDP_LISTENING" && it.socket === socket);
  /** A new cable carries nothing until the system has noticed that both ends are up. */
  const linkLocalOf = (namespace: string, name: string): string | undefined => {
    const shown = run("ip", "-n", namespace, "-6", "addr", "show", "dev", name);
    return shown.includes("tentative") ? undefined : /inet6 (fe80[0-9a-f:]+)/.exec(shown)?.[1];
  };
  const exchange = (...args: string[]): { text: string; address: string; port: number } => {
    const command = ["netns", "exec", client, process.execPath, "-e", CLIENT, ...args];
    return JSON.parse(run("ip", ...command));
  };
  const receivedAs = (text: string): Promise<Told> =>
    until(() => told.find((it) => it.text === text));

  it("hears ff02::1:2 on each interface, and answers from the link-local address of that interface, port 547 (D-001, D-002, D-004, D-005, D-007, N-009)", async () => {
    for (const [here, there] of [
      ["c0", "s0"],
      ["c1", "s1"],
    ] as const) {
      const answer = exchange("546", `solicit ${here}`, `ff02::1:2%${here}`);
      expect(answer).toMatchObject({ text: `solicit ${here}`, port: 547 });
      expect(answer.address).toMatch(new RegExp(`^fe80::.*%${here}$`));
      const heard = await receivedAs(`solicit ${here}`);
      expect(heard).toMatchObject({ interface: there, multicast: true });
      expect(heard.source).toMatch(/^fe80::/);
    }
  });

  it("14 takes a datagram whose layer-2 destination was unicast (D-003)", async () => {
    const shown = run("ip", "-n", server, "-o", "link", "show", "s0");
    const [, address = ""] = /link\/ether ([0-9a-f:]+)/.exec(shown) ?? [];
    const neighbour = ["ff02::1:2", "lladdr", address, "dev", "c0"];
    run("ip", "-n", client, "-6", "neigh", "replace", ...neighbour, "nud", "permanent");
    expect(exchange("546", "by unicast frame", "ff02::1:2%c0").text).toBe("by unicast frame");
    expect(await receivedAs("by unicast frame")).toMatchObject({ multicast: true });
    run("ip", "-n", client, "-6", "neigh", "del", ...neighbour);
  });

  it("hears ff05::1:3, and answers a global address from a global one (D-002, D-006, D-007)", async () => {
    const answer = exchange("547", "relay site", "ff05::1:3%c0", "2001:db8:5::2");
    expect(answer).toEqual({ text: "relay site", address: "2001:db8:5::1", port: 547 });
    expect(await receivedAs("relay site")).toMatchObject({
      source: "2001:db8:5::2",
      multicast: true,
    });
  });

  it("hears the link-local unicast address and knows it for unicast", async () => {
    const linkLocal = linkLocalOf(server, "s1");
    const answer = exchange("546", "to unicast", `${linkLocal}%c1`);
    expect(answer.address).toBe(`${linkLocal}%c1`);
    expect(await receivedAs("to unicast")).toMatchObject({ interface: "s1", multicast: false });
  });

  it("on a socket for all addresses, the interface of a link-local source is kept for the answer (D-005)", async () => {
    const there = `${linkLocalOf(server, "s1")}%c1`;
    const answer = exchange("546", "to every address", there, "::", "1547");
    expect(answer).toEqual({ text: "to every address", address: there, port: 547 });
    expect(await receivedAs("to every address")).toMatchObject({ interface: "s1" });
    const relay = exchange(
      "547",
      "relay to every address",
      "2001:db8:5::1",
      "2001:db8:5::2",
      "1547",
    );
    expect(relay).toEqual({ text: "relay to every address", address: "2001:db8:5::1", port: 1547 });
  });

  it("an answer goes to 546 also when the request came from another port (N-006, N-010)", async () => {
    // Bound to 546 for the answer; the request comes from a port that the system chose.
    const both = `
      const dgram = require("node:dgram");
      const well = dgram.createSocket("udp6");
      well.on("message", (bytes) => { console.log(String(bytes)); process.exit(0); });
      well.bind(546, () => {
        const other = dgram.createSocket("udp6");
        other.bind(() => { other.setMulticastInterface("::%c0"); other.send("odd port", 547, "ff02::1:2%c0"); });
      });
      setTimeout(() => process.exit(1), 10000).unref();
    `;
    const out = run("ip", "netns", "exec", client, process.execPath, "-e", both);
    expect(out.trim()).toBe("odd port");
  });

  it("an interface that goes away and comes back anew is served again", async () => {
    const before = told.length;
    run("ip", "-n", server, "link", "del", "s1");
    await until(() => told.slice(before).some((it) => it.log === "UDP_LOST" && it.socket === "s1"));
    world.cable({ namespace: server, name: "s1" }, { namespace: client, name: "c1" });
    await until(() =>
      told.slice(before).some((it) => it.log === "UDP_LISTENING" && it.socket === "s1"),
    );
    await until(() => linkLocalOf(client, "c1"));
    expect(exchange("546", "back again", "ff02::1:2%c1").text).toBe("back again");
    expect(exchange("546", "not touched", "ff02::1:2%c0").text).toBe("not touched");
  });
});
