// RFC 8415 §7.7, §21.4, §21.6: lifetimes, T1 and T2, and the end of a lease (§18.3, part 18).

import { describe, expect, it } from "vitest";
import type { Lease } from "../../../src/core/model/lease.ts";
import { addresses, iaOf, iasOf, prefixes, statusOf } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, pd } from "../../support/requests.ts";

const A = fromClient(1);
const B = fromClient(2);

/** A link with one address, and what else its subnet says. */
const tiny = (more = "") => `
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan
    pools: [{ pool: "2001:db8:1::5 - 2001:db8:1::5" }]
    pd-pools: [{ prefix: "2001:db8:8000::/48", delegated-len: 56 }]
${more}`;

function timers(more: string): readonly [number, number] | undefined {
  const [ia] = iasOf(new Lone(tiny(more)).answer("REQUEST", A, [OURS, na(1)]));
  return ia === undefined ? undefined : [ia.t1, ia.t2];
}

describe("RFC 8415 §21.4 T1 and T2", () => {
  it("§21.4 0.5 and 0.8 of the preferred lifetime (D-084)", () => {
    expect(timers("    preferred-lifetime: 2000\n")).toEqual([1000, 1600]);
  });

  it("§21.4 bounded by renew-timer and rebind-timer, never T1 over T2 (D-087)", () => {
    expect(timers("    renew-timer: 100\n")).toEqual([100, 2400]);
    expect(timers("    renew-timer: 100\n    rebind-timer: 200\n")).toEqual([100, 200]);
    expect(timers("    rebind-timer: 200\n")).toEqual([1500, 1500]);
  });

  it("§18.3.2 over all IAs by the shortest; an IA with a status only has the same (D-083, D-303)", () => {
    const shared = `
shared-networks:
  - name: both
    interface: lan
    subnet6:
      - { subnet: "2001:db8:1::/64", preferred-lifetime: 1000, pools: [{ pool: "2001:db8:1::5 - 2001:db8:1::5" }] }
      - { subnet: "2001:db8:2::/64", pd-pools: [{ prefix: "2001:db8:8000::/48", delegated-len: 56 }] }
`;
    const lone = new Lone(shared);
    for (const type of ["SOLICIT", "REQUEST"] as const) {
      const server = type === "SOLICIT" ? [] : [OURS];
      const reply = lone.answer(type, A, [...server, pd(1), na(1), na(2)]);
      expect(iasOf(reply).map(({ t1, t2 }) => [t1, t2])).toEqual(
        Array.from({ length: 3 }, () => [500, 800]),
      );
      expect(statusOf(iaOf(reply, "IA_NA", 2))).toBe(2);
    }
    // Nothing given at all: 0 and 0.
    expect(iasOf(lone.answer("REQUEST", B, [OURS, na(1)]))).toMatchObject([{ t1: 0, t2: 0 }]);
  });

  it("§21.4 infinite preferred lifetime: T1 and T2 infinite (D-085, D-022)", () => {
    expect(timers("    valid-lifetime: infinity\n    preferred-lifetime: infinity\n")).toEqual([
      0xffffffff, 0xffffffff,
    ]);
  });

  it("§21.4 a preferred lifetime of a second: the times are left to the client (D-086)", () => {
    expect(timers("    preferred-lifetime: 1\n")).toEqual([0, 0]);
  });
});

