// RFC 8415 §13.1, §13.3, §22: which addresses and prefixes are given, and how many.

import { describe, expect, it } from "vitest";
import { inPrefix } from "../../../src/core/model/ipv6.ts";
import { addresses, iaOf, iasOf, prefixes, statusOf } from "../../support/answers.ts";
import { fromClient, LINKS, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, pd, relayed } from "../../support/requests.ts";

const A = fromClient(1);
const B = fromClient(2);

const link = (pool: string, more = "") => `
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan
    pools: [{ pool: "${pool}" }]
${more}`;

/** All addresses that a link gives before it is empty. */
function allOf(lone: Lone): readonly string[] {
  const given: string[] = [];
  for (let number = 1; number < 1000; number++) {
    const [one] = addresses(lone.answer("REQUEST", fromClient(number), [OURS, na(1)]));
    if (one === undefined) break;
    given.push(one.address);
  }
  return given.sort();
}

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => ip(`2001:db8:1::${(first + i).toString(16)}`));

describe("RFC 8415 §13.1 selection of addresses", () => {
  it("§13.1 a small pool is given out to the last address, each to one client (D-290, D-121)", () => {
    const lone = new Lone(link("2001:db8:1::1000 - 2001:db8:1::113f"));
    expect(allOf(lone)).toEqual(range(0x1000, 0x113f));
  });

  it("§13.1 addresses are not predictable: not in order, not from the DUID, not the same on another server (D-060, D-295, D-041)", () => {
    const many = (lone: Lone) =>
      Array.from(
        { length: 20 },
        (_, i) => addresses(lone.answer("SOLICIT", fromClient(i + 1), [na(1)]))[0]?.address ?? "",
      );
    const wide = () => new Lone(link("2001:db8:1::/64"));
    const one = many(wide());
    expect(new Set(one.map((each) => each.slice(16, 24))).size).toBe(20);
    for (const address of one) expect(address.slice(16)).not.toMatch(/^02000000|fffe/);
    const other = wide();
    other.host.kill();
    other.host.disk = new Lone().host.disk;
    // Another store, another key: `start` draws a new seed.
    other.host.start(other.now);
    expect(many(other)).not.toEqual(one);
  });

  it("§13.1 a client gets the same address again where nothing else is known of it (D-288)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    lone.answer("RELEASE", A, [OURS, na(1, address)]);
    lone.pass(400_000);
    expect(lone.lease(address)).toBeUndefined();
    expect(lone.bind(A).address).toBe(address);
  });

  it("§13.1 reserved interface identifiers are never given, by pool or by hint (D-061)", () => {
    expect(allOf(new Lone(link("2001:db8:1:: - 2001:db8:1::3")))).toEqual(range(1, 3));
    expect(
      allOf(new Lone(link("2001:db8:1::fdff:ffff:ffff:ff7e - 2001:db8:1::fdff:ffff:ffff:ff81"))),
    ).toHaveLength(2);
    expect(
      allOf(new Lone(link("2001:db8:1::200:5eff:fdff:fffe - 2001:db8:1::200:5eff:fe00:1"))),
    ).toHaveLength(2);
    const lone = new Lone(link("2001:db8:1::/64"));
    for (const hint of [
      "2001:db8:1::",
      "2001:db8:1::fdff:ffff:ffff:ff80",
      "2001:db8:1::fdff:ffff:ffff:ffff",
      "2001:db8:1::200:5eff:fe00:0",
      "2001:db8:1::200:5eff:feff:ffff",
    ]) {
      const [given] = addresses(lone.answer("SOLICIT", A, [na(1, hint)]));
      expect(given?.address).toBeDefined();
      expect(given?.address).not.toBe(ip(hint));
    }
    // A subnet longer than /64: its first address.
    const long = new Lone(
      `subnet6:\n  - { subnet: "2001:db8:1::f0/124", interface: lan, pools: [{ pool: "2001:db8:1::f0 - 2001:db8:1::f1" }] }\n`,
    );
    expect(allOf(long)).toEqual([ip("2001:db8:1::f1")]);
  });

  it("§13.1 addresses of routers and servers, and what the file excludes, are never given (D-062)", () => {
    const relay = '    relay: { ip-addresses: ["2001:db8:1::3"] }\n';
    const lone = new Lone(
      link("2001:db8:1::1 - 2001:db8:1::9", relay),
      'excluded-addresses: ["2001:db8:1::5 - 2001:db8:1::6", "2001:db8:1::9"]\n',
    );
    expect(allOf(lone)).toEqual([1, 2, 4, 7, 8].map((each) => ip(`2001:db8:1::${each}`)));
    // A relay that the file does not list says its address itself.
    const relayedOnly = new Lone(link("2001:db8:1::1 - 2001:db8:1::1"));
    const wrap = relayed("2001:db8:1::1", "fe80::1");
    expect(
      statusOf(iaOf(relayedOnly.answer("REQUEST", A, [OURS, na(1)], { wrap }), "IA_NA", 1)),
    ).toBe(2);
  });

  it("§13.1 no prefix is delegated that holds an excluded address (D-062, D-291)", () => {
    const lone = new Lone(
      LINKS.replace("2001:db8:8000::/48", "2001:db8:8000::/54"),
      'excluded-addresses: ["2001:db8:8000:100::1", "2001:db8:8000:200::/56"]\n',
    );
    const given = [1, 2, 3].flatMap((number) =>
      prefixes(lone.answer("REQUEST", fromClient(number), [OURS, pd(1)])).map(
        (each) => each.prefix,
      ),
    );
    expect(given.sort()).toEqual([ip("2001:db8:8000::"), ip("2001:db8:8000:300::")]);
  });

  it("§13.1 an address that came to be excluded stays with the client that has it", () => {
    const lone = new Lone(link("2001:db8:1::5 - 2001:db8:1::6"));
    const { address } = lone.bind(A);
    lone.restartWith(
      link("2001:db8:1::5 - 2001:db8:1::6"),
      'excluded-addresses: ["2001:db8:1::5 - 2001:db8:1::6"]\n',
    );
    expect(addresses(lone.answer("RENEW", A, [OURS, na(1, address)]))).toMatchObject([
      { address, validLifetime: 4000 },
    ]);
    expect(addresses(lone.answer("SOLICIT", B, [na(1)]))).toEqual([]);
  });

  it("§13.1 a link of several subnets gives out of all of them, one address an IA (D-306)", () => {
    const lone = new Lone(`
shared-networks:
  - name: both
    interface: lan
    subnet6:
      - { subnet: "2001:db8:1::/64", pools: [{ pool: "2001:db8:1::5 - 2001:db8:1::6" }] }
      - { subnet: "2001:db8:2::/64", pools: [{ pool: "2001:db8:2::5 - 2001:db8:2::6" }] }
`);
    expect(addresses(lone.answer("SOLICIT", A, [na(1)]))).toHaveLength(1);
    lone.pass(61);
    expect(allOf(lone)).toEqual(
      ["2001:db8:1::5", "2001:db8:1::6", "2001:db8:2::5", "2001:db8:2::6"].map(ip),
    );
  });
});

