// Random messages of several clients to a lone server over simulated time, seen as the clients see it: what each answer
// gave, from when to when.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Duid } from "../../src/core/model/duid.ts";
import { containsPrefix, type Ipv6Address, type Prefix } from "../../src/core/model/ipv6.ts";
import type { ClientServerMessage, MessageType } from "../../src/core/wire/messages.ts";
import { allOptions } from "../../src/core/wire/options.ts";
import { iasOf, statusOf } from "../support/answers.ts";
import { fromClient, Lone } from "../support/lone.ts";
import { ip } from "../support/pair.ts";
import { na, OURS, pd, relayed } from "../support/requests.ts";

/** Small pools, so that clients meet; lifetimes so short that leases end within a run; prefixes of two lengths. */
const LINKS = `
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan
    valid-lifetime: 100
    preferred-lifetime: 80
    pools: [{ pool: "2001:db8:1::10 - 2001:db8:1::13" }]
    pd-pools:
      - { prefix: "2001:db8:8000::/54", delegated-len: 56 }
      - { prefix: "2001:db8:9000::/50", delegated-len: 52 }
  - subnet: 2001:db8:2::/64
    interface: wan
    valid-lifetime: 60
    preferred-lifetime: 60
    pools: [{ pool: "2001:db8:2::10 - 2001:db8:2::11" }]
`;
const FILES = [
  LINKS,
  `rapid-commit: true\ncreate-on-renew: true\n${LINKS}`,
  `decline-probation-period: 50\n${LINKS}`,
];

interface Holding extends Prefix {
  readonly client: Duid;
  readonly ia: string;
  /** When the client's valid lifetime ends, milliseconds. */
  readonly until: number;
}

/** What the clients believe they hold. */
class Clients {
  #held: Holding[] = [];

  at(now: number): readonly Holding[] {
    this.#held = this.#held.filter((each) => each.until > now);
    return this.#held;
  }

  /** RELEASE or DECLINE: given up when it is sent. */
  giveUp(client: Duid, named: readonly Prefix[]): void {
    this.#held = this.#held.filter(
      (each) => each.client !== client || !named.some((one) => isSame(one, each)),
    );
  }

  take(client: Duid, reply: ClientServerMessage, now: number): void {
    for (const ia of iasOf(reply)) {
      const name = `${ia.code} ${ia.iaid}`;
      for (const lease of leasesOf(ia.options)) {
        this.#held = this.#held.filter(
          (each) => !(each.client === client && each.ia === name && isSame(each, lease)),
        );
        const holding = { ...lease, client, ia: name, until: now + lease.valid * 1000 };
        for (const other of this.at(now))
          if (lease.valid > 0)
            expect(
              meets(other, holding),
              `${JSON.stringify(other)} and ${JSON.stringify(holding)}`,
            ).toBe(false);
        if (lease.valid > 0) this.#held.push(holding);
      }
    }
  }
}

const isSame = (a: Prefix, b: Prefix) => a.address === b.address && a.length === b.length;
const meets = (a: Prefix, b: Prefix) => containsPrefix(a, b) || containsPrefix(b, a);

function leasesOf(
  options: ClientServerMessage["options"],
): readonly (Prefix & { readonly valid: number })[] {
  return [
    ...allOptions(options, "IAADDR").map((each) => ({
      address: each.address,
      length: 128,
      valid: each.validLifetime,
    })),
    ...allOptions(options, "IAPREFIX").map((each) => ({
      address: each.prefix,
      length: each.prefixLength,
      valid: each.validLifetime,
    })),
  ];
}

const ADDRESSES = [
  "2001:db8:1::10",
  "2001:db8:1::11",
  "2001:db8:1::13",
  "2001:db8:1::77",
  "2001:db8:2::10",
  "2001:db8:9::1",
  "::",
];
const PREFIXES = [
  "2001:db8:8000::/56",
  "2001:db8:8000:100::/56",
  "2001:db8:9000::/52",
  "2001:db8:9000:1000::/56",
  "2001:db8:8000::/54",
  "::/56",
  "::/52",
  "::/60",
  "::/0",
];

const ia = fc.record({
  kind: fc.constantFrom("na", "pd"),
  iaid: fc.integer({ min: 1, max: 2 }),
  named: fc.array(fc.nat(8), { maxLength: 3 }),
  /** Names what it holds, too. */
  own: fc.boolean(),
});

