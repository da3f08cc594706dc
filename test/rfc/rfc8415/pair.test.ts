// RFC 8415 §18.3 where a partner has a say: RFC 8156 §4.2.1, §8 and the rules T-01, T-02, T-03 as a client sees them.

import { describe, expect, it } from "vitest";
import type { Ipv6Address } from "../../../src/core/model/ipv6.ts";
import { lowBit } from "../../../src/core/model/ipv6.ts";
import { allOptions } from "../../../src/core/wire/options.ts";
import { type Answer, acquire, iaNa, iaPd, serverId, TestClient } from "../../support/client.ts";
import { CONFIG, type Host, ip, Pair } from "../../support/pair.ts";

function normal(text = CONFIG): Pair {
  const pair = new Pair(text);
  pair.startBoth();
  pair.run(60_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  return pair;
}

/** Contact is lost: both servers serve, each for itself. */
function interrupted(pair: Pair): void {
  pair.cut = true;
  pair.run(20_000);
  expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED COMMUNICATIONS-INTERRUPTED");
}

const own = (host: Host) => serverId(host.config.server.duid);
const addressOf = (answer: Answer | undefined): Ipv6Address | undefined =>
  answer?.leases.find((each) => each.kind === "address")?.address;
const statusAt = (host: Host, address: Ipv6Address) =>
  host.up.state.table.get({ kind: "address", address, length: 128 })?.status;

function bind(pair: Pair, client: TestClient): Ipv6Address {
  const address = acquire(client, pair.a, pair.now).find(
    (each) => each.kind === "address",
  )?.address;
  pair.run(1_000);
  return address ?? ip("::");
}

describe("RFC 8415 §18.3.5 REBIND at the other server of a pair", () => {
  it("§18.3.5 a binding that came from the partner counts as found (D-158, F-371, F-020)", () => {
    const pair = normal();
    const client = new TestClient(pair.a, 1);
    const address = bind(pair, client);
    interrupted(pair);
    const answer = client.send("REBIND", [iaNa(1, address)], pair.now, { host: pair.b });
    expect(answer?.serverId).toBe(pair.b.config.server.duid);
    expect(answer?.leases).toMatchObject([{ address }]);
    expect(answer?.leases[0]?.valid).toBeGreaterThan(0);
  });

  it("§18.3.5 a lease that the partner may have granted unseen is not named, nor NoBinding; known ones are answered (D-309, T-02)", () => {
    const pair = normal();
    const client = new TestClient(pair.a, 1);
    bind(pair, client);
    interrupted(pair);
    // Granted by the primary after contact was lost: the secondary cannot know.
    const unseen = addressOf(client.send("REQUEST", [own(pair.a), iaNa(2)], pair.now)) ?? ip("::");
    expect(lowBit(unseen)).toBe(1);
    expect(client.send("REBIND", [iaNa(2, unseen)], pair.now, { host: pair.b })).toBeUndefined();
    const known = pair.b.up.state.table
      .ofClient(client.duid)
      .find((lease) => lease.kind === "address");
    const answer = client.send(
      "REBIND",
      [iaNa(2, unseen), iaNa(1, known?.address ?? ip("::"))],
      pair.now,
      { host: pair.b },
    );
    expect(allOptions(answer?.options ?? [], "IA_NA").map((each) => each.iaid)).toEqual([1]);
    // What is not right for the link at all is no doubt.
    expect(
      client.send("REBIND", [iaNa(2, ip("2001:db8:9::1"))], pair.now, { host: pair.b })?.leases,
    ).toMatchObject([{ valid: 0 }]);
    pair.cut = false;
    pair.run(60_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    expect(client.send("REBIND", [iaNa(2, unseen)], pair.now)?.leases).toMatchObject([
      { address: unseen },
    ]);
    // Back in contact what nobody knows is denied.
    expect(client.send("REBIND", [iaNa(3, ip("2001:db8:1::1:99"))], pair.now)?.status).toBe(3);
  });

  it("T-02 creation enabled gives nothing in place of a doubtful lease", () => {
    const pair = normal(`create-on-renew: true\nrapid-commit: true\n${CONFIG}`);
    interrupted(pair);
    const client = new TestClient(pair.b, 1);
    const doubtful = ip("2001:db8:1::1:77");
    expect(client.send("REBIND", [iaNa(1, doubtful)], pair.now)).toBeUndefined();
    expect(
      client.send("RENEW", [own(pair.b), iaNa(1, doubtful), iaNa(2)], pair.now),
    ).toBeUndefined();
    expect(addressOf(client.send("RENEW", [own(pair.b), iaNa(2)], pair.now))).toBeDefined();
  });
});

describe("RFC 8156 §4.2.1 new leases of a pair", () => {
  it("4.2.1 out of contact an address of the partner's half that was released goes to nobody (F-021)", () => {
    const pair = normal();
    const client = new TestClient(pair.a, 1);
    const address = bind(pair, client);
    interrupted(pair);
    const { b } = pair;
    expect(
      client.send("RELEASE", [own(pair.a), iaNa(1, address)], pair.now, { host: b })?.status,
    ).toBe(0);
    expect(statusAt(b, address)).toBe("RELEASED");
    for (const each of [client, new TestClient(b, 2)]) {
      const given = addressOf(
        each.send("REQUEST", [own(b), iaNa(1, address)], pair.now, { host: b }),
      );
      expect(given).toBeDefined();
      expect(given).not.toBe(address);
      expect(lowBit(given ?? address)).toBe(0);
    }
  });

  it("4.2.2.1 an ended lease goes back to its client while the partner has not been told, and to nobody else (F-048)", () => {
    const pair = normal();
    const client = new TestClient(pair.a, 1);
    const address = bind(pair, client);
    interrupted(pair);
    client.send("RELEASE", [own(pair.a), iaNa(1, address)], pair.now);
    expect(statusAt(pair.a, address)).toBe("RELEASED");
    expect(
      addressOf(
        new TestClient(pair.a, 2).send("REQUEST", [own(pair.a), iaNa(1, address)], pair.now),
      ),
    ).not.toBe(address);
    expect(addressOf(client.send("REQUEST", [own(pair.a), iaNa(1, address)], pair.now))).toBe(
      address,
    );
  });

  it("4.2.2.1 once the partner was told of the end, nobody gets it before the answer (F-049, F-047)", () => {
    const pair = normal();
    const client = new TestClient(pair.a, 1);
    const address = bind(pair, client);
    client.send("RELEASE", [own(pair.a), iaNa(1, address)], pair.now);
    // The BNDUPD has left and is not answered.
    expect(statusAt(pair.a, address)).toBe("RELEASED");
    for (const each of [client, new TestClient(pair.a, 2)]) {
      const given = addressOf(each.send("SOLICIT", [iaNa(1, address)], pair.now));
      expect(given).toBeDefined();
      expect(given).not.toBe(address);
    }
    pair.run(1_000);
    expect(statusAt(pair.a, address)).toBe("FREE");
    expect(
      addressOf(
        new TestClient(pair.a, 3).send("REQUEST", [own(pair.a), iaNa(1, address)], pair.now),
      ),
    ).toBe(address);
  });

  it("4.2.1 PARTNER-DOWN: new leases from the own half only, and nothing that the partner may be renewing (F-023, T-01)", () => {
    const pair = normal();
    const client = new TestClient(pair.a, 1);
    const address = bind(pair, client);
    interrupted(pair);
    pair.b.command({ type: "partner-down", relationship: undefined, force: false }, pair.now);
    // Its end as this server knows it is long past; the partner may have gone on.
    pair.run(700_000);
    for (let number = 2; number < 12; number++) {
      const given = addressOf(
        new TestClient(pair.b, number).send("REQUEST", [own(pair.b), iaNa(1, address)], pair.now),
      );
      expect(given).toBeDefined();
      expect(lowBit(given ?? address)).toBe(0);
    }
  });

  it("4.2.1 REPLY and ADVERTISE are out of the same half, prefixes too (F-557)", () => {
    const pair = normal();
    for (let number = 1; number < 6; number++) {
      const client = new TestClient(pair.a, number);
      const shown = client.send("SOLICIT", [iaNa(1), iaPd(1)], pair.now)?.leases ?? [];
      const given = client.send("REQUEST", [own(pair.a), iaNa(1), iaPd(1)], pair.now)?.leases ?? [];
      expect(given.map((each) => each.address)).toEqual(shown.map((each) => each.address));
      for (const each of given)
        if (each.kind === "prefix")
          expect(pair.a.up.state.blocks.containing(each.address, each.length)).toBeUndefined();
    }
  });
});

describe("T-03 what is meant for the partner", () => {
  it("A-81 RELEASE with an IA that is not recorded here: Success, and no NoBinding (F-563)", () => {
    const pair = normal();
    const client = new TestClient(pair.a, 1);
    const address = bind(pair, client);
    interrupted(pair);
    const answer = client.send("RELEASE", [own(pair.a), iaNa(1, address), iaNa(2)], pair.now, {
      host: pair.b,
    });
    expect(answer?.status).toBe(0);
    expect(allOptions(answer?.options ?? [], "IA_NA")).toEqual([]);
  });

  it("A-81 RENEW with an IA without leases: NoAddrsAvail for it, nothing new; the REPLY waits for the disk (F-563, D-159)", () => {
    const pair = normal(`create-on-renew: true\n${CONFIG}`);
    const client = new TestClient(pair.a, 1);
    const address = bind(pair, client);
    interrupted(pair);
    const answer = client.send("RENEW", [own(pair.a), iaNa(1, address), iaNa(2)], pair.now, {
      host: pair.b,
    });
    expect(answer?.leases.map((each) => each.address)).toEqual([address]);
    expect(answer?.status).toBe(2);
    pair.b.holdDisk = true;
    expect(
      client.send("RENEW", [own(pair.a), iaNa(1, address)], pair.now, { host: pair.b }),
    ).toBeUndefined();
  });
});
