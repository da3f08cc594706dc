import { describe, expect, it, vi } from "vitest";
import type { ShellLogEvent } from "../../../src/shell/log-events.ts";
import { type Surroundings, watchProcess } from "../../../src/shell/process-watch.ts";

const NOW = Date.UTC(2026, 10, 24, 12);
const DAY = 86_400_000;

function around(changes: Partial<Surroundings> = {}): Surroundings {
  return {
    server: "a",
    interfaces: ["eth0"],
    datagrams: { waiting: () => new Map() },
    links: { notListening: () => undefined },
    certificate: undefined,
    wallNow: () => NOW,
    carrierOf: () => true,
    ...changes,
  };
}

function watching(surroundings: Surroundings) {
  const logged: ShellLogEvent[] = [];
  const watch = watchProcess(surroundings, (event) => logged.push(event as ShellLogEvent));
  watch.stop();
  return { watch, logged, ids: watch.alarms().map(({ id }) => id) };
}

describe("what the process sees of its surroundings", () => {
  it("all is well: no alarm", () => {
    const { watch, ids, logged } = watching(around());
    expect([ids, logged]).toEqual([[], []]);
    expect(watch.interfaces()).toEqual([{ name: "eth0", carrier: true, open: true, reason: null }]);
  });

  it("a socket that was lost is an alarm until it is open again (UDP_LOST)", () => {
    const waiting = new Map([["eth0", "its link-local address is gone"]]);
    const { watch, ids } = watching(around({ datagrams: { waiting: () => waiting } }));
    expect(ids).toEqual(["SOCKET_CLOSED"]);
    expect(watch.interfaces()[0]).toMatchObject({
      open: false,
      reason: "its link-local address is gone",
    });
    waiting.clear();
    expect(watch.alarms()).toEqual([]);
  });

  it("a cable that was pulled is an alarm of its interface", () => {
    const { watch, ids } = watching(around({ carrierOf: () => false }));
    expect(ids).toEqual(["NO_CARRIER"]);
    expect(watch.alarms()[0]?.subject).toBe("eth0");
  });

  it("a failover port that cannot be opened is an alarm", () => {
    const links = { notListening: () => "address not available" };
    expect(watching(around({ links })).ids).toEqual(["PARTNER_PORT_CLOSED"]);
  });

  it.each([
    [-10 * DAY, -DAY, "expired"],
    [-10 * DAY, 29 * DAY, "expires"],
    [DAY, 10 * DAY, "is not valid before"],
  ])("a certificate valid from %i to %i ms is spoken of: it %s", (from, to, what) => {
    const text = (at: number): string => new Date(NOW + at).toUTCString();
    const certificate = { validFrom: text(from), validTo: text(to) };
    const { watch, logged } = watching(around({ certificate }));
    expect(watch.alarms()[0]?.text).toContain(what);
    expect(logged).toEqual([expect.objectContaining({ id: "CERTIFICATE_ENDS" })]);
  });

  it("a certificate that ends while the server runs is said when it is time, once", () => {
    vi.useFakeTimers();
    let now = NOW;
    const logged: string[] = [];
    const validTo = new Date(NOW + 31 * DAY).toUTCString();
    const certificate = { validFrom: new Date(NOW - DAY).toUTCString(), validTo };
    const surroundings = around({ certificate, wallNow: () => now });
    const watch = watchProcess(surroundings, ({ id }) => logged.push(id));
    vi.advanceTimersByTime(2_000);
    expect(logged).toEqual([]);
    now += 2 * DAY;
    vi.advanceTimersByTime(5_000);
    expect(logged).toEqual(["CERTIFICATE_ENDS"]);
    watch.stop();
    vi.useRealTimers();
  });
});
