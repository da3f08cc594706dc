// Links, pools and lifetimes: what does not fit together is an error at its place.

import { describe, expect, test } from "vitest";
import { compiled, load, pair, problemAt, SUBNET } from "./harness.ts";

const inSubnet = (line: string) => `subnet6:\n  - subnet: 2001:db8:1::/64\n    ${line}\n`;
const two = (first: string, second: string) => `subnet6:\n  - ${first}\n  - ${second}\n`;

describe("pools", () => {
  test.each([
    ["pool-outside-subnet", inSubnet("pools: [{pool: §2001:db8:2::1 - 2001:db8:2::9}]")],
    ["pool-outside-subnet", inSubnet("pools: [{pool: §2001:db8::/48}]")],
    [
      "pools-overlap",
      inSubnet(
        "pools: [{pool: 2001:db8:1::1 - 2001:db8:1::9}, {pool: §2001:db8:1::9 - 2001:db8:1::a}]",
      ),
    ],
    [
      "pools-overlap",
      inSubnet(
        "pools: [{pool: §2001:db8:1::5 - 2001:db8:1::6}, {pool: 2001:db8:1::1 - 2001:db8:1::9}]",
      ),
    ],
    [
      "delegated-too-short",
      inSubnet('pd-pools: [{prefix: "2001:db8:8000::", prefix-len: 40, delegated-len: §36}]'),
    ],
    [
      "pool-too-large",
      inSubnet('pd-pools: [{prefix: "2001:db8:8000::", prefix-len: 40, delegated-len: §96}]'),
    ],
    [
      "length-twice",
      inSubnet("pd-pools: [{prefix: 2001:db8:8000::/40, prefix-len: §41, delegated-len: 56}]"),
    ],
    ["missing-key", inSubnet('pd-pools: [§{prefix: "2001:db8:8000::", delegated-len: 56}]')],
  ])("%s: %s", (code, text) => {
    expect(problemAt(text, code).hint).toBeDefined();
  });

  test.each([
    "2001:db8:1::/128",
    "2001:db8:1::fdff:ffff:ffff:ff80 - 2001:db8:1:0:fdff:ffff:ffff:ffff",
    "2001:db8:1:0:200:5eff:fe00:0 - 2001:db8:1:0:200:5eff:feff:ffff",
  ])("D-061: a pool of reserved interface identifiers is refused (%s)", (pool) => {
    const range = pool.replace("2001:db8:1::fdff", "2001:db8:1:0:fdff");
    problemAt(inSubnet(`pools: [{pool: §${range}}]`), "pool-reserved");
  });

  test("D-061: a pool that has some reserved ones is sound", () => {
    expect(load(inSubnet("pools: [{pool: 2001:db8:1::/64}]")).config).toBeDefined();
  });

  test("F-016 F-017: a pool of one address under failover is a warning", () => {
    const lone = inSubnet("§pools: [{pool: 2001:db8:1::5 - 2001:db8:1::5}]");
    expect(problemAt(pair(lone), "one-sided-pool").severity).toBe("warning");
    expect(
      problemAt(
        pair(inSubnet("§pd-pools: [{prefix: 2001:db8:2::/56, delegated-len: 56}]")),
        "one-sided-pool",
      ).severity,
    ).toBe("warning");
    expect(load(lone.replace("§", "")).problems.map((problem) => problem.code)).toEqual([
      "duid-derived",
    ]);
  });
});

