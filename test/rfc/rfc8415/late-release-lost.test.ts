// A RELEASE that was under way while its client got the lease again at the partner, which lost its disk right after: it
// settles nothing (T-01, T-04).

import { expect, it } from "vitest";
import { SimDisk } from "../../../sim/disk.ts";
import { acquire, iaNa, pairWithLease, rebindAtSecondary, serverId } from "../../support/client.ts";

it("§8.5 a RELEASE from before the loss does not end what the partner promised and forgot (T-01)", () => {
  const leased = pairWithLease(2_000);
  const { pair, client, held } = leased;
  const { a, b } = pair;
  const names = [serverId(b.config.server.duid), iaNa(1, held.address)];
  rebindAtSecondary(leased);
  a.start(pair.now);
  pair.run(40_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  // The RELEASE to b is sent here and is under way for 4.5 s; the client begins anew at a, whose update is lost with a.
  const sentAt = pair.now;
  pair.run(250);
  pair.cut = true;
  const [again] = acquire(client, a, pair.now);
  expect(again?.address).toBe(held.address);
  const until = pair.now + (again?.valid ?? 0) * 1_000;
  pair.kill(a);
  a.disk = new SimDisk();
  pair.cut = false;
  a.start(pair.now);
  while (pair.now < sentAt + 4_500) pair.run(250);
  client.send("RELEASE", names, pair.now, { host: b });
  while (pair.now < until) {
    pair.run(1_000);
    const statuses = [a, b].map((host) => host.up.state.table.get(held)?.status);
    expect(statuses, `${(until - pair.now) / 1_000} s before`).not.toContain("FREE");
  }
});
