// RFC 8156 §6.1: CONNECT and CONNECTREPLY, what is said and what is checked, in order, in both roles.

import { describe, expect, it } from "vitest";
import { firstOption, type Option, option } from "../../../src/core/wire/options.ts";
import { CONFIG } from "../../support/pair.ts";
import { FLAG, ScriptedPartner, type Terms, terms } from "../../support/scripted-partner.ts";

const secondary = () => new ScriptedPartner("b").start();
const primary = () => new ScriptedPartner("a").start();

function statusOf(options: readonly Option[]): number | undefined {
  return firstOption(options, "STATUS_CODE")?.status;
}

/** Sends a CONNECT; returns the status of the answer, or "accepted". */
function offer(
  partner: ScriptedPartner,
  options: readonly Option[],
  how: { skew?: number } = {},
): number | "accepted" {
  partner.open();
  const id = partner.send("CONNECT", options, how);
  const reply = partner.expectOne("CONNECTREPLY");
  expect(reply.transactionId).toBe(id); // F-103
  const status = statusOf(reply.options);
  // A rejected connection is not used any more; F-176, A-12.
  expect(partner.closed).toBe(status !== undefined);
  return status ?? "accepted";
}

describe("§6.1 who opens", () => {
  it("6.1 the primary dials its partner's port and never gives up; the secondary only listens (F-148, F-149, F-152, F-381, F-410)", () => {
    const a = primary();
    for (let i = 0; i < 10; i++) {
      const before = a.connects;
      a.run(20_000, false);
      expect(a.connects).toBeGreaterThan(before);
      a.drop("refused");
    }
    const b = secondary();
    b.run(60_000, false);
    expect(b.connects).toBe(0);
  });

  it("6.1 however long the connection was cut, the next attempt begins within 2 s; so where nobody answers at all (F-149, F-150)", () => {
    const refused = primary();
    const silent = primary();
    for (const a of [refused, silent]) a.run(60_000, false);
    const gaps = (a: ScriptedPartner, each: () => void) => {
      const begun: number[] = [];
      for (let i = 0; i < 480; i++) {
        const before = a.connects;
        a.run(250, false);
        if (a.connects > before) begun.push(a.now);
        each();
      }
      return begun.slice(1).map((at, i) => at - (begun[i] ?? 0));
    };
    const longest = (all: readonly number[]) => Math.max(...all);
    const refusals = gaps(refused, () => {
      if (refused.link !== 0) refused.drop("refused");
    });
    expect(longest(refusals)).toBeLessThanOrEqual(2_250);
    // An attempt without an answer is given up, and what was waited counts: the least pause follows.
    const silence = gaps(silent, () => undefined);
    expect(longest(silence)).toBeLessThanOrEqual(2_500);
    // Jitter: no two primaries in step for ever.
    expect(new Set(refusals).size).toBeGreaterThan(1);
  });

  it("6.1 the pause between attempts is configurable (F-150)", () => {
    const attempts = (retry: string) => {
      const a = new ScriptedPartner(
        "a",
        CONFIG.replace("connect-retry: 1s", `connect-retry: ${retry}`),
      ).start();
      for (let i = 0; i < 480; i++) {
        a.run(250, false);
        if (a.link !== 0) a.drop("refused");
      }
      return a.connects;
    };
    expect(attempts("1s")).toBeGreaterThan(attempts("10s"));
  });

  it("6.1 after a rejection the primary tries less often, but it tries (F-151, F-152, F-184, A-12)", () => {
    const a = primary();
    a.open();
    const { transactionId } = a.expectOne("CONNECT");
    a.send("CONNECTREPLY", [option("STATUS_CODE", { status: 14, message: "no" })], {
      id: transactionId,
    });
    expect(a.closed).toBe(true);
    expect(a.logged("FAILOVER_ALARM").join()).toContain("no");
    const before = a.connects;
    a.run(10_000, false);
    expect(a.connects).toBe(before);
    a.run(15_000, false);
    expect(a.connects).toBeGreaterThan(before);
  });

  it("6.1 after a DISCONNECT the primary tries less often too (F-151, A-63)", () => {
    const a = primary().reach("NORMAL", "NORMAL");
    const before = a.connects;
    a.send("DISCONNECT", [option("STATUS_CODE", { status: 20, message: "planned stop" })]);
    expect(a.closed).toBe(true);
    a.run(10_000, false);
    expect(a.connects).toBe(before);
    a.run(15_000, false);
    expect(a.connects).toBeGreaterThan(before);
  });

  it("6.1 a connection from an unknown address is dropped before anything is read (F-154)", () => {
    const b = secondary();
    b.open("2001:db8:f::99");
    expect(b.closed).toBe(true);
    expect(b.received).toEqual([]);
  });

  it("6.1 a primary has no partner that may connect to it (F-154, F-157)", () => {
    const a = primary();
    a.host.step(
      [{ type: "link-opened", link: 77, peer: a.endpoint.relationship.partner.address }],
      a.now,
    );
    expect(a.host.links).toContainEqual({ type: "link-close", link: 77, abort: true });
  });

  it("6.1 silence before CONNECT and before STATE ends the connection (F-160, F-552)", () => {
    const b = secondary();
    b.open();
    b.run(11_000, false);
    expect(b.closed).toBe(true);
    b.open().connect();
    b.expectOne("STATE");
    b.run(9_000, false);
    expect(b.closed).toBe(false);
    b.run(2_000, false);
    expect(b.closed).toBe(true);
    expect(b.endpoint.communicating).toBe(false);
  });

  it("10 only so many connections wait for their CONNECT (F-551)", () => {
    const b = secondary();
    const peer = b.endpoint.relationship.partner.address;
    for (let link = 101; link < 121; link++)
      b.host.step([{ type: "link-opened", link, peer }], b.now);
    expect(b.host.links.filter((request) => request.type === "link-close")).toHaveLength(4);
  });

  it("10 idle connections from the partner's address do not keep the partner out: the oldest yields (F-551)", () => {
    const b = secondary();
    const peer = b.endpoint.relationship.partner.address;
    for (let link = 101; link < 141; link++)
      b.host.step([{ type: "link-opened", link, peer }], b.now);
    const closed = b.host.links.flatMap((each) => (each.type === "link-close" ? [each.link] : []));
    expect(closed).toEqual(Array.from({ length: 24 }, (_, i) => 101 + i));
    b.open().connect().tell("RECOVER");
    expect(b.endpoint.communicating).toBe(true);
    // And the established connection is none of those that yield.
    for (let link = 141; link < 181; link++)
      b.host.step([{ type: "link-opened", link, peer }], b.now);
    expect(b.endpoint.communicating).toBe(true);
  });
});

