// Servers and relationships: who is who, and what must not be.

import { describe, expect, test } from "vitest";
import { derivedDuid } from "../../../../src/core/config/servers.ts";
import type { Ipv6Address } from "../../../../src/core/model/ipv6.ts";
import { compiled, load, pair, problemAt, SUBNET, sha256 } from "./harness.ts";

const FINGERPRINT = "ab".repeat(32);
const certificates = (name: string) => `certificate: /${name}.crt, key: /${name}.key`;
const tls = (a: string, b: string, more = "") => `failover:
  relationships:
    - {name: campus, primary: a, secondary: b${more}}
servers:
  a: {address: "2001:db8:ffff::1", ${a}}
  b: {address: "2001:db8:ffff::2", ${b}}
${SUBNET}`;

const codes = (text: string) => load(text).problems.map((problem) => problem.code);

describe("relationships", () => {
  test("F-001 F-004 F-010 F-011: one file gives both servers their roles, each other and the same MCLT", () => {
    const text = pair(SUBNET, ["mclt: 1h", "keepalive: 5s"]);
    const [a, b] = ["a", "b"].map((serverName) => compiled(text, { serverName }));
    expect(a?.relationships).toMatchObject([
      {
        name: "campus",
        role: "primary",
        mclt: 3600,
        keepalive: 5000,
        partner: { server: "b", port: 647 },
      },
    ]);
    expect(b?.relationships).toMatchObject([
      {
        name: "campus",
        role: "secondary",
        mclt: 3600,
        keepalive: 5000,
        partner: { server: "a", port: 647 },
      },
    ]);
    expect(a?.relationships[0]?.partner.duid).toBe(b?.server.duid);
    expect(b?.relationships[0]?.partner.duid).toBe(a?.server.duid);
    expect(a?.links.map((link) => link.relationship)).toEqual(["campus"]);
    expect(a?.links).toEqual(b?.links);
  });

  test("R7031-01: a third partner is refused", () => {
    const found = problemAt(
      pair(SUBNET).replace("secondary: b", "secondary: §[b, c]"),
      "bad-value",
    );
    expect(found.message).toMatch(/exactly two servers/);
    problemAt(pair(SUBNET, ["§tertiary: c"]), "unknown-key");
  });

  test("F-001: primary and secondary are two servers of the file", () => {
    problemAt(pair(SUBNET).replace("secondary: b", "secondary: §a"), "same-server");
    expect(
      problemAt(pair(SUBNET).replace("secondary: b", "secondary: §bb"), "unknown-server").hint,
    ).toMatch(/`b`/);
    problemAt(pair(SUBNET).replace('b: { address: "2001:db8:ffff::2" }', "§b: {}"), "missing-key");
  });

  test("F-007 F-009: the name of a relationship is unique", () => {
    const more =
      "    - {name: §campus, primary: b, secondary: c, security: plain, links: []}\nservers:\n  c: {address: ::3}";
    problemAt(
      pair(SUBNET, ['links: ["2001:db8:1::/64"]']).replace("servers:", more),
      "duplicate-name",
    );
  });

  test("F-006: a pair of servers has one relationship", () => {
    const more =
      "    - §{name: other, primary: b, secondary: a, security: plain, links: []}\nservers:";
    problemAt(pair(SUBNET, ['links: ["2001:db8:1::/64"]']).replace("servers:", more), "pair-twice");
  });

  test("F-003 A-53: an MCLT under 30 s is refused, except in a test's file", () => {
    problemAt(pair(SUBNET, ["mclt: §29"]), "mclt-too-short");
    expect(compiled(pair(SUBNET, ["mclt: 30"])).relationships[0]?.mclt).toBe(30);
    const short = `testing: {allow-short-times: true}\n${pair(SUBNET, ["mclt: 5", "keepalive: 100ms"])}`;
    expect(compiled(short).relationships[0]).toMatchObject({ mclt: 5, keepalive: 100 });
    expect(
      problemAt(`testing: {allow-short-times: §true}\n${pair(SUBNET)}`, "short-times").severity,
    ).toBe("warning");
  });

  test("a keepalive below the floor is refused; a foreign partner has another floor and default", () => {
    problemAt(pair(SUBNET, ["keepalive: §900ms"]), "keepalive-too-short");
    problemAt(pair(SUBNET, ["strict-rfc8156: true", "keepalive: §3s"]), "keepalive-too-short");
    expect(compiled(pair(SUBNET, ["strict-rfc8156: true"])).relationships[0]).toMatchObject({
      strict: true,
      keepalive: 60_000,
    });
  });

  test("auto-partner-down is off unless it has a time", () => {
    const automatic = (line: string) =>
      compiled(pair(SUBNET, [line])).relationships[0]?.autoPartnerDown;
    expect(automatic("mclt: 3600")).toBeUndefined();
    expect(automatic("auto-partner-down: off")).toBeUndefined();
    expect(automatic("auto-partner-down: 10m")).toBe(600_000);
  });
});

