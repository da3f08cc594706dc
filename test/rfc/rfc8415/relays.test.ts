// RFC 8415 §9, §19, §21.18, RFC 8357, RFC 4994: through relays and back.

import { describe, expect, it } from "vitest";
import { type Option, option } from "../../../src/core/wire/options.ts";
import { decodeRelay, type RelayMessage, unwrapRelay } from "../../../src/core/wire/relay.ts";
import { addresses, codesOf } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, oro, relayed } from "../../support/requests.ts";

const A = fromClient(1);
const AT_RELAY = { source: ip("2001:db8:f::9"), sourcePort: 4321, multicast: false };
const id = (text: string): Option =>
  option("INTERFACE_ID", { value: new TextEncoder().encode(text) });

type Wrap = (message: Uint8Array) => Uint8Array;
const through =
  (...wraps: readonly Wrap[]): Wrap =>
  (message) =>
    wraps.reduce((inner, wrap) => wrap(inner), message);

function levelsOf(bytes: Uint8Array): readonly RelayMessage[] {
  return unwrapRelay(bytes).levels;
}

describe("RFC 8415 §19.3 Relay-reply", () => {
  it("§19.3 the example of two relays: one RELAY-REPL a level, each with what its RELAY-FORW had (D-181, D-185, D-186, D-187)", () => {
    const wrap = through(
      relayed("2001:db8:1::1", "fe80::c"),
      relayed("::", "2001:db8:1::a", [], 1),
    );
    const got = new Lone().ask("SOLICIT", A, [na(1)], { ...AT_RELAY, wrap });
    expect(levelsOf(got?.datagram.bytes ?? new Uint8Array(0))).toMatchObject([
      { type: "RELAY-REPL", hopCount: 1, linkAddress: ip("::"), peerAddress: ip("2001:db8:1::a") },
      {
        type: "RELAY-REPL",
        hopCount: 0,
        linkAddress: ip("2001:db8:1::1"),
        peerAddress: ip("fe80::c"),
      },
    ]);
    expect(got?.datagram).toMatchObject({ destination: AT_RELAY.source, port: 547 });
  });

  it("§21.18 Interface-Id goes back at its own level, octet for octet, and never to the client (D-188, D-189, D-197)", () => {
    const wrap = through(
      relayed("2001:db8:1::1", "fe80::c", [id("inner")]),
      relayed("::", "2001:db8:1::a", [id("outer")], 1),
      relayed("::", "2001:db8:1::b", [], 2),
    );
    const got = new Lone().ask("SOLICIT", A, [na(1), id("mine"), oro(18, 23)], {
      ...AT_RELAY,
      wrap,
    });
    const levels = levelsOf(got?.datagram.bytes ?? new Uint8Array(0));
    const ids = levels.map(({ options }) =>
      options
        .filter((each) => each.type === "INTERFACE_ID")
        .map((each) => new TextDecoder().decode(each.value)),
    );
    expect(ids).toEqual([[], ["outer"], ["inner"]]);
    // The client's part is as it would be without relays.
    const direct = new Lone().answer("SOLICIT", A, [na(1), oro(23)]);
    expect(got?.message.options).toEqual(direct.options);
    expect(got && codesOf(got.message)).not.toContain(18);
  });

  it("RFC 8357 §5.2 Relay Source Port: copied at its level; the outermost one's decides the port (D-192, D-193, D-194, D-195)", () => {
    const port = option("RELAY_PORT", { value: 0 });
    const inner = relayed("2001:db8:1::1", "fe80::c", [option("RELAY_PORT", { value: 1000 })]);
    const cases: readonly [Wrap, number, number[][]][] = [
      [relayed("2001:db8:1::1", "fe80::c", [port]), 4321, [[135]]],
      [through(inner, relayed("::", "2001:db8:1::a", [port], 1)), 4321, [[135], [135]]],
      [through(inner, relayed("::", "2001:db8:1::a", [], 1)), 547, [[], [135]]],
    ];
    for (const [wrap, expected, codes] of cases) {
      const got = new Lone().ask("SOLICIT", A, [na(1), port, oro(135)], { ...AT_RELAY, wrap });
      expect(got?.datagram.port).toBe(expected);
      expect(
        levelsOf(got?.datagram.bytes ?? new Uint8Array(0)).map(({ options }) =>
          options.map(({ code }) => code).filter((code) => code !== 9),
        ),
      ).toEqual(codes);
    }
  });

  it("RFC 4994 §5 Echo Request: what it names and was there, once, but no VPN (D-196, D-312, X-247)", () => {
    const options = [
      id("eth0"),
      option("SUBSCRIBER_ID", { value: Uint8Array.of(1, 2) }),
      { type: "unknown", code: 60_000, data: Uint8Array.of(3) } as const,
      { type: "unknown", code: 68, data: Uint8Array.of(255) } as const,
      option("ERO", { codes: [18, 38, 37, 60_000, 68] }),
    ];
    const got = new Lone().ask("SOLICIT", A, [na(1)], {
      ...AT_RELAY,
      wrap: relayed("2001:db8:1::1", "fe80::c", options),
    });
    const codes = levelsOf(got?.datagram.bytes ?? new Uint8Array(0)).map((level) =>
      level.options.map(({ code }) => code),
    );
    expect(codes).toEqual([[18, 38, 60_000, 9]]);
  });

  it("§7.6, §9.1 nine levels are served, ten are not (D-182)", () => {
    const levels = (count: number): Wrap =>
      through(
        relayed("2001:db8:1::1", "fe80::c"),
        ...Array.from({ length: count - 1 }, (_, i) =>
          relayed("::", "fe80::d", [], Math.min(i + 1, 8)),
        ),
      );
    const got = new Lone().ask("SOLICIT", A, [na(1)], { ...AT_RELAY, wrap: levels(9) });
    expect(
      levelsOf(got?.datagram.bytes ?? new Uint8Array(0)).map((level) => level.hopCount),
    ).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(
      new Lone().ask("SOLICIT", A, [na(1)], { ...AT_RELAY, wrap: levels(10) }),
    ).toBeUndefined();
  });
});

