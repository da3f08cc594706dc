// Damaged client messages through the door of a server: no crash, bounded memory, nobody else's lease touched, good
// clients served all the time. `npm run fuzz` for many more.

import { describe, expect, it } from "vitest";
import type { Duid } from "../../src/core/model/duid.ts";
import { inside } from "../support/answers.ts";
import { Lone } from "../support/lone.ts";
import { ip } from "../support/pair.ts";
import { na, OURS, pd, SERVER_DUID } from "../support/requests.ts";
import { clientCorpus, duids, type Holder, prefixText } from "./corpus.ts";
import { attempt, forgetDisk, memory, messages, random } from "./harness.ts";
import { Mutator } from "./mutate.ts";

const MESSAGES = messages(10_000);
const VICTIMS = 10;
const STRANGERS = 30;
/** What a server may hold more after any number of messages: tables for the pool below, offers, counters. */
const MEMORY_BOUND = 64 * 1024 * 1024;
const LINKS = `
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan
    rapid-commit: true
    pools: [{ pool: 2001:db8:1::1:0/116 }]
    pd-pools: [{ prefix: "2001:db8:8000::/44", delegated-len: 56 }]
    option-data: [{ name: dns-servers, data: "2001:db8::53" }]
  - subnet: 2001:db8:2::/64
    interface: wan
    pools: [{ pool: 2001:db8:2::1:0/112 }]
`;

function holders(lone: Lone, count: number, label: string): readonly Holder[] {
  return duids(count, label).map((duid) => {
    const { address, prefix } = lone.bind(duid, { prefix: true });
    if (prefix === undefined) throw new Error("no prefix");
    return { duid, address, prefix };
  });
}

function expectUntouched(lone: Lone, victims: readonly Holder[]): void {
  for (const { duid, address, prefix } of victims) {
    for (const lease of [lone.lease(address), lone.lease(prefix, 56)]) {
      if (lease?.status === "ACTIVE" && lease.duid === duid) continue;
      throw new Error(`a lease of ${duid} is now ${JSON.stringify(lease)}`);
    }
  }
}

function renew(lone: Lone, victims: readonly Holder[]): void {
  for (const { duid, address, prefix } of victims) {
    const ias = [na(1, address), pd(1, `${prefixText(prefix)}/56`)];
    const reply = lone.answer("RENEW", duid, [OURS, ...ias]);
    expect(reply.type).toBe("REPLY");
  }
  expectUntouched(lone, victims);
}

describe("damaged client messages", () => {
  it(`D-299: ${MESSAGES} of them crash nothing, touch nobody else's lease, and good clients are served`, () => {
    const lone = new Lone("", LINKS);
    forgetDisk(lone.host);
    lone.host.start(lone.now);
    const victims = holders(lone, VICTIMS, "victims");
    const mutator = new Mutator(
      random("clients"),
      clientCorpus(holders(lone, STRANGERS, "strangers"), victims, {
        server: SERVER_DUID,
        link: "2001:db8:1::1",
      }),
    );
    const numbers = random("arrival");
    const before = memory();
    let answered = 0;
    for (let i = 0; i < MESSAGES; i++) {
      const bytes = mutator.next();
      attempt(i, bytes, () => {
        lone.now += 2;
        const multicast = numbers.chance(0.95);
        const sent = lone.raw(bytes, { multicast, sourcePort: multicast ? 546 : 547 });
        for (const datagram of sent) inside(datagram.bytes);
        answered += sent.length;
        expect(sent.length).toBeLessThanOrEqual(1);
        expectUntouched(lone, victims);
        if (i % 500 === 0) lone.pass(1);
      });
      if (i % 2_000 === 0) renew(lone, victims);
      lone.host.logs.length = 0;
    }
    expect(lone.host.stopped).toBeUndefined();
    // The damage is not so great that nothing gets through.
    expect(answered).toBeGreaterThan(MESSAGES / 10);
    expect(memory() - before).toBeLessThan(MEMORY_BOUND);
    renew(lone, victims);

    const [newcomer] = duids(1, "newcomer") as [Duid];
    const { address } = lone.bind(newcomer, { where: { interface: "wan", source: ip("fe80::9") } });
    expect(lone.lease(address)?.duid).toBe(newcomer);
  });
});
