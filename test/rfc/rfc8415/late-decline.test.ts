// A DECLINE that a later REQUEST of its client overtook (T-01): what the client holds since goes to nobody else.

import { expect, it } from "vitest";
import type { Ipv6Address } from "../../../src/core/model/ipv6.ts";
import { acquire, iaNa, serverId, TestClient } from "../../support/client.ts";
import { LINKS, Lone } from "../../support/lone.ts";

it.each([
  ["the hold is shorter than the lease", "decline-probation-period: 60s\n"],
  ["the client has declined too many", "max-declines-per-client: 1\n"],
])(
  "§18.3.8 an overtaken DECLINE does not give the address to another client, %s",
  (_what, more) => {
    const lone = new Lone(LINKS.replace("2001:db8:1::1:0/112", "2001:db8:1::1:0/127"), more);
    const { host } = lone;
    const client = new TestClient(host, 1);
    const decline = (address: Ipv6Address) =>
      client.send("DECLINE", [serverId(host.config.server.duid), iaNa(1, address)], lone.now);
    const [first] = acquire(client, host, lone.now);
    if (first !== undefined) decline(first.address);
    const [held] = acquire(client, host, lone.now);
    if (held === undefined) throw new Error("no lease");
    expect(held.address).not.toBe(first?.address);
    lone.pass(20);
    // The DECLINE is sent here and is under way for two seconds.
    lone.pass(1);
    const [again] = acquire(client, host, lone.now);
    expect(again?.address).toBe(held.address);
    const until = lone.now + (again?.valid ?? 0) * 1_000;
    lone.pass(1);
    expect(decline(held.address)?.type).toBe("REPLY");
    const isTaken = !more.includes("max-declines");
    expect(lone.lease(held.address)?.status).toBe(isTaken ? "ABANDONED" : "ACTIVE");
    for (let i = 0; i < 200; i++) lone.pass(1);
    const others = [2, 3].flatMap((number) =>
      acquire(new TestClient(host, number), host, lone.now),
    );
    expect(lone.now).toBeLessThan(until);
    // The client itself is told when it renews.
    const renewal = client.send(
      "RENEW",
      [serverId(host.config.server.duid), iaNa(1, held.address)],
      lone.now,
    );
    const told = renewal?.leases ?? [];
    expect(told.some(({ address, valid }) => address === held.address && valid > 0)).toBe(!isTaken);
    expect(others.map(({ address }) => address)).not.toContain(held.address);
  },
);