describe("links of relationships", () => {
  const three = (first: string, second: string, rest: string) => `failover:
  relationships:
    - {name: ab, primary: a, secondary: b, security: plain, links: ${first}}
    - {name: ac, primary: a, secondary: c, security: plain, links: ${second}}
servers: {a: {address: ::1}, b: {address: ::2}, c: {address: ::3}}
${rest}`;
  const LINKS = "subnet6: [{subnet: 2001:db8:1::/64}, {subnet: 2001:db8:2::/64}]\n";

  test("F-004 F-005: each server serves only the links of its relationships", () => {
    const text = three('["2001:db8:1::/64"]', '["2001:db8:2::/64"]', LINKS);
    const served = (serverName: string) =>
      compiled(text, { serverName }).links.map((link) => [link.name, link.relationship]);
    expect(served("a")).toEqual([
      ["2001:db8:1::/64", "ab"],
      ["2001:db8:2::/64", "ac"],
    ]);
    expect(served("b")).toEqual([["2001:db8:1::/64", "ab"]]);
    expect(served("c")).toEqual([["2001:db8:2::/64", "ac"]]);
    expect(compiled(text, { serverName: "c" }).relationships.map((each) => each.name)).toEqual([
      "ac",
    ]);
  });

  test("F-005 R7031-02 R7031-25 R7031-60 R7031-61: a link in two relationships is refused", () => {
    problemAt(
      three('["2001:db8:1::/64", "2001:db8:2::/64"]', '[§"2001:db8:1::/64"]', LINKS),
      "prefix-in-two-relationships",
    );
  });

  test("F-005 R7031-02: a prefix within one of another relationship is refused", () => {
    const inner = "subnet6: [{subnet: 2001:db8::/48}, {subnet: §2001:db8:0:1::/64}]\n";
    problemAt(
      three('["2001:db8::/48"]', '["2001:db8:0:1::/64"]', inner),
      "prefix-in-two-relationships",
    );
    const pools =
      "subnet6: [{subnet: 2001:db8:1::/64, pd-pools: [{prefix: 2001:db9::/32, delegated-len: 48}]}, {subnet: 2001:db8:2::/64, pd-pools: [{prefix: §2001:db9::/40, delegated-len: 48}]}]\n";
    problemAt(
      three('["2001:db8:1::/64"]', '["2001:db8:2::/64"]', pools),
      "prefix-in-two-relationships",
    );
  });

  test("T-10: a link lies wholly in a relationship", () => {
    const network = "shared-networks: [{name: n, subnet6: [{subnet: 2001:db8:1::/64}]}]\n";
    expect(
      problemAt(
        pair(network, ["links: [§'2001:db8:1::/64']"]).replace("campus", "campus"),
        "link-in-part",
      ).hint,
    ).toMatch(/`n`/);
    expect(compiled(pair(network, ["links: [n]"])).links[0]?.relationship).toBe("campus");
  });

  test("an unknown link has a suggestion", () => {
    const found = problemAt(
      pair(`subnet6: [{subnet: 2001:db8:1::/64, server: a}]\n`, ["links: [§'2001:db8:2::/64']"]),
      "unknown-link",
    );
    expect(found.hint).toMatch(/2001:db8:1::\/64/);
  });

  test("with several relationships each lists its links", () => {
    problemAt(
      three('["2001:db8:1::/64", "2001:db8:2::/64"]', "[]", LINKS)
        .replace("- {name: ac", "- §{name: ac")
        .replace(", links: []", ""),
      "missing-key",
    );
  });

  test("a link in no relationship needs its one server, or two clients would get one address", () => {
    const owned = "subnet6: [{subnet: 2001:db8:1::/64}, §{subnet: 2001:db8:2::/64}]\n";
    problemAt(pair(owned, ['links: ["2001:db8:1::/64"]']), "link-without-owner");
    problemAt(
      `servers: {a: {}, b: {}}\nsubnet6: [§{subnet: 2001:db8:1::/64}]\n`,
      "link-without-owner",
    );
    const text = pair(
      "subnet6: [{subnet: 2001:db8:1::/64}, {subnet: 2001:db8:2::/64, server: b}]\n",
    );
    expect(compiled(text).links.map((link) => link.relationship)).toEqual(["campus"]);
    expect(compiled(text, { serverName: "b" }).links.map((link) => link.relationship)).toEqual([
      "campus",
      undefined,
    ]);
    problemAt(
      pair("subnet6: [{subnet: 2001:db8:1::/64, §server: b}]\n", ['links: ["2001:db8:1::/64"]']),
      "server-and-relationship",
    );
  });
});

