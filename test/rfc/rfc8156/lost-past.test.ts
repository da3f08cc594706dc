// A store that has lost its past (T-07, F-570): an older copy of the state directory is put back while the partner lives,
// or one server is started on a copy of the other's.

import { describe, expect, it } from "vitest";
import { vendorOption } from "../../../src/core/failover/link/extensions.ts";
import { readStoreWords, storeSuboptions } from "../../../src/core/failover/link/store-words.ts";
import { acquire, TestClient } from "../../support/client.ts";
import { type Host, Pair } from "../../support/pair.ts";

function together(): Pair {
  const pair = new Pair();
  pair.startBoth();
  pair.run(30_000);
  expect(pair.states).toBe("NORMAL NORMAL");
  return pair;
}

const give = (host: Host, now: number, from: number, count: number) =>
  Array.from({ length: count }, (_, i) =>
    acquire(new TestClient(host, from + i), host, now),
  ).flat();

const alarms = (host: Host) =>
  host.logs.flatMap(({ id, fields }) => (id === "FAILOVER_ALARM" ? [String(fields.alarm)] : []));

describe("an older copy of the state directory", () => {
  it("is noticed at the first contact, and the server recovers as after a lost database: nobody's address is given to another (T-07, F-570, A-61, A-80)", () => {
    const pair = together();
    give(pair.a, pair.now, 1, 3);
    pair.run(5_000);
    const copy = pair.a.disk.image();
    const young = give(pair.a, pair.now, 100, 10);
    pair.run(3_000);
    pair.kill(pair.a);
    pair.run(5_000);
    pair.a.disk.restore(copy);
    pair.a.start(pair.now);
    pair.run(15_000);
    expect(pair.states).toMatch(/^RECOVER/);
    expect(alarms(pair.a).join()).toContain("older than what the partner has seen");
    for (const { kind, address, length } of young)
      expect(pair.a.up.state.table.get({ kind, address, length })?.status).toBe("ACTIVE");
    // The wait of the MCLT counts from the start: what the heartbeat on the old disk says is no use.
    pair.run(50_000);
    expect(pair.states).toMatch(/^RECOVER-WAIT/);
    pair.run(60_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    const later = give(pair.a, pair.now, 200, 10).map(({ address }) => address);
    expect(young.filter(({ address }) => later.includes(address))).toEqual([]);
    // Noticed once: the next contact finds a store that is sound.
    pair.kill(pair.a);
    pair.run(2_000);
    pair.a.start(pair.now);
    pair.run(20_000);
    expect(pair.states).toBe("NORMAL NORMAL");
  });

  it("is noticed too when the server has served alone in the meantime (T-07)", () => {
    const pair = together();
    const copy = pair.a.disk.image();
    give(pair.a, pair.now, 100, 5);
    pair.run(3_000);
    pair.kill(pair.a);
    pair.cut = true;
    pair.run(1_000);
    pair.a.disk.restore(copy);
    pair.a.start(pair.now);
    pair.run(20_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED COMMUNICATIONS-INTERRUPTED");
    pair.cut = false;
    pair.run(20_000);
    expect(pair.states).toMatch(/^RECOVER/);
    pair.run(120_000);
    expect(pair.states).toBe("NORMAL NORMAL");
  });

  it("an ordinary crash is none: what the partner has seen was on disk (T-07)", () => {
    const pair = together();
    for (let i = 0; i < 4; i++) {
      give(pair.a, pair.now, 100 * i, 5);
      pair.run(1_500);
      pair.kill(pair.a);
      pair.run(500);
      pair.a.start(pair.now);
      pair.run(15_000);
      expect(pair.states).toBe("NORMAL NORMAL");
    }
    expect(alarms(pair.a).join()).not.toContain("older");
  });

  it("what the partner heard in this very run is not taken for a memory of an earlier one (T-07)", () => {
    const pair = together();
    pair.kill(pair.a);
    pair.run(2_000);
    pair.a.start(pair.now);
    // It works alone, so its log goes on, before the partner is heard: then both STATEs cross.
    pair.cut = true;
    pair.run(15_000);
    give(pair.a, pair.now, 300, 5);
    pair.cut = false;
    pair.run(30_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    expect(alarms(pair.a).join()).not.toContain("older");
  });

  it("a copy of the partner's is refused by both, with what to do (T-07, T-15)", () => {
    const pair = together();
    pair.kill(pair.b);
    pair.run(2_000);
    pair.b.disk.restore(pair.a.disk.image());
    pair.b.start(pair.now);
    pair.run(30_000);
    expect(pair.states).not.toContain("NORMAL");
    for (const host of [pair.a, pair.b])
      expect(alarms(host).join()).toContain("copies of one: stop the server that has the copy");
  });
});

describe("what is said of stores", () => {
  it("comes back as it was, and is nothing where it is cut short (T-12)", () => {
    const own = { id: "00112233445566778899aabbccddeeff", sequence: 2 ** 52 + 5 };
    const seen = { id: "ff".repeat(16), sequence: 7 };
    const read = (words: ReturnType<typeof storeSuboptions>) =>
      readStoreWords([vendorOption([], words)]);
    expect(read(storeSuboptions({ own, seen }))).toEqual({ own, seen });
    expect(read(storeSuboptions({ own, seen: undefined }))).toEqual({ own, seen: undefined });
    expect(read([{ code: 16, data: new Uint8Array(23) }])).toBeUndefined();
    expect(read([{ code: 16, data: new Uint8Array(24).fill(255) }])).toBeUndefined();
    expect(readStoreWords([])).toBeUndefined();
  });
});
