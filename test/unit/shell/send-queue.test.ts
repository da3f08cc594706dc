import { describe, expect, it } from "vitest";
import { type Outgoing, SendQueue } from "../../../src/shell/send-queue.ts";

/** A socket that takes as many datagrams as it has room for; the rest waits for `drain`. */
function setUp() {
  const sent: string[] = [];
  const counters = { sent: 0, sendErrors: 0, sendQueueFull: 0, sendTooLate: 0 };
  const at = { now: 0, room: 1_000 };
  const waiting: (() => void)[] = [];
  const outlet = {
    send: ({ bytes }: Outgoing, done: (error: Error | null) => void) => {
      const leave = (): void => {
        sent.push(new TextDecoder().decode(bytes));
        done(null);
      };
      if (at.room-- > 0) leave();
      else waiting.push(leave);
    },
    waiting: () => waiting.length,
  };
  const queue = new SendQueue(outlet, { now: () => at.now }, counters);
  const send = (text: string, dropAt = 2_000): void =>
    queue.send({ bytes: new TextEncoder().encode(text), address: "::1", port: 546, dropAt });
  const drain = (): void => {
    at.room = 1_000;
    waiting.shift()?.();
  };
  return { at, counters, drain, send, sent };
}

describe("what a socket sends", () => {
  it("leaves at once and in order, also when the kernel takes no more for a while", () => {
    const { at, counters, drain, send, sent } = setUp();
    at.room = 2;
    for (const text of ["a", "b", "c", "d", "e"]) send(text);
    expect(sent).toEqual(["a", "b"]);
    drain();
    send("f");
    expect(sent).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(counters.sent).toBe(6);
  });

  it("what waited too long for the kernel is dropped and counted (T-06)", () => {
    const { at, counters, drain, send, sent } = setUp();
    at.room = 1;
    send("a");
    send("b");
    send("old");
    send("young", 20_000);
    at.now = 16_000;
    drain();
    // The one that the kernel was offered already cannot be taken back.
    expect(sent).toEqual(["a", "b", "young"]);
    expect(counters).toMatchObject({ sent: 3, sendTooLate: 1 });
  });

  it("keeps a bounded number of octets and drops what is beyond", () => {
    const { at, counters, send } = setUp();
    at.room = 0;
    for (let i = 0; i < 100; i++) send("x".repeat(60_000));
    expect(counters.sendQueueFull).toBe(100 - 1 - Math.floor((4 * 1024 * 1024) / 60_000));
  });
});
