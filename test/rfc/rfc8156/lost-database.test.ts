// What a server that lost its database may have promised: nobody remembers it, and nobody may get the lease before the
// promise can be over (docs/internals/failover.md; simulator seeds 53, 58 and 1001 of its first runs).

import { expect, it } from "vitest";
import { SimDisk } from "../../../sim/disk.ts";
import { endpointStatus } from "../../../src/core/failover/endpoint/status.ts";
import type { Ipv6Address } from "../../../src/core/model/ipv6.ts";
import type { Lease } from "../../../src/core/model/lease.ts";
import { iaNa, iaPd, pairWithLease, serverId, TestClient } from "../../support/client.ts";
import { type Host, ip, type Pair } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

function leaseAt(host: Host, address: Ipv6Address): Lease | undefined {
  return host.up.state.table.get({ kind: "address", address, length: 128 });
}

/** A client whose lease was extended by `a` alone, unknown to `b`; then `a` loses its disk and both are back. */
function extendedAndForgotten(): {
  pair: Pair;
  address: Ipv6Address;
  client: TestClient;
  until: number;
} {
  const { pair, client, held } = pairWithLease(30_000);
  const renew = () =>
    client.send("RENEW", [serverId(pair.a.config.server.duid), iaNa(1, held.address)], pair.now);
  expect(renew()?.leases[0]?.valid).toBe(300);
  pair.run(1_000);
  pair.kill(pair.b);
  pair.run(140_000);
  expect(renew()?.leases[0]?.valid).toBe(300);
  const until = pair.now + 300_000;
  pair.kill(pair.a);
  pair.run(200_000);
  pair.a.disk = new SimDisk();
  pair.startBoth();
  return { pair, address: held.address, client, until };
}

it("§8.5 what only the lost database knew is free at neither server before the longest promise is over (T-04, A-80)", () => {
  const { pair, address, until } = extendedAndForgotten();
  while (pair.now < until) {
    pair.run(5_000);
    expect(leaseAt(pair.a, address)?.status ?? "ACTIVE").not.toMatch(/FREE/);
    expect(leaseAt(pair.b, address)?.status).not.toMatch(/FREE/);
  }
  expect(pair.states).toBe("NORMAL NORMAL");
});

it("§8.5 when the promise is over both servers free the lease by themselves (T-13)", () => {
  const { pair, address } = extendedAndForgotten();
  pair.run(700_000);
  expect([leaseAt(pair.a, address)?.status, leaseAt(pair.b, address)?.status]).toEqual([
    "FREE",
    "FREE",
  ]);
});

/** `b` extended a lease alone, by what `a` had acknowledged to it, and lost its disk; both are back. */
function extendedByTheSecondary(): {
  pair: Pair;
  address: Ipv6Address;
  until: number;
  say(how: "RENEW" | "RELEASE", to: Host): number | undefined;
} {
  const { pair, client, held } = pairWithLease(30_000);
  const say = (how: "RENEW" | "RELEASE", to: Host) => {
    const options = [serverId(to.config.server.duid), iaNa(1, held.address)];
    return client.send(how, options, pair.now, { host: to })?.leases[0]?.valid;
  };
  pair.kill(pair.a);
  pair.run(15_000);
  expect(say("RENEW", pair.b)).toBe(60);
  pair.a.start(pair.now);
  pair.run(20_000);
  expect(say("RENEW", pair.b)).toBe(300);
  pair.run(1_000);
  pair.kill(pair.a);
  pair.run(80_000);
  expect(say("RENEW", pair.b)).toBe(300);
  const until = pair.now + 300_000;
  pair.kill(pair.b);
  pair.b.disk = new SimDisk();
  pair.startBoth();
  pair.run(10_000);
  return { pair, address: held.address, until, say };
}

it("§8.5 an answer since then settles nothing, as it may have been lost (T-01; simulator, seed 320121)", () => {
  const { pair, address, until, say } = extendedByTheSecondary();
  pair.run(180_000);
  expect(say("RENEW", pair.a)).toBe(60);
  while (pair.now < until) {
    pair.run(2_000);
    expect(leaseAt(pair.a, address)?.status).not.toMatch(/FREE/);
  }
  pair.run(400_000);
  expect([leaseAt(pair.a, address)?.status, leaseAt(pair.b, address)?.status]).toEqual([
    "FREE",
    "FREE",
  ]);
});

