// Values of the file: each wrong one is an error at its own place, and says what would be right.

import { describe, expect, test } from "vitest";
import { load, problemAt, SUBNET } from "./harness.ts";

const subnet = (line: string) => `subnet6:\n  - subnet: 2001:db8:1::/64\n    ${line}\n`;

describe("YAML", () => {
  test.each([
    ["yaml", "subnet6: [\n§", undefined],
    ["yaml", "option-data:\n  - {name: dns-servers, data: §*nothing}\n", undefined],
    ["yaml", `${subnet("pd-pools:")}      - prefix: §2001:db8::\n`, /in quotes/],
    ["duplicate-key", "valid-lifetime: 100\n§valid-lifetime: 200\n", /keep one/],
    ["empty-file", "§# nothing\n", /single-server/],
  ])("%s: %s", (code, text, hint) => {
    const found = problemAt(text, code);
    if (hint !== undefined) expect(found.hint).toMatch(hint);
  });

  test("aliases that multiply are refused, not expanded", () => {
    const rows = Array.from(
      { length: 9 },
      (_, i) => `x${i + 1}: &x${i + 1} [${`*x${i},`.repeat(9)}]`,
    );
    const { problems } = load(`x0: &x0 [1]\n${rows.join("\n")}\n`);
    expect(problems.map((problem) => problem.code)).toEqual(["yaml"]);
  });

  test("deep nesting is refused", () => {
    const { problems } = load("[".repeat(100_000));
    expect(problems[0]?.code).toBe("yaml");
  });

  test("anchors and aliases work; merge keys are not offered", () => {
    const text =
      "subnet6:\n  - {subnet: 2001:db8:1::/64, pools: &none []}\n  - {subnet: 2001:db8:2::/64, pools: *none}\n";
    expect(load(text).config?.links).toHaveLength(2);
    expect(problemAt(subnet("§<<: {id: 5}"), "unknown-key").hint).toMatch(/shared network/);
  });

  test.each(["subnet6: &x [§*x]", "subnet6: &x [{pools: [§*x]}]", "%YAML 1.1\n---\n§<<: 5"])(
    "%s is refused",
    (text) => {
      problemAt(text, text.includes("<<") ? "unknown-key" : "yaml");
    },
  );

  test.each(["servers: §!!omap [a: {}]", "servers: §!!set {a}", "heartbeat: §!!binary aaaa"])(
    "%s: tags are not read",
    (text) => {
      const { problems } = load(text.replace("§", ""));
      expect(problems.map((problem) => problem.code)).toContain("yaml");
    },
  );

  test("JSON is YAML", () => {
    const { config } = load(JSON.stringify({ subnet6: [{ subnet: "2001:db8:1::/64" }] }));
    expect(config?.links[0]?.name).toBe("2001:db8:1::/64");
  });
});

describe("keys", () => {
  test.each([
    ["unknown-key", "§valid-lifetme: 100\n", /did you mean `valid-lifetime`/],
    ["unknown-key", "§Dhcp6: {}\n", /no outer key/],
    ["unknown-key", "§nonsense: 1\n", /configuration\.md/],
    ["unknown-key", subnet("§pd-pool: []"), /did you mean `pd-pools`/],
    ["unknown-key", "§__proto__: 1\n", undefined],
    ["unknown-key", "servers: {a: {}, §__proto__: {}}\n", undefined],
    ["missing-key", "subnet6:\n  - §id: 1\n", undefined],
    ["wrong-type", "subnet6: §7\n", undefined],
    ["wrong-type", "subnet6: [§7]\n", undefined],
    ["wrong-type", "servers: §[]\n", undefined],
    ["wrong-type", "§just a text\n", undefined],
    ["wrong-type", "§subnet6:\n", undefined],
  ])("%s: %s", (code, text, hint) => {
    const found = problemAt(text, code);
    if (hint !== undefined) expect(found.hint).toMatch(hint);
  });
});

