// A disk without space for the segment ahead: an acknowledgement that waits for a tick waits for the tick, not for space (T-08).

import { expect, it } from "vitest";
import { acquire, iaNa, TestClient } from "../../support/client.ts";
import { accepted, ScriptedPartner } from "../../support/scripted-partner.ts";

function withoutSpaceAhead() {
  const a = new ScriptedPartner("a");
  const { disk } = a.host;
  // The open segment fits, the next one does not.
  disk.capacity = (1 << 20) + 4_096;
  let zeros = 0;
  const submit = disk.submit.bind(disk);
  disk.submit = (request) => {
    if (request.type === "zero") zeros++;
    submit(request);
  };
  a.start().reach("NORMAL", "NORMAL");
  const [held] = acquire(new TestClient(a.host, 1), a.host, a.now);
  if (held === undefined) throw new Error("no lease");
  a.tick();
  const update = a.expectOne("BNDUPD");
  return { a, update, zeros: () => zeros };
}

it("T-08 the segment ahead is tried again every ten seconds, also while an acknowledgement rides", () => {
  const { a, update, zeros } = withoutSpaceAhead();
  const { store } = a.host.up.state;
  a.run(20_000);
  expect(zeros()).toBeGreaterThan(1);
  a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
  expect(store.idle).toBe(false);
  const before = zeros();
  const other = new TestClient(a.host, 2);
  for (let i = 0; i < 20; i++) {
    a.now += 10;
    other.send("SOLICIT", [iaNa(1)], a.now);
  }
  expect(zeros() - before).toBeLessThanOrEqual(1);
});

it("T-08 a process that stood still for a second does not end for an acknowledgement that rides", () => {
  const { a, update } = withoutSpaceAhead();
  a.run(20_000);
  a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
  a.now += 10;
  a.host.holdDisk = true;
  new TestClient(a.host, 2).send("SOLICIT", [iaNa(1)], a.now);
  // It stands still; what the poll brings then comes before the timer's tick: the disk's answer about the segment ahead.
  a.now += 1_001;
  a.host.holdDisk = false;
  a.host.flushDisk(a.now);
  expect(a.host.stopped).toBeUndefined();
  a.tick();
  expect(a.host.up.state.store.idle).toBe(true);
});
