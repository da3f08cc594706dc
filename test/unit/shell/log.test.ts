import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LIMITS } from "../../../src/core/model/limits.ts";
import { createLog, type Log, type LogFormat, renderEvent } from "../../../src/shell/log.ts";

describe("the log", () => {
  let directory: string;
  let file: string;
  let fd: number;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tandem-log-"));
    file = join(directory, "log");
    fd = openSync(file, "a");
  });
  afterEach(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  const open = (format: LogFormat, level: "info" | "debug" = "info"): Log =>
    createLog({ format, level, server: "a", fd });
  const lines = (): string[] => readFileSync(file, "utf8").trimEnd().split("\n");

  it("writes one JSON object an event: id, level, server, fields and the sentence", async () => {
    const log = open("json");
    log.write({ id: "TANDEM_STARTED", fields: { server: "a", leases: 3 } });
    log.write({ id: "DHCP6_LEASE_DECLINED", fields: { lease: "2001:db8::1", duid: "00:01" } });
    await log.drain();
    expect(lines().map((line) => JSON.parse(line))).toMatchObject([
      {
        id: "TANDEM_STARTED",
        level: "info",
        server: "a",
        fields: { leases: 3 },
        msg: "server a started, 3 leases",
      },
      {
        id: "DHCP6_LEASE_DECLINED",
        level: "warn",
        msg: "2001:db8::1 declined by 00:01: kept out of use",
      },
    ]);
  });

  it("keeps the order, also when the process ends", async () => {
    const log = open("text");
    for (let i = 0; i < 200; i++)
      log.write({ id: "DHCP6_LEASE_RELEASED", fields: { lease: `s${i}`, duid: "" } });
    await log.drain();
    expect(lines().map((line) => /: s(\d+) released/.exec(line)?.[1])).toEqual(
      Array.from({ length: 200 }, (_, i) => String(i)),
    );
  });

  it("leaves out what is below the level", async () => {
    const log = open("text");
    log.write({
      id: "DHCP6_DISCARD",
      fields: { message: "SOLICIT", source: "::1", reason: "overload" },
    });
    log.write({ id: "TANDEM_STOPPING", fields: {} });
    await log.drain();
    expect(lines()).toHaveLength(1);
  });

  it("what packets cause is written 50 times a second, of whatever level, then counted; leases are a record", async () => {
    vi.useFakeTimers();
    const log = open("text");
    for (let i = 0; i < 120; i++) {
      const fields = { kind: "address", duid: `${i}`, link: "campus" };
      log.write({ id: "DHCP6_POOL_EXHAUSTED", fields });
      log.write({ id: "DHCP6_LEASE_RELEASED", fields: { lease: "::", duid: `${i}` } });
      log.write({ id: "DHCP6_DOUBTFUL", fields: { lease: "::", duid: `${i}` } });
      log.write({ id: "LINK_LISTENING", fields: {} });
    }
    vi.advanceTimersByTime(1_000);
    log.write({ id: "DHCP6_POOL_EXHAUSTED", fields: {} });
    vi.useRealTimers();
    await log.drain();
    const count = (id: string): number =>
      lines().filter((line) => line.includes(` ${id}: `)).length;
    expect(count("DHCP6_LEASE_RELEASED")).toBe(120);
    expect(count("DHCP6_POOL_EXHAUSTED")).toBe(51);
    expect(lines().find((line) => line.includes("LOG_SUPPRESSED"))).toContain(
      "70 more events DHCP6_POOL_EXHAUSTED",
    );
    expect([count("DHCP6_DOUBTFUL"), count("LINK_LISTENING")]).toEqual([50, 50]);
    expect(log.counters()).toEqual({ log_suppressed_total: 210 });
  });

  it("one packet that names 2,000 leases in doubt leaves 51 lines, the last of them at the end of the process", async () => {
    const log = open("text");
    for (let i = 0; i < 2_000; i++)
      log.write({ id: "DHCP6_DOUBTFUL", fields: { lease: `${i}`, duid: "00:01" } });
    log.flush();
    expect(lines()).toHaveLength(51);
    expect(lines()[50]).toContain("1950 more events DHCP6_DOUBTFUL");
    for (let i = 0; i < 3_000; i++)
      log.write({ id: "DHCP6_LEASE_NEW", fields: { lease: `${i}`, duid: "", iaid: 1, valid: 1 } });
    await log.drain();
    expect(lines()).toHaveLength(51 + LIMITS.recordLines + 1);
  });

  it("a name from a client cannot forge a line or change a terminal", () => {
    const text = renderEvent({
      id: "DHCP6_LEASE_RELEASED",
      fields: { lease: "2001:db8::1", duid: "x\n2026 INFO forged \u001b[2J" },
    });
    expect(text).toBe("2001:db8::1 released by x\\x0a2026 INFO forged \\x1b[2J");
  });

  it("a placeholder without a field stays as it is", () => {
    expect(renderEvent({ id: "TANDEM_STARTED", fields: { server: "a" } })).toBe(
      "server a started, {leases} leases",
    );
  });
});
