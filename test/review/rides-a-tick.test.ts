// An acknowledgement waits for a tick at most (core.md): also where the tick comes while a write is under way.

import { expect, it } from "vitest";
import { acquire, TestClient } from "../support/client.ts";
import { accepted, ScriptedPartner } from "../support/scripted-partner.ts";

it("what rides is written after the tick that came during a write", () => {
  const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
  acquire(new TestClient(a.host, 1), a.host, a.now);
  a.tick();
  const update = a.expectOne("BNDUPD");
  a.run(1_750);
  // The write of a heartbeat is under way.
  a.host.holdDisk = true;
  a.now += 2_250;
  a.tick();
  expect(a.host.disk.outstanding.length).toBe(1);
  a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
  a.now += 500;
  a.tick();
  a.host.holdDisk = false;
  a.host.flushDisk(a.now);
  expect(a.host.up.state.store.idle).toBe(true);
});
