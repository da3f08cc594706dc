// More IAs than one message may name: each is told so, and the answer fits into a datagram (RFC 8415 §18.3, §21.13).

import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../src/core/model/limits.ts";
import type { MessageType } from "../../../src/core/wire/messages.ts";
import { addresses, iasOf, statusOf } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { na, OURS, pd } from "../../support/requests.ts";

const A = fromClient(1);
const NO_ADDRS_AVAIL = 2;
const NO_PREFIX_AVAIL = 6;
const UNSPEC_FAIL = 1;
const MANY = LIMITS.iasPerMessage + 8;
const IAS = [...Array.from({ length: MANY - 1 }, (_, i) => na(i)), pd(1)];

/** Statuses of the IAs beyond the limit. */
function beyond(lone: Lone, type: MessageType): readonly (number | undefined)[] {
  const server = type === "SOLICIT" || type === "REBIND" ? [] : [OURS];
  const ias = iasOf(lone.answer(type, A, [...server, ...IAS]));
  const isBeyond = (ia: (typeof ias)[number]) =>
    ia.type === "IA_PD" || ia.iaid >= LIMITS.iasPerMessage;
  return ias.filter(isBeyond).map(statusOf);
}

describe("RFC 8415 §18.3 more IAs than one message may name", () => {
  it("§18.3.9, §18.3.2 they get no lease, and a status says so (D-121, D-122)", () => {
    const lone = new Lone();
    const none = [...Array<number>(7).fill(NO_ADDRS_AVAIL), NO_PREFIX_AVAIL];
    expect(beyond(lone, "SOLICIT")).toEqual(none);
    expect(beyond(lone, "REQUEST")).toEqual(none);
  });

  it("§18.3.4, §18.3.7 where they may have a lease nothing is said of it: UnspecFail", () => {
    const lone = new Lone();
    beyond(lone, "REQUEST");
    for (const type of ["RENEW", "REBIND", "RELEASE"] as const)
      expect([type, beyond(lone, type)]).toEqual([type, Array(8).fill(UNSPEC_FAIL)]);
  });

  it("§18.3 the answer to as many IAs as a datagram holds is one datagram, and every IAID stands in it once", () => {
    const lone = new Lone();
    const all = Array.from({ length: 4_000 }, (_, i) => na(i));
    const reply = lone.answer("REQUEST", A, [OURS, ...all, ...all.slice(0, 90)]);
    expect(addresses(reply)).toHaveLength(LIMITS.iasPerMessage);
    const iaids = iasOf(reply).map((ia) => ia.iaid);
    expect(iaids).toHaveLength(LIMITS.iasPerMessage + LIMITS.iasRefused);
    expect(new Set(iaids).size).toBe(iaids.length);
  });
});
