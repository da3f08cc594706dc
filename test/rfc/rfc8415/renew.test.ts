// RFC 8415 §18.3.4: RENEW.

import { describe, expect, it } from "vitest";
import { firstOption } from "../../../src/core/wire/options.ts";
import { addresses, codesOf, iaOf, iasOf, prefixes, statusOf } from "../../support/answers.ts";
import { fromClient, LINKS, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, OURS, oro, pd } from "../../support/requests.ts";

const A = fromClient(1);
const B = fromClient(2);
const CREATE = "create-on-renew: true\n";
const FREE = "2001:db8:1::1:77";
const OFF = "2001:db8:9::1";

describe("RFC 8415 §18.3.4 RENEW", () => {
  it("§18.3.4 a binding: the IA with new lifetimes, T1 and T2 (D-134, D-147, D-084)", () => {
    const lone = new Lone();
    const { address, prefix } = lone.bind(A, { prefix: true });
    lone.pass(2000);
    const reply = lone.answer("RENEW", A, [OURS, na(1, address), pd(1, "2001:db8:8000:100::/56")]);
    expect(reply.type).toBe("REPLY");
    expect(addresses(reply)).toMatchObject([
      { address, validLifetime: 4000, preferredLifetime: 3000 },
    ]);
    expect(prefixes(reply)[0]).toMatchObject({ prefix, validLifetime: 4000 });
    expect(iasOf(reply).map(({ t1, t2 }) => [t1, t2])).toEqual([
      [1500, 2400],
      [1500, 2400],
    ]);
  });

  it("§18.3.4 the REPLY leaves when the new lifetimes are durable (D-159)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    lone.pass(1500);
    lone.host.holdDisk = true;
    expect(lone.ask("RENEW", A, [OURS, na(1, address)])).toBeUndefined();
    lone.host.flushDisk(lone.now);
    expect(lone.host.sent).toHaveLength(1);
  });

  it("§18.2.4 a RENEW before T1 is served like any other (D-308)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    lone.pass(10);
    expect(addresses(lone.answer("RENEW", A, [OURS, na(1, address)]))[0]?.validLifetime).toBe(4000);
  });

  it("§18.3.4 what is not right for the link comes back with lifetimes 0, beside what is (D-137, D-138, D-086)", () => {
    const lone = new Lone();
    const { address, prefix } = lone.bind(A, { prefix: true });
    const reply = lone.answer("RENEW", A, [OURS, na(1, address, OFF), pd(1, "2001:db8:9999::/56")]);
    expect(addresses(reply)).toMatchObject([
      { address, validLifetime: 4000 },
      { address: ip(OFF), validLifetime: 0, preferredLifetime: 0 },
    ]);
    expect(prefixes(reply)).toMatchObject([
      { prefix, validLifetime: 4000 },
      { prefix: ip("2001:db8:9999::"), validLifetime: 0 },
    ]);
  });

  it("§18.3.4 nothing but off-link leases: 0 and 0, T1 and T2 as well (D-136, D-137)", () => {
    const [ia] = iasOf(new Lone().answer("RENEW", A, [OURS, na(1, OFF, OFF)]));
    expect(ia).toMatchObject({ t1: 0, t2: 0, options: [{ validLifetime: 0 }] });
  });

  it("§18.3.4 an address that the IA does not have comes back with lifetimes 0, with the right one (D-139, D-145)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    const reply = lone.answer("RENEW", A, [OURS, na(1, FREE)]);
    expect(addresses(reply)).toMatchObject([
      { address, validLifetime: 4000 },
      { address: ip(FREE), validLifetime: 0 },
    ]);
    expect(lone.lease(ip(FREE))).toBeUndefined();
  });

  it("§18.3 an address stands once in an answer: what one IA has is not denied in another (D-305)", () => {
    const lone = new Lone();
    const one = lone.bind(A, { iaid: 1 }).address;
    const two = lone.bind(A, { iaid: 2 }).address;
    // checkAnswer sees to it that none comes twice.
    const crossed = lone.answer("RENEW", A, [OURS, na(1, two, one, OFF), na(2, one, OFF, OFF)]);
    const told = addresses(crossed).map((each) => [each.address, each.validLifetime]);
    expect(new Map(told as [string, number][])).toEqual(
      new Map([
        [one, 4000],
        [two, 4000],
        [ip(OFF), 0],
      ] as [string, number][]),
    );
    expect(iaOf(crossed, "IA_NA", 2).options).toMatchObject([{ address: two }]);
  });

  it("§18.3.4 an IA that names nothing gets what it has (D-144, D-146)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    expect(addresses(lone.answer("RENEW", A, [OURS, na(1)])).map((each) => each.address)).toEqual([
      address,
    ]);
  });

  it("§18.3.4 no binding and no creation: NoBinding with a text, the others are served (D-143, D-127, D-144, D-304)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    const reply = lone.answer("RENEW", A, [
      OURS,
      na(1, address),
      na(2, FREE),
      na(3),
      pd(1, "2001:db8:8000:100::/56"),
    ]);
    expect(iasOf(reply).map(statusOf)).toEqual([undefined, 3, 3, 3]);
    expect(firstOption(iaOf(reply, "IA_NA", 2).options, "STATUS_CODE")?.message).not.toBe("");
    expect(lone.host.up.state.table.size).toBe(1);
  });

  it("§18.3.4 no binding, creation enabled: leases, the ones named where they are free (D-140, D-141, D-144)", () => {
    const lone = new Lone(LINKS, CREATE);
    const reply = lone.answer("RENEW", A, [OURS, na(1, FREE), na(2), pd(1, "::/56")]);
    expect(addresses(reply)[0]?.address).toBe(ip(FREE));
    expect(addresses(reply)).toHaveLength(2);
    expect(prefixes(reply)[0]?.prefixLength).toBe(56);
    expect(lone.lease(ip(FREE))).toMatchObject({ status: "ACTIVE", duid: A });
  });

  it("§18.3.4 creation beside an address that is not right for the link: a new one, and 0 for the old (D-140, D-137)", () => {
    const reply = new Lone(LINKS, CREATE).answer("RENEW", A, [OURS, na(1, OFF)]);
    expect(addresses(reply).map((each) => each.validLifetime)).toEqual([4000, 0]);
  });

  it("§18.3.4 creation enabled and nothing to give: NoAddrsAvail, NoPrefixAvail (D-142)", () => {
    const links = `subnet6:\n  - { subnet: "2001:db8:1::/64", interface: lan, pools: [{ pool: "2001:db8:1::5 - 2001:db8:1::5" }] }\n`;
    const lone = new Lone(links, CREATE);
    lone.bind(B);
    expect(iasOf(lone.answer("RENEW", A, [OURS, na(1), pd(1)])).map(statusOf)).toEqual([2, 6]);
  });

  it("§18.3 creation for several IAs gives each its own (D-290, D-305)", () => {
    const links = `subnet6:\n  - { subnet: "2001:db8:1::/64", interface: lan, pools: [{ pool: "2001:db8:1::5 - 2001:db8:1::6" }] }\n`;
    const reply = new Lone(links, CREATE).answer("RENEW", A, [OURS, na(1), na(2), na(3)]);
    expect(iasOf(reply).map(statusOf)).toEqual([undefined, undefined, 2]);
  });

  it("§18.3.4 another client's lease is not renewed (D-092, D-290)", () => {
    const lone = new Lone();
    const { address } = lone.bind(B);
    expect(statusOf(iaOf(lone.answer("RENEW", A, [OURS, na(1, address)]), "IA_NA", 1))).toBe(3);
    expect(lone.lease(address)?.duid).toBe(B);
    const creating = new Lone(LINKS, CREATE);
    const theirs = creating.bind(B).address;
    const reply = creating.answer("RENEW", A, [OURS, na(1, theirs)]);
    expect(addresses(reply).find((each) => each.validLifetime > 0)?.address).not.toBe(theirs);
  });

  it("§18.2.10 options asked for are there each time (D-307, D-073)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    for (let i = 0; i < 2; i++)
      expect(codesOf(lone.answer("RENEW", A, [OURS, na(1, address), oro(82, 23)]))).toEqual([
        2, 1, 3, 82, 23,
      ]);
  });

  it("§18.3 without IAs: options only (D-310)", () => {
    expect(codesOf(new Lone().answer("RENEW", A, [OURS, oro(23)]))).toEqual([2, 1, 23]);
  });

  it("T-10 a known prefix is renewed though its pool now delegates another length (D-138)", () => {
    const lone = new Lone();
    const { prefix = ip("::") } = lone.bind(A, { prefix: true });
    lone.restartWith(LINKS.replace("delegated-len: 56", "delegated-len: 60"));
    const reply = lone.answer("RENEW", A, [OURS, pd(1)]);
    expect(prefixes(reply)).toMatchObject([{ prefix, prefixLength: 56, validLifetime: 4000 }]);
    // D-291: nothing new within it.
    const inside = `${"2001:db8:8000:"}${prefix.slice(12, 16)}::/60`;
    expect(
      prefixes(lone.answer("REQUEST", B, [OURS, pd(1, inside)]))[0]?.prefix.slice(0, 14),
    ).not.toBe(prefix.slice(0, 14));
  });

  it("§18.3.4 the client's address left the configuration: lifetimes 0 (D-137, D-150)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    lone.restartWith(LINKS.replaceAll("2001:db8:1::", "2001:db8:5::"));
    for (const [type, server] of [
      ["RENEW", [OURS]],
      ["REBIND", []],
    ] as const) {
      const told = addresses(lone.answer(type, A, [...server, na(1, address)]));
      expect(told).toContainEqual(
        expect.objectContaining({ address, validLifetime: 0, preferredLifetime: 0 }),
      );
      // The one that is right for the link stands beside it.
      expect(told.map((each) => each.validLifetime)).toEqual([4000, 0]);
    }
  });
});