describe("§6.1.1 CONNECT", () => {
  it("6.1.1 says version, MCLT, keepalive, updates taken, name and flags (F-162, F-163, F-164, F-165, F-166, F-167, F-209, F-110, F-125, F-156)", () => {
    const a = primary();
    a.open();
    const { options } = a.expectOne("CONNECT");
    expect(firstOption(options, "F_PROTOCOL_VERSION")).toMatchObject({ major: 1, minor: 0 });
    expect(firstOption(options, "F_MCLT")?.value).toBe(60);
    expect(firstOption(options, "F_KEEPALIVE_TIME")?.value).toBe(10);
    expect(firstOption(options, "F_MAX_UNACKED_BNDUPD")?.value).toBe(1_000);
    expect(firstOption(options, "F_RELATIONSHIP_NAME")?.name).toBe("campus");
    expect(firstOption(options, "F_CONNECT_FLAGS")?.value).toBe(1);
  });
});

describe("§6.1.2 CONNECT received", () => {
  const cases: readonly [
    what: string,
    options: readonly Option[],
    skew: number,
    status: number | "accepted",
  ][] = [
    ["sent 5 s ago", terms(), -5, "accepted"],
    ["sent 5 s ahead", terms(), 5, "accepted"],
    ["sent 6 s ago", terms(), -6, 22],
    ["sent 6 s ahead", terms(), 6, 22],
    ["version 2", terms({ major: 2 }), 0, 14],
    ["MCLT 0", terms({ mclt: 0 }), 0, 1],
    ["MCLT of a century", terms({ mclt: 0x4000_0000 }), 0, 1],
    ["keepalive 0", terms({ keepalive: 0 }), 0, 1],
    ["no updates taken", terms({ maxUnacked: 0 }), 0, 1],
    ["lengths that vary", terms({ flags: 0 }), 0, 14],
    ["other flags set", terms({ flags: 0xffff }), 0, "accepted"],
    ["another name", terms({ name: "Campus" }), 0, 17],
    ["a name with a space", terms({ name: "campus " }), 0, 17],
    ["no name, one relationship", terms({ name: undefined }), 0, "accepted"],
  ];
  for (const [what, options, skew, status] of cases) {
    it(`6.1.2 ${what}: ${status} (F-168, F-169, F-173, F-174, F-175, F-176, F-112, F-147, A-11, A-14, A-45, A-47)`, () => {
      expect(offer(secondary(), options, { skew })).toBe(status);
    });
  }

  it("6.1.2 checks in order: clock, version, values, flags, name (F-168, F-169, F-173, F-174)", () => {
    const wrong: Terms = { major: 2, mclt: 0, flags: 0, name: "other" };
    expect(offer(secondary(), terms(wrong), { skew: 6 })).toBe(22);
    expect(offer(secondary(), terms(wrong))).toBe(14);
    expect(offer(secondary(), terms({ ...wrong, major: 1 }))).toBe(1);
    expect(offer(secondary(), terms({ ...wrong, major: 1, mclt: 60 }))).toBe(14);
    expect(offer(secondary(), terms({ ...wrong, major: 1, mclt: 60, flags: 1 }))).toBe(17);
  });

  it("6.1.2 a missing or malformed option is UnspecFail (F-101, F-129, F-139, A-11, A-46)", () => {
    const all = terms();
    for (const missing of [0, 1, 2, 3, 4]) {
      expect(
        offer(
          secondary(),
          all.filter((_, index) => index !== missing),
        ),
      ).toBe(1);
    }
    const short: Option = { type: "unknown", code: 122, data: Uint8Array.of(0, 0, 60) };
    expect(offer(secondary(), [short, ...all])).toBe(1);
    const nul: Option = { type: "unknown", code: 130, data: Uint8Array.of(0x61, 0) };
    expect(offer(secondary(), [...all.slice(0, 5), nul])).toBe(1);
  });

  it("6.1.2 a minor version is no reason; a Tandem extension is none either (F-169, F-186)", () => {
    const [, ...rest] = terms();
    expect(
      offer(secondary(), [option("F_PROTOCOL_VERSION", { major: 1, minor: 7 }), ...rest]),
    ).toBe("accepted");
    const unknown: Option = { type: "unknown", code: 9_999, data: Uint8Array.of(1) };
    expect(offer(secondary(), [unknown, ...terms()])).toBe("accepted"); // F-079
  });

  it("6.1.2 takes the primary's MCLT, answers with it and keeps it over a restart (F-170, F-178, F-011, F-541, F-560)", () => {
    const b = secondary();
    b.open();
    b.send("CONNECT", terms({ mclt: 600 }));
    expect(firstOption(b.expectOne("CONNECTREPLY").options, "F_MCLT")?.value).toBe(600);
    b.drop();
    b.open().connect({ mclt: 120 });
    expect(firstOption(b.expectOne("CONNECTREPLY").options, "F_MCLT")?.value).toBe(120);
    b.host.kill();
    b.host.start(b.now);
    // A lower MCLT bounds grants at once; waits keep the larger.
    expect(b.endpoint.record.mclt).toBe(120);
    expect(b.endpoint.record.mcltHighest).toBe(600);
  });

  it("6.1.2 an accepting answer has the secondary's values, no status, and a STATE follows (F-177, F-179, F-180, F-181, F-182, F-183, F-158)", () => {
    const b = secondary();
    b.open().connect();
    expect(b.types).toBe("CONNECTREPLY STATE");
    const { options } = b.expectOne("CONNECTREPLY");
    expect(firstOption(options, "F_PROTOCOL_VERSION")).toMatchObject({ major: 1, minor: 0 });
    expect(firstOption(options, "F_KEEPALIVE_TIME")?.value).toBe(10);
    expect(firstOption(options, "F_MAX_UNACKED_BNDUPD")?.value).toBe(1_000);
    expect(firstOption(options, "F_CONNECT_FLAGS")?.value).toBe(1);
    expect(statusOf(options)).toBeUndefined();
  });

  it("6.1 communications are OK with the partner's STATE, not before (F-159, A-64)", () => {
    const b = secondary();
    b.open().connect();
    expect(b.endpoint.communicating).toBe(false);
    b.send("UPDREQ");
    expect(b.take("UPDDONE")).toBeUndefined();
    b.tell("NORMAL");
    expect(b.endpoint.communicating).toBe(true);
  });

  it("6.1 a second connection replaces the first only when its CONNECT has passed (F-161, A-13, F-009)", () => {
    const b = secondary().reach("NORMAL", "NORMAL");
    const first = b.link;
    b.open();
    expect(b.endpoint.channel?.link).toBe(first);
    expect(b.endpoint.communicating).toBe(true);
    b.send("CONNECT", terms({ major: 2 }));
    expect(b.endpoint.channel?.link).toBe(first);
    expect(b.endpoint.communicating).toBe(true);
    b.open();
    b.send("CONNECT", terms());
    expect(b.endpoint.channel?.link).toBe(b.link);
    expect(b.endpoint.communicating).toBe(false);
    expect(b.state).toBe("COMMUNICATIONS-INTERRUPTED");
    b.tell("COMMUNICATIONS-INTERRUPTED");
    expect(b.state).toBe("NORMAL");
  });

  it("5.3 anything else before CONNECT closes the connection (F-093)", () => {
    for (const type of ["STATE", "BNDUPD", "CONTACT", "CONNECTREPLY", "DISCONNECT"] as const) {
      const b = secondary();
      b.open();
      b.send(type);
      expect([type, b.closed, b.types]).toEqual([type, true, ""]);
    }
  });

  it("5.3 CONNECT and CONNECTREPLY afterwards are ignored (F-093)", () => {
    const b = secondary().reach("NORMAL", "NORMAL");
    b.send("CONNECT", terms({ mclt: 600 }));
    b.send("CONNECTREPLY", terms({ mclt: 600 }));
    expect([b.closed, b.types, b.endpoint.record.mclt, b.state]).toEqual([false, "", 60, "NORMAL"]);
  });
});