describe("RFC 8415 §7.7 lifetimes", () => {
  it("§21.6 are seconds from now, and preferred is at most valid (D-091, D-088)", () => {
    const lone = new Lone(tiny("    valid-lifetime: 500\n    preferred-lifetime: 400\n"));
    const given = () => addresses(lone.answer("REQUEST", A, [OURS, na(1)]))[0];
    expect(given()).toMatchObject({ validLifetime: 500, preferredLifetime: 400 });
    lone.pass(100);
    expect(given()).toMatchObject({ validLifetime: 500, preferredLifetime: 400 });
  });

  it("T-06 an end is counted from the next whole second, a contact from the last one (D-091)", () => {
    const lone = new Lone(tiny("    valid-lifetime: 500\n    preferred-lifetime: 400\n"));
    lone.now += 400;
    const { address } = lone.bind(A);
    const { clientExpiry, clientLastTransactionTime } = lone.lease(address) as Lease;
    expect(clientExpiry - clientLastTransactionTime).toBe(501);
  });

  it("§7.7 an infinite lease never ends and is nobody else's (D-022, D-289, D-290)", () => {
    const lone = new Lone(tiny("    valid-lifetime: infinity\n    preferred-lifetime: infinity\n"));
    const { address } = lone.bind(A);
    expect(addresses(lone.answer("SOLICIT", A, [na(1)]))[0]).toMatchObject({
      address,
      validLifetime: 0xffffffff,
      preferredLifetime: 0xffffffff,
    });
    const years = [0, 1, 1000, 3600, 86_400, 30 * 31_536_000, 50 * 31_536_000, 60 * 31_536_000];
    for (const seconds of years) {
      lone.pass(seconds);
      expect(statusOf(iaOf(lone.answer("REQUEST", B, [OURS, na(1)]), "IA_NA", 1))).toBe(2);
      expect(lone.lease(address)?.status).toBe("ACTIVE");
    }
    lone.host.kill();
    lone.host.start(lone.now);
    expect(statusOf(iaOf(lone.answer("REQUEST", B, [OURS, na(1)]), "IA_NA", 1))).toBe(2);
    lone.answer("RELEASE", A, [OURS, na(1, address)]);
    expect(lone.bind(B).address).toBe(address);
  });

  it("§7.7 the longest finite lifetime ends after 68 years and not sooner (D-290)", () => {
    const lone = new Lone(tiny("    valid-lifetime: 2147483647\n"));
    const { address } = lone.bind(A);
    expect(addresses(lone.answer("SOLICIT", A, [na(1)]))[0]?.validLifetime).toBeGreaterThan(
      0x7fff_0000,
    );
    for (const seconds of [0, 1, 86_400, 60 * 31_536_000]) {
      lone.pass(seconds);
      expect(statusOf(iaOf(lone.answer("REQUEST", B, [OURS, na(1)]), "IA_NA", 1))).toBe(2);
    }
    lone.pass(9 * 31_536_000);
    expect(lone.bind(B).address).toBe(address);
  });

  it("§7.7 an infinite lease that becomes finite is kept until the client has been told twice (D-290)", () => {
    const lone = new Lone(tiny("    valid-lifetime: infinity\n    preferred-lifetime: infinity\n"));
    const { address } = lone.bind(A);
    lone.restartWith(tiny());
    // The first REPLY may be lost: the client may still hold it for ever.
    expect(addresses(lone.answer("RENEW", A, [OURS, na(1, address)]))[0]?.validLifetime).toBe(4000);
    lone.pass(5000);
    expect(addresses(lone.answer("SOLICIT", B, [na(1)]))).toEqual([]);
    lone.answer("RENEW", A, [OURS, na(1, address)]);
    lone.pass(5000);
    expect(addresses(lone.answer("SOLICIT", B, [na(1)]))).toHaveLength(1);
  });
});

describe("RFC 8415 §18.3 the end of a lease", () => {
  it("§18.3 a lease that is over is free for the next client, at once and before housekeeping (D-287)", () => {
    const lone = new Lone(tiny());
    const { address } = lone.bind(A);
    lone.now += 4009_000;
    expect(addresses(lone.answer("SOLICIT", B, [na(1)]))).toEqual([]);
    lone.now += 1_000;
    // No tick came.
    expect(lone.lease(address)?.status).toBe("ACTIVE");
    expect(lone.bind(B).address).toBe(address);
    expect(lone.lease(address)?.duid).toBe(B);
    expect(statusOf(iaOf(lone.answer("RENEW", A, [OURS, na(1, address)]), "IA_NA", 1))).toBe(3);
  });

  it("T-06 the REPLY was on its way for a while: a lease ends some seconds after its client's time, nobody gets it sooner (D-290)", () => {
    const lone = new Lone(tiny());
    const { address } = lone.bind(A);
    lone.pass(4005);
    expect(addresses(lone.answer("SOLICIT", B, [na(1)]))).toEqual([]);
    expect(addresses(lone.answer("RENEW", A, [OURS, na(1, address)]))).toMatchObject([
      { address, validLifetime: 4000 },
    ]);
  });

  it("§18.3 housekeeping ends it, and its last client gets it back while it is free (D-287, D-288, D-165)", () => {
    const lone = new Lone();
    const first = lone.bind(A, { prefix: true });
    lone.pass(4011);
    expect(lone.lease(first.address)?.status).toBe("FREE");
    expect(lone.host.logs.map((event) => event.id)).toContain("DHCP6_LEASE_EXPIRED");
    expect(lone.bind(A, { prefix: true })).toEqual(first);
  });

  it("§18.3 a record that nobody needs is forgotten (D-287)", () => {
    const lone = new Lone();
    lone.bind(A, { prefix: true });
    lone.pass(4011);
    lone.pass(86_400);
    expect(lone.host.up.state.table.size).toBe(0);
  });

  it("§18.3 a retransmission never shortens what the client was told (F-558)", () => {
    const lone = new Lone(tiny());
    const { address } = lone.bind(A);
    const before = lone.lease(address)?.clientExpiry;
    lone.restartWith(tiny("    valid-lifetime: 100\n    preferred-lifetime: 90\n"));
    expect(addresses(lone.answer("REQUEST", A, [OURS, na(1)]))[0]?.validLifetime).toBe(100);
    expect(lone.lease(address)?.clientExpiry).toBe(before);
    expect(prefixes(lone.answer("SOLICIT", B, [pd(1)]))).toHaveLength(1);
    expect(lone.lease(ip("2001:db8:1::5"))?.validLifetime).toBe(100);
  });
});
