// Drivers of real DHCPv6 clients: each in its namespace with files of its own, so that several run beside
// each other and none touches the host. What a client holds is read from its interface and its own files.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, program, sleep } from "./command.ts";
import { addressesOf, type End, logged, spawnInside } from "./namespaces.ts";

export type ClientProgram = "dhclient" | "dhcpcd" | "dibbler" | "wide";

export interface ClientOptions {
  readonly program: ClientProgram;
  readonly at: End;
  /** Files of this client; made when absent. */
  readonly folder: string;
  readonly prefix: boolean;
}

const BINARIES: Readonly<Record<ClientProgram, string>> = {
  dhclient: "dhclient",
  dhcpcd: "dhcpcd",
  dibbler: "dibbler-client",
  wide: "dhcp6c",
};

const PACKAGES: Readonly<Record<ClientProgram, string>> = {
  dhclient: "isc-dhcp-client",
  dhcpcd: "dhcpcd-base",
  dibbler: "dibbler-client",
  wide: "wide-dhcpv6-client",
};

/** Why the program cannot run; undefined when it is installed. */
export function clientMissing(name: ClientProgram): string | undefined {
  return program(BINARIES[name]) === undefined
    ? `${BINARIES[name]} is not installed (package ${PACKAGES[name]})`
    : undefined;
}

interface Recipe {
  /** Files to write, by name in the client's folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Folders of the client's folder laid over folders of the system. */
  readonly over: Readonly<Record<string, string>>;
  readonly start: readonly string[];
  /** Undefined: the signal SIGTERM makes it release. */
  readonly release: readonly string[] | undefined;
}

/** Keeps the interface as dhclient says, and the delegated prefix in a file. */
const DHCLIENT_SCRIPT = `#!/bin/sh
echo "$reason \${new_ip6_address:-} \${new_ip6_prefix:-} old \${old_ip6_address:-} \${old_ip6_prefix:-}" >> "$TANDEM_EVENTS"
case "$reason" in
  PREINIT6) ip link set "$interface" up ;;
  BOUND6|RENEW6|REBIND6)
    if [ -n "$old_ip6_address" ] && [ -n "$new_ip6_address" ] && [ "$old_ip6_address" != "$new_ip6_address" ]; then
      ip -6 addr del "$old_ip6_address/128" dev "$interface"
    fi
    if [ -n "$new_ip6_address" ]; then
      ip -6 addr replace "$new_ip6_address/64" dev "$interface" nodad \\
        valid_lft "$new_max_life" preferred_lft "$new_preferred_life"
    fi
    if [ -n "$new_ip6_prefix" ]; then echo "$new_ip6_prefix" > "$TANDEM_PREFIX"; fi ;;
  EXPIRE6|RELEASE6|STOP6)
    if [ -n "$old_ip6_address" ]; then ip -6 addr del "$old_ip6_address/64" dev "$interface"; fi
    if [ -n "$old_ip6_prefix" ]; then rm -f "$TANDEM_PREFIX"; fi ;;
esac
exit 0
`;

/** Writes what dhcpcd knows of prefixes and does nothing else. */
const DHCPCD_SCRIPT = `#!/bin/sh
echo "$reason \${new_dhcp6_ia_na1_ia_addr1:-} \${new_dhcp6_ia_pd1_prefix1:-}" >> "$TANDEM_EVENTS"
env | grep '^new_dhcp6' >> "$TANDEM_EVENTS"
if [ -n "$new_dhcp6_ia_pd1_prefix1" ]; then
  echo "$new_dhcp6_ia_pd1_prefix1/$new_dhcp6_ia_pd1_prefix1_length" > "$TANDEM_PREFIX"
fi
exit 0
`;

function dhclient(options: ClientOptions): Recipe {
  const { folder, at, prefix } = options;
  const kinds = prefix ? ["-P", "-N"] : ["-N"];
  const common = [
    ...["dhclient", "-6", ...kinds, "-lf", join(folder, "leases"), "-pf", join(folder, "pid")],
    ...["-cf", join(folder, "conf"), "-sf", join(folder, "script")],
    ...[
      "-e",
      `TANDEM_EVENTS=${join(folder, "events")}`,
      "-e",
      `TANDEM_PREFIX=${join(folder, "prefix")}`,
    ],
  ];
  return {
    files: { conf: "timeout 300;\nretry 5;\n", script: DHCLIENT_SCRIPT, leases: "" },
    over: {},
    start: [...common, "-d", at.name],
    release: [...common, "-r", at.name],
  };
}

function dhcpcd(options: ClientOptions): Recipe {
  const { folder, at, prefix } = options;
  const lines = [
    ...["duid", "noipv4", "noipv6rs", "nohook resolv.conf", "noarp", "vendorclassid"],
    ...[`interface ${at.name}`, "ia_na 1", ...(prefix ? ["ia_pd 2 -"] : [])],
  ];
  return {
    files: { conf: `${lines.join("\n")}\n`, script: DHCPCD_SCRIPT },
    over: { lib: "/var/lib/dhcpcd", run: "/run" },
    start: [
      ...["dhcpcd", "-6", "-B", "-d", "-f", join(folder, "conf"), "-c", join(folder, "script")],
      ...["-e", `TANDEM_EVENTS=${join(folder, "events")}`],
      ...["-e", `TANDEM_PREFIX=${join(folder, "prefix")}`, at.name],
    ],
    release: ["dhcpcd", "-6", "-f", join(folder, "conf"), "-k", at.name],
  };
}

