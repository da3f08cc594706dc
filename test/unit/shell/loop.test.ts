import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../../src/core/model/log-events.ts";
import type { ServerDoor, ServerEvent, Sink } from "../../../src/core/server/events.ts";
import type { ShellLogEvent } from "../../../src/shell/log-events.ts";
import { createLoop, type Loop, type LoopAdapters } from "../../../src/shell/loop.ts";
import { CORE_RESULTS } from "../../support/api-results.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A loop around a door that does what the test says, with adapters that note what they are asked. */
function setUp(
  step: (events: readonly ServerEvent[], sink: Sink) => void = () => undefined,
  guard: () => void = () => undefined,
) {
  const batches: (readonly ServerEvent[])[] = [];
  const done: string[] = [];
  const logged: (LogEvent | ShellLogEvent)[] = [];
  let nextTick = 60_000;
  const wall = { ahead: 0 };
  const door: ServerDoor = {
    stepBatch(events, _now, sink) {
      batches.push(events);
      step(events, sink);
    },
    nextTick: () => nextTick,
  };
  const note =
    (what: string) =>
    (value?: unknown): void => {
      done.push(value === undefined ? what : `${what} ${(value as { type?: string }).type ?? ""}`);
    };
  const adapters: LoopAdapters = {
    datagrams: {
      send: note("send"),
      flush: note("udp-flush"),
      counters: () => ({}),
      waiting: () => new Map(),
      close: async () => undefined,
    },
    links: {
      request: note("link"),
      flush: note("link-flush"),
      counters: () => ({}),
      notListening: () => undefined,
      close: async () => undefined,
    },
    disk: { request: note("disk"), close: async () => undefined },
  };
  const loop: Loop = createLoop({
    door,
    clock: { now: () => 0, wallAhead: () => wall.ahead },
    log: (event) => logged.push(event),
    guard,
  });
  const due = (at: number): void => {
    nextTick = at;
  };
  return { loop, adapters, batches, done, logged, wall, due };
}

