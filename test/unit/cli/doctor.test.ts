import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Control, openControl } from "../../../src/admin/control.ts";
import { judgeSpeed } from "../../../src/cli/doctor/disk.ts";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import { dates } from "../../../src/cli/doctor/keys.ts";
import { hasPort } from "../../../src/cli/doctor/network.ts";
import {
  answering,
  CORE_RESULTS,
  ENDPOINT_RESULT,
  PROCESS_STATUS,
} from "../../support/api-results.ts";
import { run } from "./run.ts";

describe("tandem doctor", () => {
  let directory: string;
  let file: string;
  const open: (() => void | Promise<void>)[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tandem-doctor-"));
    file = join(directory, "pair.yaml");
  });
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
    rmSync(directory, { recursive: true });
  });

  /** As server `a`, the primary, with a partner on this machine's port. */
  async function examine(partnerPort: number, security = "plain") {
    writeFileSync(
      file,
      `
failover:
  relationships:
    - { name: campus, primary: a, secondary: b, security: ${security} }
servers:
  a: { address: "::1", port: 6471, unicast: ["[::1]:6470"], state-directory: ${join(directory, "state")}, control-socket: ${join(directory, "control.sock")}, duid: "00:04:00:01" }
  b: { address: "::1", port: ${partnerPort}, state-directory: /tmp/none, duid: "00:04:00:02" }
subnet6:
  - { subnet: "2001:db8:1::/64", pools: [ { pool: "2001:db8:1::1000-2001:db8:1::1fff" } ] }
`,
    );
    const argv = ["doctor", "--config", file, "--server", "a"];
    const { code, out } = await run([...argv, "--json"]);
    const { findings } = JSON.parse(out) as { findings: readonly Finding[] };
    const of = (what: string): Finding | undefined => findings.find((each) => each.what === what);
    return { code, findings, of, text: (await run(argv)).out };
  }

  async function listening(): Promise<number> {
    const server = net.createServer((socket) => socket.destroy());
    open.push(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, "::1", resolve));
    return (server.address() as net.AddressInfo).port;
  }

  it("without a server: what can be told is told, and what is to be done", async () => {
    const { code, of, text } = await examine(1);
    expect(code).toBe(1);
    expect(of("configuration")).toMatchObject({ level: "ok" });
    expect(of("server")).toMatchObject({ level: "warn", whatToDo: "systemctl start tandem" });
    expect(of("state directory")).toMatchObject({ level: "unknown" });
    expect(of("UDP port 6470")).toMatchObject({ level: "ok", found: "free" });
    expect(of("partner b")).toMatchObject({
      level: "fail",
      found: "nothing listens on [::1]:1",
    });
    expect(text).toMatch(/^FAILED {2}partner b +nothing listens on/m);
    expect(text).toMatch(/1 failed, \d to look at$/);
  });

  it("a partner that takes connections, and a disk that is measured", async () => {
    mkdirSync(join(directory, "state"), { mode: 0o700 });
    const { code, of } = await examine(await listening());
    expect(code).toBe(0);
    expect(of("partner b")).toMatchObject({ level: "ok" });
    expect(of("state directory")).toMatchObject({ level: "ok" });
    expect(of("disk speed")?.found).toMatch(/a durable write takes \d+\.\d ms/);
  });

  it("TLS without a key fails with the command that makes one (F-226)", async () => {
    const { of } = await examine(1, "tls");
    // The file is not sound without them, and check says where.
    expect(of("configuration")).toMatchObject({ level: "fail", whatToDo: `tandem check ${file}` });
  });

  it("a running server is asked: its alarms, its file, its partner", async () => {
    const control: Control = await openControl({
      path: join(directory, "control.sock"),
      ask: answering([], ({ type }) =>
        type === "failover-status"
          ? {
              ok: true,
              value: {
                ...CORE_RESULTS["failover-status"],
                relationships: [{ ...ENDPOINT_RESULT, communications: "OK" }],
                alarms: [
                  {
                    id: "CLOCKS_DIFFER",
                    level: "error",
                    subject: "campus",
                    since: "2026-11-24T10:00:00Z",
                    text: "the clocks differ",
                    whatToDo: "repair it",
                  },
                ],
              },
            }
          : undefined,
      ),
      process: () => ({ status: { ...PROCESS_STATUS, pid: process.pid }, alarms: [] }),
    });
    open.push(() => control.close());
    const { code, of } = await examine(1);
    expect(code).toBe(1);
    expect(of("server")).toMatchObject({ level: "ok" });
    expect(of("configuration")).toMatchObject({
      level: "warn",
      found: expect.stringContaining("changed since the server was started"),
    });
    expect(of("alarm CLOCKS_DIFFER")).toMatchObject({ level: "fail", whatToDo: "repair it" });
    expect(of("partner b")).toMatchObject({ level: "ok", found: "in contact (campus)" });
    expect(of("clock of b")).toMatchObject({ level: "warn" });
    expect(of("UDP port 6470")).toMatchObject({ level: "fail" });
  });

  it("judges dates of certificates, speeds of disks and tables of sockets", () => {
    const at = (days: number): string => new Date(days * 86_400_000).toUTCString();
    const judge = (from: number, to: number) =>
      dates({ validFrom: at(from), validTo: at(to) }, 1_000 * 86_400_000).level;
    expect([judge(0, 2_000), judge(0, 1_029), judge(0, 999), judge(1_001, 2_000)]).toEqual([
      "ok",
      "warn",
      "fail",
      "fail",
    ]);
    expect([1, 30, 600].map((millis) => judgeSpeed(Array(9).fill(millis)).level)).toEqual([
      "ok",
      "warn",
      "fail",
    ]);
    const table = `  sl  local_address remote_address st\n   0: 00000000000000000000000000000000:0223 0:0000 07\n   1: 00000000000000000000000001000000:0287 0:0000 0A\n`;
    expect([hasPort(table, 547, false), hasPort(table, 547, true)]).toEqual([true, false]);
    expect([hasPort(table, 647, true), hasPort(table, 648, false)]).toEqual([true, false]);
  });
});
