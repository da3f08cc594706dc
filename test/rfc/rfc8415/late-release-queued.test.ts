// An overtaken RELEASE that arrives in its five seconds and waits in the server's own queue before it is read (T-06 (3)).

import { expect, it } from "vitest";
import { acquire, iaNa, serverId, TestClient } from "../../support/client.ts";
import { Lone } from "../../support/lone.ts";

it("§18.3.7 what counts for a RELEASE after a start is when it arrived, not when it is read (T-01, T-06)", () => {
  const lone = new Lone();
  const { host } = lone;
  const client = new TestClient(host, 1);
  const [held] = acquire(client, host, lone.now);
  if (held === undefined) throw new Error("no lease");
  lone.pass(20);
  // The RELEASE is sent here; SOLICIT and REQUEST overtake it, and the server is started again.
  acquire(client, host, lone.now);
  host.kill();
  host.start(lone.now);
  lone.now += 5_600;
  const options = [serverId(host.config.server.duid), iaNa(1, held.address)];
  client.send("RELEASE", options, lone.now, { receivedAt: lone.now - 1_000 });
  expect(lone.lease(held.address)?.status).toBe("ACTIVE");
});
