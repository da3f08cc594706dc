// A server that lost its database asks for everything twice, as the link was lost in between: what is free at both servers is
// no difference (T-13).

import { expect, it } from "vitest";
import { SimDisk } from "../../../sim/disk.ts";
import { FAILOVER_TYPE } from "../../../src/core/wire/failover-messages.ts";
import { FrameParser } from "../../../src/core/wire/framing.ts";
import { iaNa, iaPd, pairWithLease, serverId } from "../../support/client.ts";
import type { Pair } from "../../support/pair.ts";

/** BNDUPDs that passed so far, of both servers. */
function updates(pair: Pair): number {
  return pair.wire
    .flatMap(({ bytes }) => new FrameParser().push(bytes).messages)
    .filter((message) => message[0] === FAILOVER_TYPE.BNDUPD).length;
}

it("§8.5 a lease that is free at both is not argued about for the MCLT (T-13, A-61)", () => {
  const { pair, client, held } = pairWithLease(20_000);
  // Its prefix too: what is held after the loss would be told again meanwhile.
  const leases = pair.a.up.state.table.ofClient(client.duid);
  const prefixes = leases.filter((lease) => lease.kind === "prefix");
  const names = [serverId(pair.a.config.server.duid), iaNa(1, held.address), iaPd(1, ...prefixes)];
  client.send("RELEASE", names, pair.now);
  pair.run(5_000);
  const rows = () =>
    [pair.a, pair.b].map((host) => {
      const lease = host.up.state.table.get(held);
      return `${lease?.status} ${lease?.marked}`;
    });
  expect(rows()).toEqual(["FREE false", "FREE false"]);
  pair.kill(pair.b);
  pair.kill(pair.a);
  // It is back before its partner, so the wait of RECOVER-WAIT is over when they meet.
  pair.a.disk = new SimDisk();
  pair.a.start(pair.now);
  pair.run(300_000);
  // The link is lost as the first answers to its UPDREQALL come.
  const step = pair.b.step.bind(pair.b);
  pair.b.step = (events, now) => {
    const isReply = events.some(
      (event) =>
        event.type === "link-data" &&
        new FrameParser().push(event.bytes).messages.some((m) => m[0] === FAILOVER_TYPE.BNDREPLY),
    );
    if (isReply) pair.cut = true;
    else step(events, now);
  };
  pair.b.start(pair.now);
  pair.run(20_000);
  expect(pair.cut).toBe(true);
  pair.b.step = step;
  pair.cut = false;
  pair.run(15_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  expect(rows()).toEqual(["FREE false", "FREE false"]);
  const before = updates(pair);
  pair.run(60_000);
  expect(updates(pair) - before).toBe(0);
});
