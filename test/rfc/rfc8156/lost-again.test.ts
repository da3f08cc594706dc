// A server that loses its database again and again, or after its lifetimes were lowered (RFC 8156 §8.5; A-32, T-02, T-04, T-10).

import { describe, expect, it } from "vitest";
import { SimDisk } from "../../../sim/disk.ts";
import { forgottenOption, vendorOption } from "../../../src/core/failover/link/extensions.ts";
import { hiddenUntil } from "../../../src/core/failover/updates/forgotten.ts";
import type { EndpointRecord } from "../../../src/core/model/endpoint-record.ts";
import { diffSeconds, floorTime } from "../../../src/core/model/time.ts";
import { acquire, iaNa, pairWithLease, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, configFor, type Host, type Pair } from "../../support/pair.ts";
import { ScriptedPartner, terms } from "../../support/scripted-partner.ts";

function recordOf(host: Host): EndpointRecord {
  const [endpoint] = host.up.failover.endpoints;
  if (endpoint === undefined) throw new Error("no relationship");
  return endpoint.record;
}

/** `b` starts with an empty disk and dies again before its UPDREQALL is answered. */
function emptyForAMoment(pair: Pair): void {
  pair.b.disk = new SimDisk();
  pair.b.start(pair.now);
  while (recordOf(pair.b).ownLostAt === 0) pair.run(250);
  pair.kill(pair.b);
}

