// RFC 8415 §18.3.5: REBIND.

import { describe, expect, it } from "vitest";
import { addresses, iaOf, iasOf, prefixes, statusOf } from "../../support/answers.ts";
import { fromClient, LINKS, Lone } from "../../support/lone.ts";
import { ip } from "../../support/pair.ts";
import { na, oro, pd } from "../../support/requests.ts";

const A = fromClient(1);
const B = fromClient(2);
const FREE = "2001:db8:1::1:77";
const OFF = "2001:db8:9::1";

describe("RFC 8415 §18.3.5 REBIND", () => {
  it("§18.3.5 a binding that fits the link: new lifetimes (D-148), stored before the REPLY leaves (D-159)", () => {
    const lone = new Lone();
    const { address, prefix } = lone.bind(A, { prefix: true });
    lone.pass(2500);
    const reply = lone.answer("REBIND", A, [na(1, address), pd(1)]);
    expect(addresses(reply)).toMatchObject([{ address, validLifetime: 4000 }]);
    expect(prefixes(reply)).toMatchObject([{ prefix, validLifetime: 4000 }]);
    lone.host.holdDisk = true;
    expect(lone.ask("REBIND", A, [na(1, address)])).toBeUndefined();
  });

  it("§18.3.5 no binding, not right for the link: lifetimes 0 (D-151)", () => {
    const [ia] = iasOf(new Lone().answer("REBIND", A, [na(1, OFF)]));
    expect(ia).toMatchObject({
      t1: 0,
      t2: 0,
      options: [{ address: ip(OFF), validLifetime: 0, preferredLifetime: 0 }],
    });
  });

  it("§18.3.5 a client that moved: its old address does not fit here, and its binding there stays (D-151, D-052)", () => {
    const lone = new Lone();
    const { address } = lone.bind(A);
    const reply = lone.answer("REBIND", A, [na(1, address)], { interface: "wan" });
    expect(addresses(reply)).toMatchObject([{ address, validLifetime: 0 }]);
    expect(lone.lease(address)?.status).toBe("ACTIVE");
  });

  it("§18.3.5 no binding, no creation: NoBinding in the IA (D-157)", () => {
    const reply = new Lone().answer("REBIND", A, [na(1, FREE), pd(1)]);
    expect(iasOf(reply).map(statusOf)).toEqual([3, 3]);
  });

  it("§18.3.5 creation needs Rapid Commit, as another server may create too (D-153, D-154, D-155)", () => {
    const without = new Lone(LINKS, "create-on-renew: true\n");
    expect(statusOf(iaOf(without.answer("REBIND", A, [na(1, FREE)]), "IA_NA", 1))).toBe(3);
    const lone = new Lone(LINKS, "create-on-renew: true\nrapid-commit: true\n");
    const taken = lone.bind(B).address;
    const reply = lone.answer("REBIND", A, [na(1, FREE), na(2, taken), pd(1)]);
    const [first, second] = addresses(reply);
    expect(first).toMatchObject({ address: ip(FREE), validLifetime: 4000 });
    expect(second?.address).not.toBe(taken);
    for (const each of addresses(reply))
      expect(lone.lease(each.address)).toMatchObject({ status: "ACTIVE", duid: A });
  });

  it("§18.3.5 creation with nothing to give: NoAddrsAvail, NoPrefixAvail (D-156)", () => {
    const links = `subnet6:\n  - { subnet: "2001:db8:1::/64", interface: lan, pools: [{ pool: "2001:db8:1::5 - 2001:db8:1::5" }] }\n`;
    const lone = new Lone(links, "create-on-renew: true\nrapid-commit: true\n");
    lone.bind(B);
    expect(iasOf(lone.answer("REBIND", A, [na(1), pd(1)])).map(statusOf)).toEqual([2, 6]);
  });

  it("§18.3.5 nothing to say: no REPLY (D-152, D-310)", () => {
    expect(new Lone().ask("REBIND", A, [oro(23)])).toBeUndefined();
  });
});
