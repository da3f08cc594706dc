// Without contact both servers answer one REBIND, and back in contact their updates cross: what comes to rest is one row, not
// two (A-17, §7.5.5).

import { expect, it } from "vitest";
import { FrameParser } from "../../../src/core/wire/framing.ts";
import { iaNa, pairWithLease } from "../../support/client.ts";
import type { Host, Pair } from "../../support/pair.ts";

/** A slow link: one frame in each direction in a tick. So what both servers send at once crosses. */
function runSlowly(pair: Pair, millis: number): void {
  const slow = (host: Host): (() => void) => {
    const step = host.step.bind(host);
    const parser = new FrameParser();
    const late: (() => void)[] = [];
    host.step = (events, now) => {
      for (const event of events) {
        if (event.type !== "link-data") step([event], now);
        else
          for (const message of parser.push(event.bytes).messages) {
            const bytes = Uint8Array.of(message.length >> 8, message.length & 255, ...message);
            late.push(() => step([{ ...event, bytes, receivedAt: pair.now }], pair.now));
          }
      }
    };
    return () => late.shift()?.();
  };
  const next = [pair.a, pair.b].map(slow);
  for (let i = 0; i < millis; i += 250) {
    for (const deliver of next) deliver();
    pair.run(250);
  }
}

it("§7.5.5 updates of one second that cross leave the same lifetimes, T1 and T2 at both servers (A-17)", () => {
  const { pair, client, held } = pairWithLease(20_000);
  pair.cut = true;
  pair.run(25_000);
  expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED COMMUNICATIONS-INTERRUPTED");
  const names = [iaNa(1, held.address)];
  const told = [pair.a, pair.b].map((host) => client.send("REBIND", names, pair.now, { host }));
  // The one had been acknowledged a lifetime, the other gives the MCLT.
  expect(told.map((answer) => answer?.leases[0]?.valid)).toEqual([300, 60]);
  pair.cut = false;
  runSlowly(pair, 30_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  const [a, b] = [pair.a, pair.b].map((host) => {
    const lease = host.up.state.table.get(held);
    const { marked, clientExpiry, validLifetime, preferredLifetime, t1, t2 } = lease ?? {};
    return { marked, clientExpiry, validLifetime, preferredLifetime, t1, t2 };
  });
  expect(a?.marked).toBe(false);
  expect(a).toEqual(b);
});