describe("security", () => {
  test("TLS is the default, and pins the partner's certificate", () => {
    const text = tls(
      certificates("a"),
      `${certificates("b")}, certificate-fingerprint: "SHA256:${"AB:".repeat(31)}AB"`,
    );
    expect(compiled(text).relationships[0]).toMatchObject({
      security: { mode: "tls" },
      partner: { fingerprint: FINGERPRINT },
    });
  });

  test("the fingerprint may come from the partner's certificate", () => {
    const text = tls(certificates("a"), certificates("b"));
    const readFingerprint = (path: string) => (path === "/b.crt" ? FINGERPRINT : undefined);
    expect(compiled(text, { readFingerprint }).relationships[0]?.partner.fingerprint).toBe(
      FINGERPRINT,
    );
    problemAt(text.replace("  b:", "  §b:"), "no-fingerprint");
    problemAt(text.replace("  b:", "  §b:"), "no-fingerprint", {
      readFingerprint: () => "rubbish",
    });
  });

  test("TLS without certificates is refused", () => {
    const sound = `${certificates("b")}, certificate-fingerprint: ${FINGERPRINT}`;
    expect(
      problemAt(tls("port: 647", sound).replace("  a:", "  §a:"), "no-certificate").hint,
    ).toMatch(/keygen/);
    problemAt(tls("certificate: /a.crt", sound).replace("  a:", "  §a:"), "no-certificate");
  });

  test("plain is a warning that says where it belongs (F-547)", () => {
    const problem = problemAt(pair(SUBNET).replace("plain", "§plain"), "plain");
    expect(problem.severity).toBe("warning");
    expect(problem.hint).toContain("lab only");
  });
});

