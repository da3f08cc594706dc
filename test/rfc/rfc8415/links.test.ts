// RFC 8415 §13.1, RFC 6221 §7, RFC 6939: on which link a client is.

import { describe, expect, it } from "vitest";
import { type Option, option } from "../../../src/core/wire/options.ts";
import { addresses, statusOf } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, oro, relayed } from "../../support/requests.ts";

const LINKS = `
subnet6:
  - { subnet: "2001:db8:1::/64", interface: lan, pools: [{ pool: "2001:db8:1::1:0/112" }] }
  - { subnet: "2001:db8:2::/64", interface: wan, interface-id: port2, pools: [{ pool: "2001:db8:2::1:0/112" }] }
  - { subnet: "2001:db8:3::/64", relay: { ip-addresses: ["2001:db8:ffff::3", "fe80::3"] }, pools: [{ pool: "2001:db8:3::1:0/112" }] }
`;

const A = fromClient(1);
const id = (text: string): Option =>
  option("INTERFACE_ID", { value: new TextEncoder().encode(text) });

type Wrap = (message: Uint8Array) => Uint8Array;

/** Number of the link that the client gets an address of, or why it gets none. */
function linkOf(wraps: readonly Wrap[], where: Parameters<Lone["ask"]>[3] = {}): unknown {
  const lone = new Lone(LINKS);
  const wrap: Wrap = (message) => wraps.reduce((inner, each) => each(inner), message);
  const got = lone.ask("SOLICIT", A, [na(1)], {
    source: ip("2001:db8:f::9"),
    multicast: false,
    wrap,
    ...where,
  });
  if (got === undefined) return lone.lastDiscard;
  return Number(addresses(got.message)[0]?.address.slice(8, 12));
}

const onLink = { source: ip("fe80::1234"), multicast: true };

describe("RFC 8415 §13.1 the link of a client", () => {
  it("§13.1 directly: the receiving interface's (D-053, N-011)", () => {
    const lone = new Lone(LINKS);
    const link = (name: string) =>
      addresses(lone.answer("SOLICIT", A, [na(1)], { interface: name }))[0]?.address.slice(8, 12);
    expect([link("lan"), link("wan")]).toEqual(["0001", "0002"]);
    expect(lone.ask("SOLICIT", A, [na(1)], { interface: "eth9" })).toBeUndefined();
    expect(lone.lastDiscard).toBe("unknown-link");
  });

  it("§13.1 relayed: the link-address in a subnet, or listed as a relay's (D-055, D-059)", () => {
    expect(linkOf([relayed("2001:db8:2::1", "fe80::1")])).toBe(2);
    expect(linkOf([relayed("2001:db8:ffff::3", "fe80::1")])).toBe(3);
  });

  it("§13.1 the level closest to the client counts (D-055, X-172)", () => {
    expect(
      linkOf([relayed("2001:db8:2::1", "fe80::1"), relayed("2001:db8:1::1", "2001:db8:2::1")]),
    ).toBe(2);
  });

  it("§13.1 a link-address of zero says nothing, at any level (D-056, X-167)", () => {
    expect(linkOf([relayed("::", "fe80::1"), relayed("2001:db8:2::1", "2001:db8:2::1")])).toBe(2);
    expect(linkOf([relayed("2001:db8:2::1", "fe80::1"), relayed("::", "2001:db8:2::1")])).toBe(2);
  });

  it("§13.1 a link-local link-address counts only where the file lists it (D-058)", () => {
    expect(linkOf([relayed("fe80::3", "fe80::1")])).toBe(3);
    expect(linkOf([relayed("fe80::4", "fe80::1"), relayed("2001:db8:2::1", "fe80::2")])).toBe(2);
    expect(linkOf([relayed("fe80::4", "fe80::1")])).toBe("unknown-link");
  });

  it("§13.1 without a usable link-address the Interface-Id decides, as opaque octets (D-057, D-190, D-191, X-173)", () => {
    expect(linkOf([relayed("::", "fe80::1", [id("port2")])])).toBe(2);
    expect(linkOf([relayed("2001:db8:eeee::1", "fe80::1", [id("port2")])])).toBe(2);
    for (const other of ["port", "port20", "PORT2", "port2\0"])
      expect(linkOf([relayed("::", "fe80::1", [id(other)])])).toBe("unknown-link");
  });

  it("§13.1 a usable link-address at any level goes before Interface-Ids: port names repeat from switch to switch (D-055, D-057, X-171)", () => {
    expect(
      linkOf([relayed("::", "fe80::1", [id("port2")]), relayed("2001:db8:1::1", "fe80::1")]),
    ).toBe(1);
  });

  it("§13.1 a link-address that no link has is of a link that we do not serve (D-057)", () => {
    expect(linkOf([relayed("2001:db8:eeee::1", "fe80::1")])).toBe("unknown-link");
    expect(
      linkOf([relayed("2001:db8:eeee::1", "fe80::1"), relayed("2001:db8:1::1", "fe80::2")]),
    ).toBe("unknown-link");
    expect(linkOf([relayed("2001:db8:eeee::1", "fe80::1")], onLink)).toBe("unknown-link");
  });

  it("§13.1 a relay elsewhere that names no link at all is not on the link of our interface (D-057)", () => {
    expect(linkOf([relayed("::", "fe80::1")])).toBe("unknown-link");
  });
});

