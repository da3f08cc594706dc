// RFC 7031 §7 (6): updates are lazy. Whatever the partner does with them, an answer to a client leaves in the step in
// which its message came and its log was written. What it costs on real sockets, also with a slow partner link, the
// benchmark measures (docs/internals/bench.md).

import { describe, expect, it } from "vitest";
import type { Ipv6Address } from "../../../src/core/model/ipv6.ts";
import { allOptions } from "../../../src/core/wire/options.ts";
import { type Answer, iaNa, iaPd, serverId, TestClient } from "../../support/client.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

const CLIENTS = 60;
const WINDOW = 100;

/** What a partner does, each in contact and in NORMAL. */
const PARTNERS: Readonly<Record<string, () => ScriptedPartner>> = {
  "answers at once": () => Object.assign(normal(), { acceptsUpdates: true }),
  "is silent": () => normal(),
  "takes one update at a time": () => normal(1),
  "takes one update at a time and answers": () =>
    Object.assign(normal(1), { acceptsUpdates: true }),
};

function normal(maxUnacked = WINDOW): ScriptedPartner {
  const partner = new ScriptedPartner("a").start().put("NORMAL").open().connect({ maxUnacked });
  partner.tell("NORMAL");
  partner.received = [];
  expect(partner.state).toBe("NORMAL");
  return partner;
}

interface Step {
  readonly type: string;
  readonly answers: number;
  /** Type, status and leases. */
  readonly said: string;
}

/** With lifetimes for a first lease only: what the partner has acknowledged may run longer (RFC 8156 §4.4). */
function summary(answer: Answer | undefined, isFirst: boolean): string {
  const leases = (answer?.leases ?? []).map(({ address, length, valid, preferred, t1 }) =>
    [`${address}/${length}`, ...(isFirst ? [valid, preferred, t1] : [])].join(" "),
  );
  return [answer?.type, answer?.status, ...leases].join(" ");
}

/** Every exchange of a client's life, each message a step of its own in which no time passes and from the partner
 * nothing comes. What the answer is, and how many left in that step. */
function life(partner: ScriptedPartner, number: number): readonly Step[] {
  const { host } = partner;
  const client = new TestClient(host, number);
  const own = serverId(host.config.server.duid);
  const steps: Step[] = [];
  let ias = [iaNa(1), iaPd(2)];
  const ask = (type: "SOLICIT" | "REQUEST" | "RENEW" | "REBIND" | "CONFIRM"): void => {
    const named = type === "REQUEST" || type === "RENEW" ? [own] : [];
    const asked = type === "CONFIRM" ? ias.slice(0, 1) : ias;
    const answer = client.send(type, [...named, ...asked], partner.now);
    const said = summary(answer, type === "SOLICIT" || type === "REQUEST");
    steps.push({ type, answers: host.sent.length, said });
    // Now the partner has its turn.
    partner.tick();
    const [address, prefix] = answer?.leases ?? [];
    if (address !== undefined && prefix !== undefined)
      ias = [iaNa(1, address.address), iaPd(2, prefix)];
  };
  for (const type of ["SOLICIT", "REQUEST", "CONFIRM", "RENEW", "REBIND"] as const) ask(type);
  return steps;
}

function addressesIn(options: Parameters<typeof allOptions>[0]): readonly Ipv6Address[] {
  return allOptions(options, "CLIENT_DATA")
    .flatMap((data) => allOptions(data.options, "IA_NA"))
    .flatMap((ia) => allOptions(ia.options, "IAADDR"))
    .map(({ address }) => address);
}

describe("RFC 7031 §7 (6) lazy updates (R7031-09)", () => {
  it("7 (6) the same answers leave in the same step whether the partner answers, is silent, or takes no more (R7031-09)", () => {
    const lives = Object.entries(PARTNERS).map(([name, make]) => {
      const partner = make();
      const steps: Step[] = [];
      for (let number = 1; number <= CLIENTS; number++) steps.push(...life(partner, number));
      expect([name, steps.filter(({ answers }) => answers !== 1)]).toEqual([name, []]);
      expect([name, partner.state, partner.closed]).toEqual([name, "NORMAL", false]);
      return { name, steps, partner };
    });
    const [first, ...others] = lives;
    for (const { name, steps } of others) expect([name, steps]).toEqual([name, first?.steps]);
    const backlog = lives.map(({ partner }) => {
      partner.tick();
      return [partner.host.up.unacknowledged > 0, partner.endpoint.stream.unacknowledged];
    });
    // All was told and answered; as many as the partner takes are open and the rest wait; all was told and answered.
    expect(backlog).toEqual([
      [false, 0],
      [true, WINDOW],
      [true, 1],
      [false, 0],
    ]);
  });

  it("7 (6) an answer waits for the own disk and for nothing else; the update leaves with it or after it (R7031-09)", () => {
    for (const [name, make] of Object.entries(PARTNERS)) {
      const partner = make();
      const { host } = partner;
      life(partner, 1);
      partner.received = [];
      host.holdDisk = true;
      const client = new TestClient(host, 2);
      const own = serverId(host.config.server.duid);
      expect(client.send("REQUEST", [own, iaNa(1)], partner.now)).toBeUndefined();
      partner.tick();
      const toldEarly = partner.takeAll("BNDUPD").flatMap(({ options }) => addressesIn(options));
      host.sent = [];
      host.holdDisk = false;
      host.flushDisk(partner.now);
      expect([name, host.sent.length]).toEqual([name, 1]);
      partner.tick();
      const mine = host.up.state.table.ofClient(client.duid).map(({ address }) => address);
      expect(mine).toHaveLength(1);
      for (const address of mine) expect(toldEarly).not.toContain(address);
    }
  });

  it("7 (6) nor does it wait when contact is lost with updates open (R7031-09)", () => {
    const partner = normal(1);
    for (let number = 1; number <= CLIENTS; number++) life(partner, number);
    partner.drop();
    expect(partner.state).toBe("COMMUNICATIONS-INTERRUPTED");
    for (let number = CLIENTS; number <= CLIENTS * 2; number++)
      for (const { type, answers } of life(partner, number))
        expect([type, answers]).toEqual([type, 1]);
  });
});
