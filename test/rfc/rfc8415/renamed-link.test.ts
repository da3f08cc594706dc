// A link that is called otherwise now, that was joined with others, or that is gone: leases go by their address
// (RFC 8415 §18.3.4, T-10).

import { describe, expect, it } from "vitest";
import { addresses, iaOf, prefixes, statusOf } from "../../support/answers.ts";
import { fromClient, LINKS, Lone } from "../../support/lone.ts";
import { na, OURS, pd } from "../../support/requests.ts";

const A = fromClient(1);
const B = fromClient(2);

const SUBNET = `      - subnet: 2001:db8:1::/64
        pools: [{ pool: 2001:db8:1::10 - 2001:db8:1::10 }]
        pd-pools: [{ prefix: "2001:db8:8000::/56", delegated-len: 56 }]
`;
const network = (name: string, more = "") =>
  `\nshared-networks:\n  - name: ${name}\n    interface: lan\n    subnet6:\n${SUBNET}${more}`;
const plain = `\nsubnet6:\n${SUBNET.replaceAll(/^ {4}/gm, "").replace("\n", "\n    interface: lan\n")}`;
const MORE = "      - subnet: 2001:db8:3::/64\n        pools: [{ pool: 2001:db8:3::/112 }]\n";

const CHANGES: readonly (readonly [what: string, before: string, after: string])[] = [
  ["a shared network is renamed", network("wireless"), network("wifi")],
  ["a subnet goes into a shared network", plain, network("campus", MORE)],
  ["a subnet is taken out of one", network("campus"), plain],
];

describe("RFC 8415 §18.3.4 a lease belongs to the link that has its address (D-052, D-134, T-10)", () => {
  for (const [what, before, after] of CHANGES) {
    it(`${what}: RENEW and RELEASE find the lease`, () => {
      const lone = new Lone(before);
      const { address, prefix = "" } = lone.bind(A, { prefix: true });
      lone.restartWith(after);
      const renewed = lone.answer("RENEW", A, [OURS, na(1, address), pd(1)]);
      expect(addresses(renewed)).toMatchObject([{ address, validLifetime: 4000 }]);
      expect(prefixes(renewed)).toMatchObject([{ prefix, validLifetime: 4000 }]);
      expect(lone.lease(address)?.link).toBe(lone.host.config.links[0]?.name);
      lone.pass(20);
      lone.answer("RELEASE", A, [OURS, na(1, address)]);
      expect(lone.lease(address)?.status).toBe("FREE");
    });

    it(`${what}: what is over is given out again (D-287)`, () => {
      const lone = new Lone(before);
      const { address } = lone.bind(A);
      lone.restartWith(after);
      lone.pass(4_011);
      expect(lone.lease(address)?.status).toBe("FREE");
      expect(lone.bind(B).address).toBeDefined();
      expect(lone.host.up.state.table.countInUse(undefined)).toBe(0);
    });
  }
});

describe("RFC 8415 §18.3.4 a lease that no link has any more (D-137, D-150)", () => {
  const MOVED = LINKS.replaceAll("2001:db8:8000::", "2001:db8:9000::");
  const SECOND = `\nshared-networks:\n  - name: n\n    interface: lan\n    subnet6:\n${SUBNET}${MORE}`;

  it("the REPLY that withdraws a prefix brings the new one", () => {
    const lone = new Lone();
    const { address, prefix = "" } = lone.bind(A, { prefix: true });
    lone.restartWith(MOVED);
    for (const [type, server] of [
      ["RENEW", [OURS]],
      ["REBIND", []],
    ] as const) {
      const ias = [na(1, address), pd(1, `${textOf(prefix)}/56`)];
      const reply = lone.answer(type, A, [...server, ...ias]);
      const [fresh, old] = prefixes(reply);
      expect(old).toMatchObject({ prefix, validLifetime: 0, preferredLifetime: 0 });
      expect(fresh?.prefix.slice(0, 12)).toBe("20010db89000");
      expect(fresh?.validLifetime).toBe(4000);
      expect(addresses(reply)).toMatchObject([{ address, validLifetime: 4000 }]);
      // The second one finds the binding that the first one made.
      if (type === "RENEW") expect(lone.lease(fresh?.prefix ?? address, 56)?.status).toBe("ACTIVE");
    }
  });

  it("an address whose subnet was taken out of the shared network is replaced", () => {
    const lone = new Lone(SECOND.replace(SUBNET, "").replace(MORE, SUBNET));
    const { address } = lone.bind(A);
    lone.restartWith(SECOND.replace(SUBNET, ""));
    const reply = lone.answer("RENEW", A, [OURS, na(1, address)]);
    expect(addresses(reply).map((each) => each.validLifetime)).toEqual([4000, 0]);
    expect(addresses(reply)[1]?.address).toBe(address);
  });

  it("it ends by its time, and its record goes; until then it is listed", () => {
    const lone = new Lone();
    const { prefix = "" } = lone.bind(A, { prefix: true });
    lone.restartWith(MOVED);
    const unplaced = { type: "leases-list", cursor: 0, limit: 100, unplaced: true } as const;
    expect(lone.host.command(unplaced, lone.now)).toMatchObject({
      value: { leases: [{ lease: `${short(prefix)}/56`, link: null, status: "ACTIVE" }] },
    });
    expect(lone.host.command({ type: "status" }, lone.now)).toMatchObject({
      value: { withoutLink: 1 },
    });
    expect(lone.host.logs.find(({ id }) => id === "LEASES_WITHOUT_LINK")?.fields).toEqual({
      leases: 1,
    });
    lone.pass(4_011);
    expect(lone.lease(prefix as never, 56)?.status).toBe("FREE");
    lone.pass(100_000);
    expect(lone.lease(prefix as never, 56)).toBeUndefined();
  });

  it("a client that never had a binding gets no new one beside the zero lifetimes (D-143)", () => {
    const lone = new Lone();
    lone.restartWith(MOVED);
    const reply = lone.answer("RENEW", A, [OURS, pd(1, "2001:db8:8000::/56"), na(2)]);
    expect(prefixes(reply)).toMatchObject([{ validLifetime: 0 }]);
    expect(statusOf(iaOf(reply, "IA_NA", 2))).toBe(3);
  });
});

function textOf(hex: string): string {
  return (hex.match(/.{4}/g) ?? []).join(":");
}

function short(hex: string): string {
  return `2001:db8:8000:${Number.parseInt(hex.slice(12, 16), 16).toString(16)}::`.replace(
    ":0::",
    "::",
  );
}
