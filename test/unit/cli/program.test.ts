import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProgram } from "../../../src/cli/program.ts";
import { processTerminal } from "../../../src/cli/terminal.ts";
import { run } from "./run.ts";

const PAIR = `
failover:
  relationships:
    - { name: campus, primary: a, secondary: b, security: plain }
servers:
  a: { address: "2001:db8:ffff::1", duid: "00:04:00:01", control-socket: /nowhere/a.sock }
  b: { address: "2001:db8:ffff::2", duid: "00:04:00:02" }
subnet6:
  - { id: 1, subnet: "2001:db8:1::/64", pools: [ { pool: "2001:db8:1::1000-2001:db8:1::1fff" } ] }
`;

function everyCommand(command: Command, before: readonly string[] = []): string[][] {
  const here = command.commands.flatMap((it) => everyCommand(it, [...before, it.name()]));
  return before.length > 0 ? [[...before], ...here] : here;
}

const program = createProgram(
  { terminal: processTerminal("host"), version: "1", serve: async () => 0 },
  () => undefined,
);

describe("the command line", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tandem-cli-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const file = (text: string): string => {
    const path = join(directory, "pair.yaml");
    writeFileSync(path, text);
    return path;
  };

  it.each(everyCommand(program).map((path) => [path.join(" ")]))(
    "`%s --help` explains itself and exits with 0",
    async (path) => {
      const { code, out } = await run([...path.split(" "), "--help"]);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: tandem ${path}`);
      const isGroup = ["clock", "failover", "leases"].includes(path);
      if (!isGroup) expect(out).toMatch(/Examples?:\n {2}tandem /);
    },
  );

  it("--version says which", async () => {
    expect(await run(["--version"])).toMatchObject({ code: 0, out: "1.2.3" });
  });

  it("exit codes are in the help", async () => {
    expect((await run(["--help"])).out).toContain(
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no server answers",
    );
  });

  it.each([
    [[]],
    [["nonsense"]],
    [["serve"]],
    [["status", "--colour"]],
    [["leases", "list", "--limit", "0"]],
    [["leases", "show"]],
  ])("wrong usage %j exits with 2 and says what", async (argv) => {
    const { code, notes } = await run(argv);
    expect(code).toBe(2);
    expect(notes).not.toBe("");
  });

  it("check: a sound file exits with 0 and is checked as each server", async () => {
    const { code, out } = await run(["check", file(PAIR)]);
    expect(code).toBe(0);
    expect(out).toContain("is sound (checked as a and b)");
  });

  it("check: all problems at once, with line and column, exit code 1", async () => {
    const path = file(PAIR.replace("primary: a", "primary: z").replace("subnet: ", "subnett: "));
    const { code, out } = await run(["check", path]);
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`${path}:4:\\d+: error: `));
    expect(out).toMatch(new RegExp(`${path}:9:\\d+: error: .*subnett`));
    const json = JSON.parse((await run(["check", path, "--json"])).out);
    expect(json.ok).toBe(false);
    expect(json.problems[0]).toMatchObject({ severity: "error", line: 4, file: path });
  });

  it("check: a problem that both servers see is told once", async () => {
    const { out } = await run(["check", file(PAIR.replace("subnet: ", "subnett: "))]);
    expect(out.match(/subnett`/g)?.length).toBe(1);
  });

  it("check: a file that is not there", async () => {
    const { code, notes } = await run(["check", join(directory, "none.yaml")]);
    expect(code).toBe(1);
    expect(notes).toMatch(/cannot read .*none\.yaml/);
  });

  it("serve hands the compiled configuration on", async () => {
    const { code, served } = await run([
      "serve",
      "--config",
      file(PAIR),
      "--server",
      "b",
      "--log-format",
      "text",
    ]);
    expect(code).toBe(0);
    expect(served[0]?.config.server.name).toBe("b");
    expect(served[0]).toMatchObject({ logFormat: "text", logLevel: "info" });
  });

  it("5.1 the failover port is 647 unless the file says otherwise (F-072, R7031-52)", async () => {
    const usual = await run(["serve", "--config", file(PAIR), "--server", "b"]);
    expect(usual.served[0]?.config.server.port).toBe(647);
    const other = PAIR.replace(
      'b: { address: "2001:db8:ffff::2"',
      'b: { address: "2001:db8:ffff::2", port: 1647',
    );
    const told = await run(["serve", "--config", file(other), "--server", "a"]);
    expect(told.served[0]?.config.relationships[0]?.partner.port).toBe(1647);
  });

  it("serve does not start with a faulty file, nor without knowing which server it is", async () => {
    const faulty = await run([
      "serve",
      "--config",
      file(PAIR.replace("pool:", "pol:")),
      "--server",
      "a",
    ]);
    expect([faulty.code, faulty.served.length]).toEqual([1, 0]);
    const unknown = await run(["serve", "--config", file(PAIR)]);
    expect(unknown.code).toBe(1);
    expect(unknown.notes).toContain("--server NAME");
  });

  it("no server on the socket exits with 3 and says what to do", async () => {
    const { code, notes } = await run(["status", "--socket", join(directory, "none.sock")]);
    expect(code).toBe(3);
    expect(notes).toContain("is the server running");
  });

  it("the socket is found by the file, the option or the environment", async () => {
    expect((await run(["status", "--config", file(PAIR), "--server", "a"])).notes).toContain(
      "/nowhere/a.sock",
    );
    const environment = { TANDEM_SOCKET: "/nowhere/env.sock" };
    expect((await run(["status"], { environment })).notes).toContain("/nowhere/env.sock");
    expect((await run(["status", "--socket", "/nowhere/s.sock"], { environment })).notes).toContain(
      "/nowhere/s.sock",
    );
  });
});

it("ends quietly when whoever reads its output has enough, as head does", async () => {
  const tandem = fileURLToPath(new URL("../../../bin/tandem.mjs", import.meta.url));
  const child = spawn(process.execPath, [tandem, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const [code] = await once(child, "close");
  expect([code, said]).toEqual([0, ""]);
});