describe("the loop", () => {
  it("begins with a tick, and what came before it runs waits for it", async () => {
    const { loop, adapters, batches } = setUp();
    loop.post({ type: "disk-done", id: 1 });
    await turn();
    expect(batches).toEqual([]);
    loop.run(adapters);
    await turn();
    expect(batches).toEqual([[{ type: "disk-done", id: 1 }, { type: "tick" }]]);
  });

  it("all that comes in one turn is one batch, and its outputs leave together after it (F-077)", async () => {
    const { loop, adapters, batches, done } = setUp((events, sink) => {
      for (const event of events) {
        if (event.type !== "disk-done") continue;
        sink.datagram({
          bytes: new Uint8Array(0),
          interface: "",
          destination: "" as never,
          port: 546,
          dropAt: 0,
        });
        sink.link({ type: "link-close", link: 1, abort: true });
      }
    });
    loop.run(adapters);
    await turn();
    done.length = 0;
    let processed = 0;
    loop.post({ type: "disk-done", id: 1 });
    loop.post({ type: "disk-done", id: 2 }, () => {
      processed = batches.length;
      done.push("processed");
    });
    await turn();
    expect(batches).toHaveLength(2);
    expect(processed).toBe(2);
    expect(done).toEqual([
      "send ",
      "link link-close",
      "send ",
      "link link-close",
      "udp-flush",
      "link-flush",
      "processed",
    ]);
  });

  it("T-15: looks at its claim before a batch, before each output of it and before they leave", async () => {
    let held = true;
    const lost = (): void => {
      if (!held) throw new Error("the process has ended");
    };
    const { loop, adapters, batches, done } = setUp((events, sink) => {
      // The process stands still inside the batch, and its claim is taken away.
      if (events.some((event) => event.type === "disk-done")) held = false;
      sink.disk({ type: "remove", id: 1, file: "log-1" });
    }, lost);
    loop.run(adapters);
    await turn();
    expect(done).toEqual(["disk remove", "udp-flush", "link-flush"]);
    loop.post({ type: "disk-done", id: 1 });
    await turn();
    expect(batches).toHaveLength(2);
    expect(done).toHaveLength(3);
    expect((await loop.finished).reason).toContain("the process has ended");
  });

  it("what an adapter posts during a batch is for the next one", async () => {
    const { loop, adapters, batches } = setUp((events) => {
      if (events.some((event) => event.type === "tick")) loop.post({ type: "disk-done", id: 9 });
    });
    loop.run(adapters);
    await turn();
    await turn();
    expect(batches).toEqual([[{ type: "tick" }], [{ type: "disk-done", id: 9 }]]);
  });

  it("ticks when the door wants it", async () => {
    const { loop, adapters, batches, due } = setUp();
    due(5);
    loop.run(adapters);
    while (batches.length < 3) await turn();
    expect(batches.slice(1, 3)).toEqual([[{ type: "tick" }], [{ type: "tick" }]]);
  });

  it("tells the door first when the wall clock has moved, once (T-06)", async () => {
    const { loop, adapters, batches, wall } = setUp();
    loop.run(adapters);
    await turn();
    wall.ahead = -3_600_000;
    loop.post({ type: "disk-done", id: 1 });
    await turn();
    loop.post({ type: "disk-done", id: 2 });
    await turn();
    expect(batches.slice(1)).toEqual([
      [
        { type: "clock", wallAhead: -3_600_000 },
        { type: "disk-done", id: 1 },
      ],
      [{ type: "disk-done", id: 2 }],
    ]);
  });

  it("a command waits for its own answer", async () => {
    const { loop, adapters } = setUp((events, sink) => {
      for (const event of events) {
        if (event.type === "command")
          sink.answer(event.id, { ok: true, value: CORE_RESULTS[event.command.type] });
      }
    });
    loop.run(adapters);
    const answers = await Promise.all([
      loop.ask({ type: "status" }),
      loop.ask({ type: "failover-status" }),
    ]);
    expect(answers).toEqual([
      { ok: true, value: CORE_RESULTS.status },
      { ok: true, value: CORE_RESULTS["failover-status"] },
    ]);
  });

  it("ends with what the core says, after the outputs of that batch; open commands are answered (T-05)", async () => {
    const { loop, adapters, batches, done } = setUp((events, sink) => {
      if (!events.some((event) => event.type === "command")) return;
      sink.stopped({ failed: false, reason: "stopped" });
      sink.link({ type: "link-close", link: 1, abort: false });
    });
    loop.run(adapters);
    const answer = await loop.ask({ type: "stop" });
    expect(answer).toMatchObject({ ok: false, code: "stopped" });
    expect(await loop.finished).toEqual({ failed: false, reason: "stopped" });
    expect(done.slice(-3)).toEqual(["link link-close", "udp-flush", "link-flush"]);
    const before = batches.length;
    loop.post({ type: "tick" });
    await turn();
    expect(batches).toHaveLength(before);
    expect(await loop.ask({ type: "status" })).toMatchObject({ ok: false, code: "stopped" });
  });

  it("a failed assertion ends the server with an error, and nothing of that batch is flushed", async () => {
    const { loop, adapters, done, logged } = setUp((_events, sink) => {
      sink.datagram({
        bytes: new Uint8Array(0),
        interface: "",
        destination: "" as never,
        port: 546,
        dropAt: 0,
      });
      throw new Error("assertion failed: a row has an owner");
    });
    loop.run(adapters);
    expect(await loop.finished).toMatchObject({ failed: true });
    expect(done).toEqual(["send "]);
    expect(logged[0]?.id).toBe("TANDEM_FAILED");
    expect(String(logged[0]?.fields.error)).toContain("a row has an owner");
  });

  it("commands beyond a limit are refused", async () => {
    const { loop, adapters } = setUp();
    loop.run(adapters);
    for (let i = 0; i < 256; i++) void loop.ask({ type: "status" });
    expect(await loop.ask({ type: "status" })).toMatchObject({ ok: false, code: "busy" });
  });
});
