// A lease runs here as long as the partner may have promised it (RFC 8156 §7.3; T-14), and what ended here by its time alone
// goes back to its own client (§4.2.2.1; T-02).

import { describe, expect, it } from "vitest";
import type { Lease } from "../../../src/core/model/lease.ts";
import { acquire, type Held, iaNa, iaPd, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, type Host, ip, Pair } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const WAYS = ["RENEW", "REBIND", "REQUEST", "SOLICIT"] as const;

function ask(
  client: TestClient,
  host: Host,
  now: number,
  how: { readonly type: (typeof WAYS)[number]; readonly held: readonly Held[] },
) {
  const { type, held } = how;
  const [address, prefix] = ["address", "prefix"].map((kind) =>
    held.find((lease) => lease.kind === kind),
  );
  // Whoever begins anew has forgotten what it had.
  const remembers = type !== "SOLICIT";
  const ias = [
    ...(address === undefined ? [] : [remembers ? iaNa(1, address.address) : iaNa(1)]),
    ...(prefix === undefined ? [] : [remembers ? iaPd(1, prefix) : iaPd(1)]),
  ];
  const named = type === "RENEW" || type === "REQUEST";
  return client.send(type, [...(named ? [serverId(host.config.server.duid)] : []), ...ias], now, {
    host,
  })?.leases;
}

function recordOf(host: Host, { kind, address, length }: Held): Lease | undefined {
  return host.up.state.table.get({ kind, address, length });
}

/** The client got its leases from `a`, both know them, then the line was cut. */
function cutApart() {
  const pair = new Pair();
  pair.startBoth();
  pair.run(15_000);
  const client = new TestClient(pair.a, 1);
  const held = acquire(client, pair.a, pair.now);
  expect(held).toHaveLength(2);
  pair.run(2_000);
  pair.cut = true;
  pair.run(12_000);
  expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED COMMUNICATIONS-INTERRUPTED");
  return { pair, client, held };
}

describe("§7.3 expiration-time (T-14)", () => {
  it("7.3 the survivor keeps ACTIVE what its dead partner may have extended by what was acknowledged to it (T-14, F-263)", () => {
    const { pair, client, held } = cutApart();
    // MCLT 60 s past the 330 s that `b` has acknowledged: `a` tells the whole valid lifetime, and `b` cannot know.
    const extended = ask(client, pair.a, pair.now, { type: "REBIND", held });
    expect(extended).toMatchObject([{ valid: 300 }, { valid: 300 }]);
    const until = pair.now + 300_000;
    pair.run(100_000);
    for (const lease of held) {
      expect(recordOf(pair.b, lease)?.status).toBe("ACTIVE");
      expect(recordOf(pair.b, lease)?.stateExpirationTime).toBeLessThan(
        recordOf(pair.b, lease)?.expirationTime ?? 0,
      );
    }
    pair.kill(pair.a);
    pair.run(20_000);
    const rebound = ask(client, pair.b, pair.now, { type: "REBIND", held });
    expect(rebound?.map(({ address, valid }) => [address, valid])).toEqual(
      held.map(({ address }) => [address, 60]),
    );
    expect(pair.now).toBeLessThan(until);
  });

  it("7.3 and ends it when that is over, with the grace (T-14, T-06)", () => {
    const { pair, held } = cutApart();
    const [lease] = held as [Held];
    const until = recordOf(pair.b, lease)?.expirationTime ?? 0;
    const left = () => until - Math.floor(pair.now / 1000 - 946_684_800);
    while (recordOf(pair.b, lease)?.status === "ACTIVE") pair.run(250);
    expect(left()).toBe(-10);
    expect(recordOf(pair.b, lease)).toMatchObject({ status: "EXPIRED", endingSent: false });
  });

  it("7.3 in contact the partner's word ends it earlier (T-14, F-318)", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(15_000);
    const [lease] = acquire(new TestClient(pair.a, 1), pair.a, pair.now) as [Held];
    pair.run(80_000);
    for (const host of [pair.a, pair.b]) expect(recordOf(host, lease)?.status).toMatch(/^FREE/);
  });

  it("7.3 what this server served last ends by its client's expiry (T-14)", () => {
    const { pair, client, held } = cutApart();
    const [lease] = held as [Held];
    ask(client, pair.b, pair.now, { type: "REBIND", held });
    pair.run(69_000);
    expect(recordOf(pair.b, lease)?.status).toBe("ACTIVE");
    pair.run(2_000);
    expect(recordOf(pair.b, lease)?.status).toBe("EXPIRED");
  });
});

