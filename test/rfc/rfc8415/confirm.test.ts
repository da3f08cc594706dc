// RFC 8415 §18.3.3: CONFIRM.

import { describe, expect, it } from "vitest";
import { codesOf, statusOf } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { na, oro, pd, relayed } from "../../support/requests.ts";

const A = fromClient(1);
const HERE = "2001:db8:1::abcd";
const ELSEWHERE = "2001:db8:2::1:5";

describe("RFC 8415 §18.3.3 CONFIRM", () => {
  it("§18.3.3 all addresses fit the link: Success, without a binding, SERVERID, CLIENTID and status only (D-128, D-131, D-132)", () => {
    const lone = new Lone();
    const reply = lone.answer("CONFIRM", A, [na(1, HERE), na(2, "2001:db8:1::1"), oro(23)]);
    expect(reply.type).toBe("REPLY");
    expect(statusOf(reply)).toBe(0);
    expect(codesOf(reply)).toEqual([2, 1, 13]);
    expect(lone.host.up.state.table.size).toBe(0);
  });

  it("§18.3.3 CONFIRM with an off-link address is answered NotOnLink (D-129, D-132)", () => {
    const lone = new Lone();
    for (const ias of [
      [na(1, ELSEWHERE)],
      [na(1, HERE), na(2, ELSEWHERE)],
      [na(1, HERE, ELSEWHERE)],
    ]) {
      const reply = lone.answer("CONFIRM", A, ias);
      expect(statusOf(reply)).toBe(4);
      expect(codesOf(reply)).toEqual([2, 1, 13]);
    }
  });

  it("§18.3.3 no address in any IA: nothing is sent (D-130, D-310, D-069)", () => {
    const lone = new Lone();
    for (const ias of [[], [na(1)], [na(1, "::")], [pd(1, "2001:db8:8000::/56")]])
      expect(lone.ask("CONFIRM", A, ias)).toBeUndefined();
  });

  it("§18.3.3 a link that is not known: nothing is sent (D-130)", () => {
    const lone = new Lone();
    expect(lone.ask("CONFIRM", A, [na(1, HERE)], { interface: "eth9" })).toBeUndefined();
    expect(
      lone.ask("CONFIRM", A, [na(1, HERE)], { wrap: relayed("2001:db8:eeee::1", "fe80::1") }),
    ).toBeUndefined();
  });

  it("§18.3.3 prefixes are no part of the test (D-133)", () => {
    expect(
      statusOf(new Lone().answer("CONFIRM", A, [na(1, HERE), pd(1, "2001:db8:9999::/56")])),
    ).toBe(0);
  });

  it("§18.3.3 a REPLY to CONFIRM promises nothing and waits for no disk", () => {
    const lone = new Lone();
    lone.host.holdDisk = true;
    expect(lone.ask("CONFIRM", A, [na(1, HERE)])).toBeDefined();
  });
});
