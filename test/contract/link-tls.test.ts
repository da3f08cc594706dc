// The port `partner link`: TLS in place of TCP, on ::1. Certificates are those that keygen makes.

import net from "node:net";
import tls from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { makeCertificate } from "../../src/cli/certificate.ts";
import type { LinkEvent } from "../../src/ports/partner-link.ts";
import type { Links } from "../../src/shell/link.ts";
import { type EndOptions, frame, LinkEnd, LOOPBACK } from "./link-suite.ts";
import { until } from "./wait.ts";

const STARTTLS = frame(23);
const REPLY = frame(7);
const CONNECT = 24;
const DAY = 86_400_000;
const NOW = Date.now();
const make = (name: string, from = NOW - DAY, to = NOW + DAY) =>
  makeCertificate({ name, notBefore: new Date(from), notAfter: new Date(to) });
const ALPHA = make("a");
const BETA = make("b");
const OTHER = make("somebody else");
const EXPIRED = make("b", NOW - 3 * DAY, NOW - DAY);
const FUTURE = make("b", NOW + DAY, NOW + 2 * DAY);

const isType = (event: LinkEvent, type: number): boolean =>
  event.type === "link-data" && event.bytes[2] === type;

/** What the core of a primary does: STARTTLS, then TLS as client. */
function primary(event: LinkEvent, links: Links): void {
  if (event.type === "link-opened") {
    links.request({ type: "link-send", link: event.link, bytes: STARTTLS });
  } else if (isType(event, 7)) {
    links.request({ type: "link-start-tls", link: event.link, role: "client" });
  }
}

/** What the core of a secondary does: the answer, then TLS as server. */
function secondary(event: LinkEvent, links: Links): void {
  if (!isType(event, 23)) return;
  const { link } = event;
  links.request({ type: "link-send", link, bytes: REPLY });
  links.request({ type: "link-start-tls", link, role: "server" });
}