const step = fc.record({
  client: fc.integer({ min: 1, max: 6 }),
  type: fc.constantFrom<MessageType>(
    "SOLICIT",
    "REQUEST",
    "REQUEST",
    "REQUEST",
    "RENEW",
    "RENEW",
    "REBIND",
    "CONFIRM",
    "RELEASE",
    "DECLINE",
    "INFORMATION-REQUEST",
  ),
  ias: fc.array(ia, { maxLength: 4 }),
  rapid: fc.boolean(),
  link: fc.constantFrom("lan", "lan", "lan", "wan"),
  relay: fc.boolean(),
  /** Seconds before the message; a tick or not. */
  wait: fc.constantFrom(0, 0, 0, 1, 5, 30, 61, 100, 111, 200),
  tick: fc.boolean(),
  event: fc.constantFrom("none", "none", "none", "none", "none", "restart"),
  /** The answer is lost. */
  lost: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function optionsFor(each: Step, held: readonly Holding[]) {
  return each.ias.map(({ kind, iaid, named, own }) => {
    const code = kind === "na" ? 3 : 25;
    const mine = own ? held.filter((one) => one.ia === `${code} ${iaid}`) : [];
    return kind === "na"
      ? na(
          iaid,
          ...named.map((i) => ADDRESSES[i % ADDRESSES.length] as string),
          ...mine.map((one) => one.address),
        )
      : pd(iaid, ...named.map((i) => PREFIXES[i % PREFIXES.length] as string), ...mine.map(textOf));
  });
}

function textOf({ address, length }: Prefix): string {
  return `${(address.match(/.{4}/g) ?? []).join(":")}/${length}`;
}

const namedBy = (each: Step, held: readonly Holding[]): readonly Prefix[] =>
  optionsFor(each, held).flatMap((one) =>
    "options" in one ? leasesOf(one.options as ClientServerMessage["options"]) : [],
  );

const BEARS_OUR_ID: readonly MessageType[] = ["REQUEST", "RENEW", "RELEASE", "DECLINE"];

function play(lone: Lone, clients: Clients, each: Step): void {
  lone.now += each.wait * 1000;
  if (each.event === "restart") {
    lone.host.kill();
    lone.host.start(lone.now);
  }
  if (each.tick) lone.pass(0);
  const client = fromClient(each.client);
  const held = clients.at(lone.now).filter((one) => one.client === client);
  const isEnding = each.type === "RELEASE" || each.type === "DECLINE";
  if (isEnding) clients.giveUp(client, namedBy(each, held));
  const options = each.type === "INFORMATION-REQUEST" ? [] : optionsFor(each, held);
  const rapid = each.rapid ? [{ type: "unknown" as const, code: 14, data: new Uint8Array(0) }] : [];
  const server = BEARS_OUR_ID.includes(each.type) ? [OURS] : [];
  const wrap = relayed(each.link === "lan" ? "2001:db8:1::1" : "2001:db8:2::1", "fe80::1");
  const where = each.relay ? { wrap, multicast: false } : { interface: each.link };
  // `ask` checks what every answer has: identifiers, equal T1 and T2, lifetimes, leases or a status in each IA.
  const got = lone.ask(each.type, client, [...server, ...rapid, ...options], where);
  if (got === undefined) return;
  expect(got.datagram.bytes.length).toBeLessThan(1500);
  if (got.message.type === "REPLY" && !isEnding && each.type !== "CONFIRM" && !each.lost)
    clients.take(client, got.message, lone.now);
  if (isEnding) for (const one of iasOf(got.message)) expect(statusOf(one)).toBe(3);
  checkGranted(lone, got.message, client);
}

/** D-092: what a REPLY gives is on record for this client at least as long. */
function checkGranted(lone: Lone, message: ClientServerMessage, client: Duid): void {
  if (message.type !== "REPLY") return;
  for (const one of iasOf(message)) {
    for (const lease of leasesOf(one.options)) {
      if (lease.valid === 0) continue;
      const record = lone.lease(lease.address as Ipv6Address, lease.length);
      expect(record).toMatchObject({ status: "ACTIVE", duid: client, iaid: one.iaid });
      expect(record?.validLifetime).toBe(lease.valid);
    }
  }
}

describe("RFC 8415: random clients of a lone server", () => {
  it("§18.3.2, §13.3 no address has two holders and no delegations overlap (D-290, D-291); every answer is sound (D-083, D-088, D-092, D-304)", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FILES),
        fc.array(step, { minLength: 1, maxLength: 80, size: "max" }),
        (file, steps) => {
          const lone = new Lone(file);
          const clients = new Clients();
          for (const each of steps) play(lone, clients, each);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("§18.3.9 what an ADVERTISE shows, the REQUEST that follows at once gets (D-109)", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30, size: "max" }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(ia, { minLength: 1, maxLength: 3 }),
        (steps, number, ias) => {
          const lone = new Lone(LINKS);
          const clients = new Clients();
          for (const each of steps) play(lone, clients, each);
          const each = {
            ...(steps[0] ?? {}),
            ias: ias.filter(
              (one) =>
                !one.named.some((i) => ip(ADDRESSES[i % 7] as string) === ip("2001:db8:9::1")),
            ),
          } as Step;
          const client = fromClient(number);
          const options = optionsFor(
            { ...each, ias: each.ias.map((one) => ({ ...one, named: [], own: false })) },
            [],
          );
          const shown = lone.answer("SOLICIT", client, options);
          const given = lone.answer("REQUEST", client, [OURS, ...options]);
          const leases = (message: ClientServerMessage) =>
            iasOf(message).flatMap((one) => leasesOf(one.options));
          expect(leases(given)).toEqual(leases(shown));
        },
      ),
      { numRuns: 30 },
    );
  });
});
