// The two machines of the guides as two folders of this one: `/etc/tandem` and the like lead into the machine's folder,
// addresses are ::1 with ports of their own, times are short. `systemctl` and `journalctl` are stand-ins that run the
// command of deploy/tandem.service and show its output; `scp` copies from folder to folder.

import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { LoadProcess } from "../../tools/load/process.ts";
import { ROOT, until } from "../../tools/netns/command.ts";
import { freeTcpPort, freeUdpPort } from "../e2e/loopback.ts";
import { scp, systemctl, tandem, unitCommand } from "./stand-ins.ts";

export type Machine = "dhcp-a" | "dhcp-b";
export const MACHINES: readonly Machine[] = ["dhcp-a", "dhcp-b"];

/** Folders of a machine. */
const FOLDERS = [
  ...["etc/tandem", "etc/systemd/system", "var/lib", "run/tandem"],
  ...["opt", "usr/local/bin", "bin", "tmp"],
];
/** Paths in commands that lead into the machine's folder. */
const PATHS =
  /(?<![\w./-])\/(etc\/(?:tandem|systemd)|var\/lib\/tandem|run\/tandem|opt|usr\/local)\b/g;
/** What the guides call an address that a client got. */
const SOME_LEASE = "2001:db8:1::1234";
/** Where the guides' servers hear relays. */
const UNICAST = /\[2001:db8:ffff::([12])\]:547/g;
const LINK_ADDRESS = "2001:db8:1::1";
const SHORT = { "valid-lifetime": "20s", "preferred-lifetime": "15s" };
const SHORT_PAIR = { mclt: "4s", keepalive: "2s", "startup-time": "1s", "connect-retry": "300ms" };

type Tree = Record<string, unknown>;

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

