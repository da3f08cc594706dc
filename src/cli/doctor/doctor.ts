// `tandem doctor`: looks at all that a server needs, whether it runs or not, and says what is wrong and what to do.

import type { Command } from "commander";
import type { Result } from "../../api/results.ts";
import { readSource } from "../../core/config/source.ts";
import type { CompiledConfig } from "../../core/config/types.ts";
import { digestOf, loadFile, readConfigText } from "../config-file.ts";
import { askServer } from "../control-client.ts";
import { CliError, EXIT } from "../errors.ts";
import { isRecord, printable, renderSpan } from "../render.ts";
import type { Terminal } from "../terminal.ts";
import { diskFindings } from "./disk.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import { keyFindings } from "./keys.ts";
import { clockFinding, processFindings } from "./machine.ts";
import { interfaceFindings, partnerFinding, portFindings } from "./network.ts";

const DEFAULT_FILE = "/etc/tandem/tandem.yaml";

interface DoctorOptions {
  readonly config: string;
  readonly server?: string;
  readonly json?: boolean;
}

export function addDoctor(
  program: Command,
  terminal: Terminal,
  finish: (code: number) => void,
): void {
  program
    .command("doctor")
    .description("look at clock, keys, disk, ports and partner, and say what is wrong")
    .option("--config <file>", "the pair's configuration", DEFAULT_FILE)
    .option("--server <name>", "which server of the file this is (default: the host name)")
    .option("--json", "the findings as JSON")
    .addHelpText(
      "after",
      "\nIt may be given at any time, also while the server runs. Exit code 1: something fails.\n\nExample:\n  tandem doctor",
    )
    .action(async (given: DoctorOptions) => {
      const findings = await examine(given, terminal.hostName);
      if (given.json === true) terminal.out(JSON.stringify({ findings }, null, 2));
      else terminal.out(render(findings));
      const isSound = findings.every(({ level }) => level !== "fail");
      finish(isSound ? EXIT.ok : EXIT.failure);
    });
}

/** The running server's answers; undefined: none runs. */
interface Running {
  readonly status: Result<"status">;
  readonly failover: Result<"failover-status">;
}

async function examine(given: DoctorOptions, hostName: string): Promise<readonly Finding[]> {
  const text = readConfigText(given.config);
  const { config, problems } = loadFile(given.config, text, { serverName: given.server, hostName });
  if (config === undefined)
    return [fail("configuration", `${problems.length} problems`, `tandem check ${given.config}`)];
  const running = await askRunning(config.server.controlSocket);
  const ports = config.server.unicast.map(({ port }) => port);
  const pid = running?.status.process.pid;
  return [
    fileFinding(given.config, running),
    runningFinding(running),
    ...alarmFindings(running),
    clockFinding(),
    ...clockDifferences(running),
    ...keyFindings(given.config, config, pinnedOf(given.config, text, config.server.name)),
    ...diskFindings(config.server.stateDirectory),
    ...interfaceFindings(config),
    ...portFindings(config, running !== undefined),
    ...processFindings(pid, ports),
    ...(await partners(config, running)),
  ];
}

async function askRunning(socket: string): Promise<Running | undefined> {
  try {
    return {
      status: await askServer(socket, "status", {}),
      failover: await askServer(socket, "failover-status", {}),
    };
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.unreachable) return undefined;
    throw error;
  }
}

/** T-10: one file on both machines, and the running server has read it. */
function fileFinding(file: string, running: Running | undefined): Finding {
  const what = "configuration";
  const digest = digestOf(file);
  const found = `${file} is sound, SHA-256 ${digest.slice(0, 16)}…: the same on the other machine?`;
  return running !== undefined && running.status.process.configuration !== digest
    ? warn(what, `${file} was changed since the server was started`, "restart the server")
    : ok(what, found);
}

function runningFinding(running: Running | undefined): Finding {
  if (running === undefined) return warn("server", "it does not run", "systemctl start tandem");
  const { process, uptimeSeconds } = running.status;
  return ok(
    "server",
    `version ${process.version}, process ${process.pid}, up ${renderSpan(uptimeSeconds * 1_000)}`,
  );
}

function alarmFindings(running: Running | undefined): readonly Finding[] {
  return (running?.failover.alarms ?? []).map(({ id, level, text, whatToDo }) =>
    level === "error" ? fail(`alarm ${id}`, text, whatToDo) : warn(`alarm ${id}`, text, whatToDo),
  );
}

function clockDifferences(running: Running | undefined): readonly Finding[] {
  return (running?.failover.relationships ?? []).flatMap(({ partner, clockOffset }) => {
    if (clockOffset === null) return [];
    const what = `clock of ${partner}`;
    const found = `${Math.abs(clockOffset)} s ${clockOffset < 0 ? "behind" : "ahead of"} this one`;
    return Math.abs(clockOffset) < 2
      ? [ok(what, "equal within 2 s")]
      : [warn(what, found, "repair time synchronisation; from 6 s on the two refuse each other")];
  });
}

function partners(
  { relationships, server }: CompiledConfig,
  running: Running | undefined,
): Promise<readonly Finding[]> {
  const inContact = new Set(
    (running?.failover.relationships ?? [])
      .filter(({ communications }) => communications === "OK")
      .map(({ relationship }) => relationship),
  );
  return Promise.all(
    relationships.map((each) => partnerFinding(each, server, inContact.has(each.name))),
  );
}

/** What the file tells the partner of this server's certificate. */
function pinnedOf(file: string, text: string, name: string): string | undefined {
  const { value } = readSource(file, text);
  const servers = isRecord(value) && isRecord(value.servers) ? value.servers : {};
  const own = servers[name];
  const pinned = isRecord(own) ? own["certificate-fingerprint"] : undefined;
  return typeof pinned === "string" ? pinned : undefined;
}

const SIGN = { ok: "ok     ", warn: "WARNING", fail: "FAILED ", unknown: "?      " } as const;

export function render(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ level, what, found, whatToDo }) => [
    `${SIGN[level]} ${what.padEnd(width)}  ${printable(found)}`,
    ...(whatToDo === undefined ? [] : [`        ${printable(whatToDo)}`]),
  ]);
  const count = (wanted: Finding["level"]): number =>
    findings.filter(({ level }) => level === wanted).length;
  return [...lines, `${count("fail")} failed, ${count("warn")} to look at`].join("\n");
}
