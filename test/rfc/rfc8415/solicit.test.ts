// RFC 8415 §18.3.1 and §18.3.9: SOLICIT, ADVERTISE and Rapid Commit.

import { describe, expect, it } from "vitest";
import { firstOption, option } from "../../../src/core/wire/options.ts";
import { addresses, codesOf, iasOf, prefixes, statusOf } from "../../support/answers.ts";
import { fromClient, LINKS, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, oro, pd } from "../../support/requests.ts";

const A = fromClient(1);
const B = fromClient(2);
const RAPID = option("RAPID_COMMIT", {});

/** A link with one address and one prefix. */
const TINY = `
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan
    pools: [{ pool: "2001:db8:1::5 - 2001:db8:1::5" }]
    pd-pools: [{ prefix: "2001:db8:8000::/56", delegated-len: 56 }]
    option-data: [{ name: solmax-rt, data: 3600 }]
`;

const EMPTY = `
subnet6:
  - { subnet: "2001:db8:1::/64", interface: lan }
`;

describe("RFC 8415 §18.3.9 ADVERTISE", () => {
  it("§18.3.9 has SERVERID, CLIENTID, the transaction-id and a lease for each IA (D-098, D-103, D-109, D-293)", () => {
    const lone = new Lone();
    const advertise = lone.answer("SOLICIT", A, [na(1), na(2), pd(1), pd(2)]);
    expect(advertise.type).toBe("ADVERTISE");
    expect(addresses(advertise)).toHaveLength(2);
    expect(prefixes(advertise)).toHaveLength(2);
    expect(iasOf(advertise).map(({ code, iaid }) => `${code} ${iaid}`)).toEqual([
      "3 1",
      "3 2",
      "25 1",
      "25 2",
    ]);
  });

  it("§18.3.9 reserves nothing durable, and is sent before anything is (D-115)", () => {
    const lone = new Lone();
    lone.host.holdDisk = true;
    const advertise = lone.answer("SOLICIT", A, [na(1)]);
    expect(lone.host.up.state.table.size).toBe(0);
    expect(addresses(advertise)).toHaveLength(1);
  });

  it("§18.3.9 the REQUEST that follows gets what was shown; nobody else is shown it while there is another (D-109, D-290)", () => {
    const lone = new Lone(TINY.replace("::5 - 2001:db8:1::5", "::5 - 2001:db8:1::6"));
    const [shown] = addresses(lone.answer("SOLICIT", A, [na(1)]));
    const named = na(1, shown?.address ?? "::");
    const [other] = addresses(lone.answer("SOLICIT", B, [named]));
    expect([other === undefined, other?.address === shown?.address]).toEqual([false, false]);
    const [given] = addresses(lone.answer("REQUEST", A, [OURS, na(1, shown?.address ?? "::")]));
    expect(given?.address).toBe(shown?.address);
  });

  it("§18.3.9 what was shown and not asked for is free again after a while; the next client's claim on it stands (D-115)", () => {
    const lone = new Lone(TINY.replace("::5 - 2001:db8:1::5", "::5 - 2001:db8:1::6"));
    const shown = (number: number) =>
      addresses(lone.answer("SOLICIT", fromClient(number), [na(1, "2001:db8:1::5")]))[0]?.address;
    expect(shown(1)).toBe(ip("2001:db8:1::5"));
    lone.pass(61);
    expect(shown(2)).toBe(ip("2001:db8:1::5"));
    // The first client comes back and gets something else; that does not free what is held for the second.
    expect(shown(1)).toBe(ip("2001:db8:1::6"));
    expect(addresses(lone.answer("REQUEST", B, [OURS, na(1)]))[0]?.address).toBe(
      ip("2001:db8:1::5"),
    );
  });

  it("§18.3.9 Preference is 0 and not sent unless configured (D-104, D-105, D-106)", () => {
    expect(
      firstOption(new Lone().answer("SOLICIT", A, [na(1)]).options, "PREFERENCE"),
    ).toBeUndefined();
    const lone = new Lone(LINKS, "preference: 200\n");
    expect(firstOption(lone.answer("SOLICIT", A, [na(1)]).options, "PREFERENCE")?.value).toBe(200);
    expect(
      firstOption(lone.answer("REQUEST", A, [OURS, na(1)]).options, "PREFERENCE"),
    ).toBeUndefined();
  });

  it("§18.3.9 carries the options of the REPLY that would follow (D-108)", () => {
    const lone = new Lone();
    const wanted = oro(23, 82, 24);
    const advertise = lone.answer("SOLICIT", A, [na(1), wanted]);
    const reply = lone.answer("REQUEST", A, [OURS, na(1), wanted]);
    expect(advertise.options.filter(({ code }) => code > 20)).toEqual(
      reply.options.filter(({ code }) => code > 20),
    );
    expect(codesOf(advertise)).toEqual([2, 1, 3, 23, 82]);
  });

  it("§18.3.9 a hint in a pool is followed, one that is not is not shown (D-110, D-111)", () => {
    const lone = new Lone();
    const shown = (...hints: readonly string[]) =>
      addresses(lone.answer("SOLICIT", A, [na(1, ...hints)])).map((each) => each.address);
    expect(shown("2001:db8:1::1:42")).toEqual([ip("2001:db8:1::1:42")]);
    // Outside the pool, outside the link, unspecified, and one of another client.
    const { address } = lone.bind(B);
    for (const hint of ["2001:db8:1::2:42", "2001:db8:2::1:42", "::", address]) {
      const [got, more] = shown(hint);
      expect(got).not.toBe(ip("::"));
      expect(got).not.toBe(hint.includes(":") ? ip(hint) : hint);
      expect(got?.startsWith(ip("2001:db8:1::1:0").slice(0, 28))).toBe(true);
      expect(more).toBeUndefined();
    }
    const [prefix] = prefixes(lone.answer("SOLICIT", A, [pd(1, "2001:db8:8000:4200::/56")]));
    expect(prefix?.prefix).toBe(ip("2001:db8:8000:4200::"));
  });

  it("§18.3.9 a hint that is named now goes before what was shown earlier (D-110)", () => {
    const lone = new Lone();
    lone.answer("SOLICIT", A, [na(1)]);
    expect(addresses(lone.answer("SOLICIT", A, [na(1, "2001:db8:1::1:42")]))[0]?.address).toBe(
      ip("2001:db8:1::1:42"),
    );
  });

  it("§18.3.9 nothing available: each IA with NoAddrsAvail or NoPrefixAvail inside it, none at the top (D-097, D-112, D-113, D-114, D-234)", () => {
    const lone = new Lone(TINY);
    lone.bind(B, { prefix: true });
    const advertise = lone.answer("SOLICIT", A, [na(1), pd(1), na(2), oro(82)]);
    expect(iasOf(advertise).map(statusOf)).toEqual([2, 2, 6]);
    expect([...addresses(advertise), ...prefixes(advertise)]).toEqual([]);
    expect(statusOf(advertise)).toBeUndefined();
    // D-116, D-281: SOL_MAX_RT is most wanted just then.
    expect(firstOption(advertise.options, "SOL_MAX_RT")?.value).toBe(3600);
  });

  it("§18.3.9 an IA of a kind that the link has no pool of is told so (D-117)", () => {
    const lone = new Lone(EMPTY);
    expect(iasOf(lone.answer("SOLICIT", A, [na(1), pd(1)])).map(statusOf)).toEqual([2, 6]);
    // No pool is not an exhausted pool.
    expect(lone.host.logs.filter((event) => event.id === "DHCP6_POOL_EXHAUSTED")).toEqual([]);
  });

  it("§18.3.9 without IAs: options only (D-310)", () => {
    expect(codesOf(new Lone().answer("SOLICIT", A, [oro(23)]))).toEqual([2, 1, 23]);
  });

  it("§18.3.9 shows a client its own lease again (D-124)", () => {
    const lone = new Lone();
    const { address, prefix } = lone.bind(A, { prefix: true });
    const advertise = lone.answer("SOLICIT", A, [na(1), pd(1)]);
    expect(addresses(advertise).map((each) => each.address)).toEqual([address]);
    expect(prefixes(advertise).map((each) => each.prefix)).toEqual([prefix]);
  });
});

