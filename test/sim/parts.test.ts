// The parts of a world: its queue, its numbers, its clocks, its datagrams and its connections.

import { describe, expect, it } from "vitest";
import type { ServerName } from "../../sim/checkers/observation.ts";
import { SimClock } from "../../sim/clock.ts";
import { FAILOVER_PORT, FINGERPRINT, SERVER_ADDRESS } from "../../sim/config.ts";
import { crc32 } from "../../sim/crc32.ts";
import { type LinkPeer, PartnerNetwork } from "../../sim/link.ts";
import { ClientNetwork } from "../../sim/network.ts";
import { Prng } from "../../sim/prng.ts";
import { EventQueue } from "../../sim/queue.ts";
import { drawScenario, LIFETIMES, MIN_CLIENTS } from "../../sim/scenario.ts";
import { formatSeed, parseSeeds } from "../../sim/seeds.ts";
import type { Ipv6Address } from "../../src/core/model/ipv6.ts";
import type { LinkEvent } from "../../src/ports/partner-link.ts";

const never = () => false;

describe("the queue", () => {
  it("does things in order of time, ties as they were planned", () => {
    const queue = new EventQueue();
    const done: string[] = [];
    for (const [delay, name] of [
      [5, "c"],
      [1, "a"],
      [5, "d"],
      [1, "b"],
    ] as const)
      queue.after(delay, () => done.push(name));
    queue.runUntil(4, never);
    expect(done).toEqual(["a", "b"]);
    expect(queue.now).toBe(4);
    queue.runUntil(9, never);
    expect(done).toEqual(["a", "b", "c", "d"]);
  });

  it("agrees with sorting on many random times", () => {
    const prng = new Prng(3);
    const times = Array.from({ length: 500 }, () => prng.below(100));
    const queue = new EventQueue();
    const done: number[] = [];
    for (const time of times) queue.at(time, () => done.push(time));
    queue.runUntil(100, never);
    expect(done).toEqual([...times].sort((a, b) => a - b));
  });
});

describe("numbers and clocks", () => {
  it("come the same from the same seed, and otherwise from another", () => {
    const draw = (seed: number) => Array.from({ length: 4 }, () => new Prng(seed, "x").next());
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const prng = new Prng(9);
    const all = Array.from({ length: 2_000 }, () => prng.between(3, 6));
    expect(new Set(all)).toEqual(new Set([3, 4, 5, 6]));
  });

  it("CRC-32 has its check value", () => {
    const text = Uint8Array.from("123456789", (digit) => digit.charCodeAt(0));
    expect(crc32(text)).toBe(0xcbf43926);
    expect(crc32(text.subarray(4), crc32(text.subarray(0, 4)))).toBe(0xcbf43926);
  });

  it("keep two servers within the permitted skew in every world (F-231, F-168)", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { clients, clocks, safety, valid } = drawScenario(seed, false);
      const a = new SimClock(clocks.a);
      const b = new SimClock(clocks.b);
      for (const at of [0, safety])
        expect(Math.abs(a.leaseTime(at) - b.leaseTime(at))).toBeLessThan(5_000);
      expect(a.worldTime(a.leaseTime(safety))).toBeLessThanOrEqual(safety + 1);
      expect(clients).toBeGreaterThanOrEqual(MIN_CLIENTS);
      expect(safety).toBeGreaterThanOrEqual(LIFETIMES * valid * 1_000);
    }
  });

  it("kept seeds are read as they are written", () => {
    const kept = { seed: 12, single: true, about: "a torn group" };
    expect(parseSeeds(`# words\n${formatSeed(kept)}\n\n`)).toEqual([kept]);
    expect(() => parseSeeds("x pair")).toThrow();
  });
});

describe("the client network", () => {
  const here = "fe800000000000000000000000000001" as Ipv6Address;

  function network(loss: number, duplicate: number, twoRelays = false) {
    const queue = new EventQueue();
    const arrived: string[] = [];
    const net = new ClientNetwork({
      queue,
      prng: new Prng(1),
      scenario: {
        ...drawScenario(1, false),
        network: { loss, duplicate, delay: 50, late: 0.5 },
        twoRelays,
      },
      ends: {
        toServer: (server, { interface: name, multicast }) =>
          arrived.push(`${server} ${name} ${multicast}`),
        toClient: (link, address) => arrived.push(`${link} ${address}`),
      },
    });
    return { queue, arrived, net };
  }

  it("brings a multicast to both servers, relayed ones by unicast, and cuts one path alone", () => {
    const { arrived, net, queue } = network(0, 0);
    net.fromClient("lan", here, Uint8Array.of(1), undefined);
    net.cut("far", "b", "in");
    net.fromClient("far", here, Uint8Array.of(1), undefined);
    queue.runUntil(5_000, never);
    expect(arrived.sort()).toEqual(["a lan0 true", "a up0 false", "b lan0 true"]);
  });

  it("has two relays on the second link of some worlds, each of which forwards everything", () => {
    const { arrived, net, queue } = network(0, 0, true);
    net.fromClient("far", here, Uint8Array.of(1), undefined);
    queue.runUntil(5_000, never);
    expect(arrived.sort()).toEqual(["a up0 false", "a up0 false", "b up0 false", "b up0 false"]);
  });

  it("loses and duplicates, and nothing lives longer than five seconds (T-06)", () => {
    const { arrived, net, queue } = network(0.3, 0.3);
    for (let i = 0; i < 500; i++) net.fromClient("lan", here, Uint8Array.of(1), "a");
    queue.runUntil(5_001, never);
    const soon = arrived.length;
    queue.runUntil(100_000, never);
    expect(arrived.length).toBe(soon);
    expect(soon).toBeGreaterThan(300);
    expect(soon).toBeLessThan(600);
  });
});