describe("the partner link over TLS", () => {
  const open: LinkEnd[] = [];
  const closers: (() => void)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await Promise.all(open.splice(0).map((it) => it.links.close()));
  });
  const end = (listens: boolean, options: EndOptions): LinkEnd => {
    const made = new LinkEnd(listens, options);
    open.push(made);
    return made;
  };
  const connect = async (a: EndOptions, b: EndOptions): Promise<{ a: LinkEnd; b: LinkEnd }> => {
    const listening = end(true, { react: secondary, ...b });
    const calling = end(false, { react: primary, ...a });
    const port = await listening.port();
    calling.links.request({ type: "link-connect", link: -1, address: LOOPBACK, port });
    return { a: calling, b: listening };
  };
  const sound = { identity: ALPHA, acceptable: [BETA.fingerprint] };
  const soundB = { identity: BETA, acceptable: [ALPHA.fingerprint] };

  it("both ends present the pinned certificate and learn the other's fingerprint (F-217, F-219, F-220, F-222, F-225, F-226, R7031-15)", async () => {
    const { a, b } = await connect(sound, soundB);
    expect((await a.event("link-secured")).fingerprint).toBe(BETA.fingerprint);
    expect((await b.event("link-secured")).fingerprint).toBe(ALPHA.fingerprint);
  });

  it("frames pass inside TLS both ways, many and large (F-228)", async () => {
    const { a, b } = await connect(sound, soundB);
    await a.event("link-secured");
    const { link } = await b.event("link-secured");
    const before = { a: a.text().length, b: b.text().length };
    for (let i = 0; i < 20; i++) a.send(-1, frame(CONNECT, "x".repeat(60_000)));
    a.links.flush();
    b.send(link, frame(CONNECT, "answer"));
    b.links.flush();
    await until(() => b.text().length === before.b + 20 * 60_003);
    await until(() => a.text().length === before.a + 9);
  });

  it("nothing but STARTTLS and its answer is in clear text (R7031-15, F-228)", async () => {
    const { a, b } = await connect(sound, soundB);
    // A relay between the two would see this: it stands in for a capture.
    const seen: number[] = [];
    const wire = net.createServer((near) => {
      void b.port().then((port) => {
        const far = net.connect(port, "::1");
        near.on("data", (chunk) => {
          seen.push(...chunk);
          far.write(chunk);
        });
        far.on("data", (chunk) => {
          seen.push(...chunk);
          near.write(chunk);
        });
        closers.push(
          () => near.destroy(),
          () => far.destroy(),
        );
      });
    });
    await new Promise<void>((resolve) => wire.listen(0, "::1", resolve));
    closers.push(() => wire.close());
    const { port } = wire.address() as net.AddressInfo;
    a.links.request({ type: "link-connect", link: -2, address: LOOPBACK, port });
    await until(() => a.events.find((it) => it.type === "link-secured" && it.link === -2));
    a.send(-2, frame(CONNECT, "a secret"));
    a.links.flush();
    await until(() => b.text().includes("a secret"));
    expect(String.fromCharCode(...seen)).not.toContain("a secret");
  });

  const refusedByPrimary: [string, typeof BETA, readonly string[], RegExp][] = [
    [
      "another certificate",
      OTHER,
      [BETA.fingerprint],
      /another certificate .*fingerprint [0-9a-f]{64}/,
    ],
    ["an expired certificate", EXPIRED, [EXPIRED.fingerprint], /certificate expired on /],
    ["a certificate that is not valid yet", FUTURE, [FUTURE.fingerprint], /not valid before /],
    ["any certificate while none is pinned", BETA, [], /another certificate/],
  ];
  it.each(refusedByPrimary)(
    "the primary refuses %s and says so (F-218, F-220, F-549)",
    async (_what, identity, acceptable, reason) => {
      const { a, b } = await connect({ identity: ALPHA, acceptable }, { ...soundB, identity });
      expect((await a.event("link-closed")).reason).toMatch(reason);
      await b.event("link-closed");
      expect(a.count("link-secured")).toBe(0);
    },
  );

  it.each([
    ["another certificate", OTHER, [ALPHA.fingerprint], /another certificate/],
    ["an expired certificate", EXPIRED, [EXPIRED.fingerprint], /expired on /],
  ])(
    "the secondary refuses %s and closes (F-225, F-550)",
    async (_what, identity, acceptable, reason) => {
      const { a, b } = await connect({ ...sound, identity }, { ...soundB, acceptable });
      expect((await b.event("link-closed")).reason).toMatch(reason);
      expect(b.count("link-secured")).toBe(0);
      expect((await a.event("link-closed")).reason).toMatch(
        /may not accept this server's certificate|handshake/,
      );
    },
  );

  it("a client without a certificate is refused (F-225, F-226)", async () => {
    const b = end(true, { react: secondary, ...soundB });
    const socket = net.connect(await b.port(), "::1");
    closers.push(() => socket.destroy());
    socket.write(STARTTLS);
    await new Promise((resolve) => socket.once("data", resolve));
    const secure = tls.connect({ socket, rejectUnauthorized: false });
    secure.on("error", () => undefined);
    expect((await b.event("link-closed")).reason).toBe("the partner presented no certificate");
    expect(b.count("link-secured")).toBe(0);
  });

  it("TLS 1.2 is not spoken (F-227, F-549)", async () => {
    const b = end(true, { react: secondary, ...soundB });
    const socket = net.connect(await b.port(), "::1");
    closers.push(() => socket.destroy());
    socket.write(STARTTLS);
    await new Promise((resolve) => socket.once("data", resolve));
    const secure = tls.connect({
      socket,
      rejectUnauthorized: false,
      maxVersion: "TLSv1.2",
      key: ALPHA.key,
      cert: ALPHA.certificate,
    });
    secure.on("error", () => undefined);
    expect((await b.event("link-closed")).reason).toMatch(/handshake/);
    expect(b.count("link-secured")).toBe(0);
  });

  it("octets behind STARTTLS in the same segment are TLS and never reach the core as frames (F-217, F-223)", async () => {
    const b = end(true, { react: secondary, ...soundB });
    const socket = net.connect(await b.port(), "::1");
    closers.push(() => socket.destroy());
    // A client that does not wait for the answer: its TLS begins in the same segment.
    const hello = await firstFlight();
    socket.write(Buffer.concat([STARTTLS, hello]));
    await new Promise((resolve) => socket.once("data", resolve));
    await until(() => socket.bytesRead > REPLY.length);
    expect(b.text()).toBe(new TextDecoder().decode(STARTTLS));
    expect(b.count("link-closed")).toBe(0);
  });

  it("plain frames smuggled in behind STARTTLS fail the handshake (F-223)", async () => {
    const b = end(true, { react: secondary, ...soundB });
    const socket = net.connect(await b.port(), "::1");
    closers.push(() => socket.destroy());
    socket.on("error", () => undefined);
    socket.write(Buffer.concat([STARTTLS, frame(CONNECT, "smuggled")]));
    await b.event("link-closed");
    expect(b.text()).not.toContain("smuggled");
    expect(b.count("link-secured")).toBe(0);
  });

  it("the answer may come later than the batch that read STARTTLS (it waits for the log)", async () => {
    const late = (event: LinkEvent, links: Links): void => {
      if (!isType(event, 23)) return;
      setTimeout(() => {
        secondary(event, links);
        links.flush();
      }, 30);
    };
    const { a, b } = await connect(sound, { ...soundB, react: late });
    await a.event("link-secured");
    await b.event("link-secured");
  });

  it("after a refusal of STARTTLS the connection stays plain until it is closed (F-221, F-224)", async () => {
    const refuse = (event: LinkEvent, links: Links): void => {
      if (isType(event, 23)) {
        links.request({ type: "link-send", link: event.link, bytes: frame(7, "refused") });
      }
    };
    const b = end(true, { react: refuse });
    const socket = net.connect(await b.port(), "::1");
    closers.push(() => socket.destroy());
    socket.write(STARTTLS);
    await new Promise((resolve) => socket.once("data", resolve));
    socket.write(frame(CONNECT, "plain"));
    await until(() => b.text().includes("plain"));
    socket.end();
    await b.event("link-closed");
  });

  it("a server without certificate closes instead of going on in clear text (F-218, F-224)", async () => {
    const { a, b } = await connect(sound, { acceptable: [ALPHA.fingerprint] });
    expect((await b.event("link-closed")).reason).toBe("this server has no certificate and key");
    await a.event("link-closed");
    expect(a.count("link-secured")).toBe(0);
  });

  it("a planned close inside TLS delivers what was sent before it (T-05)", async () => {
    const { a, b } = await connect(sound, soundB);
    await a.event("link-secured");
    const { link } = await b.event("link-secured");
    b.send(link, frame(CONNECT, "DISCONNECT"));
    b.links.request({ type: "link-close", link, abort: false });
    await a.event("link-closed");
    expect(a.text()).toContain("DISCONNECT");
    expect((await b.event("link-closed")).reason).toBe("closed by this server");
  });
});

/** The first octets of a TLS client (its ClientHello). */
async function firstFlight(): Promise<Uint8Array> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "::1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const seen = new Promise<Uint8Array>((resolve) => {
    server.once("connection", (socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (chunk) => {
        resolve(Uint8Array.from(chunk));
        socket.destroy();
      });
    });
  });
  const client = tls.connect({ port, host: "::1", rejectUnauthorized: false });
  client.on("error", () => undefined);
  const bytes = await seen;
  client.destroy();
  server.close();
  return bytes;
}
