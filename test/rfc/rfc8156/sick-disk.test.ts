// T-08: a disk that stands still, is full or fails: who hands over, what is still answered, and the way back.

import { describe, expect, it } from "vitest";
import { option } from "../../../src/core/wire/options.ts";
import { acquire, iaNa, TestClient } from "../../support/client.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { na, OURS } from "../../support/requests.ts";
import { ScriptedPartner } from "../../support/scripted-partner.ts";

function inNormal(name: "a" | "b" = "a") {
  const server = new ScriptedPartner(name);
  server.start().reach("NORMAL", "NORMAL");
  server.tick();
  server.received = [];
  return server;
}

/** Fills the disk and uses up the open segment, so that the next one cannot be made. */
function fillUp(server: ScriptedPartner): void {
  const { disk } = server.host;
  server.acceptsUpdates = true;
  disk.capacity = disk.used;
  for (let i = 0; i < 400 && server.host.up.unfitReason === undefined; i++) {
    server.now += 10;
    acquire(new TestClient(server.host, 1_000 + i), server.host, server.now);
  }
  server.tick();
  server.acceptsUpdates = false;
}

describe("T-08 a write that takes long", () => {
  it("T-08: after a second the server hands over: what was held is void, DISCONNECT goes at once, the connection is closed", () => {
    const a = inNormal();
    a.host.holdDisk = true;
    new TestClient(a.host, 1).send(
      "REQUEST",
      [option("SERVERID", { duid: a.host.up.config.server.duid }), iaNa(1)],
      a.now,
    );
    a.run(750);
    expect([a.closed, a.types]).toEqual([false, ""]);
    a.run(500);
    // The BNDUPD of the lease, and CONTACTs, stay here for good.
    expect(a.closed).toBe(true);
    expect(a.types).toBe("DISCONNECT");
    expect(a.logged("DISK_UNFIT")).toHaveLength(1);
    expect(a.state).toBe("COMMUNICATIONS-INTERRUPTED");
    expect(a.host.stopped).toBeUndefined();
  });

  it("T-08: meanwhile CONFIRM and INFORMATION-REQUEST are answered; what needs a write, and a SOLICIT, are the partner's", () => {
    const a = inNormal();
    const [held] = acquire(new TestClient(a.host, 1), a.host, a.now);
    if (held === undefined) throw new Error("no lease");
    a.host.holdDisk = true;
    a.lease({ address: held.address, status: "ACTIVE" });
    a.run(1_500);
    const client = new TestClient(a.host, 1);
    const server = option("SERVERID", { duid: a.host.up.config.server.duid });
    expect(client.send("CONFIRM", [iaNa(1, held.address)], a.now)?.type).toBe("REPLY");
    expect(client.send("INFORMATION-REQUEST", [], a.now)?.type).toBe("REPLY");
    const { lastSequence } = a.host.up.state.store;
    for (const type of ["REQUEST", "RENEW", "RELEASE", "DECLINE"] as const)
      expect(client.send(type, [server, iaNa(1, held.address)], a.now), type).toBeUndefined();
    expect(client.send("REBIND", [iaNa(1, held.address)], a.now)).toBeUndefined();
    expect(client.send("SOLICIT", [iaNa(1)], a.now)).toBeUndefined();
    // Nor do heartbeats and the ends of leases gather.
    a.run(600_000);
    expect(a.host.up.state.store.lastSequence).toBe(lastSequence);
    expect(a.host.up.counters.toJson()["discard-disk-unfit"]).toBe(6);
  });

  it("T-08: no connection is made or taken meanwhile, and no state is entered by time alone", () => {
    for (const name of ["a", "b"] as const) {
      const server = inNormal(name);
      server.host.holdDisk = true;
      server.lease({ address: "fd00::1" as never });
      server.run(1_500);
      const { connects } = server;
      server.run(120_000);
      expect(server.connects).toBe(connects);
      if (name === "b") {
        server.open();
        expect(server.closed).toBe(true);
      }
      expect(server.state).toBe("COMMUNICATIONS-INTERRUPTED");
    }
  });

  it("T-08: when the write is done the server is back by itself, and looks for its partner at once", () => {
    const a = inNormal();
    a.host.holdDisk = true;
    a.lease({ address: "fd00::1" as never });
    a.run(5_000);
    const { connects } = a;
    a.host.holdDisk = false;
    a.host.flushDisk(a.now);
    a.run(500);
    expect(a.logged("DISK_FIT")).toHaveLength(1);
    expect(a.connects).toBe(connects + 1);
    expect(acquire(new TestClient(a.host, 2), a.host, a.now)).not.toEqual([]);
  });

  it("T-08: shorter ones, and a process that stood still meanwhile, make nobody unfit", () => {
    const a = inNormal();
    for (let i = 0; i < 10; i++) {
      a.host.holdDisk = true;
      a.lease({ address: "fd00::1" as never });
      a.run(750);
      a.host.holdDisk = false;
      a.host.flushDisk(a.now);
      a.tick();
    }
    a.host.holdDisk = true;
    a.lease({ address: "fd00::1" as never });
    a.now += 20_000;
    a.host.holdDisk = false;
    a.tick();
    expect(a.logged("DISK_UNFIT")).toEqual([]);
    // One write after the other, each of them short, and never one that waits: busy, not sick.
    for (let i = 0; i < 20; i++) {
      a.host.holdDisk = true;
      a.lease({ address: "fd00::1" as never });
      a.run(250);
      a.host.holdDisk = false;
      a.host.flushDisk(a.now);
    }
    expect(a.logged("DISK_UNFIT")).toEqual([]);
  });

  it("T-13: commands are answered while the disk is sick: status says so, and what cannot be stored is refused", () => {
    const a = inNormal();
    a.host.holdDisk = true;
    a.lease({ address: "fd00::1" as never });
    a.run(1_500);
    const status = a.host.command({ type: "status" }, a.now);
    expect(JSON.stringify(status)).toContain("DISK_UNFIT");
    const down = { type: "partner-down", relationship: undefined, force: true } as const;
    expect(a.host.command(down, a.now)).toMatchObject({ ok: false, code: "refused" });
    expect(a.state).toBe("COMMUNICATIONS-INTERRUPTED");
  });

  it("T-05: a planned stop ends although the disk stands still", () => {
    const a = inNormal();
    a.host.holdDisk = true;
    a.lease({ address: "fd00::1" as never });
    a.run(1_500);
    a.host.command({ type: "stop" }, a.now);
    a.run(15_000);
    expect(a.host.stopped).toMatchObject({ failed: false });
  });
});

