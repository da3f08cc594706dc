// RFC 8156 §7.2, RFC 9915's exhaustion by DECLINE (N-013): no more than a quarter of a link's addresses stays out of use
// because clients declined them; the oldest return early, and none that a client may hold (T-04).

import { describe, expect, it } from "vitest";
import type { Lease } from "../../../src/core/model/lease.ts";
import { addresses } from "../../support/answers.ts";
import { acquire, iaNa, serverId, TestClient } from "../../support/client.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { CONFIG, type Host, Pair } from "../../support/pair.ts";
import { na, OURS } from "../../support/requests.ts";

const POOL = `
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan
    pools: [{ pool: "2001:db8:1::1:0 - 2001:db8:1::1:3ff" }]
`;

/** One host declines whatever it is given, under a new name for each eight. */
function attack(lone: Lone, count: number): void {
  for (let number = 0; number < count; number++) {
    const client = fromClient(1 + (number >> 3));
    const iaid = number & 7;
    const [shown] = addresses(lone.answer("REQUEST", client, [OURS, na(iaid)]));
    if (shown !== undefined) lone.answer("DECLINE", client, [OURS, na(iaid, shown.address)]);
  }
}

const declined = (lone: Lone) => lone.host.up.state.table.countDeclined("2001:db8:1::/64");

describe("§7.2 many declined addresses", () => {
  it("7.2 1,023 of 1,024: within seconds three quarters of the pool are there again, the oldest first (N-013)", () => {
    const lone = new Lone(POOL);
    attack(lone, 1_023);
    expect(declined(lone)).toBe(1_023);
    const first = lone.host.up.state.table.oldestDeclined("2001:db8:1::/64", 1)[0] as Lease;
    for (let second = 0; second < 15; second++) lone.pass(1);
    expect(declined(lone)).toBe(256);
    expect(lone.lease(first.address)?.status).toBe("FREE");
    for (let client = 2_000; client < 2_760; client++) lone.bind(fromClient(client));
    expect(lone.host.up.counters.get("declined-returned")).toBe(1_023 - 256);
    expect(lone.host.up.alarms.shown(lone.now)).toMatchObject([{ id: "MANY_DECLINED" }]);
  });

  it("7.2 a few stay out of use for their whole time (D-167)", () => {
    const lone = new Lone(POOL);
    attack(lone, 200);
    for (let second = 0; second < 15; second++) lone.pass(1);
    expect(declined(lone)).toBe(200);
    expect(lone.host.up.alarms.shown(lone.now)).toEqual([]);
  });
});

const SMALL = CONFIG.replace("2001:db8:1::1:0/112", "2001:db8:1::1:0 - 2001:db8:1::1:3f");
const LINK = "2001:db8:1::/64";
const counts = (pair: Pair) => [pair.a, pair.b].map(({ up }) => up.state.table.countDeclined(LINK));

/** `number` clients of a server decline what it gives them. */
function declineAll(pair: Pair, host: Host, number: number): void {
  for (let i = 0; i < number; i++) {
    const client = new TestClient(host, 500 + i);
    const [lease] = acquire(client, host, pair.now);
    if (lease === undefined) continue;
    const ours = serverId(host.config.server.duid);
    client.send("DECLINE", [ours, iaNa(1, lease.address)], pair.now);
  }
}

function inStep(): Pair {
  const pair = new Pair(SMALL);
  pair.startBoth();
  pair.run(30_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  return pair;
}

describe("§7.5.4 many declined addresses of a pair", () => {
  it("7.5.4 return in step, at both servers, and neither refuses the other's word (F-254, N-013)", () => {
    const pair = inStep();
    declineAll(pair, pair.a, 30);
    pair.settle();
    expect(counts(pair)).toEqual([30, 30]);
    pair.run(10_000);
    expect(counts(pair)).toEqual([16, 16]);
    for (const { logs } of [pair.a, pair.b])
      expect(logs.filter(({ id }) => id === "FAILOVER_REJECTED")).toEqual([]);
    expect(acquire(new TestClient(pair.a, 1), pair.a, pair.now)[0]?.kind).toBe("address");
  });

  it("7.5.4 do not return without contact; afterwards they do (T-04)", () => {
    const pair = inStep();
    pair.cut = true;
    pair.run(60_000);
    declineAll(pair, pair.a, 30);
    pair.run(20_000);
    expect(counts(pair)).toEqual([30, 0]);
    pair.cut = false;
    pair.run(60_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    expect(counts(pair)).toEqual([16, 16]);
  });

  it("7.5.4 one that a client may hold stays out of use until that has ended (T-04)", () => {
    const pair = inStep();
    declineAll(pair, pair.a, 30);
    pair.settle();
    const { state } = pair.a.up;
    const [oldest] = state.table.oldestDeclined(LINK, 1);
    if (oldest === undefined) throw new Error("none");
    state.amend({ ...oldest, clientExpiry: oldest.startTimeOfState + 200 });
    pair.run(60_000);
    expect(state.table.get(oldest)?.status).toBe("ABANDONED");
    expect(counts(pair)).toEqual([16, 16]);
  });
});