class Peer implements LinkPeer {
  presence: "off" | "refuses" | "serves" = "serves";
  incarnation = 1;
  readonly events: LinkEvent[] = [];
  received = "";
  readonly name: ServerName;

  constructor(name: ServerName) {
    this.name = name;
  }

  linkEvent(event: LinkEvent): void {
    if (event.type === "link-data") this.received += String.fromCharCode(...event.bytes);
    else this.events.push(event);
  }

  get types(): readonly string[] {
    return this.events.map((event) => event.type);
  }
}

function connected() {
  const queue = new EventQueue();
  const peers = { a: new Peer("a"), b: new Peer("b") };
  const net = new PartnerNetwork({ queue, prng: new Prng(5), peers });
  net.request("a", {
    type: "link-connect",
    link: -1,
    address: SERVER_ADDRESS.b,
    port: FAILOVER_PORT,
  });
  queue.runUntil(100, never);
  const say = (text: string) => {
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    net.request("a", { type: "link-send", link: -1, bytes });
  };
  return { queue, net, say, ...peers };
}

describe("a connection between the servers", () => {
  it("carries octets in order, however they are cut, and says who is there", () => {
    const { a, b, queue, say } = connected();
    expect(a.events).toEqual([{ type: "link-opened", link: -1, peer: SERVER_ADDRESS.b }]);
    expect(b.events).toEqual([{ type: "link-opened", link: 1, peer: SERVER_ADDRESS.a }]);
    const text = "in this order and no other ".repeat(20);
    for (const word of text.split(/(?<= )/)) say(word);
    queue.runUntil(1_000, never);
    expect(b.received).toBe(text);
  });

  it("is silent while the path is cut, and goes on afterwards (R7031-48)", () => {
    const { a, b, net, queue, say } = connected();
    net.cut("a");
    say("late");
    queue.runUntil(60_000, never);
    expect(b.received).toBe("");
    net.heal("a");
    queue.runUntil(61_000, never);
    expect(b.received).toBe("late");
    expect(a.types).toEqual(["link-opened"]);
  });

  it("tells both of a reset, the partner of an ended process, and after a power cut only who speaks", () => {
    const reset = connected();
    reset.net.reset();
    reset.queue.runUntil(1_000, never);
    expect([reset.a.types.at(-1), reset.b.types.at(-1)]).toEqual(["link-closed", "link-closed"]);
    const killed = connected();
    killed.net.processEnded("b");
    killed.queue.runUntil(1_000, never);
    expect(killed.a.types.at(-1)).toBe("link-closed");
    const dark = connected();
    dark.b.presence = "off";
    dark.net.powerLost("b");
    dark.say("anybody?");
    dark.queue.runUntil(60_000, never);
    expect(dark.a.types).toEqual(["link-opened"]);
    dark.b.presence = "serves";
    dark.net.powerBack("b");
    dark.queue.runUntil(61_000, never);
    expect(dark.a.types.at(-1)).toBe("link-closed");
    expect(dark.b.received).toBe("");
  });

  it("is refused, times out, and hands data over only inside the handshake (F-217, F-222)", () => {
    const { a, b, net, queue, say } = connected();
    net.request("a", { type: "link-start-tls", link: -1, role: "client" });
    say("inside");
    queue.runUntil(1_000, never);
    expect(b.received).toBe("");
    net.request("b", { type: "link-start-tls", link: 1, role: "server" });
    queue.runUntil(2_000, never);
    expect(a.events.at(-1)).toEqual({ type: "link-secured", link: -1, fingerprint: FINGERPRINT.b });
    expect(b.events.at(-1)).toEqual({ type: "link-secured", link: 1, fingerprint: FINGERPRINT.a });
    expect(b.received).toBe("inside");
    b.presence = "refuses";
    net.request("a", {
      type: "link-connect",
      link: -2,
      address: SERVER_ADDRESS.b,
      port: FAILOVER_PORT,
    });
    queue.runUntil(3_000, never);
    expect(a.events.at(-1)).toMatchObject({ link: -2, reason: "refused" });
    net.cut("b");
    net.request("a", {
      type: "link-connect",
      link: -3,
      address: SERVER_ADDRESS.b,
      port: FAILOVER_PORT,
    });
    queue.runUntil(20_000, never);
    expect(a.events.at(-1)).toMatchObject({ link: -3, reason: "timed out" });
  });
});