describe("RFC 8415 §18.3 what is kept of the relays", () => {
  it("§18.3 relays and their options are kept with each lease (D-198)", () => {
    const lone = new Lone();
    const wrap = relayed("2001:db8:1::1", "fe80::c", [id("eth0")]);
    const reply = lone.answer("REQUEST", A, [OURS, na(1), na(2)], { ...AT_RELAY, wrap });
    for (const { address } of addresses(reply)) {
      const kept = lone.lease(address)?.relayData ?? new Uint8Array(0);
      expect(Buffer.from(kept.subarray(0, 16)).toString("hex")).toBe(AT_RELAY.source);
      const level = decodeRelay(kept.subarray(16));
      expect(level).toMatchObject({ linkAddress: ip("2001:db8:1::1"), peerAddress: ip("fe80::c") });
      expect(level.options.map(({ code }) => code)).toEqual([18]);
    }
  });

  it("§18.2.4 each later message replaces it, also one without relays (D-308)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A, { where: {} });
    const renew = (wrap?: Wrap) =>
      lone.answer(
        "RENEW",
        A,
        [OURS, na(1, address)],
        wrap === undefined ? {} : { ...AT_RELAY, wrap },
      );
    const peer = () =>
      Buffer.from(lone.lease(address)?.relayData?.subarray(34, 50) ?? []).toString("hex");
    renew(relayed("2001:db8:1::1", "fe80::c"));
    expect(peer()).toBe(ip("fe80::c"));
    renew(relayed("2001:db8:1::1", "fe80::d"));
    expect(peer()).toBe(ip("fe80::d"));
    renew();
    expect(lone.lease(address)?.relayData).toBeUndefined();
  });
});