describe("§8.5 a loss counts for what may have been promised since the one before", () => {
  it("8.5 a server that never left RECOVER promised nothing, so its next loss renews no hold, on either side (A-32, T-04)", () => {
    const { pair } = pairWithLease(20_000);
    pair.kill(pair.b);
    emptyForAMoment(pair);
    const lostAt = recordOf(pair.a).partnerLostAt;
    for (let i = 0; i < 3; i++) {
      pair.run(100_000);
      emptyForAMoment(pair);
    }
    expect(recordOf(pair.a).partnerLostAt).toBe(lostAt);
    // What was acknowledged is void each time.
    expect(recordOf(pair.a).ackEpoch).toBeGreaterThan(4);
    pair.b.disk = new SimDisk();
    pair.b.start(pair.now);
    pair.run(120_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    // It was told how long ago its last promise was.
    expect(Math.abs(diffSeconds(recordOf(pair.b).ownLostAt, lostAt))).toBeLessThan(2);
  });

  it("8.5 one that served since is a loss of its own (A-32, T-04)", () => {
    const { pair } = pairWithLease(20_000);
    pair.kill(pair.b);
    emptyForAMoment(pair);
    const lostAt = recordOf(pair.a).partnerLostAt;
    pair.b.start(pair.now);
    pair.run(120_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    pair.kill(pair.b);
    emptyForAMoment(pair);
    const again = recordOf(pair.a).partnerLostAt;
    expect(diffSeconds(again, lostAt)).toBeGreaterThan(100);
    expect(diffSeconds(recordOf(pair.a).partnerLostAt, floorTime(pair.now))).toBeGreaterThan(-5);
  });

  it("8.5 a partner last seen in POTENTIAL-CONFLICT may have served alone since (T-04)", () => {
    const b = new ScriptedPartner("b").start().put("RESOLUTION-INTERRUPTED", {
      partnerLostAt: 5,
      partnerServed: false,
    });
    b.open().connect().tell("POTENTIAL-CONFLICT");
    expect(b.endpoint.record.partnerServed).toBe(true);
    b.drop();
    b.open().connect().tell("RECOVER", { flags: 0 });
    expect(b.endpoint.record).toMatchObject({ partnerLostAt: b.time(), partnerServed: false });
    b.send("UPDREQALL");
    expect(b.endpoint.record.partnerLostAt).toBe(b.time());
  });

  it("8.5 an UPDREQALL of a partner that serves is a loss each time (A-32)", () => {
    const b = new ScriptedPartner("b").start().reach("NORMAL", "NORMAL");
    for (let i = 0; i < 2; i++) {
      b.run(30_000);
      b.send("UPDREQALL");
      expect(b.endpoint.record).toMatchObject({ partnerLostAt: b.time(), partnerServed: true });
    }
  });

  it("8.5 a partner that speaks no extensions is told nothing of it (T-12)", () => {
    for (const tandem of [true, false]) {
      const b = new ScriptedPartner("b").start().put("COMMUNICATIONS-INTERRUPTED").open();
      b.send("CONNECT", [...terms(), ...(tandem ? [vendorOption([])] : [])]);
      b.tell("RECOVER", { flags: 0 });
      b.received = [];
      b.send("UPDREQALL");
      expect(b.takeAll("CONTACT")).toHaveLength(tandem ? 1 : 0);
    }
  });
});

describe("§8.5 a hold is for others", () => {
  it("8.5 in NORMAL and in step a held lease goes back to its own client, by either server's ending (T-02)", () => {
    for (const type of ["RENEW", "REBIND", "REQUEST", "SOLICIT"] as const) {
      const { pair, client, held } = pairWithLease(20_000);
      pair.kill(pair.b);
      pair.b.disk = new SimDisk();
      pair.b.start(pair.now);
      const status = (host: Host) => host.up.state.table.get(held)?.status;
      while (pair.states !== "NORMAL NORMAL") pair.run(1_000);
      pair.run(10_000);
      while (status(pair.a) === "ACTIVE" || status(pair.b) === "ACTIVE") pair.run(1_000);
      expect([status(pair.a), status(pair.b)]).toEqual(["EXPIRED", "EXPIRED"]);
      const [endpoint] = pair.a.up.failover.endpoints;
      expect(endpoint?.isInStep).toBe(true);
      const named = type === "RENEW" || type === "REQUEST";
      const ia = type === "SOLICIT" ? iaNa(1) : iaNa(1, held.address);
      const own = named ? [serverId(pair.a.config.server.duid)] : [];
      const other = new TestClient(pair.a, 9).send(type, [...own, ia], pair.now);
      expect(other?.leases.map((lease) => lease.address) ?? []).not.toContain(held.address);
      const back = client.send(type, [...own, ia], pair.now);
      expect(back?.leases).toMatchObject([{ address: held.address, valid: 60 }]);
      if (type === "SOLICIT") continue;
      pair.run(2_000);
      expect([status(pair.a), status(pair.b)]).toEqual(["ACTIVE", "ACTIVE"]);
    }
  });

  it("8.5 with a partner that may take a hold for an end it does not (F-049, F-559)", () => {
    const a = new ScriptedPartner("a").start();
    a.acceptsUpdates = true;
    a.reach("NORMAL", "NORMAL", { partnerLostAt: a.time(10), partnerServed: false });
    const client = new TestClient(a.host, 1);
    const [lease] = acquire(client, a.host, a.now);
    if (lease === undefined) throw new Error("no lease");
    while (a.stored(lease)?.status === "ACTIVE") a.run(1_000);
    expect(a.stored(lease)).toMatchObject({ status: "EXPIRED", endingSent: true });
    const own = serverId(a.host.config.server.duid);
    expect(client.send("RENEW", [own, iaNa(1, lease.address)], a.now)?.status).toBe(3);
  });
});

describe("§8.5 lowered lifetimes", () => {
  it("8.5 the hold goes by the longest valid lifetime that was ever configured, over restarts and at both servers (T-10)", () => {
    const lower = CONFIG.replace("valid-lifetime: 300s", "valid-lifetime: 90s").replace(
      "preferred-lifetime: 200s",
      "preferred-lifetime: 80s",
    );
    const { pair, held } = pairWithLease(20_000);
    for (const host of [pair.a, pair.b]) pair.kill(host);
    for (const host of [pair.a, pair.b])
      Object.assign(host, { config: configFor(host.name, lower) });
    pair.b.disk = new SimDisk();
    pair.startBoth();
    pair.run(5_000);
    expect(recordOf(pair.a).validHighest).toBe(300);
    // Its own record of it was lost: the partner tells.
    expect(recordOf(pair.b).validHighest).toBe(300);
    const record = recordOf(pair.a);
    const lease = pair.a.up.state.table.get(held);
    if (lease === undefined) throw new Error("no lease");
    const until = hiddenUntil(
      { ...lease, expirationTime: record.partnerLostAt + 900 },
      record,
      pair.a.config,
    );
    expect(diffSeconds(until, record.partnerLostAt)).toBeGreaterThan(300);
  });

  it("8.5 the partner's word counts only while the own database is being fetched (T-10)", () => {
    const said = forgottenOption({ lostAt: 5, valid: 900, mclt: 600 });
    const b = new ScriptedPartner("b").start().reach("NORMAL", "NORMAL");
    b.send("CONTACT", [said]);
    expect(b.endpoint.record).toMatchObject({ validHighest: 300, ownLostAt: 0, mcltHighest: 60 });
    const lost = new ScriptedPartner("b").start().open().connect().tell("NORMAL");
    const { ownLostAt } = lost.endpoint.record;
    expect(ownLostAt).toBe(lost.time());
    lost.send("CONTACT", [said]);
    expect(lost.endpoint.record).toMatchObject({
      ...{ validHighest: 900, mcltHighest: 600, ownLostAt: 5 },
    });
    // Only an earlier one is news.
    lost.send("CONTACT", [forgottenOption({ lostAt: ownLostAt, valid: 1, mclt: 1 })]);
    expect(lost.endpoint.record).toMatchObject({ validHighest: 900, ownLostAt: 5 });
  });
});
