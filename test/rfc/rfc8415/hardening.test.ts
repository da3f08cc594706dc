// RFC 8415 §22: floods, foreign relays and clients that hide who they are.

import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../src/core/model/limits.ts";
import { fromClient, LINKS, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, relayed } from "../../support/requests.ts";

const A = fromClient(1);

const reason = (lone: Lone, ...request: Parameters<Lone["ask"]>): unknown =>
  lone.ask(...request) === undefined ? lone.lastDiscard : undefined;

/** By a relay with this address. */
const by = (source: string) => ({
  interface: "up",
  source: ip(source),
  sourcePort: 547,
  multicast: false,
  wrap: relayed("2001:db8:2::fffe", "fe80::1"),
});

describe("RFC 8415 §22 relays", () => {
  it("§22, RFC 6939 §5, RFC 8213 §3 where the file names relays, no other one is heard (D-298, X-166, X-186)", () => {
    const lone = new Lone(LINKS, "trusted-relays: [2001:db8:9::1, 2001:db8:9:1::/64]\n");
    for (const source of ["2001:db8:9::1", "2001:db8:9:1::77"])
      expect(reason(lone, "SOLICIT", A, [na(1)], by(source))).toBeUndefined();
    for (const source of ["2001:db8:9::2", "fe80::1"])
      expect(reason(lone, "SOLICIT", A, [na(1)], by(source))).toBe("relay-not-trusted");
    // Clients of the server's own link need no relay.
    expect(reason(lone, "SOLICIT", A, [na(1)])).toBeUndefined();
    expect(reason(new Lone(), "SOLICIT", A, [na(1)], by("2001:db8:9::2"))).toBeUndefined();
  });
});

describe("RFC 8415 §22 floods", () => {
  it("§22 one relay, or one address, may send so much in ten seconds and no more (D-300)", () => {
    const lone = new Lone(LINKS, "max-messages-per-source: 3\n");
    const ask = (n: number, source: string) =>
      reason(lone, "SOLICIT", fromClient(n), [na(1)], by(source));
    for (let n = 1; n <= 3; n++) expect(ask(n, "2001:db8:9::1")).toBeUndefined();
    expect(ask(4, "2001:db8:9::1")).toBe("source-rate");
    expect(ask(4, "2001:db8:9::2")).toBeUndefined();
    lone.pass(10);
    expect(ask(5, "2001:db8:9::1")).toBeUndefined();
  });

  it("§22 with too much to do SOLICIT is dropped first, and what extends leases is answered (D-300)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    lone.now += 1_500;
    const late = { receivedAt: lone.now - 1_500 };
    expect(reason(lone, "SOLICIT", fromClient(2), [na(1)], late)).toBe("overload");
    expect(reason(lone, "RENEW", A, [OURS, na(1, address)], late)).toBeUndefined();
    expect(reason(lone, "SOLICIT", fromClient(2), [na(1)])).toBeUndefined();
  });

  it("§22 what waits for a disk that stalls is bounded, and SOLICIT has half of it (D-300)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    lone.host.holdDisk = true;
    const bytes = lone.messageBytes("RENEW", A, [OURS, na(1, address)]);
    const at = { interface: "lan", source: ip("fe80::1"), sourcePort: 546, multicast: true };
    const events = Array.from({ length: LIMITS.heldOutputs / 2 }, () => ({
      type: "datagram" as const,
      datagram: { bytes, ...at, receivedAt: lone.now },
    }));
    lone.host.step(events, lone.now);
    lone.ask("SOLICIT", fromClient(2), [na(1)]);
    expect(lone.lastDiscard).toBe("overload");
    const before = lone.host.up.counters.get("discard-overload");
    lone.ask("RENEW", A, [OURS, na(1, address)]);
    expect(lone.host.up.counters.get("discard-overload")).toBe(before);
  });
});

describe("RFC 7844 clients that hide who they are", () => {
  it("what they leave behind is forgotten, so that their coming and going fills nothing (D-296, D-297)", () => {
    const lone = new Lone();
    for (let n = 0; n < 300; n++) {
      const client = fromClient(20_000 + n);
      const { address } = lone.bind(client);
      if (n % 2 === 0) lone.answer("RELEASE", client, [OURS, na(1, address)]);
    }
    expect(lone.host.up.state.table.size).toBe(300);
    // The lease, its grace, and as long again for the record of a free one.
    for (let i = 0; i < 100; i++) lone.pass(100);
    expect(lone.host.up.state.table.size).toBe(0);
  });
});