export class Lab {
  readonly root = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "tg-")));
  readonly #ports: Record<Machine, { clients: number; failover: number }>;
  #load: LoadProcess | undefined;
  #lease = SOME_LEASE;

  private constructor(ports: Record<Machine, { clients: number; failover: number }>) {
    this.#ports = ports;
    for (const machine of MACHINES) {
      for (const folder of FOLDERS) fs.mkdirSync(this.path(machine, folder), { recursive: true });
      fs.symlinkSync(ROOT, this.path(machine, "opt/tandem-0.1.0"));
      const script = (name: string, text: string): void =>
        fs.writeFileSync(this.path(machine, `bin/${name}`), text, { mode: 0o755 });
      script("tandem", tandem(machine, this.path(machine)));
      script("systemctl", systemctl(this.path(machine), unitCommand()));
      script("journalctl", `#!/bin/sh\ncat "${this.path(machine, "journal")}"\n`);
      script("scp", scp(this.root, machine));
    }
  }

  static async open(): Promise<Lab> {
    const of = async () => ({ clients: await freeUdpPort(), failover: await freeTcpPort() });
    return new Lab({ "dhcp-a": await of(), "dhcp-b": await of() });
  }

  path(machine: Machine, ...rest: readonly string[]): string {
    return join(this.root, machine, ...rest);
  }

  /** Types lines into a shell of the machine. */
  type(machine: Machine, lines: readonly string[]): Promise<Outcome> {
    const script = lines
      .join("\n")
      .replaceAll(PATHS, (path) => this.path(machine) + path)
      .replaceAll(SOME_LEASE, this.#lease)
      .replaceAll(UNICAST, (_all, number: string) => {
        const asked = MACHINES[Number(number) - 1] ?? machine;
        return `[::1]:${this.#ports[asked].clients}`;
      });
    return new Promise((resolve, reject) => {
      const child = spawn("bash", ["-e", "-o", "pipefail", "-c", `exec 2>&1\n${script}`], {
        cwd: this.path(machine, "tmp"),
        stdio: ["ignore", "pipe", "inherit"],
        env: {
          ...process.env,
          PATH: `${this.path(machine, "bin")}:${process.env.PATH}`,
          TANDEM_SOCKET: this.path(machine, "run/tandem/control.sock"),
        },
      });
      let output = "";
      child.stdout.on("data", (bytes: Buffer) => {
        output += bytes.toString();
      });
      child.on("error", reject);
      child.on("close", (code) =>
        resolve({ code, output: output.replaceAll(this.path(machine), "") }),
      );
    });
  }

  /** Writes a file of a guide; the pair's file as it must be on this one machine. */
  write(file: string, text: string): void {
    if (!file.startsWith("/")) fs.writeFileSync(this.path("dhcp-a", "tmp", file), text);
    else fs.writeFileSync(this.path("dhcp-a", file), stringify(this.#onLoopback(parse(text))));
  }

  #onLoopback(file: Tree): Tree {
    const servers = file.servers as Record<string, Tree>;
    for (const machine of MACHINES) {
      const { interfaces: _interfaces, ...server } = servers[machine] ?? {};
      servers[machine] = {
        ...server,
        address: "::1",
        port: this.#ports[machine].failover,
        unicast: [`[::1]:${this.#ports[machine].clients}`],
        "state-directory": this.path(machine, "var/lib/tandem"),
        "control-socket": this.path(machine, "run/tandem/control.sock"),
      };
    }
    for (const subnet of file.subnet6 as Tree[]) delete subnet.interface;
    const { relationships } = file.failover as { relationships: Tree[] };
    for (const relationship of relationships) Object.assign(relationship, SHORT_PAIR);
    return { ...file, ...SHORT, testing: { "allow-short-times": true } };
  }

  /** What the operator does with an editor: the lines that keygen printed go into the file. */
  writeKeys(printed: string): void {
    const path = this.path("dhcp-a", "etc/tandem/tandem.yaml");
    const file = parse(fs.readFileSync(path, "utf8")) as { servers: Record<string, Tree> };
    const block = printed.slice(printed.indexOf("servers:")).split("\n\n")[0] ?? "";
    const made = (parse(block) as { servers: Record<string, Tree> }).servers;
    for (const machine of MACHINES) {
      const { certificate, key, ...rest } = made[machine] ?? {};
      const at = (name: unknown) => this.path(machine, String(name));
      const files = { certificate: at(certificate), key: at(key) };
      Object.assign(file.servers[machine] ?? {}, files, rest);
    }
    fs.writeFileSync(path, stringify(file));
  }

  /** The same with the one line that `keygen --renew` printed, on the machine where it was printed. */
  writeFingerprint(machine: Machine, printed: string): void {
    const path = this.path(machine, "etc/tandem/tandem.yaml");
    const file = parse(fs.readFileSync(path, "utf8")) as { servers: Record<string, Tree> };
    const block = printed.slice(printed.indexOf("servers:")).split("\n\n")[0] ?? "";
    const made = (parse(block) as { servers: Record<string, Tree> }).servers;
    Object.assign(file.servers[machine] ?? {}, made[machine]);
    fs.writeFileSync(path, stringify(file));
  }

  async state(machine: Machine): Promise<string | undefined> {
    const { code, output } = await this.type(machine, ["tandem failover status --json"]);
    return code === 0 ? /"state": "([A-Z-]+)"/.exec(output)?.[1] : undefined;
  }

  async normal(): Promise<void> {
    await until("both servers to be in NORMAL", 90_000, async () => {
      const states = [await this.state("dhcp-a"), await this.state("dhcp-b")];
      return states.every((state) => state === "NORMAL") ? true : undefined;
    });
  }

  /** A simulated client behind a relay gets an address and keeps it; the guides' example address means that one. */
  async client(): Promise<void> {
    if (this.#load !== undefined) return;
    const servers = MACHINES.map((machine) => `[::1]:${this.#ports[machine].clients}`);
    this.#load = new LoadProcess({
      ...{ namespace: undefined, servers, linkAddress: LINK_ADDRESS },
      ...{ bind: "::1", port: 0, seed: 1, timeScale: 1 },
    });
    await this.#load.ready();
    this.#load.add("guide", 1);
    this.#lease = await until("a client to hold an address", 30_000, async () => {
      const { output } = await this.type("dhcp-a", ["tandem leases list --json --status ACTIVE"]);
      return /"lease":"([0-9a-f:]+)"/.exec(output)?.[1];
    });
  }

  /** The first segment of the log gets other octets where groups are that have followers. */
  damageLog(machine: Machine): void {
    const folder = this.path(machine, "var/lib/tandem");
    const [segment] = fs
      .readdirSync(folder)
      .filter((name) => name.startsWith("log-"))
      .sort();
    const file = fs.openSync(join(folder, segment ?? "no-segment"), "r+");
    // In the head of the second group, however short it is: behind its records there are only zeros that nobody reads.
    fs.writeSync(file, "damage", 4_096 + 24);
    fs.closeSync(file);
  }

  empty(machine: Machine): void {
    fs.rmSync(this.path(machine, "var/lib/tandem"), { recursive: true, force: true });
  }

  end(keep: boolean): void {
    this.#load?.kill();
    for (const machine of MACHINES) {
      spawnSync(this.path(machine, "bin/systemctl"), ["kill", "--signal=KILL", "tandem"]);
    }
    if (!keep) fs.rmSync(this.root, { recursive: true, force: true });
  }
}