it("§8.5 a RELEASE since then does settle it", () => {
  const { pair, address, say } = extendedByTheSecondary();
  pair.run(20_000);
  say("RELEASE", pair.a);
  pair.run(120_000);
  expect(leaseAt(pair.a, address)?.status).toBe("FREE");
});

it("§8.4.1 a lease that the partner told is not this server's alone in PARTNER-DOWN (T-01)", () => {
  const { pair, address } = extendedAndForgotten();
  pair.run(120_000);
  expect(leaseAt(pair.a, address)?.status).toBe("EXPIRED");
  pair.kill(pair.b);
  pair.a.command({ type: "partner-down", relationship: undefined, force: true }, pair.now);
  expect(pair.states).toBe("PARTNER-DOWN down");
  const others = Array.from({ length: 20 }, (_, i) => new TestClient(pair.a, 100 + i));
  const given = others.flatMap(
    (other) => other.send("SOLICIT", [iaNa(1, address)], pair.now)?.leases ?? [],
  );
  expect(given.map((lease) => lease.address)).not.toContain(address);
});

it("§8.5 so it is with an extension by the MCLT alone, of which the survivor of the memory was never told (T-01; simulator, seed 40519)", () => {
  const { pair, client, held } = pairWithLease(1_000);
  pair.kill(pair.a);
  pair.run(50_000);
  const renew = [serverId(pair.a.config.server.duid), iaNa(1, held.address)];
  expect(client.send("RENEW", renew, pair.now, { host: pair.b })?.leases[0]?.valid).toBe(60);
  const until = pair.now + 60_000;
  pair.kill(pair.b);
  pair.run(22_000);
  pair.b.disk = new SimDisk();
  pair.startBoth();
  while (pair.now < until) {
    pair.run(2_000);
    expect(leaseAt(pair.a, held.address)?.status).not.toMatch(/FREE/);
  }
});

/** Both without contact, `b` declared the partner down; then `a` starts with an empty disk. */
function survivorOfLostDisk(): ScriptedPartner {
  const b = new ScriptedPartner("b").start().put("PARTNER-DOWN");
  b.lease({
    address: ip("2001:db8:1::1:2"),
    status: "EXPIRED",
    duid: new TestClient(b.host, 1).duid,
    iaid: 1,
    startTimeOfState: b.time(-10),
    marked: true,
  });
  return b.open().connect();
}

it("§8.5 a partner in RECOVER is told nothing before it has asked: an empty one would acknowledge any ending (T-04, A-33; simulator, seed 95063)", () => {
  const b = survivorOfLostDisk().tell("RECOVER");
  b.run(2_000);
  expect(b.take("BNDUPD")).toBeUndefined();
  b.send("UPDREQ");
  b.run(500);
  expect(b.take("BNDUPD")).toBeDefined();
});

it("§6.3 a partner that says it never met us has lost what it acknowledged (A-32, A-61)", () => {
  const b = survivorOfLostDisk();
  const { ackEpoch } = b.endpoint.record;
  b.tell("RECOVER", { flags: 0 });
  expect(b.endpoint.record).toMatchObject({
    ackEpoch: ackEpoch + 1,
    partnerUpdateAll: true,
    partnerLostAt: b.time(),
  });
});

it("§8.4 without its database a server starts no leases on the operator's word alone, and none of another's by force while the partner may be asked (A-72, A-80; simulator, seed 94168)", () => {
  const a = new ScriptedPartner("a")
    .start()
    .put("RESOLUTION-INTERRUPTED", { updateAllNeeded: true });
  const refused = a.endpoint.partnerDown(false, a.now);
  expect([refused.ok, refused.message]).toEqual([false, expect.stringContaining("--force")]);
  expect(a.endpoint.partnerDown(true, a.now).ok).toBe(true);
  expect(a.state).toBe("PARTNER-DOWN");
  const client = new TestClient(a.host, 1);
  const offered = () => client.send("SOLICIT", [iaNa(1)], a.now)?.leases.length ?? 0;
  expect(offered()).toBe(0);
  // The longest valid lifetime and the margins of every wait.
  a.run(400_000);
  expect(offered()).toBe(1);
  // Contact, and lost again before the answer to UPDREQALL: there is somebody to ask.
  a.open().connect().tell("PARTNER-DOWN");
  a.drop();
  a.put("PARTNER-DOWN");
  expect(offered()).toBe(0);
});