describe("§4.2.2.1 what ended here by its time alone goes back to its client (T-02)", () => {
  it("4.2.2.1 by RENEW, REBIND, REQUEST and SOLICIT, within the MCLT, out of either half; to nobody else (T-02, F-048)", () => {
    for (const type of WAYS) {
      const { pair, client, held } = cutApart();
      pair.kill(pair.a);
      pair.run(400_000);
      for (const lease of held) expect(recordOf(pair.b, lease)?.status).toBe("EXPIRED");
      const stranger = new TestClient(pair.b, 2);
      for (const way of WAYS) {
        const given = ask(stranger, pair.b, pair.now, { type: way, held }) ?? [];
        for (const { address } of given)
          expect(held.map((lease) => lease.address)).not.toContain(address);
      }
      const back = ask(client, pair.b, pair.now, { type, held });
      expect(back?.map(({ address, valid }) => [address, valid])).toEqual(
        held.map(({ address }) => [address, 60]),
      );
      if (type !== "SOLICIT")
        for (const lease of held)
          expect(recordOf(pair.b, lease)).toMatchObject({ status: "ACTIVE", duid: client.duid });
    }
  });

  it("4.2.2.1 also where housekeeping has not come by: still recorded ACTIVE (T-02, D-287)", () => {
    for (const type of WAYS) {
      const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
      const client = new TestClient(a.host, 1);
      const address = ip("2001:db8:1::1:100");
      a.lease({
        ...{ address, status: "ACTIVE", duid: client.duid, iaid: 1 },
        ...{ clientExpiry: a.time(5), stateExpirationTime: a.time(5), everSent: true },
      });
      const held: Held[] = [
        { kind: "address", address, length: 128, valid: 5, preferred: 5, t1: 1 },
      ];
      a.now += 15_500;
      // The message comes in the batch before the tick.
      expect(ask(client, a.host, a.now, { type, held })).toMatchObject([{ address, valid: 60 }]);
    }
  });

  it("4.2.2.1 not once the partner was told of the end so that it may free it (F-049, F-559, A-77)", () => {
    const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
    const client = new TestClient(a.host, 1);
    const address = ip("2001:db8:1::1:101");
    a.lease({
      address,
      status: "EXPIRED",
      duid: client.duid,
      iaid: 1,
      everSent: true,
      endingSent: true,
    });
    const held: Held[] = [{ kind: "address", address, length: 128, valid: 5, preferred: 5, t1: 1 }];
    expect(ask(client, a.host, a.now, { type: "RENEW", held })).toBeUndefined();
    expect(ask(client, a.host, a.now, { type: "REQUEST", held })?.[0]?.address).not.toBe(address);
  });

  it("4.2.2.1 a RENEW of one lease brings no other one back that ended long ago (T-02, D-148)", () => {
    const a = new ScriptedPartner("a").start().put("COMMUNICATIONS-INTERRUPTED");
    const client = new TestClient(a.host, 1);
    const [old, present] = [ip("2001:db8:1::1:101"), ip("2001:db8:1::1:103")];
    const common = { duid: client.duid, iaid: 1, everSent: true };
    a.lease({ ...common, address: old, status: "EXPIRED" });
    a.lease({
      ...{ ...common, address: present, status: "ACTIVE" },
      ...{ clientExpiry: a.time(60), stateExpirationTime: a.time(60) },
    });
    const held: Held[] = [
      { kind: "address", address: present, length: 128, valid: 60, preferred: 60, t1: 30 },
    ];
    for (const type of WAYS)
      expect(ask(client, a.host, a.now, { type, held })?.map((lease) => lease.address)).toEqual([
        present,
      ]);
  });

  it("4.2.2.1 strict-rfc8156 leaves it at what the RFC has (F-021)", () => {
    const text = CONFIG.replace(
      "startup-time: 10s",
      "startup-time: 10s\n      strict-rfc8156: true",
    );
    const a = new ScriptedPartner("a", text).start().put("COMMUNICATIONS-INTERRUPTED");
    const client = new TestClient(a.host, 1);
    const address = ip("2001:db8:1::1:100");
    a.lease({ address, status: "EXPIRED", duid: client.duid, iaid: 1, everSent: true });
    const answer = client.send(
      "REQUEST",
      [serverId(a.host.config.server.duid), iaNa(1, address)],
      a.now,
    );
    expect(answer?.leases[0]?.address).not.toBe(address);
  });
});
