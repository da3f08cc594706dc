// What the operator does to a server that works: maintenance (T-05, T-13), resync, recover (RFC 8156 §8.5, A-61, A-80).

import { describe, expect, it } from "vitest";
import type { Command } from "../../../src/api/commands.ts";
import type { EndpointResult } from "../../../src/api/failover.ts";
import type { LeaseKey } from "../../../src/core/model/lease.ts";
import { acquire, TestClient } from "../../support/client.ts";
import { CONFIG, type Host, Pair } from "../../support/pair.ts";

function together(text = CONFIG): Pair {
  const pair = new Pair(text);
  pair.startBoth();
  pair.run(30_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  return pair;
}

/** The answer's message, after what it caused has happened. */
function say(pair: Pair, host: Host, command: Command): string {
  const result = host.command(command, pair.now);
  pair.settle();
  return result.ok ? (result.value as { message: string }).message : `refused: ${result.message}`;
}

function statusOf(pair: Pair, host: Host): EndpointResult & { readonly ids: readonly string[] } {
  const result = host.command({ type: "failover-status" }, pair.now);
  if (!result.ok || !("relationships" in result.value)) throw new Error("no status");
  const [endpoint] = result.value.relationships as readonly EndpointResult[];
  const alarms = result.value.alarms ?? [];
  return { ...(endpoint as EndpointResult), ids: alarms.map(({ id }) => id) };
}

const endpointOf = (host: Host) => {
  const [endpoint] = host.up.failover.endpoints;
  if (endpoint === undefined) throw new Error("no relationship");
  return endpoint;
};

const BEGIN = { type: "maintenance-begin", force: false } as const;
const END = { type: "maintenance-end" } as const;
const RESYNC = { type: "resync" } as const;
const RECOVER = { type: "recover", force: false } as const;

describe("T-05 maintenance", () => {
  it.each(["a", "b"] as const)(
    "8.9 the partner of %s answers everybody at once, and the pair is in NORMAL again after the end",
    (name) => {
      const pair = together();
      const [host, other] = name === "a" ? [pair.a, pair.b] : [pair.b, pair.a];
      expect(say(pair, host, BEGIN)).toContain("handing over");
      pair.run(1_000);
      expect(acquire(new TestClient(host, 1), host, pair.now)).toEqual([]);
      expect(acquire(new TestClient(other, 2), other, pair.now)).toHaveLength(2);
      expect(statusOf(pair, host)).toMatchObject({
        ids: ["MAINTENANCE"],
        maintenance: { isHandedOver: true },
        serving: { here: "nobody" },
      });
      expect(statusOf(pair, other).serving.here).toBe("everybody");
      // Nothing of that ends by itself.
      pair.run(120_000);
      expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED COMMUNICATIONS-INTERRUPTED");
      expect(say(pair, host, END)).toContain("over");
      pair.run(20_000);
      expect(pair.states).toBe("NORMAL NORMAL");
      expect(statusOf(pair, host)).toMatchObject({ ids: [], maintenance: null, backlog: 0 });
    },
  );

  it("what the partner has not acknowledged goes first", () => {
    const pair = together();
    const leases = acquire(new TestClient(pair.a, 7), pair.a, pair.now);
    say(pair, pair.a, BEGIN);
    pair.run(1_000);
    for (const lease of leases)
      expect(pair.b.up.state.table.get(lease)).toMatchObject({ status: "ACTIVE" });
    expect(statusOf(pair, pair.a).backlog).toBe(0);
  });

  it("is refused where the partner may not be able to serve, but for --force", () => {
    const pair = together();
    pair.kill(pair.b);
    pair.run(1_000);
    expect(say(pair, pair.a, BEGIN)).toContain("refused: in COMMUNICATIONS-INTERRUPTED");
    expect(acquire(new TestClient(pair.a, 7), pair.a, pair.now)).toHaveLength(2);
    expect(say(pair, pair.a, { ...BEGIN, force: true })).toContain("handing over");
    expect(acquire(new TestClient(pair.a, 8), pair.a, pair.now)).toEqual([]);
  });

  it("auto-partner-down does not count the time of maintenance here (R7031-19)", () => {
    const pair = together(CONFIG.replace("mclt: 60s", "mclt: 60s\n      auto-partner-down: 30s"));
    say(pair, pair.a, BEGIN);
    pair.run(100_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED PARTNER-DOWN");
  });

  it("a start ends it", () => {
    const pair = together();
    say(pair, pair.a, BEGIN);
    pair.run(1_000);
    pair.kill(pair.a);
    pair.a.start(pair.now);
    pair.run(40_000);
    expect(pair.states).toBe("NORMAL NORMAL");
  });
});

describe("resync", () => {
  /** b has forgotten a lease, and nothing says so. */
  function apart(): { readonly pair: Pair; readonly lease: LeaseKey } {
    const pair = together();
    const [lease] = acquire(new TestClient(pair.a, 7), pair.a, pair.now);
    pair.run(2_000);
    if (lease === undefined) throw new Error("no lease");
    pair.b.up.state.remove(lease);
    return { pair, lease };
  }

  it("7.4 UPDREQALL in NORMAL brings what is missing, while both serve (F-494)", () => {
    const { pair, lease } = apart();
    expect(say(pair, pair.b, RESYNC)).toContain("asked for all its leases");
    pair.run(2_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    expect(pair.b.up.state.table.get(lease)).toMatchObject({ status: "ACTIVE" });
    expect(statusOf(pair, pair.b)).toMatchObject({ fetching: "nothing", ids: [] });
  });

  it("A-32 it is no loss: the partner does not take its acknowledgements as forgotten (F-566)", () => {
    const { pair } = apart();
    const before = endpointOf(pair.a).record;
    say(pair, pair.b, RESYNC);
    pair.run(2_000);
    const after = endpointOf(pair.a).record;
    expect([after.ackEpoch, after.partnerLostAt]).toEqual([before.ackEpoch, before.partnerLostAt]);
    expect(endpointOf(pair.b).record.updateAllNeeded).toBe(false);
  });

  it("needs contact and NORMAL", () => {
    const { pair } = apart();
    pair.kill(pair.a);
    pair.run(1_000);
    expect(say(pair, pair.b, RESYNC)).toContain("refused: there is no contact");
  });
});

describe("recover", () => {
  it("8.5 as after a lost database: everything is fetched, the MCLT passes, and nobody is served here before (A-80)", () => {
    const pair = together();
    const leases = acquire(new TestClient(pair.a, 7), pair.a, pair.now);
    pair.run(2_000);
    for (const lease of leases) pair.b.up.state.remove(lease);
    expect(say(pair, pair.b, RECOVER)).toContain("NORMAL -> RECOVER");
    const began = pair.now;
    pair.run(1_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED RECOVER-WAIT");
    for (const lease of leases)
      expect(pair.b.up.state.table.get(lease)).toMatchObject({ status: "ACTIVE" });
    expect(acquire(new TestClient(pair.a, 8), pair.a, pair.now)).toHaveLength(2);
    // MCLT 60 s, grace 10 s, skew 6 s, heartbeat 2 s, from now on and not from the last start.
    const until = Date.parse(statusOf(pair, pair.b).waitUntil ?? "");
    expect(until - began).toBeGreaterThanOrEqual(76_000);
    pair.run(70_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED RECOVER-WAIT");
    pair.run(20_000);
    expect(pair.states).toBe("NORMAL NORMAL");
  });

  it("survives a restart in the middle", () => {
    const pair = together();
    say(pair, pair.b, RECOVER);
    pair.run(1_000);
    pair.kill(pair.b);
    pair.b.start(pair.now);
    pair.run(30_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED RECOVER-WAIT");
    pair.run(70_000);
    expect(pair.states).toBe("NORMAL NORMAL");
  });

  it("the primary may recover too", () => {
    const pair = together();
    say(pair, pair.a, RECOVER);
    pair.run(1_000);
    expect(pair.states).toBe("RECOVER-WAIT COMMUNICATIONS-INTERRUPTED");
    pair.run(90_000);
    expect(pair.states).toBe("NORMAL NORMAL");
  });

  it("is refused where nobody would serve, and on the server that knows", () => {
    const pair = together();
    pair.kill(pair.b);
    pair.run(1_000);
    expect(say(pair, pair.a, RECOVER)).toContain("refused: there is no contact");
    say(pair, pair.a, { type: "partner-down", force: false });
    expect(say(pair, pair.a, RECOVER)).toContain("refused: in PARTNER-DOWN");
    const both = together();
    say(both, both.b, RECOVER);
    both.run(1_000);
    expect(say(both, both.a, RECOVER)).toContain("refused: the partner serves nobody");
    expect(say(both, both.b, RECOVER)).toContain("already in");
  });
});
