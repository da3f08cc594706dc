// What the operator is told of a relationship: who serves, what the partner does not know, what is wrong, what would
// happen (T-13, R7031-14; RFC 8156 §8).

import { describe, expect, it } from "vitest";
import type { EndpointResult } from "../../../src/api/failover.ts";
import type { CommandResult } from "../../../src/api/results.ts";
import { formatIpv6 } from "../../../src/core/model/ipv6.ts";
import { acquire, TestClient } from "../../support/client.ts";
import { CONFIG, configFor, type Host, Pair } from "../../support/pair.ts";

function statusOf(pair: Pair, host: Host) {
  const result = host.command({ type: "failover-status" }, pair.now);
  if (!result.ok) throw new Error(result.message);
  const { relationships, alarms } = (
    result as Extract<CommandResult<"failover-status">, { ok: true }>
  ).value;
  const [endpoint] = relationships;
  if (endpoint === undefined) throw new Error("no relationship");
  return { endpoint, alarms, ids: alarms.map(({ id }) => id) };
}

function together(text = CONFIG): Pair {
  const pair = new Pair(text);
  pair.startBoth();
  pair.run(30_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  return pair;
}

const outcome = ({ whatIf }: EndpointResult, event: RegExp): string =>
  whatIf.find((each) => event.test(each.event))?.outcome ?? "?";

describe("who serves the clients", () => {
  it("8.8 NORMAL: the primary answers, the secondary stands by, and nothing is wrong", () => {
    const pair = together();
    const a = statusOf(pair, pair.a);
    const b = statusOf(pair, pair.b);
    expect(a.endpoint.serving).toEqual({
      here: "everybody",
      partner: "own",
      text: "this server answers them; the partner stands by",
    });
    expect(b.endpoint.serving).toMatchObject({ here: "own", partner: "everybody" });
    expect([a.ids, b.ids]).toEqual([[], []]);
    expect(a.endpoint.reason).toBe("the partner was in RECOVER-DONE");
    expect(outcome(b.endpoint, /^a is lost/)).toContain("this server answers everybody");
    expect(outcome(a.endpoint, /lose contact/)).toContain("no address is given twice");
  });

  it("8.5 RECOVER without a partner: nobody serves, and that is an alarm with what to do (T-13)", () => {
    const pair = new Pair();
    pair.a.start(pair.now);
    pair.run(5_000);
    expect(statusOf(pair, pair.a).ids).toEqual([]);
    pair.run(10_000);
    const { endpoint, alarms, ids } = statusOf(pair, pair.a);
    expect(endpoint.state).toBe("RECOVER");
    expect(endpoint.serving).toMatchObject({ here: "nobody", partner: "unknown" });
    expect(endpoint.meaning).not.toContain("the partner serves");
    expect(ids).toEqual(["NO_CONTACT", "NOBODY_SERVES"]);
    expect(alarms[1]?.text).toContain("NOBODY");
    expect(alarms[1]?.whatToDo).toContain("partner-down --force");
    const before = alarms[0]?.since;
    pair.run(20_000);
    expect(statusOf(pair, pair.a).alarms[0]?.since).toBe(before);
    pair.b.start(pair.now);
    pair.run(20_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    expect(statusOf(pair, pair.a).ids).toEqual([]);
  });

  it("8.6 RECOVER-WAIT beside a partner that serves is no alarm", () => {
    const pair = together();
    pair.kill(pair.b);
    pair.run(1_000);
    pair.b.disk = new (pair.b.disk.constructor as new () => typeof pair.b.disk)();
    pair.b.start(pair.now);
    pair.run(5_000);
    const { endpoint, ids } = statusOf(pair, pair.b);
    expect(endpoint.state).toBe("RECOVER-WAIT");
    expect(endpoint.serving).toMatchObject({ here: "nobody", partner: "everybody" });
    expect(ids).toEqual([]);
  });
});

describe("what the partner does not know", () => {
  it("7.3 a lease given without contact is named, with until when it is at risk", () => {
    const pair = together();
    pair.cut = true;
    pair.run(15_000);
    const [lease] = acquire(new TestClient(pair.a, 7), pair.a, pair.now);
    const { endpoint, ids } = statusOf(pair, pair.a);
    expect(ids).toEqual(["NO_CONTACT"]);
    expect(endpoint).toMatchObject({ communications: "failed", secured: null, security: "plain" });
    const named = endpoint.pending.find(
      (each) => lease !== undefined && each.lease === formatIpv6(lease.address),
    );
    expect(named).toMatchObject({ waitsFor: "contact", refused: null });
    expect(endpoint.atRisk).toMatchObject({ leases: 2, isMore: false });
    expect(Date.parse(endpoint.atRisk.until ?? "") - pair.now).toBe(60_000);
    expect(endpoint.unseenSince).not.toBeNull();
    pair.cut = false;
    pair.run(15_000);
    const healed = statusOf(pair, pair.a);
    expect(healed.endpoint).toMatchObject({ pending: [], unseenSince: null, secured: false });
    expect(healed.endpoint.atRisk).toEqual({ leases: 0, until: null, isMore: false });
  });

  it("7.7 what the partner refuses is named with its reason, and is an alarm (F-300, A-30)", () => {
    const pair = new Pair();
    pair.b.config = configFor("b", CONFIG.replaceAll("2001:db8:1::", "2001:db8:2::"));
    pair.startBoth();
    pair.run(30_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    acquire(new TestClient(pair.a, 7), pair.a, pair.now);
    pair.run(2_000);
    const { endpoint, ids, alarms } = statusOf(pair, pair.a);
    expect(endpoint.pending[0]).toMatchObject({
      waitsFor: "another try",
      refused: { status: "ConfigurationConflict" },
    });
    expect(ids).toEqual(["UPDATES_REJECTED"]);
    expect(alarms[0]?.text).toBe("the partner refuses what changed of 1 lease");
  });
});

describe("T-13 advice in the log", () => {
  const advice = (host: Host) =>
    host.logs.filter(({ id }) => id === "FAILOVER_ADVICE").map(({ fields }) => fields.advice);

  it("a state that is passed through in a moment asks for nothing", () => {
    const pair = together();
    expect([...advice(pair.a), ...advice(pair.b)]).toEqual([]);
  });

  it("a state that lasts says once what to do", () => {
    const pair = together();
    pair.kill(pair.b);
    pair.run(4_000);
    expect(advice(pair.a)).toEqual([]);
    pair.run(60_000);
    expect(advice(pair.a)).toEqual([expect.stringContaining("Repair the partner")]);
  });
});
