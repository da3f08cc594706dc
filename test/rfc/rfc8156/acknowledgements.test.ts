// An acknowledgement takes effect at once and costs no write of its own (RFC 8156 §7.7; core.md).

import { expect, it } from "vitest";
import { acquire, TestClient } from "../../support/client.ts";
import { accepted, ScriptedPartner } from "../../support/scripted-partner.ts";

it("§7.7 an acknowledgement clears the mark at once, is written with the next change or at a tick, and may be lost before (F-356)", () => {
  const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
  const [held] = acquire(new TestClient(a.host, 1), a.host, a.now);
  if (held === undefined) throw new Error("no lease");
  a.tick();
  const update = a.expectOne("BNDUPD");
  const { store } = a.host.up.state;
  const { groups } = store.stats;
  a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
  expect(a.stored(held)?.marked).toBe(false);
  expect([store.stats.groups, store.idle]).toEqual([groups, false]);
  // Lost with the process: told and acknowledged again.
  a.host.kill();
  a.link = 0;
  a.start();
  expect(a.stored(held)?.marked).toBe(true);
  a.open().connect().tell("COMMUNICATIONS-INTERRUPTED");
  a.tick();
  const again = a.expectOne("BNDUPD");
  a.send("BNDREPLY", accepted(again.options), { id: again.transactionId });
  expect(a.host.up.state.store.idle).toBe(false);
  a.tick();
  expect(a.host.up.state.store.idle).toBe(true);
  a.host.kill();
  a.link = 0;
  a.start();
  expect(a.stored(held)?.marked).toBe(false);
});

it("an acknowledgement is written after the tick that came during a write", () => {
  const a = new ScriptedPartner("a").start().reach("NORMAL", "NORMAL");
  acquire(new TestClient(a.host, 1), a.host, a.now);
  a.tick();
  const update = a.expectOne("BNDUPD");
  a.run(1_750);
  // The write of a heartbeat is under way.
  a.host.holdDisk = true;
  a.now += 2_250;
  a.tick();
  const { disk } = a.host;
  const writing = disk.outstanding.filter((id) => disk.request(id).file.startsWith("log-"));
  expect(writing.length).toBe(1);
  a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
  a.now += 500;
  a.tick();
  a.host.holdDisk = false;
  a.host.flushDisk(a.now);
  expect(a.host.up.state.store.idle).toBe(true);
});