describe("bad values", () => {
  test.each([
    ["valid-lifetime: §10x\n", /90s/],
    ["valid-lifetime: §1500ms\n", undefined],
    ["valid-lifetime: §0\n", undefined],
    ["valid-lifetime: §-5\n", undefined],
    ["valid-lifetime: §3000000000\n", /infinity/],
    ["valid-lifetime: §[5]\n", undefined],
    ["heartbeat: §soon\n", undefined],
    ["heartbeat: §0s\n", undefined],
    ["heartbeat: §200000w\n", undefined],
    ["rapid-commit: §yes\n", undefined],
    ["§rapid-commit:\n", /remove the key/],
    ["preference: §256\n", /0 to 255/],
    ["preference: §1.5\n", undefined],
    [subnet("max-leases: §none"), undefined],
    ["subnet6: [{subnet: §fe80}]\n", /2001:db8:1::\/64/],
    ["subnet6: [{subnet: §2001:db8:1::1/64}]\n", /`2001:db8:1::\/64`/],
    ["subnet6: [{subnet: §2001:db8:1::/129}]\n", undefined],
    ["subnet6: [{subnet: §2001:db8:1::1}]\n", /\/64/],
    ["subnet6: [{subnet: §64}]\n", /quotes/],
    [subnet("pools: [{pool: §2001:db8:1::1}]"), /prefix/],
    [subnet("pools: [{pool: §2001:db8:1::9 - 2001:db8:1::1}]"), /swap/],
    [subnet("pools: [{pool: §2001:db8:1::1/64}]"), undefined],
    [subnet("pd-pools: [{prefix: §fe, prefix-len: 40, delegated-len: 56}]"), undefined],
    [
      subnet('pd-pools: [{prefix: §"2001:db8:1::", prefix-len: 40, delegated-len: 56}]'),
      /2001:db8::/,
    ],
    [subnet("relay: {ip-addresses: [§10.0.0.1]}"), /IPv6/],
    [subnet("relay: {ip-addresses: [§fe80::1%eth0]}"), undefined],
    [subnet("interface-id: §0xabc"), undefined],
    [subnet('interface-id: §""'), undefined],
    [subnet("interface: §eth0/1"), /unicast/],
    [subnet("interface: [eth0, §an interface]"), undefined],
    [subnet("interface: §[]"), undefined],
    [subnet("interface: {a: §5}"), undefined],
    ["interfaces-config: {interfaces: [§'*']}\n", /list/],
    ["excluded-addresses: [§here]\n", undefined],
    ["allocator: §iterative\n", undefined],
    ["servers: {a: {address: §a.example.org}}\n", undefined],
    ["servers: {a: {port: §0}}\n", undefined],
    ["servers: {a: {unicast: [§'[::1]:99999']}}\n", undefined],
    ["servers: {a: {unicast: [§'::1]:547']}}\n", undefined],
    ["servers: {a: {duid: §12}}\n", /quotes/],
    ["servers: {a: {duid: §xyz}}\n", /hex/],
    ["servers: {a: {certificate-fingerprint: §ab}}\n", /64 hex/],
    ["servers: {a: {key: §''}}\n", undefined],
    ["shared-networks: [{name: §a b, subnet6: [{subnet: 2001:db8:1::/64}]}]\n", undefined],
  ])("%s", (text, hint) => {
    const found = problemAt(text, "bad-value");
    if (hint !== undefined) expect(found.hint).toMatch(hint);
  });

  test("D-295: predictable addresses are not offered", () => {
    const found = problemAt(`${SUBNET}allocator: §iterative\n`, "bad-value");
    expect(found.message).toMatch(/not `random`/);
    expect(load(`${SUBNET}allocator: random\n`).config).toBeDefined();
  });

  test("D-062: excluded addresses are one, a range or a prefix", () => {
    const text = `${SUBNET}excluded-addresses: [2001:db8:1::1, 2001:db8:1::5 - 2001:db8:1::6, 2001:db8:1::/126]\n`;
    const base = `20010db80001${"0".repeat(17)}`;
    expect(load(text).config?.tunables.excluded).toEqual([
      { first: `${base}001`, last: `${base}001` },
      { first: `${base}005`, last: `${base}006` },
      { first: `${base}000`, last: `${base}003` },
    ]);
  });

  test("D-298 X-186: relays that are trusted are one, a range or a prefix; without the key all are", () => {
    const trusted = (text: string) => load(text).config?.tunables.trustedRelays;
    const of = (tail: string) => `20010db800090000${tail.repeat(16)}`;
    const named = trusted(`${SUBNET}trusted-relays: [2001:db8:9::/64]\n`);
    expect(named).toEqual([{ first: of("0"), last: of("f") }]);
    expect(trusted(SUBNET)).toEqual([]);
  });

  test("D-294 N-013: limits have defaults and keys", () => {
    const given = `${SUBNET}max-leases: 5\nmax-leases-per-client: 2\nmax-declines-per-client: 3\nmax-messages-per-client: 4\nmax-messages-per-source: 6\n`;
    const most = { messagesPerClient: 4, messagesPerSource: 6 };
    const limits = { leasesPerClient: 2, declinesPerClient: 3, maxLeases: 5, ...most };
    expect(load(given).config?.tunables).toMatchObject(limits);
    const usual = { leasesPerClient: 32, declinesPerClient: 8 };
    expect(load(SUBNET).config?.tunables).toMatchObject({
      ...usual,
      maxLeases: undefined,
      messagesPerClient: undefined,
      messagesPerSource: undefined,
    });
  });

  test("durations take seconds and units", () => {
    const config = load(
      "heartbeat: 500ms\noffer-lifetime: 1.5m\ndrain-time: 7\nvalid-lifetime: 24h\ndecline-probation-period: 1d\n",
    ).config;
    expect(config?.tunables).toMatchObject({
      heartbeat: 500,
      offerHeld: 90_000,
      drain: 7_000,
      declinedHeld: 86_400,
    });
  });
});
