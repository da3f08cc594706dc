// The port `partner link`: the adapter over TCP, on ::1.

import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { LIMITS } from "../../src/core/model/limits.ts";
import { type EndOptions, frame, LinkEnd, LOOPBACK } from "./link-suite.ts";
import { until } from "./wait.ts";

const CONNECT = 24;

describe("the partner link over TCP", () => {
  const open: LinkEnd[] = [];
  const sockets: net.Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await Promise.all(open.splice(0).map((end) => end.links.close()));
  });
  const end = (listens: boolean, options?: EndOptions): LinkEnd => {
    const made = new LinkEnd(listens, options);
    open.push(made);
    return made;
  };
  const raw = async (
    port: number,
    options: net.SocketConstructorOpts = {},
  ): Promise<net.Socket> => {
    const socket = new net.Socket(options);
    sockets.push(socket);
    socket.on("error", () => undefined);
    await new Promise<void>((resolve) => socket.connect(port, "::1", resolve));
    return socket;
  };
  /** A secondary that listens and a primary that has connected to it. */
  const pair = async (): Promise<{ a: LinkEnd; b: LinkEnd; incoming: number }> => {
    const b = end(true);
    const a = end(false);
    a.links.request({ type: "link-connect", link: -1, address: LOOPBACK, port: await b.port() });
    await a.event("link-opened");
    const { link } = await b.event("link-opened");
    return { a, b, incoming: link };
  };

  it("both ends learn of the connection and of each other's address (F-148, F-153, F-154)", async () => {
    const { a, b, incoming } = await pair();
    expect(a.events[0]).toEqual({ type: "link-opened", link: -1, peer: LOOPBACK });
    expect(b.events[0]).toEqual({ type: "link-opened", link: incoming, peer: LOOPBACK });
    expect(incoming).toBeGreaterThan(0);
  });

  it("octets carry their time of arrival, but not after the process stood still (F-077, T-06)", async () => {
    let gap = 0;
    const machine = {
      wall: () => 0,
      monotonic: () => performance.now() + gap,
      boot: () => undefined,
    };
    const b = end(true, { machine });
    const peer = await raw(await b.port());
    peer.write(frame(CONNECT, "one"));
    await until(() => b.text().includes("one"));
    gap = 5_000;
    peer.write(frame(CONNECT, "two"));
    await until(() => b.text().includes("two"));
    for (let i = 0; i < 3; i++) {
      gap += 500;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    peer.write(frame(CONNECT, "three"));
    await until(() => b.text().includes("three"));
    const times = b.events.flatMap((event) =>
      event.type === "link-data" ? [event.receivedAt] : [],
    );
    expect(times).toEqual([0, undefined, 0]);
  });

  it("octets pass in order both ways, whatever the segments (F-070)", async () => {
    const { a, b, incoming } = await pair();
    a.send(-1, frame(CONNECT, "connect"));
    for (let i = 0; i < 50; i++) a.send(-1, frame(CONNECT, `update ${i};`));
    a.links.flush();
    b.send(incoming, frame(CONNECT, "answer"));
    b.links.flush();
    await until(() => b.text().includes("update 49;"));
    await until(() => a.text().includes("answer"));
    expect(b.text().match(/update \d+/g)).toEqual(
      Array.from({ length: 50 }, (_, i) => `update ${i}`),
    );
  });

  it("a first frame in single octets, and what follows it, arrive whole (F-070)", async () => {
    const b = end(true);
    const socket = await raw(await b.port(), {});
    const bytes = [...frame(CONNECT, "slow"), ...frame(CONNECT, "next")];
    for (const byte of bytes) {
      await new Promise<void>((resolve) => socket.write(Uint8Array.of(byte), () => resolve()));
    }
    await until(() => b.text().includes("next"));
    expect(b.text()).toBe(new TextDecoder().decode(Uint8Array.from(bytes)));
  });

  it("what was sent before a close arrives before the end", async () => {
    const { a, b, incoming } = await pair();
    b.send(incoming, frame(CONNECT, "x".repeat(50_000)));
    b.send(incoming, frame(CONNECT, "DISCONNECT"));
    b.links.request({ type: "link-close", link: incoming, abort: false });
    const closed = await a.event("link-closed");
    expect(closed.reason).toBe("connection closed at the partner's end");
    expect(a.text().endsWith("DISCONNECT")).toBe(true);
    expect((await b.event("link-closed")).reason).toBe("closed by this server");
  });

  it("a close also ends when the other side keeps its half open and never reads", async () => {
    const b = end(true);
    const socket = await raw(await b.port(), { allowHalfOpen: true });
    socket.pause();
    const { link } = await b.event("link-opened");
    b.send(link, new Uint8Array(8_000_000));
    b.links.request({ type: "link-close", link, abort: false });
    expect((await b.event("link-closed")).reason).toBe("closed by this server");
  });

  it("abort drops what is queued", async () => {
    const { a, b, incoming } = await pair();
    b.links.request({ type: "link-close", link: incoming, abort: true });
    expect((await b.event("link-closed")).reason).toBe("closed by this server");
    await a.event("link-closed");
    expect(b.count("link-closed")).toBe(1);
  });

  it("a half-closed connection counts as closed (F-555)", async () => {
    const b = end(true);
    const socket = await raw(await b.port(), { allowHalfOpen: true });
    socket.end(frame(CONNECT, "last words"));
    await b.event("link-closed");
    expect(b.text()).toContain("last words");
  });

  it("a partner that does not read is told of, and cut off beyond a limit (F-555)", async () => {
    const b = end(true);
    const socket = await raw(await b.port());
    socket.pause();
    const { link } = await b.event("link-opened");
    for (let i = 0; i < 40 && b.count("link-closed") === 0; i++) {
      b.send(link, new Uint8Array(1_000_000));
      b.links.flush();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await b.event("link-closed")).reason).toMatch(/does not read: \d+ octets/);
  });

  it("says when the socket has taken all that was waiting", async () => {
    const { a, b, incoming } = await pair();
    b.send(incoming, frame(CONNECT, "x".repeat(60_000)));
    b.send(incoming, new Uint8Array(6_000_000));
    b.links.flush();
    await b.event("link-drained");
    await until(() => a.text().length >= 6_000_000);
  });

  it("an attempt that is refused ends with a reason (F-149)", async () => {
    const a = end(false);
    const closed = await raw(await end(true).port());
    closed.destroy();
    a.links.request({ type: "link-connect", link: -7, address: LOOPBACK, port: 1 });
    expect(await a.event("link-closed")).toEqual({
      type: "link-closed",
      link: -7,
      reason: "refused: nothing listens there",
    });
  });

  it("an attempt can be called off", async () => {
    const b = end(true);
    const a = end(false);
    a.links.request({ type: "link-connect", link: -1, address: LOOPBACK, port: await b.port() });
    a.links.request({ type: "link-close", link: -1, abort: true });
    await a.event("link-closed");
    expect(a.count("link-opened")).toBe(0);
  });

  it("connections beyond the cap are refused before anything is read (F-551)", async () => {
    const b = end(true);
    const port = await b.port();
    const most = LIMITS.incomingLinks;
    for (let i = 0; i < most; i++) await raw(port);
    await until(() => b.count("link-opened") === most);
    const extra = await raw(port);
    await new Promise<void>((resolve) => extra.on("close", () => resolve()));
    expect(b.count("link-opened")).toBe(most);
    expect(b.logged).toContain("LINK_TOO_MANY");
    expect(b.links.counters().link_refused_total).toBe(1);
    sockets[0]?.destroy();
    await b.event("link-closed");
    await raw(port);
    await until(() => b.count("link-opened") === most + 1);
  });

  it("ids of links that are gone are ignored", async () => {
    const { a, b, incoming } = await pair();
    a.links.request({ type: "link-close", link: -1, abort: true });
    await b.event("link-closed");
    b.send(incoming, Uint8Array.of(1));
    b.links.request({ type: "link-start-tls", link: incoming, role: "server" });
    b.links.request({ type: "link-close", link: incoming, abort: false });
    b.links.flush();
    expect(b.count("link-closed")).toBe(1);
  });

  it("listens again when the port is free, and says why it does not (F-153, R7031-52)", async () => {
    const taken = net.createServer();
    await new Promise<void>((resolve) => taken.listen(0, "::1", resolve));
    const { port } = taken.address() as net.AddressInfo;
    const { openLinks } = await import("../../src/shell/link.ts");
    const logged: string[] = [];
    const links = openLinks({
      listen: { address: LOOPBACK, port },
      source: undefined,
      identity: undefined,
      acceptable: () => [],
      partners: 1,
      clock: { now: () => 0 },
      emit: () => undefined,
      log: (event) => logged.push(event.id),
    });
    await until(() => logged.includes("LINK_NOT_LISTENING"));
    await new Promise((resolve) => taken.close(resolve));
    await until(() => logged.includes("LINK_LISTENING"));
    // IPv4's port of the same number stays free for DHCPv4 failover.
    const v4 = net.createServer();
    await new Promise<void>((resolve) => v4.listen(port, "127.0.0.1", resolve));
    v4.close();
    await links.close();
  });
});
