// An acknowledgement rides with the next group, so it asks for no write of its own: it makes no disk sick (T-08).

import { expect, it } from "vitest";
import { acquire, iaNa, TestClient } from "../../support/client.ts";
import { accepted, ScriptedPartner } from "../../support/scripted-partner.ts";

function inNormal() {
  const a = new ScriptedPartner("a");
  a.start().reach("NORMAL", "NORMAL");
  const [held] = acquire(new TestClient(a.host, 1), a.host, a.now);
  if (held === undefined) throw new Error("no lease");
  a.tick();
  const update = a.expectOne("BNDUPD");
  return { a, update };
}

it("T-08 the segment ahead is tried again every two seconds, whatever happens between", () => {
  const { a } = inNormal();
  const { disk } = a.host;
  let zeros = 0;
  const submit = disk.submit.bind(disk);
  disk.submit = (request) => {
    if (request.type === "zero") zeros++;
    submit(request);
  };
  disk.capacity = disk.used;
  // Until the open segment is used up and the one that was made ahead is taken.
  for (let i = 0; i < 300; i++) {
    a.now += 10;
    acquire(new TestClient(a.host, 100 + i), a.host, a.now);
  }
  expect(zeros).toBeGreaterThan(0);
  a.run(10_000);
  const before = zeros;
  a.run(20_000);
  expect(zeros - before).toBeLessThanOrEqual(11);
  expect(zeros - before).toBeGreaterThan(8);
  const other = new TestClient(a.host, 2);
  const then = zeros;
  for (let i = 0; i < 20; i++) {
    a.now += 10;
    other.send("SOLICIT", [iaNa(1)], a.now);
  }
  expect(zeros - then).toBeLessThanOrEqual(1);
});

it("T-08 a process that stood still for a second is not unfit for an acknowledgement that rides", () => {
  const { a, update } = inNormal();
  a.run(20_000);
  a.host.holdDisk = true;
  a.send("BNDREPLY", accepted(update.options), { id: update.transactionId });
  a.now += 10;
  new TestClient(a.host, 2).send("SOLICIT", [iaNa(1)], a.now);
  // It stands still; what the poll brings then comes before the timer's tick.
  a.now += 1_001;
  a.host.holdDisk = false;
  a.host.flushDisk(a.now);
  expect(a.logged("DISK_UNFIT")).toEqual([]);
  a.tick();
  expect(a.host.up.state.store.idle).toBe(true);
});