describe("RFC 6221 §7 lightweight relays", () => {
  it("§7.1 an LDRA on our link: the receiving interface's link; the answer to its source, port 547 (X-168, X-169, X-170)", () => {
    const lone = new Lone(LINKS);
    const got = lone.ask("SOLICIT", A, [na(1)], {
      ...onLink,
      interface: "wan",
      wrap: relayed("::", "fe80::1234", [id("eth7")]),
    });
    expect(got !== undefined && addresses(got.message)[0]?.address.slice(8, 12)).toBe("0002");
    expect(got?.datagram).toMatchObject({
      interface: "wan",
      destination: ip("fe80::1234"),
      port: 547,
    });
    const header = Buffer.from(got?.datagram.bytes.subarray(0, 34) ?? []).toString("hex");
    expect(header).toBe(`0d00${"0".repeat(32)}${ip("fe80::1234")}`);
    expect(
      Buffer.from(got?.datagram.bytes ?? []).includes(Buffer.from("0012000465746837", "hex")),
    ).toBe(true);
  });

  it("§7.2 an LDRA behind a relay: the outer relay's link-address (X-171, X-167)", () => {
    expect(
      linkOf([relayed("::", "fe80::1", [id("eth7")]), relayed("2001:db8:1::1", "fe80::1")]),
    ).toBe(1);
  });

  it("§7.3 relay, LDRA, relay: the innermost usable link-address (X-172)", () => {
    const three = (inner: string) =>
      linkOf([
        relayed(inner, "fe80::1"),
        relayed("::", "fe80::2", [id("e")]),
        relayed("2001:db8:1::1", "fe80::3"),
      ]);
    expect(three("2001:db8:2::1")).toBe(2);
    expect(three("::")).toBe(1);
  });
});

describe("RFC 6939, 4649, 4580 options of relays", () => {
  it("RFC 6939 §4, RFC 4649 §5, RFC 4580 §4: served with them as without, none is echoed unasked (X-165, X-178, D-200)", () => {
    const lone = new Lone(LINKS);
    const options = [
      option("CLIENT_LINKLAYER_ADDR", {
        linkLayerType: 1,
        address: Uint8Array.of(2, 0, 0, 0, 0, 1),
      }),
      option("REMOTE_ID", { enterprise: 9, value: Uint8Array.of(7) }),
      option("SUBSCRIBER_ID", { value: Uint8Array.of(8) }),
      option("VENDOR_OPTS", { enterprise: 9, suboptions: [] }),
    ];
    const got = lone.ask("SOLICIT", A, [na(1), oro(17, 37, 38, 79)], {
      wrap: relayed("2001:db8:1::1", "fe80::1", options),
      multicast: false,
    });
    // RELAY_MSG is the first and only option of the level.
    expect(got?.datagram.bytes.subarray(34, 36)).toEqual(Uint8Array.of(0, 9));
    expect(got?.message.options.map((each) => each.code)).toEqual([2, 1, 3]);
    expect(got && statusOf(got.message)).toBeUndefined();
  });
});