describe("RFC 8415 §18.3.1 Rapid Commit", () => {
  const ON = "rapid-commit: true\n";

  it("§18.3.1 off by default: an ADVERTISE without the option (D-098, D-102)", () => {
    const advertise = new Lone().answer("SOLICIT", A, [RAPID, na(1)]);
    expect(advertise.type).toBe("ADVERTISE");
    expect(firstOption(advertise.options, "RAPID_COMMIT")).toBeUndefined();
  });

  it("§18.3.1 on: a REPLY with the option and bound leases (D-099, D-101)", () => {
    const lone = new Lone(LINKS, ON);
    const reply = lone.answer("SOLICIT", A, [RAPID, na(1), pd(1)]);
    expect(reply.type).toBe("REPLY");
    expect(firstOption(reply.options, "RAPID_COMMIT")).toBeDefined();
    expect(lone.lease(addresses(reply)[0]?.address ?? ip("::"))?.status).toBe("ACTIVE");
    expect(lone.lease(prefixes(reply)[0]?.prefix ?? ip("::"), 56)?.status).toBe("ACTIVE");
    // Without the option in the SOLICIT it is an ADVERTISE, and no other REPLY has it.
    expect(lone.answer("SOLICIT", B, [na(1)]).type).toBe("ADVERTISE");
    expect(
      firstOption(lone.answer("REQUEST", A, [OURS, RAPID, na(1)]).options, "RAPID_COMMIT"),
    ).toBeUndefined();
  });

  it("§18.3.1 the REPLY leaves when the leases are durable (D-100)", () => {
    const lone = new Lone(LINKS, ON);
    lone.host.holdDisk = true;
    expect(lone.ask("SOLICIT", A, [RAPID, na(1)])).toBeUndefined();
    lone.host.flushDisk(lone.now);
    expect(lone.host.sent).toHaveLength(1);
  });

  it("§18.2.10.1 an address that is not right for the link: NotOnLink, as for a REQUEST (D-302)", () => {
    const lone = new Lone(LINKS, ON);
    const reply = lone.answer("SOLICIT", A, [RAPID, na(1, "2001:db8:2::1:5"), na(2)]);
    expect(iasOf(reply).map(statusOf)).toEqual([4, undefined]);
    expect(addresses(reply)).toHaveLength(1);
  });
});
