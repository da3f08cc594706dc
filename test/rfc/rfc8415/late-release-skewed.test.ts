// A RELEASE that was overtaken, at the server that the client left, whose partner's clock is behind (T-01, F-561).

import { expect, it } from "vitest";
import {
  acquire,
  activeAddresses,
  iaNa,
  pairWithLease,
  rebindAtSecondary,
  serverId,
} from "../../support/client.ts";

it.each([0, 2_000, 4_000])(
  "a RELEASE to the server that the client left ends nothing, with the partner's clock %i ms behind",
  (behind) => {
    const leased = pairWithLease(2_000);
    const { pair, client, held } = leased;
    const { a, b } = pair;
    const toB = [serverId(b.config.server.duid), iaNa(1, held.address)];
    rebindAtSecondary(leased);
    // a is back, its clock behind.
    const step = a.step.bind(a);
    a.step = (events, now) =>
      step(
        events.map((event) => {
          if (event.type === "datagram")
            return {
              ...event,
              datagram: { ...event.datagram, receivedAt: event.datagram.receivedAt - behind },
            };
          return event.type === "link-data" && event.receivedAt !== undefined
            ? { ...event, receivedAt: event.receivedAt - behind }
            : event;
        }),
        now - behind,
      );
    a.start(pair.now - behind);
    pair.run(40_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    // Its half time at b.
    expect(client.send("RENEW", toB, pair.now, { host: b })?.type).toBe("REPLY");
    pair.run(1_000);
    // Here it sends its RELEASE to b, which is under way for 3.5 s, and begins anew at once.
    pair.run(500);
    const [again] = acquire(client, a, pair.now);
    expect(again?.address).toBe(held.address);
    pair.run(3_000);
    client.send("RELEASE", toB, pair.now, { host: b });
    pair.run(2_000);
    expect([activeAddresses(a, client), activeAddresses(b, client)]).toEqual([1, 1]);
  },
);