describe("prefixes that meet", () => {
  test.each([
    ["subnets-overlap", two("subnet: 2001:db8:1::/64", "subnet: §2001:db8:1::/64")],
    ["subnets-overlap", two("subnet: §2001:db8:1::/64", "subnet: 2001:db8::/32")],
    [
      "pd-pools-overlap",
      two(
        "{subnet: 2001:db8:1::/64, pd-pools: [{prefix: 2001:db9::/32, delegated-len: 56}]}",
        "{subnet: 2001:db8:2::/64, pd-pools: [{prefix: §2001:db9:8000::/33, delegated-len: 56}]}",
      ),
    ],
    [
      "prefixes-overlap",
      two(
        "{subnet: §2001:db8:1::/64, pd-pools: [{prefix: 2001:db8::/32, delegated-len: 56}]}",
        "subnet: 2001:db9:2::/64",
      ),
    ],
  ])("D-291 %s", (code, text) => {
    problemAt(text, code);
  });

  test("F-110: one delegable prefix has one delegated length", () => {
    const text = inSubnet(
      "pd-pools: [{prefix: 2001:db9::/32, delegated-len: 56}, {prefix: 2001:db9::/32, delegated-len: 60}]",
    );
    const { config, problems } = load(text);
    expect(config).toBeUndefined();
    expect(
      problems.filter((problem) => problem.severity === "error").map((problem) => problem.code),
    ).toEqual(["pd-pools-overlap"]);
  });
});

describe("names and places", () => {
  const network = (name: string, subnet: string, line: string) =>
    `  - name: ${name}\n    ${line}\n    subnet6: [{subnet: ${subnet}}]\n`;
  const networks = (a: string, b: string) =>
    `shared-networks:\n${network("n1", "2001:db8:1::/64", a)}${network("n2", "2001:db8:2::/64", b)}`;

  test.each([
    ["duplicate-id", two("{subnet: 2001:db8:1::/64, id: 5}", "{subnet: 2001:db8:2::/64, id: §5}")],
    [
      "duplicate-name",
      networks("rapid-commit: true", "rapid-commit: true").replace("name: n2", "name: §n1"),
    ],
    ["empty-network", "shared-networks: [{name: n1, subnet6: §[]}]\n"],
    [
      "not-in-network",
      "shared-networks: [{name: n1, subnet6: [{subnet: 2001:db8:1::/64, §max-leases: 5}]}]\n",
    ],
    ["interface-twice", networks("interface: eth0", "interface: §eth0")],
    ["interface-id-twice", networks("interface-id: port1", 'interface-id: §"0x706f727431"')],
    [
      "relay-address-twice",
      networks("relay: {ip-addresses: [2001:db8:9::1]}", "relay: {ip-addresses: [§2001:db8:9::1]}"),
    ],
    ["unknown-server", `servers: {a: {}}\n${inSubnet("interface: {§c: eth0}")}`],
    ["unknown-server", `servers: {a: {}}\n${inSubnet("server: §c")}`],
    ["no-links", "§valid-lifetime: 100\n"],
    ["interface-without-link", `§interfaces-config: {interfaces: [eth7]}\n${SUBNET}`],
    [
      "interface-not-served",
      `§interfaces-config: {interfaces: []}\n${inSubnet("interface: eth0")}`,
    ],
  ])("%s", (code, text) => {
    problemAt(text, code);
  });

  test("the same interface name on both machines is one link each", () => {
    const text = pair(
      "subnet6:\n  - {subnet: 2001:db8:1::/64, interface: {a: eth0, b: eth1}}\n  - {subnet: 2001:db8:2::/64, interface: {a: eth1, b: eth0}}\n",
    );
    expect(compiled(text).links.map((link) => link.interfaces)).toEqual([["eth0"], ["eth1"]]);
    expect(compiled(text, { serverName: "b" }).links.map((link) => link.interfaces)).toEqual([
      ["eth1"],
      ["eth0"],
    ]);
  });

  test("ids that are not given are the lowest free ones", () => {
    const text =
      "subnet6: [{subnet: 2001:db8:1::/64}, {subnet: 2001:db8:2::/64, id: 1}, {subnet: 2001:db8:3::/64}]\n";
    expect(compiled(text).links.map((link) => link.subnets[0]?.id)).toEqual([2, 1, 3]);
  });
});