describe("servers", () => {
  test("--server names the server, else the host name does, with or without its domain", () => {
    const text = pair(SUBNET);
    expect(compiled(text, { hostName: "b.example.org" }).server.name).toBe("b");
    expect(compiled(text, { hostName: "b", serverName: "a" }).server.name).toBe("a");
    problemAt(text.replace("servers", "§servers"), "unknown-server", { hostName: "c" });
    problemAt(text.replace("servers", "§servers"), "unknown-server", { serverName: "c" });
    expect(compiled(SUBNET, { hostName: "c.example.org" }).server.name).toBe("c");
    expect(compiled(`servers: {x: {}}\n${SUBNET}`, { hostName: "c" }).server.name).toBe("x");
  });

  test("A-50: two servers with one DUID are refused", () => {
    const text = pair(SUBNET)
      .replace('::1" }', '::1", duid: 00:04:01 }')
      .replace('::2" }', '::2", duid: §00:04:01 }');
    problemAt(text, "same-duid");
  });

  test("two servers on one host need their own ports and folders", () => {
    const same = pair(SUBNET).replace("::2", "::1");
    expect(codes(same).filter((code) => code === "same-place")).toHaveLength(2);
    const apart = same.replace(
      'b: { address: "2001:db8:ffff::1" }',
      'b: { address: "2001:db8:ffff::1", port: 6470, state-directory: /tmp/b }',
    );
    expect(compiled(apart, { serverName: "b" }).server).toMatchObject({
      port: 6470,
      stateDirectory: "/tmp/b",
      controlSocket: "/tmp/b/control.sock",
    });
  });

  test("a bad server name is refused", () => {
    problemAt(
      `servers: {a: {}, §"b c": {}}\nsubnet6: [{subnet: 2001:db8:1::/64, server: a}]\n`,
      "bad-name",
    );
  });

  test("T-03: a DUID that is not given is a DUID-UUID from name and address, with a warning", () => {
    const found = problemAt(`servers: {§a: {address: 2001:db8::1}}\n${SUBNET}`, "duid-derived");
    expect(found.severity).toBe("warning");
    const config = compiled(`servers: {a: {address: 2001:db8:0::1}}\n${SUBNET}`);
    expect(config.server.duidDerived).toBe(true);
    expect(config.server.duid).toMatch(/^0004[0-9a-f]{12}8[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(found.hint).toContain(config.server.duid.replaceAll(/(..)(?!$)/g, "$1:"));
    const address = "20010db8000000000000000000000001" as Ipv6Address;
    expect(config.server.duid).toBe(derivedDuid(sha256, "a", address));
    expect(derivedDuid(sha256, "b", address)).not.toBe(config.server.duid);
    expect(derivedDuid(sha256, "a", undefined)).not.toBe(config.server.duid);
  });

  test("T-03: a DUID of the file is taken, without a warning", () => {
    const { config, problems } = load(
      `servers: {a: {duid: "00:03:00:01:02:00:00:00:00:01"}}\n${SUBNET}`,
    );
    expect(config?.server).toMatchObject({ duid: "00030001020000000001", duidDerived: false });
    expect(problems).toEqual([]);
  });

  test("interfaces: the server's own, else those for all, else those of its links", () => {
    const link = "subnet6: [{subnet: 2001:db8:1::/64, interface: [eth0, eth1]}]\n";
    const interfaces = (text: string) => compiled(text).server.interfaces;
    expect(interfaces(link)).toEqual(["eth0", "eth1"]);
    expect(interfaces(`interfaces-config: {interfaces: [eth0]}\n${link}`)).toEqual(["eth0"]);
    expect(
      interfaces(
        `interfaces-config: {interfaces: [eth0]}\nservers: {a: {interfaces: [eth1]}}\n${link}`,
      ),
    ).toEqual(["eth1"]);
  });

  test("unicast sockets have port 547 unless told otherwise", () => {
    const config = compiled(`servers: {a: {unicast: ["[::1]:5547", "2001:db8::1"]}}\n${SUBNET}`);
    expect(config.server.unicast.map((socket) => socket.port)).toEqual([5547, 547]);
  });
});

describe("an error does not bring others", () => {
  test.each([
    pair(SUBNET).replace('"2001:db8:ffff::2"', "§nowhere"),
    pair(SUBNET).replace("primary: a", "primary: §5"),
    `valid-lifetime: §10x\npreferred-lifetime: 9000\n${SUBNET}`,
    `option-data: [{name: dns-servers, data: §null}]\n${SUBNET}`,
    "subnet6: [{subnet: 2001:db8:1::/64, pd-pools: [{prefix: 'fe80::', prefix-len: §x, delegated-len: 56}]}]\n",
  ])("%#", (text) => {
    problemAt(text, "bad-value");
  });

  test("all errors of a file come at once, in its order", () => {
    const text = `valid-lifetme: 5
heartbeat: soon
subnet6:
  - subnet: 2001:db8:1::/64
    id: 1
    pools: [{pool: 2001:db8:2::/64}]
  - subnet: nonsense
  - id: 1
    subnet: 2001:db8:3::/64
    valid-lifetime: 1
`;
    const { problems } = load(text);
    expect(
      problems
        .filter((problem) => problem.severity === "error")
        .map((problem) => [problem.line, problem.column, problem.code, problem.path]),
    ).toEqual([
      [1, 1, "unknown-key", "valid-lifetme"],
      [2, 12, "bad-value", "heartbeat"],
      [6, 20, "pool-outside-subnet", "subnet6[0].pools[0].pool"],
      [7, 13, "bad-value", "subnet6[1].subnet"],
      [8, 9, "duplicate-id", "subnet6[2].id"],
      [10, 21, "valid-too-short", "subnet6[2].valid-lifetime"],
    ]);
  });
});