function dibbler(options: ClientOptions): Recipe {
  const { at, prefix } = options;
  const lines = [
    ...["log-level 7", "log-mode short", "duid-type duid-ll", 'downlink-prefix-ifaces "none"'],
    ...[`iface ${at.name} {`, "  ia", ...(prefix ? ["  pd"] : []), "}"],
  ];
  return {
    files: { "etc/client.conf": `${lines.join("\n")}\n` },
    over: { etc: "/etc/dibbler", lib: "/var/lib/dibbler", log: "/var/log/dibbler" },
    start: ["dibbler-client", "run"],
    release: undefined,
  };
}

function wide(options: ClientOptions): Recipe {
  const { folder, at, prefix } = options;
  const lines = [
    ...[`interface ${at.name} {`, "  send ia-na 0;", ...(prefix ? ["  send ia-pd 0;"] : [])],
    ...[`  script "${join(folder, "script")}";`, "};", "id-assoc na 0 { };"],
    ...(prefix ? ["id-assoc pd 0 { };"] : []),
  ];
  return {
    files: { conf: `${lines.join("\n")}\n`, script: "#!/bin/sh\nexit 0\n" },
    over: { lib: "/var/lib/dhcpv6" },
    start: ["dhcp6c", "-f", "-D", "-c", join(folder, "conf"), "-p", join(folder, "pid"), at.name],
    release: undefined,
  };
}

const RECIPES = { dhclient, dhcpcd, dibbler, wide } as const;

/** One real client in its namespace. */
export class RealClient {
  readonly options: ClientOptions;
  readonly #recipe: Recipe;
  #child: ChildProcess | undefined;

  constructor(options: ClientOptions) {
    this.options = options;
    this.#recipe = RECIPES[options.program](options);
    mkdirSync(options.folder, { recursive: true });
    for (const folder of Object.keys(this.#recipe.over))
      mkdirSync(join(options.folder, folder), { recursive: true });
    for (const [name, text] of Object.entries(this.#recipe.files)) {
      const path = join(options.folder, name);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, text);
      if (name === "script") chmodSync(path, 0o755);
    }
  }

  /** Laying a folder over a system folder is seen by this process only: `ip netns exec` has its own mounts. */
  #command(command: readonly string[]): readonly string[] {
    const { folder } = this.options;
    const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
    const mounts = Object.entries(this.#recipe.over).map(
      ([name, target]) =>
        `mkdir -p ${target} && mount --bind ${quoted(join(folder, name))} ${target} && `,
    );
    return ["sh", "-c", `${mounts.join("")}exec ${command.map(quoted).join(" ")}`];
  }

  start(): void {
    const log = join(this.options.folder, "client.log");
    this.#child = spawnInside(this.options.at.namespace, this.#command(this.#recipe.start), {
      stdio: logged(log),
    });
  }

  get running(): boolean {
    return (
      this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
    );
  }

  /** Gives everything back and ends. */
  async release(): Promise<void> {
    if (this.#recipe.release === undefined) {
      await this.#end("SIGTERM", 10_000);
      return;
    }
    const gone = this.#child === undefined ? undefined : once(this.#child, "exit");
    const releasing = spawnInside(this.options.at.namespace, this.#command(this.#recipe.release), {
      stdio: ["ignore", "ignore", "ignore"],
    });
    await Promise.race([once(releasing, "exit"), sleep(10_000)]);
    await Promise.race([gone, sleep(3_000)]);
    await this.#end("SIGKILL", 1_000);
  }

  /** Falls silent, as when its machine is switched off. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL", 2_000);
  }

  async #end(signal: NodeJS.Signals, limit: number): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await Promise.race([gone, sleep(limit)]);
    if (this.running) child.kill("SIGKILL");
  }

  /** Addresses on the interface, without their lengths, in order. */
  addresses(): readonly string[] {
    return addressesOf(this.options.at)
      .map((text) => text.split("/")[0] as string)
      .sort();
  }

  /** The delegated prefix as the client's script or log has it. */
  prefixes(): readonly string[] {
    const file = join(this.options.folder, "prefix");
    if (existsSync(file)) return [readFileSync(file, "utf8").trim()];
    return loggedPrefixes(this.log());
  }

  log(): string {
    const path = join(this.options.folder, "client.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }
}

/** dibbler and wide have no script for prefixes: their logs name them. */
function loggedPrefixes(log: string): readonly string[] {
  const found = new Set<string>();
  for (const match of log.matchAll(
    /(?:PD: Adding prefix |create a prefix |prefix )([0-9a-f:]+)\/(\d+)/g,
  )) {
    found.add(`${match[1]}/${match[2]}`);
  }
  return [...found];
}

/** The classic relay of ISC, on a relay's namespace: serves the bridge `br0`, sends to the servers by unicast. */
export function startRelay(
  namespace: string,
  servers: readonly string[],
  log: string,
): ChildProcess {
  const up = servers.flatMap((server) => ["-u", `${server}%up0`]);
  return spawnInside(namespace, ["dhcrelay", "-6", "-d", "--no-pid", "-l", "br0", ...up], {
    stdio: logged(log),
  });
}

/** Whether an address answers nowhere and a client may use it at once: its interface has a link-local address. */
export function hasLinkLocal(end: End): boolean {
  const text = attempt(
    "ip",
    "-n",
    end.namespace,
    "-6",
    "-o",
    "addr",
    "show",
    "dev",
    end.name,
    "scope",
    "link",
  );
  return (text?.includes("inet6 fe80") ?? false) && text?.includes("tentative") === false;
}
