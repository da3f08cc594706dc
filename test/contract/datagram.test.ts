// The port `datagram socket`: the adapter over node:dgram, on ::1.

import { execFileSync } from "node:child_process";
import dgram from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { type Ipv6Address, parseIpv6 } from "../../src/core/model/ipv6.ts";
import type { ReceivedDatagram } from "../../src/core/model/received-datagram.ts";
import type { ClockSource } from "../../src/shell/clock.ts";
import { type Dgram, openDgram, unicastLabel } from "../../src/shell/dgram.ts";
import type { LogSink } from "../../src/shell/log-events.ts";
import { until } from "./wait.ts";

/** A process of its own that sends and ends. */
const SEND_MANY = `
  const socket = require("node:dgram").createSocket("udp6");
  const [port, count] = process.argv.slice(1).map(Number);
  let left = count;
  for (let i = 0; i < count; i++) socket.send("old", port, "::1", () => --left || socket.close());
`;
const LOOPBACK = parseIpv6("::1") as Ipv6Address;
const LABEL = unicastLabel(LOOPBACK, 0);

function standStill(millis: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
}

interface Opened {
  readonly adapter: Dgram;
  readonly received: (ReceivedDatagram & { text: string })[];
  readonly logged: string[];
  readonly client: dgram.Socket;
  readonly clientPort: number;
  readonly serverPort: number;
  send(text: string): void;
}

