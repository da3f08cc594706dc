// RFC 8415 §18.3.7 and §18.3.8: RELEASE and DECLINE.

import { describe, expect, it } from "vitest";
import { addresses, codesOf, iasOf, prefixes, statusOf } from "../../support/answers.ts";
import { fromClient, LINKS, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, oro, pd } from "../../support/requests.ts";

const A = fromClient(1);
const B = fromClient(2);

const TINY = `
subnet6:
  - { subnet: "2001:db8:1::/64", interface: lan, pools: [{ pool: "2001:db8:1::5 - 2001:db8:1::5" }] }
`;

describe("RFC 8415 §18.3.7 RELEASE", () => {
  it("§18.3.7 frees the leases; Success, SERVERID and CLIENTID, and not the IAs (D-160, D-162, D-164, D-172)", () => {
    const lone = new Lone();
    const { address, prefix = ip("::") } = lone.bind(A, { prefix: true });
    const reply = lone.answer("RELEASE", A, [
      OURS,
      na(1, address),
      pd(1, `2001:db8:8000:${prefix.slice(12, 16)}::/56`),
      oro(23),
    ]);
    expect(reply.type).toBe("REPLY");
    expect(codesOf(reply)).toEqual([2, 1, 13]);
    expect(statusOf(reply)).toBe(0);
    expect(lone.lease(address)?.status).toBe("FREE");
    expect(lone.lease(prefix, 56)?.status).toBe("FREE");
  });

  it("§18.3.7 the next client may have it at once; else its last one gets it back (D-160, D-165, D-288)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    lone.answer("RELEASE", A, [OURS, na(1, address)]);
    expect(lone.bind(A).address).toBe(address);
    const tiny = new Lone(TINY);
    tiny.bind(A);
    tiny.answer("RELEASE", A, [OURS, na(1, "2001:db8:1::5")]);
    expect(tiny.bind(B).address).toBe(ip("2001:db8:1::5"));
  });

  it("§18.3.7 a lease that is not the IA's is left alone (D-161)", () => {
    const lone = new Lone();
    const theirs = lone.bind(B).address;
    lone.bind(A, { iaid: 1 });
    const other = lone.bind(A, { iaid: 2 }).address;
    const reply = lone.answer("RELEASE", A, [OURS, na(1, theirs, other, "2001:db8:1::1:99")]);
    expect(codesOf(reply)).toEqual([2, 1, 13]);
    for (const address of [theirs, other]) expect(lone.lease(address)?.status).toBe("ACTIVE");
  });

  it("§18.3.7 an IA without binding comes back with NoBinding only, beside Success (D-163, D-303)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    const reply = lone.answer("RELEASE", A, [OURS, na(1, address), na(2, address), pd(1)]);
    expect(statusOf(reply)).toBe(0);
    expect(iasOf(reply)).toMatchObject([
      { iaid: 2, t1: 0, t2: 0 },
      { iaid: 1, t1: 0, t2: 0 },
    ]);
    for (const ia of iasOf(reply)) expect(ia.options.map((each) => each.code)).toEqual([13]);
    // A retransmission finds nothing any more.
    expect(iasOf(lone.answer("RELEASE", A, [OURS, na(1, address)])).map(statusOf)).toEqual([3]);
  });

  it("§18.3.7 without IAs: Success (D-310); the REPLY leaves when the end is durable", () => {
    const lone = new Lone();
    expect(codesOf(lone.answer("RELEASE", A, [OURS]))).toEqual([2, 1, 13]);
    const { address } = lone.bind(A);
    lone.host.holdDisk = true;
    expect(lone.ask("RELEASE", A, [OURS, na(1, address)])).toBeUndefined();
  });
});

describe("RFC 8415 §18.3.8 DECLINE", () => {
  it("§18.3.8 takes the address out of the IA and out of use, and tells the operator (D-166, D-167, D-168, D-170)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    const reply = lone.answer("DECLINE", A, [OURS, na(1, address), na(2)]);
    expect(statusOf(reply)).toBe(0);
    expect(iasOf(reply).map((ia) => [ia.iaid, statusOf(ia)])).toEqual([[2, 3]]);
    expect(lone.lease(address)?.status).toBe("ABANDONED");
    expect(lone.host.logs.map((event) => event.id)).toContain("DHCP6_LEASE_DECLINED");
    for (const client of [A, B]) {
      const given = addresses(lone.answer("REQUEST", client, [OURS, na(1, address)]))[0]?.address;
      expect(given).toBeDefined();
      expect(given).not.toBe(address);
    }
  });

  it("§18.3.8 the address may be given again after its time (D-167)", () => {
    const lone = new Lone(TINY, "decline-probation-period: 1h\n");
    const { address } = lone.bind(A);
    lone.answer("DECLINE", A, [OURS, na(1, address)]);
    lone.pass(3609);
    expect(addresses(lone.answer("SOLICIT", B, [na(1)]))).toEqual([]);
    lone.pass(2);
    expect(addresses(lone.answer("SOLICIT", B, [na(1)])).map((each) => each.address)).toEqual([
      address,
    ]);
  });

  it("§18.3.8 an address that is not the IA's is never marked (D-169)", () => {
    const lone = new Lone();
    const theirs = lone.bind(B).address;
    lone.bind(A);
    const reply = lone.answer("DECLINE", A, [OURS, na(1, theirs, "2001:db8:1::1:99")]);
    expect(iasOf(reply)).toEqual([]);
    expect(lone.lease(theirs)?.status).toBe("ACTIVE");
    expect(lone.lease(ip("2001:db8:1::1:99"))).toBeUndefined();
  });

  it("§18.3.8 prefixes are not declined; NoBinding only where there is no binding (D-171)", () => {
    const lone = new Lone();
    const { prefix = ip("::") } = lone.bind(A, { prefix: true });
    const reply = lone.answer("DECLINE", A, [
      OURS,
      pd(1, `2001:db8:8000:${prefix.slice(12, 16)}::/56`),
      pd(2),
    ]);
    expect(iasOf(reply).map((ia) => ia.iaid)).toEqual([2]);
    expect(lone.lease(prefix, 56)?.status).toBe("ACTIVE");
    expect(prefixes(reply)).toEqual([]);
  });

  it("§22 one client cannot empty a pool by declining (N-013)", () => {
    const lone = new Lone(LINKS, "max-declines-per-client: 2\n");
    for (let i = 0; i < 4; i++) {
      const { address } = lone.bind(A);
      lone.answer("DECLINE", A, [OURS, na(1, address)]);
    }
    expect(
      lone.host.up.state.table.ofClient(A).filter((lease) => lease.status === "ABANDONED"),
    ).toHaveLength(2);
    expect(lone.host.up.counters.get("decline-limit")).toBe(2);
  });
});