describe("§6.1.3 CONNECTREPLY received", () => {
  const answer = (values: readonly Option[]) => {
    const a = primary();
    a.open();
    a.send("CONNECTREPLY", values, { id: a.expectOne("CONNECT").transactionId });
    return a;
  };

  it("6.1.3 accepted: a STATE follows, and the partner's values count (F-158, F-188, F-189, F-191)", () => {
    const a = answer(terms({ keepalive: 4, maxUnacked: 3 }));
    expect(a.types).toBe("STATE");
    expect(a.endpoint.channel?.terms).toMatchObject({ keepalive: 4_000, maxUnacked: 3 });
  });

  it("6.1.3 a Success status is no rejection (F-182)", () => {
    const a = answer([option("STATUS_CODE", { status: 0, message: "welcome" }), ...terms()]);
    expect(a.types).toBe("STATE");
  });

  it("6.1.3 another version, MCLT, flags or a missing value: DISCONNECT with the reason, then closed (F-185, F-187, F-190, F-096, F-097, F-101)", () => {
    const wrong: readonly (readonly Option[])[] = [
      terms({ major: 2 }),
      terms({ mclt: 61 }),
      terms({ flags: 0 }),
      terms().slice(1),
      [option("STATUS_CODE", { status: 0, message: "welcome" }), ...terms({ mclt: 61 })],
    ];
    for (const options of wrong) {
      const a = answer(options);
      const status = firstOption(a.expectOne("DISCONNECT").options, "STATUS_CODE");
      expect(status?.status).toBeGreaterThan(0);
      expect(status?.message).not.toBe("");
      expect(a.closed).toBe(true);
      expect(a.endpoint.channel).toBeUndefined();
    }
  });

  it("6.1.3 a rejection closes without a DISCONNECT (F-184)", () => {
    const a = answer([option("STATUS_CODE", { status: 22, message: "the clocks differ" })]);
    expect([a.types, a.closed]).toEqual(["", true]);
  });

  it("5.4 an answer to no CONNECT of ours closes the connection (F-093, F-106)", () => {
    const a = primary();
    a.open();
    const { transactionId } = a.expectOne("CONNECT");
    a.send("CONNECTREPLY", terms(), { id: (transactionId + 1) & 0xff_ffff });
    expect(a.closed).toBe(true);
  });

  it("6.1.3 the STATE of a partner in STARTUP is the first message as well (F-158, F-132)", () => {
    const a = answer(terms());
    a.tell("NORMAL", { flags: FLAG.startup | FLAG.communicated });
    expect(a.endpoint.communicating).toBe(true);
  });
});
