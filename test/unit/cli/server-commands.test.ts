import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Control, openControl } from "../../../src/admin/control.ts";
import type { Command } from "../../../src/api/commands.ts";
import type { CommandResult } from "../../../src/api/results.ts";
import { renderFailover } from "../../../src/cli/failover-status.ts";
import {
  answering,
  CORE_RESULTS,
  ENDPOINT_RESULT,
  LEASE_RESULT,
  PROCESS_STATUS,
} from "../../support/api-results.ts";
import { run } from "./run.ts";

describe("commands that ask the server", () => {
  let directory: string;
  let control: Control;
  let socket: string;
  let commands: Command[];
  let answer: (command: Command) => CommandResult | undefined;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "tandem-cli-"));
    socket = join(directory, "control.sock");
    commands = [];
    answer = () => undefined;
    const ask = answering(commands, (command) => answer(command));
    control = await openControl({
      path: socket,
      ask,
      process: () => ({ status: PROCESS_STATUS, alarms: [] }),
    });
  });
  afterEach(async () => {
    await control.close();
    rmSync(directory, { recursive: true });
  });

  it("failover status shows both states, why, what is at risk and what to do (T-13)", async () => {
    const { code, out } = await run(["failover", "status", "--socket", socket]);
    expect(code).toBe(0);
    expect(out).toContain("campus: COMMUNICATIONS-INTERRUPTED (primary)");
    expect(out).toContain("no contact for 60 s");
    expect(out).toMatch(/partner +b: not known \(last known: NORMAL since 2026-11-24 09:00:00 UTC/);
    expect(out).toMatch(/secured +no connection \(TLS\)/);
    expect(out).toMatch(/clients +this server answers everybody/);
    expect(out).toMatch(
      /at risk +11 leases known to this server only, the last until 2026-11-24 11/,
    );
    expect(out).toMatch(/in doubt +what the partner gave or renewed since/);
    expect(out).toContain("- this server is lost: nobody answers.");
    expect(out).toMatch(
      /- 2001:db8::7 of 00:01:aa since 2026.*waits for another try; refused by the partner: no such pool \(ConfigurationConflict\)/,
    );
    expect(out).toMatch(/contact +failed, last heard 2026-11-24 09:59:00 UTC/);
    expect(out).toMatch(/clocks +the partner's is 3 s behind/);
    expect(out).toMatch(
      /updates +the partner has not acknowledged 12 leases yet; it refuses 1; the oldest:/,
    );
    expect(out).toContain("    - If it stays off: tandem failover partner-down");
    expect(out).toMatch(/MCLT +1 h/);
  });

  it("an alarm is shown with what to do, below its relationship (T-13)", () => {
    const text = renderFailover({
      ...CORE_RESULTS["failover-status"],
      alarms: [
        {
          id: "CLOCKS_DIFFER",
          level: "error",
          subject: "campus",
          since: "2026-11-24T10:00:00Z",
          text: "the partner's clock is 9 s ahead",
          whatToDo: "Repair time synchronisation.",
        },
      ],
    });
    expect(text).toMatch(
      /alarms:\n {4}- the partner's clock is 9 s ahead \(CLOCKS_DIFFER, since 2026.*\n {6}Repair time synchronisation\./,
    );
  });

  it("a server without a relationship says so", () => {
    expect(renderFailover({ relationships: [], alarms: [] })).toBe(
      "no failover relationship is configured",
    );
  });

  it("an answer of another shape is refused with words, not shown half", async () => {
    answer = () => ({ ok: true, value: { relationships: 7, alarms: [] } as never });
    const { code, notes } = await run(["failover", "status", "--socket", socket]);
    expect([code, notes]).toEqual([
      1,
      expect.stringContaining("answer is not understood: relationships"),
    ]);
  });

  it("--json gives the answer as it is", async () => {
    const { out } = await run(["failover", "status", "--socket", socket, "--json"]);
    expect(JSON.parse(out)).toEqual(CORE_RESULTS["failover-status"]);
    expect(JSON.parse((await run(["status", "--socket", socket, "--json"])).out).process).toEqual(
      PROCESS_STATUS,
    );
  });

  it("status shows interfaces with their carriers, leases, the pair and the counters in words", async () => {
    answer = ({ type }) =>
      type === "status"
        ? {
            ok: true,
            value: {
              ...CORE_RESULTS.status,
              relationships: [ENDPOINT_RESULT],
              alarms: [
                {
                  id: "DISK_TROUBLE",
                  level: "error",
                  subject: "a",
                  since: "2026-11-24T10:00:00Z",
                  text: "the state directory cannot be written",
                  whatToDo: "Make space.",
                },
              ],
            },
          }
        : undefined;
    const { out } = await run(["status", "--socket", socket]);
    expect(out).toMatch(/^a: Tandem 1\.2\.3, process 7\n/);
    expect(out).toMatch(/interface +eth0: open, carrier/);
    expect(out).toMatch(/in use +3 on campus/);
    expect(out).toMatch(
      /failover +campus: COMMUNICATIONS-INTERRUPTED \(primary\), contact failed, partner last known NORMAL, 12 to be acknowledged/,
    );
    expect(out).toMatch(/- the state directory cannot be written \(DISK_TROUBLE.*\n +Make space/);
    expect(out).toMatch(/received-SOLICIT +3/);
  });

  it("partner-down without a terminal needs --yes, and nothing is sent (T-01, T-13)", async () => {
    const { code, notes } = await run(["failover", "partner-down", "--socket", socket]);
    expect([code, commands.length]).toEqual([2, 0]);
    expect(notes).toContain("--yes");
  });

  it("partner-down asks on a terminal, shows the state and says what it does (T-01)", async () => {
    const refused = await run(["failover", "partner-down", "--socket", socket], { typed: "y" });
    expect(refused.code).toBe(1);
    expect(refused.notes).toContain("campus: COMMUNICATIONS-INTERRUPTED");
    expect(refused.notes).toContain(
      "so even a wrong command gives no address to two clients".slice(3),
    );
    expect(commands.map((command) => command.type)).toEqual(["failover-status"]);
    const agreed = await run(["failover", "partner-down", "--socket", socket], { typed: "yes" });
    expect(agreed.code).toBe(0);
    expect(commands.at(-1)).toEqual({ type: "partner-down", force: false });
  });

  it("partner-down --yes --force names the relationship (A-72)", async () => {
    const argv = [
      "failover",
      "partner-down",
      "--socket",
      socket,
      "--yes",
      "--force",
      "--relationship",
      "campus",
    ];
    expect(await run(argv)).toMatchObject({ code: 0, out: "NORMAL -> PARTNER-DOWN" });
    expect(commands).toEqual([{ type: "partner-down", relationship: "campus", force: true }]);
  });

  it("partner-down --reclaim is confirmed by the relationship's name, typed or beside --yes (T-01)", async () => {
    const argv = ["failover", "partner-down", "--socket", socket, "--reclaim"];
    for (const alone of [argv, [...argv, "--yes"], [...argv, "--relationship", "campus"]]) {
      const refused = await run(alone);
      expect([refused.code, commands.length]).toEqual([2, 0]);
      expect(refused.notes).toContain("--relationship NAME --yes");
    }
    const empty = await run(argv, { typed: "" });
    expect(empty.code).toBe(1);
    expect(empty.notes).toContain("CLIENTS CAN GET ONE ADDRESS");
    const typed = await run(argv, { typed: "campus" });
    expect(typed.code).toBe(0);
    expect(commands.at(-1)).toEqual({ type: "reclaim", relationship: "campus", force: false });
    await run([...argv, "--relationship", "campus", "--yes"]);
    expect(commands.filter(({ type }) => type === "reclaim")).toHaveLength(2);
    const other = await run([...argv, "--relationship", "campus"], { typed: "office" });
    expect(other.code).toBe(1);
    expect(commands.filter(({ type }) => type === "reclaim")).toHaveLength(2);
  });

  it("what the server refuses exits with 1 and its own words", async () => {
    answer = () => ({ ok: false, code: "refused", message: "it is in NORMAL" });
    const { code, notes } = await run(["failover", "partner-down", "--socket", socket, "--yes"]);
    expect(code).toBe(1);
    expect(notes).toContain("it is in NORMAL");
  });

  it("maintenance begin waits until the partner serves, and says what it knows (T-05)", async () => {
    let looks = 0;
    answer = ({ type }) => {
      if (type !== "failover-status") return undefined;
      const maintenance = { since: "2026-11-24T10:00:00Z", isHandedOver: ++looks > 2 };
      const endpoint = { ...ENDPOINT_RESULT, maintenance, backlog: 0 };
      return { ok: true, value: { relationships: [endpoint], alarms: [] } };
    };
    const begun = await run(["failover", "maintenance", "begin", "--socket", socket]);
    expect(begun).toMatchObject({
      code: 0,
      out: "handed over: b serves all clients; it knows every lease",
    });
    expect(looks).toBe(3);
    await run(["failover", "maintenance", "end", "--socket", socket]);
    expect(commands[0]).toEqual({ type: "maintenance-begin", force: false });
    expect(commands.at(-1)).toEqual({ type: "maintenance-end" });
    expect((await run(["failover", "maintenance", "now", "--socket", socket])).code).toBe(2);
  });

  it("resync is sent at once, recover only after a yes (T-13)", async () => {
    await run(["failover", "resync", "--socket", socket]);
    expect(commands).toEqual([{ type: "resync" }]);
    expect(await run(["failover", "recover", "--socket", socket])).toMatchObject({ code: 2 });
    expect(await run(["failover", "recover", "--socket", socket], { typed: "no" })).toMatchObject({
      code: 1,
    });
    expect(commands).toHaveLength(1);
    const { out } = await run(["failover", "recover", "--socket", socket, "--yes", "--force"]);
    expect(out).toBe("NORMAL -> RECOVER");
    expect(commands.at(-1)).toEqual({ type: "recover", force: true });
  });

  it("leases list turns the pages and stops at the limit", async () => {
    answer = (command) => {
      const at = command.type === "leases-list" ? command.cursor : 0;
      const leases = [1, 2].map((i) => ({ ...LEASE_RESULT, lease: `2001:db8::${at + i}` }));
      return { ok: true, value: { leases, next: at < 4 ? at + 2 : null } };
    };
    const all = await run(["leases", "list", "--socket", socket]);
    expect(all.out.match(/2001:db8::\d/g)).toEqual([1, 2, 3, 4, 5, 6].map((i) => `2001:db8::${i}`));
    expect(all.out.match(/^lease /gm)).toHaveLength(1);
    const three = await run([
      "leases",
      "list",
      "--socket",
      socket,
      "--limit",
      "3",
      "--json",
      "--status",
      "active",
    ]);
    expect(three.out.split("\n").map((line) => JSON.parse(line).lease)).toEqual([
      "2001:db8::1",
      "2001:db8::2",
      "2001:db8::3",
    ]);
    expect(commands.at(-1)).toMatchObject({ cursor: 2, status: "ACTIVE" });
  });

  it("leases show takes addresses and prefixes", async () => {
    const { out } = await run(["leases", "show", "2001:db8:1::/56", "--socket", socket]);
    expect(commands).toEqual([{ type: "leases-show", lease: "2001:db8:1::/56" }]);
    expect(out).toMatch(/^2001:db8::1: ACTIVE since/);
    expect(out).toMatch(/partner +knows the last change/);
    expect(out).toMatch(/the client was told until +2026-11-24 11:00:00 UTC .*\[client expiry\]/);
    const wrong = await run(["leases", "show", "nonsense", "--socket", socket]);
    expect([wrong.code, wrong.notes]).toEqual([
      1,
      "tandem: `lease` `nonsense`: this is no IPv6 address and no prefix",
    ]);
  });
});