describe("T-08 a full disk", () => {
  it("T-08: in contact the server hands over when the next segment cannot be made, stays up, and is back when there is room", () => {
    const a = inNormal();
    fillUp(a);
    expect(a.host.up.unfitReason).toContain("ENOSPC");
    expect(a.types).toContain("DISCONNECT");
    expect(a.closed).toBe(true);
    a.run(60_000);
    expect(a.host.stopped).toBeUndefined();
    expect(a.host.up.unfitReason).toContain("ENOSPC");
    a.host.disk.capacity = Number.POSITIVE_INFINITY;
    a.run(2_500);
    expect(a.host.up.unfitReason).toBeUndefined();
    expect(acquire(new TestClient(a.host, 2), a.host, a.now)).not.toEqual([]);
  });

  it("T-08: without a partner in contact it goes on while the open segment has room, then answers what needs no write", () => {
    const lone = new Lone();
    const { disk } = lone.host;
    lone.host.step([{ type: "tick" }], lone.now);
    disk.capacity = disk.used;
    let served = 0;
    for (let i = 1; i < 2_000 && lone.host.up.unfitReason === undefined; i++) {
      lone.now += 10;
      if (lone.ask("REQUEST", fromClient(i), [OURS, na(1)]) !== undefined) served++;
    }
    expect(served).toBeGreaterThan(200);
    expect(lone.host.stopped).toBeUndefined();
    // A client that is shown a lease asks again every few seconds, and has it soon after there is room.
    expect(lone.answer("SOLICIT", fromClient(9_000), [na(1)]).type).toBe("ADVERTISE");
    expect(lone.ask("REQUEST", fromClient(9_000), [OURS, na(1)])).toBeUndefined();
    disk.capacity = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 12; i++) {
      lone.now += 250;
      lone.host.step([{ type: "tick" }], lone.now);
    }
    expect(lone.answer("REQUEST", fromClient(9_000), [OURS, na(1)]).type).toBe("REPLY");
  });

  it("T-08: a restart on a full disk works: nothing is promised, nothing ends, and service begins when there is room", () => {
    const lone = new Lone();
    lone.bind(fromClient(1));
    const { disk } = lone.host;
    lone.host.kill();
    // Nothing but what is there: the segment ahead is gone, and the open one has no room left.
    for (const name of disk.reader().list())
      if (name.endsWith("2"))
        disk.restore(new Map([...disk.image()].filter(([each]) => each !== name)));
    disk.capacity = disk.used;
    lone.host.start(lone.now);
    for (let i = 2; i < 2_000 && lone.host.up.unfitReason === undefined; i++) {
      lone.now += 10;
      lone.ask("REQUEST", fromClient(i), [OURS, na(1)]);
    }
    lone.host.kill();
    lone.host.start(lone.now);
    for (let i = 0; i < 40; i++) {
      lone.now += 250;
      lone.host.step([{ type: "tick" }], lone.now);
      lone.ask("REQUEST", fromClient(3_000 + i), [OURS, na(1)]);
    }
    expect(lone.host.stopped).toBeUndefined();
    expect(lone.host.up.unfitReason).toContain("ENOSPC");
    disk.capacity = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 12; i++) {
      lone.now += 250;
      lone.host.step([{ type: "tick" }], lone.now);
    }
    expect(lone.answer("REQUEST", fromClient(1), [OURS, na(1)]).type).toBe("REPLY");
  });

  it("T-08: a first start on a full disk works as well", () => {
    const lone = new Lone();
    lone.host.kill();
    lone.host.disk.restore(new Map());
    lone.host.disk.capacity = 10_000;
    lone.host.start(lone.now);
    for (let i = 0; i < 20; i++) {
      lone.now += 250;
      lone.host.step([{ type: "tick" }], lone.now);
      lone.ask("REQUEST", fromClient(1), [OURS, na(1)]);
    }
    expect(lone.host.stopped).toBeUndefined();
    lone.host.disk.capacity = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 12; i++) {
      lone.now += 250;
      lone.host.step([{ type: "tick" }], lone.now);
    }
    expect(lone.answer("REQUEST", fromClient(1), [OURS, na(1)]).type).toBe("REPLY");
  });
});

it("T-08: an error on the open segment ends the process: what the file holds is unknown", () => {
  const a = inNormal();
  a.host.holdDisk = true;
  a.lease({ address: "fd00::1" as never });
  const { disk } = a.host;
  const id = disk.outstanding.find((each) => disk.request(each).file.startsWith("log-"));
  a.host.step([disk.fail(id as number, "EIO: input/output error")], a.now);
  expect(a.host.stopped).toMatchObject({ failed: true });
});
