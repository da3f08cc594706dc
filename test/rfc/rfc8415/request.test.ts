// RFC 8415 §18.3.2: REQUEST.

import { describe, expect, it } from "vitest";
import { addresses, codesOf, iaOf, iasOf, prefixes, statusOf } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, oro, pd } from "../../support/requests.ts";

const A = fromClient(1);
const B = fromClient(2);

const TINY = `
subnet6:
  - { subnet: "2001:db8:1::/64", interface: lan, pools: [{ pool: "2001:db8:1::5 - 2001:db8:1::6" }] }
`;

describe("RFC 8415 §18.3.2 REQUEST", () => {
  it("§18.3.2 makes bindings for all IAs in one REPLY (D-119, D-293)", () => {
    const lone = new Lone();
    const reply = lone.answer("REQUEST", A, [OURS, na(1), na(2), pd(7)]);
    expect(reply.type).toBe("REPLY");
    const table = lone.host.up.state.table;
    const told = [
      ...addresses(reply).map((each) => ({
        kind: "address" as const,
        address: each.address,
        length: 128,
      })),
      ...prefixes(reply).map((each) => ({
        kind: "prefix" as const,
        address: each.prefix,
        length: each.prefixLength,
      })),
    ];
    expect(told.map((key) => table.get(key))).toMatchObject(
      [1, 2, 7].map((iaid) => ({
        status: "ACTIVE",
        duid: A,
        iaid,
        validLifetime: 4000,
        preferredLifetime: 3000,
        link: "2001:db8:1::/64",
      })),
    );
  });

  it("§18.3.2 the REPLY leaves when the bindings are durable (D-126)", () => {
    const lone = new Lone();
    lone.host.holdDisk = true;
    expect(lone.ask("REQUEST", A, [OURS, na(1)])).toBeUndefined();
    lone.host.flushDisk(lone.now);
    expect(lone.host.sent).toHaveLength(1);
  });

  it("§12 IAIDs of IA_NA and IA_PD are apart, and so are clients and links (D-050, D-052)", () => {
    const lone = new Lone();
    const first = lone.bind(A, { prefix: true });
    const others = [
      lone.bind(B),
      lone.bind(A, { iaid: 2 }),
      lone.bind(A, { where: { interface: "wan" } }),
    ];
    const all = [first, ...others].map((each) => each.address);
    expect(new Set(all).size).toBe(4);
    // Each finds its own again.
    expect(lone.bind(A, { prefix: true })).toEqual(first);
    expect(lone.bind(A, { iaid: 2 })).toEqual(others[1]);
    expect(lone.bind(A, { where: { interface: "wan" } })).toEqual(others[2]);
  });

  it("§18.3.2 an address that is not right for the link: the IA with NotOnLink and no addresses; the others are served (D-120, D-127)", () => {
    const lone = new Lone();
    const reply = lone.answer("REQUEST", A, [
      OURS,
      na(1, "2001:db8:1::1:5", "2001:db8:9::5"),
      na(2),
      pd(1),
    ]);
    expect(iasOf(reply).map(statusOf)).toEqual([4, undefined, undefined]);
    expect(addresses(reply)).toHaveLength(1);
    expect(prefixes(reply)).toHaveLength(1);
    // `::` is as if it were not there (D-069).
    expect(
      statusOf(iaOf(lone.answer("REQUEST", B, [OURS, na(1, "::")]), "IA_NA", 1)),
    ).toBeUndefined();
  });

  it("§18.3.2 a prefix from elsewhere is no NotOnLink: another one is given (D-125, D-123)", () => {
    const reply = new Lone().answer("REQUEST", A, [OURS, pd(1, "2001:db8:9999::/56")]);
    expect(prefixes(reply)[0]?.prefix.startsWith("20010db88000")).toBe(true);
    expect(statusOf(iaOf(reply, "IA_PD", 1))).toBeUndefined();
  });

  it("§18.3.2 another address than the one asked for where that is taken (D-123)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    const [given] = addresses(lone.answer("REQUEST", B, [OURS, na(1, address)]));
    expect(given?.address).toBeDefined();
    expect(given?.address).not.toBe(address);
  });

  it("§18.3.2 nothing to give: NoAddrsAvail or NoPrefixAvail in the IA, the others are served (D-121, D-122, D-127)", () => {
    const lone = new Lone(TINY);
    const reply = lone.answer("REQUEST", A, [OURS, na(1), na(2), na(3), pd(1)]);
    expect(iasOf(reply).map(statusOf)).toEqual([undefined, undefined, 2, 6]);
    expect(new Set(addresses(reply).map((each) => each.address))).toEqual(
      new Set([ip("2001:db8:1::5"), ip("2001:db8:1::6")]),
    );
  });

  it("§18.3.2 a binding that exists is given again with new lifetimes, whatever is asked for (D-124)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    lone.pass(1000);
    const [again] = addresses(lone.answer("REQUEST", A, [OURS, na(1, "2001:db8:1::1:99")]));
    expect(again).toMatchObject({ address, validLifetime: 4000, preferredLifetime: 3000 });
    expect(lone.lease(ip("2001:db8:1::1:99"))).toBeUndefined();
  });

  it("§18.3.2 a retransmission is answered anew, not from a memory of answers (D-081, D-082)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    const bytes = lone.messageBytes("REQUEST", A, [OURS, na(1)]);
    const [first] = lone.raw(bytes);
    const before = lone.lease(address)?.clientExpiry ?? 0;
    lone.pass(100);
    const [second] = lone.raw(bytes);
    expect(Buffer.from(second?.bytes ?? [])).toEqual(Buffer.from(first?.bytes ?? []));
    expect(lone.lease(address)?.clientExpiry).toBe(before + 100);
    lone.pass(100);
    lone.answer("RELEASE", A, [OURS, na(1, address)]);
    lone.answer("REQUEST", B, [OURS, na(1, address)]);
    const [third] = lone.raw(bytes);
    expect(Buffer.from(third?.bytes ?? [])).not.toEqual(Buffer.from(first?.bytes ?? []));
  });

  it("§18.3.2 without IAs: options only (D-310)", () => {
    expect(codesOf(new Lone().answer("REQUEST", A, [OURS, oro(23)]))).toEqual([2, 1, 23]);
  });

  it("§21.4 of an IA that comes twice the first counts (D-051)", () => {
    const lone = new Lone();
    const reply = lone.answer("REQUEST", A, [
      OURS,
      na(1, "2001:db8:1::1:5"),
      na(1, "2001:db8:1::1:6"),
    ]);
    expect(addresses(reply).map((each) => each.address)).toEqual([ip("2001:db8:1::1:5")]);
  });

  it("§21.4, §21.6 the client's T1, T2 and lifetimes are ignored (D-089, D-090)", () => {
    const [given] = iasOf(new Lone().answer("REQUEST", A, [OURS, na(1, "2001:db8:1::1:5")]));
    expect(given).toMatchObject({
      t1: 1500,
      t2: 2400,
      options: [{ validLifetime: 4000, preferredLifetime: 3000 }],
    });
  });

  it("§18.3 the bindings are there after a restart, and the client gets the same (D-126, D-288)", () => {
    const lone = new Lone();
    const first = lone.bind(A, { prefix: true });
    lone.host.kill();
    lone.host.start(lone.now);
    expect(lone.lease(first.address)?.status).toBe("ACTIVE");
    expect(lone.bind(A, { prefix: true })).toEqual(first);
  });
});