describe("dgram on a unicast address", () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  interface Settings {
    readonly source?: ClockSource;
    readonly clock?: { now(): number };
    /** The time that each datagram takes here, in which the loop stands still. */
    readonly slow?: { readonly millis: number };
  }

  const open = async ({ clock, slow, source }: Settings = {}): Promise<Opened> => {
    const received: Opened["received"] = [];
    const logged: string[] = [];
    const log: LogSink = (event) => logged.push(event.id);
    const adapter = openDgram({
      interfaces: [],
      unicast: [{ address: LOOPBACK, port: 0 }],
      clock: clock ?? { now: () => 1_000_000 },
      log,
      receive: (it) => {
        received.push({ ...it, text: new TextDecoder().decode(it.bytes) });
        if (slow !== undefined && slow.millis > 0) standStill(slow.millis);
      },
      ...(source === undefined ? {} : { source }),
    });
    const serverPort = await until(() => adapter.sockets()[0]?.port);
    const client = dgram.createSocket("udp6");
    await new Promise<void>((resolve) => client.bind(0, "::1", resolve));
    closers.push(
      () => void adapter.close(),
      () => client.close(),
    );
    const send = (text: string): void => client.send(text, serverPort, "::1");
    return {
      adapter,
      received,
      logged,
      client,
      clientPort: client.address().port,
      serverPort,
      send,
    };
  };

  it("hands on octets, source, port and time of arrival (D-001, F-077, N-010)", async () => {
    const { received, send, clientPort } = await open();
    send("hello");
    const first = await until(() => received[0]);
    expect(first).toMatchObject({
      text: "hello",
      interface: LABEL,
      source: LOOPBACK,
      sourcePort: clientPort,
      multicast: false,
      receivedAt: 1_000_000,
    });
    expect(first.bytes.constructor).toBe(Uint8Array);
  });

  it("answers go from the port that was asked, to the port that is named (D-006, D-007, N-006, N-009)", async () => {
    const { adapter, client, clientPort, serverPort } = await open();
    const answers: { text: string; port: number }[] = [];
    client.on("message", (bytes, from) =>
      answers.push({ text: bytes.toString(), port: from.port }),
    );
    adapter.send({
      bytes: new TextEncoder().encode("answer"),
      interface: LABEL,
      destination: LOOPBACK,
      port: clientPort,
      dropAt: 1_002_000,
    });
    adapter.flush();
    expect(await until(() => answers[0])).toEqual({ text: "answer", port: serverPort });
    expect(adapter.counters().udp_sent_total).toBe(1);
  });

  it("a datagram of the largest size passes both ways (D-008)", async () => {
    const { adapter, client, clientPort, received } = await open();
    const to = { interface: LABEL, destination: LOOPBACK, dropAt: 1_002_000 };
    const large = new Uint8Array(65_527).fill(7);
    const sizes: number[] = [];
    client.on("message", (bytes) => sizes.push(bytes.length));
    client.send(large, adapter.sockets()[0]?.port as number, "::1");
    expect((await until(() => received[0])).bytes.length).toBe(65_527);
    adapter.send({ ...to, bytes: large, port: clientPort });
    expect(await until(() => sizes[0])).toBe(65_527);
  });

  it("an answer to nobody, and an interface that is not open, are counted and do no harm", async () => {
    const { adapter, send, received } = await open();
    const bytes = Uint8Array.of(1);
    const answer = { bytes, destination: LOOPBACK, dropAt: 1_002_000 };
    adapter.send({ ...answer, interface: LABEL, port: 1 });
    adapter.send({ ...answer, interface: "nowhere0", port: 546 });
    expect(adapter.counters().udp_dropped_not_open_total).toBe(1);
    send("still here");
    expect((await until(() => received[0])).text).toBe("still here");
  });

  it("what waited through a gap of the loop of more than 1 s is dropped and counted, then all is as before (T-06, F-562)", async () => {
    const { adapter, received, logged, client, serverPort } = await open();
    // Many more than are read in one turn; the loop stands still while they are sent, and a while longer.
    execFileSync(process.execPath, ["-e", SEND_MANY, String(serverPort), "150"]);
    standStill(1_100);
    await until(() => adapter.counters().udp_received_total === 150);
    expect(logged).toContain("UDP_STALE");
    expect(received).toEqual([]);
    expect(adapter.counters().udp_dropped_stale_total).toBe(150);
    client.send("young", serverPort, "::1");
    expect((await until(() => received[0])).text).toBe("young");
  });

  it("what a slow loop without any gap of 1 s reads late is old, dropped and counted, then all is as before (T-06, F-562)", async () => {
    const slow = { millis: 60 };
    const clock = { now: () => Math.floor(performance.now()) };
    const { adapter, received, client, serverPort } = await open({ clock, slow });
    execFileSync(process.execPath, ["-e", SEND_MANY, String(serverPort), "100"]);
    const sentBy = clock.now();
    await until(() => adapter.counters().udp_received_total === 100);
    const dropped = adapter.counters().udp_dropped_stale_total as number;
    expect(dropped).toBeGreaterThan(50);
    expect(received.length + dropped).toBe(100);
    for (const { receivedAt } of received) expect(receivedAt).toBeLessThanOrEqual(sentBy);
    slow.millis = 0;
    client.send("young", serverPort, "::1");
    expect((await until(() => received.find(({ text }) => text === "young"))).text).toBe("young");
  });

  it("a gap without anything waiting drops nothing", async () => {
    let skipped = 0;
    const source = {
      wall: () => 0,
      monotonic: () => performance.now() + skipped,
      boot: () => undefined,
    };
    const { adapter, received, send, logged } = await open({ source });
    skipped = 5_000;
    await until(() => logged.includes("UDP_STALE"));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    send("young");
    expect((await until(() => received[0])).text).toBe("young");
    expect(adapter.counters().udp_dropped_stale_total).toBe(0);
  });

  it("says that an address is missing and goes on trying", async () => {
    const logged: string[] = [];
    const adapter = openDgram({
      interfaces: ["tandem-none0"],
      unicast: [{ address: parseIpv6("2001:db8:dead::1") as Ipv6Address, port: 0 }],
      clock: { now: () => 0 },
      log: (event) => logged.push(`${event.id} ${event.fields.socket}`),
      receive: () => undefined,
      port: 10_547,
    });
    closers.push(() => void adapter.close());
    await until(() => logged.length >= 2 && logged);
    expect(logged).toContain("UDP_WAITING tandem-none0");
    expect(logged).toContain("UDP_WAITING [2001:db8:dead::1]:0");
  });
});