/** Without its database, alone, and declared so by force; the wait is over. */
function aloneByForce(): { a: ScriptedPartner; offered: (pd?: boolean) => number } {
  const a = new ScriptedPartner("a").start().put("RECOVER", { updateAllNeeded: true });
  expect(a.endpoint.partnerDown(true, a.now).ok).toBe(true);
  a.run(400_000);
  const client = new TestClient(a.host, 1);
  const offered = (pd = false) =>
    client.send("SOLICIT", [pd ? iaPd(1) : iaNa(1)], a.now)?.leases.length ?? 0;
  expect(offered()).toBe(1);
  return { a, offered };
}

it("§8.4 a partner that came back and died before its UPDDONE is given up by a second --force, and by no restart (T-13, A-80, A-83)", () => {
  const { a, offered } = aloneByForce();
  a.open().connect().tell("RECOVER", { flags: 0 });
  a.drop();
  expect([a.state, a.endpoint.record.updateAllNeeded, offered()]).toEqual([
    "PARTNER-DOWN",
    true,
    0,
  ]);
  a.host.kill();
  a.link = 0;
  a.now += 500_000;
  a.start();
  a.run(20_000);
  expect(offered()).toBe(0);
  expect(endpointStatus(a.endpoint, a.now).advice.join()).toContain("partner-down --force");
  a.endpoint.partnerDown(true, a.now);
  expect(offered()).toBe(0);
  a.run(400_000);
  expect(offered()).toBe(1);
});

it("§8.4 what force has limited stays so over a restart (A-83)", () => {
  const { a, offered } = aloneByForce();
  expect(offered(true)).toBe(0);
  a.host.kill();
  a.link = 0;
  a.start();
  a.run(60_000);
  expect([a.state, offered(true)]).toEqual(["PARTNER-DOWN", 0]);
});

it("§8.4 the wait of --force begins with the operator's word: until then the partner may have renewed what was forgotten (A-80)", () => {
  const a = new ScriptedPartner("a").start().put("RECOVER", { updateAllNeeded: true });
  a.run(1_000_000);
  a.endpoint.partnerDown(true, a.now);
  const client = new TestClient(a.host, 1);
  const offered = () => client.send("SOLICIT", [iaNa(1)], a.now)?.leases.length ?? 0;
  a.run(290_000);
  expect(offered()).toBe(0);
  a.run(110_000);
  expect(offered()).toBe(1);
});

it("§8.5 a server that lost its database holds what it may have promised itself: the partner's memory of that may be lost next (T-01, A-61; simulator, seed 240258)", () => {
  const b = new ScriptedPartner("b").start();
  b.open().connect().tell("COMMUNICATIONS-INTERRUPTED");
  expect(b.endpoint.record).toMatchObject({ updateAllNeeded: true, ownLostAt: b.time() });
  const lostAt = b.time();
  const key = { kind: "address", address: ip("2001:db8:1::1:2"), length: 128 } as const;
  b.put("NORMAL", { updateAllNeeded: false });
  b.lease({
    ...key,
    status: "ACTIVE",
    duid: new TestClient(b.host, 1).duid,
    iaid: 1,
    stateExpirationTime: b.time(5),
    clientExpiry: b.time(5),
    clientLastTransactionTime: b.time(-200),
    partnerLifetime: b.time(200),
  });
  b.endpoint.stay.synchronisedAt = b.now;
  b.run(30_000);
  expect(b.stored(key)?.status).toBe("EXPIRED");
  // The MCLT past what was acknowledged, but no longer than a lease lasts, and the margins.
  expect(b.stored(key)?.stateExpirationTime).toBeGreaterThan(lostAt + 260);
});
