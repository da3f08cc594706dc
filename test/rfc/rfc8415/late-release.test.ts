// A copy of a RELEASE that arrives late must not end the lease that its client got again since, at whichever server it
// arrives (RFC 8415 §16, §18.3.7; A-81, T-03). Datagrams live at most five seconds.

import { describe, expect, it } from "vitest";
import { encodeMessage } from "../../../src/core/wire/messages.ts";
import { option } from "../../../src/core/wire/options.ts";
import {
  acquire,
  activeAddresses,
  iaNa,
  pairWithLease,
  rebindAtSecondary,
  serverId,
  TestClient,
} from "../../support/client.ts";
import { Lone } from "../../support/lone.ts";
import { type Host, ip, Pair } from "../../support/pair.ts";

function released(pair: Pair, client: TestClient): { copyTo(host: Host): void; again(): void } {
  const [held] = acquire(client, pair.a, pair.now);
  if (held === undefined) throw new Error("no lease");
  pair.run(20_000);
  const bytes = encodeMessage({
    type: "RELEASE",
    transactionId: 0xabcdef,
    options: [
      option("CLIENTID", { duid: client.duid }),
      serverId(pair.a.config.server.duid),
      iaNa(1, held.address),
    ],
  });
  const copyTo = (host: Host): void => {
    const datagram = {
      bytes,
      interface: "lan",
      source: ip("fe80::1234"),
      sourcePort: 546,
      multicast: true,
      receivedAt: pair.now,
    };
    host.step([{ type: "datagram", datagram }], pair.now);
  };
  copyTo(pair.a);
  pair.run(1_000);
  const again = (): void => {
    const [lease] = acquire(client, pair.a, pair.now);
    expect(lease?.address).toBe(held.address);
    pair.run(1_000);
  };
  return { copyTo, again };
}

describe("§18.3.7 a late copy of a RELEASE", () => {
  it("does not end at the survivor what the client got again at the partner (A-81, T-03)", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(15_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    const client = new TestClient(pair.a, 1);
    const release = released(pair, client);
    release.again();
    pair.kill(pair.a);
    release.copyTo(pair.b);
    pair.a.start(pair.now);
    pair.run(15_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    expect(activeAddresses(pair.a, client)).toBe(1);
    expect(activeAddresses(pair.b, client)).toBe(1);
  });

  it("does not end after a restart what the client got again before it", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(15_000);
    const client = new TestClient(pair.a, 1);
    const release = released(pair, client);
    release.again();
    pair.kill(pair.a);
    pair.a.start(pair.now);
    pair.run(1_500);
    expect(pair.states).toBe("NORMAL NORMAL");
    release.copyTo(pair.a);
    pair.run(1_000);
    expect(activeAddresses(pair.a, client)).toBe(1);
  });

  it("a RELEASE at the survivor for a lease that is older is carried out", () => {
    const { pair, client, held } = pairWithLease(20_000);
    pair.kill(pair.a);
    client.send("RELEASE", [serverId(pair.a.config.server.duid), iaNa(1, held.address)], pair.now, {
      host: pair.b,
    });
    expect(activeAddresses(pair.b, client)).toBe(0);
  });

  it("does not end at a server without contact what its client got again there, the partner having carried out the other copy (T-01; simulator, seed 40428)", () => {
    const { pair, client, held } = pairWithLease(20_000);
    pair.cut = true;
    pair.run(15_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED COMMUNICATIONS-INTERRUPTED");
    const options = [serverId(pair.a.config.server.duid), iaNa(1, held.address)];
    client.send("RELEASE", options, pair.now, { host: pair.b });
    pair.run(1_000);
    acquire(client, pair.a, pair.now);
    pair.run(1_000);
    client.send("RELEASE", options, pair.now, { host: pair.a });
    expect(activeAddresses(pair.a, client)).toBe(1);
  });

  it("does not end in NORMAL what the client got again after a cut in which the partner carried out the other copy (T-01; simulator, seed 81201)", () => {
    const { pair, client, held } = pairWithLease(20_000);
    pair.cut = true;
    pair.run(15_000);
    const options = [serverId(pair.a.config.server.duid), iaNa(1, held.address)];
    client.send("RELEASE", options, pair.now, { host: pair.b });
    pair.cut = false;
    while (pair.states !== "NORMAL NORMAL") pair.run(500);
    pair.run(1_000);
    acquire(client, pair.a, pair.now);
    pair.run(500);
    client.send("RELEASE", options, pair.now, { host: pair.a });
    expect(activeAddresses(pair.a, client)).toBe(1);
    // One that is sent again later is carried out.
    pair.run(20_000);
    client.send("RELEASE", options, pair.now, { host: pair.a });
    expect(activeAddresses(pair.a, client)).toBe(0);
  });

  it("does not end what its client asked for anew meanwhile; sent again, it does (T-01; simulator, seed 302788)", () => {
    const { pair, client, held } = pairWithLease(20_000);
    const alone = new Lone();
    const other = new TestClient(alone.host, 1);
    const [lone] = acquire(other, alone.host, alone.now);
    if (lone === undefined) throw new Error("no lease");
    for (const one of [
      { client, held, host: pair.a, now: pair.now },
      { client: other, held: lone, host: alone.host, now: alone.now + 20_000 },
    ]) {
      const { host, now } = one;
      const options = [serverId(host.config.server.duid), iaNa(1, one.held.address)];
      const release = (at: number) => one.client.send("RELEASE", options, at, { host });
      const [again] = acquire(one.client, host, now);
      expect(again?.address).toBe(one.held.address);
      expect(release(now + 4_900)).toBeUndefined();
      expect(activeAddresses(host, one.client)).toBe(1);
      expect(release(now + 5_100)?.type).toBe("REPLY");
      expect(activeAddresses(host, one.client)).toBe(0);
    }
  });

  it("a lease that was given for the first time is released at once", () => {
    const { pair, client, held } = pairWithLease(0);
    const options = [serverId(pair.a.config.server.duid), iaNa(1, held.address)];
    client.send("RELEASE", options, pair.now);
    expect(activeAddresses(pair.a, client)).toBe(0);
  });

  it("does not end in NORMAL what the client got again at the partner, which has told it (T-01)", () => {
    const leased = pairWithLease(2_000);
    const { pair, client, held } = leased;
    const toB = [serverId(pair.b.config.server.duid), iaNa(1, held.address)];
    rebindAtSecondary(leased);
    pair.a.start(pair.now);
    pair.run(20_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    acquire(client, pair.a, pair.now);
    pair.run(1_000);
    client.send("RELEASE", toB, pair.now, { host: pair.b });
    pair.run(1_000);
    expect([activeAddresses(pair.a, client), activeAddresses(pair.b, client)]).toEqual([1, 1]);
  });
});