describe("lifetimes", () => {
  test("D-088: a preferred lifetime over the valid one is refused where it stands", () => {
    problemAt(`valid-lifetime: 100\npreferred-lifetime: §200\n${SUBNET}`, "preferred-over-valid");
    problemAt(`preferred-lifetime: §2h\n${SUBNET}`, "preferred-over-valid");
    problemAt(
      inSubnet("valid-lifetime: §100")
        .replace("subnet6", "preferred-lifetime: 200\nsubnet6")
        .replace("§", "")
        .replace(": 200", ": §200"),
      "preferred-over-valid",
    );
  });

  test("F-002: a valid lifetime under 30 s is refused, except in a test's file", () => {
    problemAt(`valid-lifetime: §29\n${SUBNET}`, "valid-too-short");
    const short = load(`testing: {allow-short-times: true}\nvalid-lifetime: 2\n${SUBNET}`);
    expect(short.config?.links[0]?.subnets[0]?.lifetimes).toMatchObject({ preferred: 1, valid: 2 });
    expect(short.problems.map((problem) => problem.code)).toContain("short-times");
  });

  test("D-087: T1 after T2 is refused; D-084: a timer over its share of the preferred lifetime is a warning", () => {
    problemAt(`renew-timer: §100\nrebind-timer: 50\n${SUBNET}`, "renew-after-rebind");
    const times = "preferred-lifetime: 1000\nvalid-lifetime: 2000\n";
    for (const line of ["rebind-timer: §801", "renew-timer: §501"]) {
      const problem = problemAt(`${times}${line}\n${SUBNET}`, "timer-has-no-effect");
      expect(problem.severity).toBe("warning");
      expect(problem.message).toContain(line.includes("501") ? "500 s at most" : "800 s at most");
    }
    const kept = load(`${times}renew-timer: 500\nrebind-timer: 800\n${SUBNET}`);
    const said = (given: typeof kept) => given.problems.map(({ code }) => code);
    expect(said(kept)).not.toContain("timer-has-no-effect");
    const endless = "preferred-lifetime: infinity\nvalid-lifetime: infinity\nrebind-timer: 1d\n";
    expect(said(load(`${endless}${SUBNET}`))).not.toContain("timer-has-no-effect");
  });

  test.each(["infinity", "4294967295", "2147483647"])(
    "F-066 A-59: %s is capped below 2^31 under failover, with a warning",
    (valid) => {
      const text = pair(`valid-lifetime: ${valid}\npreferred-lifetime: 1h\n${SUBNET}`);
      expect(load(text).problems.map((problem) => problem.code)).toContain("lifetime-capped");
      const lifetime = compiled(text).links[0]?.subnets[0]?.lifetimes.valid ?? 0;
      expect(lifetime * 1.5).toBeLessThan(2 ** 31);
    },
  );

  test("a lone server gives infinite lifetimes", () => {
    expect(compiled(`valid-lifetime: infinity\n${SUBNET}`).links[0]?.subnets[0]?.lifetimes).toEqual(
      {
        valid: 0xffffffff,
        preferred: 0xffffffff,
        renewTimer: undefined,
        rebindTimer: undefined,
      },
    );
  });

  test("the nearest scope wins: subnet, shared network, the whole file", () => {
    const text = `valid-lifetime: 1000
preferred-lifetime: 500
rapid-commit: true
shared-networks:
  - name: n
    valid-lifetime: 900
    subnet6:
      - {subnet: 2001:db8:1::/64, valid-lifetime: 800, rapid-commit: false}
      - {subnet: 2001:db8:2::/64, preference: 9}
`;
    const subnets = compiled(text).links[0]?.subnets ?? [];
    expect(
      subnets.map((subnet) => [
        subnet.lifetimes.valid,
        subnet.lifetimes.preferred,
        subnet.rapidCommit,
        subnet.preference,
      ]),
    ).toEqual([
      [800, 500, false, 0],
      [900, 500, true, 9],
    ]);
  });
});
