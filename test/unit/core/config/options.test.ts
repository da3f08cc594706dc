// `option-data`: what a client is told, and what is refused.

import { describe, expect, test } from "vitest";
import { compiled, load, problemAt, SUBNET } from "./harness.ts";

const option = (text: string) => `option-data:\n  - ${text}\n${SUBNET}`;

describe("option-data", () => {
  test.each([
    ["unknown-option", "{name: §dns-server, data: 2001:db8::1}", /did you mean `dns-servers`/],
    ["unknown-option", "{name: §nothing-like-it, data: 2001:db8::1}", /hex/],
    ["unknown-option", "{name: dns-servers, code: §24, data: 2001:db8::1}", undefined],
    ["bad-option-data", "{name: dns-servers, data: §192.0.2.1}", /DNS/],
    ["bad-option-data", "§{name: dns-servers}", undefined],
    ["bad-option-data", "{code: 23, csv-format: false, data: §2001}", undefined],
    ["bad-option-data", '{code: 60000, data: §"0"}', /hex/],
    ["bad-option-data", "{code: 60000, data: §0x0a0b}", /quotes/],
    ["bad-option-data", "{name: bootfile-url, data: §5}", /quotes/],
    ["missing-key", "§{data: 2001:db8::1}", undefined],
    ["servers-own-option", "{name: §preference, data: 5}", /`preference: N`/],
    ["servers-own-option", "{code: §1, data: 00}", undefined],
    ["servers-own-option", "{code: §13, csv-format: false, data: 00}", undefined],
    ["bad-value", "{name: dns-servers, data: §{a: 1}}", undefined],
  ])("%s: %s", (code, text, hint) => {
    const found = problemAt(option(text), code);
    if (hint !== undefined) expect(found.hint).toMatch(hint);
  });

  test.each(["solmax-rt", "inf-max-rt"])(
    "D-279 D-280: %s outside 60 to 86400 is refused",
    (name) => {
      const code = name === "solmax-rt" ? 82 : 83;
      for (const seconds of [0, 59, 86_401])
        problemAt(option(`{name: ${name}, data: §${seconds}}`), "bad-option-data");
      problemAt(option(`{code: ${code}, csv-format: false, data: §"0000003b"}`), "bad-option-data");
      for (const seconds of [60, 86_400])
        expect(load(option(`{name: ${name}, data: ${seconds}}`)).config).toBeDefined();
      expect(
        load(option(`{code: ${code}, csv-format: false, data: "0000003c"}`)).config,
      ).toBeDefined();
    },
  );

  test("D-178: an Information Refresh Time under 600 s is refused", () => {
    problemAt(`information-refresh-time: §599\n${SUBNET}`, "out-of-range");
    problemAt(option("{name: information-refresh-time, data: §599}"), "bad-option-data");
    problemAt(
      `information-refresh-time: 700\n${option("§{name: information-refresh-time, data: 800}")}`,
      "option-twice",
    );
    const time = (text: string) => compiled(text).tunables.informationRefreshTime;
    expect(time(SUBNET)).toBe(86_400);
    expect(time(`information-refresh-time: infinity\n${SUBNET}`)).toBe(0xffffffff);
    const config = compiled(option("{name: information-refresh-time, data: 700}"));
    expect(config.tunables.informationRefreshTime).toBe(700);
  });

  test("D-179: the Information Refresh Time is no option of other answers", () => {
    expect(
      compiled(option("{name: information-refresh-time, data: 700}")).globalOptions.has(32),
    ).toBe(false);
    problemAt(
      "subnet6: [{subnet: 2001:db8:1::/64, option-data: [§{code: 32, data: 700}]}]\n",
      "global-only",
    );
  });

  test("an option stands once in a list, unless it may stand more than once", () => {
    problemAt(
      `option-data:\n  - {name: dns-servers, data: "::1"}\n  - §{code: 23, data: "::2"}\n${SUBNET}`,
      "option-twice",
    );
    const repeated = compiled(
      `option-data:\n  - {code: 104, data: "01"}\n  - {code: 104, data: "02", always-send: true}\n${SUBNET}`,
    );
    expect(repeated.globalOptions.get(104)).toEqual({
      code: 104,
      data: Uint8Array.of(1),
      further: [Uint8Array.of(2)],
      alwaysSend: true,
    });
  });

  test("the nearest scope wins: subnet, shared network, the whole file", () => {
    const text = `option-data:
  - {code: 60001, data: "01"}
  - {code: 60002, data: "01"}
  - {code: 60003, data: "01", always-send: true}
shared-networks:
  - name: n
    option-data:
      - {code: 60001, data: "02"}
      - {code: 60002, data: "02"}
    subnet6:
      - subnet: 2001:db8:1::/64
        option-data: [{code: 60001, data: "03"}]
`;
    const config = compiled(text);
    const values = (options: ReadonlyMap<number, { readonly data: Uint8Array }> | undefined) =>
      [60_001, 60_002, 60_003].map((code) => options?.get(code)?.data[0]);
    expect(values(config.links[0]?.subnets[0]?.options)).toEqual([3, 2, 1]);
    expect(values(config.globalOptions)).toEqual([1, 1, 1]);
    expect(config.globalOptions.get(60_003)?.alwaysSend).toBe(true);
  });

  test("data may be a text with commas or a list, a number or hex", () => {
    const octets = (text: string, code: number) => [
      ...(compiled(option(text)).globalOptions.get(code)?.data ?? []),
    ];
    const addresses = octets('{name: dns-servers, data: "2001:db8::1, 2001:db8::2"}', 23);
    expect(octets('{name: dns-servers, data: ["2001:db8::1", "2001:db8::2"]}', 23)).toEqual(
      addresses,
    );
    expect(addresses).toHaveLength(32);
    expect(octets("{name: domain-search, data: a.b}", 24)).toEqual([1, 97, 1, 98, 0]);
    expect(octets('{code: 60000, data: "0x0a0b"}', 60_000)).toEqual([10, 11]);
  });
});