describe("RFC 8415 §13.3 selection of prefixes", () => {
  it("§13.3 out of the link's pools, each once, none over another (D-068, D-291)", () => {
    const lone = new Lone(LINKS.replace("delegated-len: 56", "delegated-len: 52"));
    const given = Array.from(
      { length: 20 },
      (_, i) => prefixes(lone.answer("REQUEST", fromClient(i + 1), [OURS, pd(1)]))[0],
    ).filter((each) => each !== undefined);
    expect(new Set(given.map((each) => each.prefix)).size).toBe(16);
    for (const each of given) {
      expect(each.prefixLength).toBe(52);
      expect(inPrefix(each.prefix, { address: ip("2001:db8:8000::"), length: 48 })).toBe(true);
    }
  });

  it("§13.3 bits beyond the length are ignored in what a client names (D-277)", () => {
    const lone = new Lone();
    expect(
      prefixes(lone.answer("REQUEST", A, [OURS, pd(1, "2001:db8:8000:4242::1/56")]))[0]?.prefix,
    ).toBe(ip("2001:db8:8000:4200::"));
  });
});

describe("RFC 8415 §22 limits", () => {
  it("§22 leases of one client, counted within one message too; what it has is served (D-294)", () => {
    const lone = new Lone(LINKS, "max-leases-per-client: 3\n");
    const ias = [1, 2, 3, 4, 5].map((iaid) => na(iaid));
    for (const [type, server] of [
      ["SOLICIT", []],
      ["REQUEST", [OURS]],
    ] as const) {
      expect(iasOf(lone.answer(type, A, [...server, ...ias])).map(statusOf)).toEqual([
        undefined,
        undefined,
        undefined,
        2,
        2,
      ]);
    }
    expect(iasOf(lone.answer("RENEW", A, [OURS, ...ias.slice(0, 3)])).map(statusOf)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(addresses(lone.answer("REQUEST", B, [OURS, na(1)]))).toHaveLength(1);
  });

  it("§22 an exhausted pool is not searched for every client, and is open again when a lease ends (D-294)", () => {
    // Larger than what is searched without a second thought.
    const lone = new Lone(link("2001:db8:1::1000 - 2001:db8:1::113f"));
    const given = allOf(lone);
    const first = lone.lease(ip("2001:db8:1::1000"));
    const ask = (number: number) =>
      addresses(lone.answer("REQUEST", fromClient(number), [OURS, na(1)]));
    for (let i = 0; i < 3; i++) expect(ask(2000)).toEqual([]);
    lone.answer("RELEASE", first?.duid, [OURS, na(first?.iaid ?? 0, "2001:db8:1::1000")]);
    expect(ask(2000).map((each) => each.address)).toEqual([ip("2001:db8:1::1000")]);
    expect(ask(2001)).toEqual([]);
    expect(given).toHaveLength(0x140);
    // What runs out is found a second later at the latest.
    lone.now += 4_011_000;
    expect(ask(2001)).toHaveLength(1);
  });

  it("§22 leases on a link, and in all; free ones do not count (D-294)", () => {
    for (const lone of [
      new Lone(LINKS.replace("    interface: lan\n", "    interface: lan\n    max-leases: 2\n")),
      new Lone(LINKS, "max-leases: 2\n"),
    ]) {
      const first = lone.bind(A).address;
      lone.bind(B);
      expect(statusOf(iaOf(lone.answer("REQUEST", fromClient(3), [OURS, na(1)]), "IA_NA", 1))).toBe(
        2,
      );
      expect(addresses(lone.answer("RENEW", A, [OURS, na(1, first)]))).toHaveLength(1);
      lone.answer("RELEASE", A, [OURS, na(1, first)]);
      expect(addresses(lone.answer("REQUEST", fromClient(3), [OURS, na(1)]))).toHaveLength(1);
    }
  });
});
