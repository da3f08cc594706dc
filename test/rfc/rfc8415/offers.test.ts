// RFC 8415 §18.3.9, §22: an offer promises nothing (D-115). It keeps a lease from others as long as there is another one, and
// whoever gets none hears, and the operator reads, the reason that is true.

import { describe, expect, it } from "vitest";
import { addresses, iaOf, iasOf, statusOf } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { na, OURS, pd } from "../../support/requests.ts";

/** A link with this many addresses and two prefixes. */
const pool = (count: number, more = ""): string => `
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan${more}
    pools: [{ pool: "2001:db8:1::1:0 - 2001:db8:1::1:${(count - 1).toString(16)}" }]
    pd-pools: [{ prefix: "2001:db8:8000::/55", delegated-len: 56 }]
`;
const ALL = Array.from({ length: 32 }, (_, iaid) => na(iaid + 1));

const shown = (lone: Lone, client: number, iaid = 1) =>
  addresses(lone.answer("SOLICIT", fromClient(client), [na(iaid)]))[0]?.address;
const logged = (lone: Lone) =>
  lone.host.logs.filter(({ id }) => /LIMIT|EXHAUSTED|WAIT/.test(id)).map(({ id }) => id);

describe("RFC 8415 §18.3.9 offers", () => {
  it("§18.3.9 one host's offers do not empty a pool: each new client is shown the oldest one (D-115, D-290)", () => {
    const lone = new Lone(pool(1024));
    for (let client = 1; client <= 40; client++)
      expect(iasOf(lone.answer("SOLICIT", fromClient(client), ALL))).toHaveLength(32);
    expect(shown(lone, 1000)).toBeDefined();
    const reply = lone.answer("REQUEST", fromClient(1001), [OURS, na(1)]);
    expect(addresses(reply)).toHaveLength(1);
    expect(logged(lone)).toEqual([]);
  });

  it("§18.3.9 the oldest offer yields first, to a SOLICIT and to a REQUEST; one that was asked for does not (D-109)", () => {
    const lone = new Lone(pool(3));
    const [first, second, third] = [1, 2, 3].map((client) => shown(lone, client));
    expect(new Set([first, second, third]).size).toBe(3);
    expect(shown(lone, 4)).toBe(first);
    const reply = lone.answer("REQUEST", fromClient(5), [OURS, na(1)]);
    expect(addresses(reply)[0]?.address).toBe(second);
    const own = lone.answer("REQUEST", fromClient(3), [OURS, na(1, third ?? "")]);
    expect(addresses(own)[0]?.address).toBe(third);
    // Its offer went, and there is still one that may.
    const late = lone.answer("REQUEST", fromClient(1), [OURS, na(1, first ?? "")]);
    expect(addresses(late)[0]?.address).toBe(first);
    expect(shown(lone, 6)).toBeUndefined();
    expect(logged(lone)).toEqual(["DHCP6_POOL_EXHAUSTED"]);
  });

  it("§18.3.9 a prefix that was shown yields too, and not to an address (D-115)", () => {
    const lone = new Lone(pool(1));
    for (const client of [1, 2, 3]) {
      const answer = lone.answer("SOLICIT", fromClient(client), [pd(1)]);
      expect(statusOf(iaOf(answer, "IA_PD", 1))).toBeUndefined();
    }
    expect(shown(lone, 4)).toBeDefined();
  });

  it("§22 a client has no more offers than it may hold leases: its oldest goes (N-013, D-294)", () => {
    const lone = new Lone(pool(64), "max-leases-per-client: 4\n");
    for (let iaid = 1; iaid <= 40; iaid++) expect(shown(lone, 1, iaid)).toBeDefined();
    const others = new Set(Array.from({ length: 60 }, (_, i) => shown(lone, 100 + i)));
    // 60 clients find 60 addresses without one of the four.
    expect([others.size, others.has(undefined)]).toEqual([60, false]);
    expect(lone.host.up.counters.get("offer-passed-on")).toBe(0);
  });
});

describe("RFC 8415 §22 the reason for no lease", () => {
  it("§22 a client at its limit: the limit, and not the pool (D-294)", () => {
    const lone = new Lone(pool(1024), "max-leases-per-client: 2\n");
    for (const iaid of [1, 2]) lone.bind(fromClient(1), { iaid });
    const answer = lone.answer("SOLICIT", fromClient(1), [na(3)]);
    expect(statusOf(iaOf(answer, "IA_NA", 3))).toBe(2);
    expect(lone.host.logs.at(-1)).toMatchObject({ id: "DHCP6_CLIENT_LIMIT", fields: { most: 2 } });
    expect(lone.host.up.counters.get("refused-client-limit")).toBe(1);
    expect(logged(lone)).toEqual(["DHCP6_CLIENT_LIMIT"]);
  });

  it("§22 the limit of a link and of the server have a name each (D-294)", () => {
    const link = new Lone(pool(1024, "\n    max-leases: 1"));
    const server = new Lone(pool(1024), "max-leases: 1\n");
    for (const [lone, id] of [
      [link, "DHCP6_LINK_LIMIT"],
      [server, "DHCP6_SERVER_LIMIT"],
    ] as const) {
      lone.bind(fromClient(1));
      expect(shown(lone, 2)).toBeUndefined();
      expect(logged(lone)).toEqual([id]);
      // Who has a lease keeps it.
      expect(shown(lone, 1)).toBeDefined();
    }
  });
});
