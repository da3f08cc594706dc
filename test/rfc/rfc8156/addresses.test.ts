// RFC 8156 §4.2.1: which addresses each server gives to new clients.

import { describe, expect, it } from "vitest";
import { lowBit } from "../../../src/core/model/ipv6.ts";
import { acquire, iaNa, TestClient } from "../../support/client.ts";
import { ip, Pair } from "../../support/pair.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

describe("§4.2.1 addresses: independent allocation", () => {
  it("4.2.1.1 the primary gives odd addresses, the secondary even ones; nothing is sent about it (F-015, F-016, F-017, F-024, F-451, F-557)", () => {
    const pair = new Pair();
    pair.startBoth();
    pair.run(30_000);
    pair.cut = true;
    pair.run(15_000);
    for (const [host, bit] of [
      [pair.a, 1],
      [pair.b, 0],
    ] as const) {
      for (let number = 1; number <= 20; number++) {
        const [address] = acquire(new TestClient(host, number + bit * 1_000), host, pair.now);
        expect(lowBit(address?.address ?? ip("::"))).toBe(bit);
      }
    }
    expect(pair.b.up.state.blocks.all().every((each) => each.length < 128)).toBe(true);
  });

  it("4.2.1.1 a hint of the other half is not followed (F-018)", () => {
    const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
    const hint = ip("2001:db8:1::1:100");
    const answer = new TestClient(a.host, 1).send("SOLICIT", [iaNa(1, hint)], a.now);
    expect(answer?.leases[0]?.address).not.toBe(hint);
    expect(lowBit(answer?.leases[0]?.address ?? ip("::"))).toBe(1);
    const own = ip("2001:db8:1::1:101");
    expect(
      new TestClient(a.host, 2).send("SOLICIT", [iaNa(1, own)], a.now)?.leases[0]?.address,
    ).toBe(own);
  });
});
