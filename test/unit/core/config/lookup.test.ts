// Lookups against the obvious: the indexed search and a search through everything agree.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  linkOfInterface,
  linkOfRelay,
  placeOfBlock,
  placeOfLease,
  placeOfPrefix,
  relationshipAt,
  relationshipOf,
  withIndex,
} from "../../../../src/core/config/lookup.ts";
import { isReserved } from "../../../../src/core/config/reserved.ts";
import {
  type Ipv6Address,
  inPrefix,
  ipv6FromBigint,
  type Prefix,
  parseIpv6,
  parsePrefix,
} from "../../../../src/core/model/ipv6.ts";
import { compiled, pair } from "./harness.ts";

const TEXT = pair(`shared-networks:
  - name: n
    interface: eth0
    interface-id: port1
    relay: {ip-addresses: [fe80::1, 2001:db8:9::1]}
    subnet6:
      - {subnet: 2001:db8:1::/64, pd-pools: [{prefix: 2001:db9::/32, delegated-len: 56}]}
      - {subnet: 2001:db8:3::/64}
subnet6:
  - {subnet: 2001:db8:2::/64, interface: eth1, interface-id: port2, pd-pools: [{prefix: 2001:dba::/48, delegated-len: 64}]}
  - {subnet: 2001:db8:9::/64}
`);
const config = compiled(TEXT);
const address = (text: string) => parseIpv6(text) as Ipv6Address;
const prefix = (text: string) => parsePrefix(text) as Prefix;
const PORT_1 = "706f727431";
const PORT_2 = "706f727432";

describe("linkOfRelay", () => {
  test.each([
    ["D-055: by the subnet that has the link-address", "2001:db8:3::77", [], "n"],
    ["D-055: by a listed relay address, before a subnet", "2001:db8:9::1", [], "n"],
    ["D-055: link-address before Interface-Id", "2001:db8:2::1", [PORT_1], "2001:db8:2::/64"],
    ["D-056 D-057: `::` leaves it to the Interface-Id", "::", [PORT_2], "2001:db8:2::/64"],
    ["D-058: a link-local address counts when it is listed", "fe80::1", [], "n"],
    ["D-058: another one does not", "fe80::2", [], undefined],
    ["D-190: the first known Interface-Id", "::", ["00", PORT_1, PORT_2], "n"],
    ["nothing known", "2001:db8:ffff::1", ["00"], undefined],
  ])("%s", (_title, linkAddress, ids, name) => {
    expect(linkOfRelay(config, address(linkAddress), ids)?.name).toBe(name);
  });
});

test("D-053: linkOfInterface, relationshipOf", () => {
  const link = linkOfInterface(config, "eth1");
  expect(link?.name).toBe("2001:db8:2::/64");
  expect(linkOfInterface(config, "eth2")).toBeUndefined();
  expect(link && relationshipOf(config, link)?.name).toBe("campus");
  expect(link && relationshipOf(config, { ...link, relationship: undefined })).toBeUndefined();
});

test("F-110: a prefix is found only with its pool's delegated length, a block with any up to it", () => {
  expect(placeOfPrefix(config, prefix("2001:db9:ffff:ff00::/56"))?.link.name).toBe("n");
  expect(placeOfPrefix(config, prefix("2001:db9::/48"))).toBeUndefined();
  expect(placeOfPrefix(config, prefix("2001:dbb::/56"))).toBeUndefined();
  expect(placeOfBlock(config, prefix("2001:db9:8000::/33"))?.pool.delegatedLength).toBe(56);
  expect(placeOfBlock(config, prefix("2001:db9::/57"))).toBeUndefined();
  expect(placeOfBlock(config, prefix("2001:db9::/31".replace("db9", "db8")))).toBeUndefined();
});

test("T-10: a lease is found by where it lies, whatever length its pool delegates", () => {
  const place = (text: string) => placeOfLease(config, { kind: "prefix", ...prefix(text) });
  expect(place("2001:db9:0:100::/56")?.link.name).toBe("n");
  expect(place("2001:db9::/48")?.link.name).toBe("n");
  expect(place("2001:db9::/31")).toBeUndefined();
  expect(place("2001:db8:1::/64")).toBeUndefined();
  const key = { kind: "address", address: address("2001:db8:3::1"), length: 128 } as const;
  expect(placeOfLease(config, key)?.link.name).toBe("n");
  expect(relationshipAt(config, key)).toBe("campus");
});

test("the place of an address agrees with a search through everything", () => {
  const near = fc.tuple(
    fc.constantFrom("2001:db8::", "2001:db8:1::", "2001:db8:3::", "2001:db8:9::"),
    fc.bigInt({ min: -2n, max: 2n ** 65n }),
  );
  fc.assert(
    fc.property(near, ([base, offset]) => {
      const wanted = ipv6FromBigint(BigInt(`0x${address(base)}`) + offset);
      const subnets = config.links.flatMap((link) => link.subnets);
      const naive = subnets.find((subnet) => inPrefix(wanted, subnet.prefix));
      expect(placeOfLease(config, { kind: "address", address: wanted, length: 128 })?.subnet).toBe(
        naive,
      );
    }),
  );
});

test("a configuration made by hand is searched without its index", () => {
  const { index, ...bare } = config;
  expect(index).toBeDefined();
  expect(linkOfInterface(bare, "eth0")?.name).toBe("n");
  expect(withIndex(bare).index).toEqual(index);
});

test("D-061: reserved interface identifiers", () => {
  const subnet = prefix("2001:db8:1::/64");
  const reserved = (text: string, within = subnet) => isReserved(address(text), within);
  expect(
    [
      "2001:db8:1::",
      "2001:db8:1:0:fdff:ffff:ffff:ff80",
      "2001:db8:1:0:fdff:ffff:ffff:ffff",
      "2001:db8:1:0:200:5eff:fe00:0",
      "2001:db8:1:0:200:5eff:feff:ffff",
    ].map((text) => reserved(text)),
  ).toEqual(Array(5).fill(true));
  expect(
    [
      "2001:db8:1::1",
      "2001:db8:1:0:fdff:ffff:ffff:ff7f",
      "2001:db8:1:0:200:5eff:fdff:ffff",
      "2001:db8:1:0:200:5eff:ff00:0",
    ].map((text) => reserved(text)),
  ).toEqual(Array(4).fill(false));
  expect(reserved("2001:db8:1::100", prefix("2001:db8:1::100/120"))).toBe(true);
});
