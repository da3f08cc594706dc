// Mutated client packets and partner messages against real servers: no crash, bounded memory, and a good client
// and a good partner are served afterwards. TANDEM_FUZZ sets how many packets (`npm run e2e:fuzz`: 300,000).

import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { DhcpClient } from "../../sim/clients/client.ts";
import { PERSONALITIES } from "../../sim/clients/personality.ts";
import { RFC_TIMERS } from "../../sim/clients/retransmission.ts";
import { CuttableProxy } from "../../tools/demo/proxy.ts";
import { addressBytes } from "../../tools/load/relay.ts";
import { sleep, until } from "../../tools/netns/command.ts";
import type { Daemon } from "../../tools/netns/daemon.ts";
import { LINK_ADDRESS, onLoopback } from "./loopback.ts";
import { mutant, numbers } from "./mutate.ts";

const PACKETS = Number(process.env.TANDEM_FUZZ ?? 20_000);
const TIMES = { mclt: 30, valid: 90, preferred: 60 };
const RELATIONSHIP = { keepalive: "5s", "startup-time": "1s", "connect-retry": "300ms" };
/** What a server may grow by; a leak of 1 kB a packet would show. */
const GROWTH = 150 * 1024;

/** Resident memory, kB. */
function residentOf(daemon: Daemon): number {
  const status = readFileSync(`/proc/${daemon.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

/** Messages of all kinds by clients of all kinds, as they would be sent to a relay. */
function goodMessages(): Buffer[] {
  const found: Buffer[] = [];
  let number = 0;
  for (const personality of PERSONALITIES) {
    const duid = Buffer.from([0, 3, 0, 1, 2, 0, 0, 0, 9, number++]);
    const timers = RFC_TIMERS;
    const random = () => 0.5;
    const client = new DhcpClient({
      duid,
      iaid: number,
      personality,
      timers,
      random,
      serverAddress: undefined,
    });
    for (const output of client.step({ type: "start" }, 0)) {
      if (output.type === "send") found.push(Buffer.from(output.bytes));
    }
  }
  const kinds = [3, 4, 5, 6, 8, 9, 11].flatMap((type) =>
    found.map((bytes) => Buffer.concat([Buffer.from([type]), bytes.subarray(1), LEASES])),
  );
  return [...found, ...kinds];
}

/** A server identifier, an IA_NA with an address and an IA_PD with a prefix of the pools. */
const LEASES = Buffer.concat([
  Buffer.from("0002000a0003000102000000000a", "hex"),
  Buffer.from("0003002800000001000000000000000000050018", "hex"),
  addressBytes("2001:db8:2::1:10"),
  Buffer.from("0000003c0000005a", "hex"),
  Buffer.from("0019002900000001000000000000000000", "hex").subarray(0, 16),
  Buffer.from("001a00190000003c0000005a38", "hex"),
  addressBytes("2001:db8:9000::"),
]);

function relayed(message: Buffer): Buffer {
  const head = Buffer.concat([
    Buffer.from([12, 0]),
    addressBytes(LINK_ADDRESS),
    addressBytes("fe80::1"),
  ]);
  const option = Buffer.from([0, 9, message.length >> 8, message.length & 0xff]);
  return Buffer.concat([head, option, message, SOURCE_PORT]);
}

/** RFC 8357: answers come to our own port. */
const SOURCE_PORT = Buffer.from([0, 135, 0, 2, 0, 0]);
const PROBE = 0x70726f;

/** An INFORMATION-REQUEST whose answer says that everything before it was worked off. */
function probe(): Buffer {
  const message = Buffer.from([11, 0, 0, 0, 0, 6, 0, 2, 0, 23]);
  message.writeUIntBE(PROBE, 1, 3);
  return relayed(message);
}

async function mistreat(port: number, packets: number): Promise<void> {
  const socket = createSocket({ type: "udp6", recvBufferSize: 4 * 1024 * 1024 });
  await new Promise<void>((resolve) => {
    socket.bind(0, "::1", resolve);
  });
  let answered = 0;
  socket.on("message", (bytes) => {
    if (bytes.includes(Buffer.from([7, 0x70, 0x72, 0x6f]))) answered++;
  });
  const next = numbers(packets);
  const plain = goodMessages();
  const good = [...plain, ...plain.map(relayed), ...plain.map((bytes) => relayed(relayed(bytes)))];
  try {
    for (let sent = 0; sent < packets; ) {
      for (let burst = 0; burst < 100 && sent < packets; burst++, sent++) {
        const one = good[next(good.length)] as Buffer;
        const other = good[next(good.length)] as Buffer;
        socket.send(mutant(one, other, next), port, "::1");
      }
      const before = answered;
      for (let tries = 0; tries < 20 && answered === before; tries++) {
        socket.send(probe(), port, "::1");
        for (let turn = 0; turn < 100 && answered === before; turn++)
          await sleep(tries === 0 ? 1 : 10);
      }
      expect(answered, `an answer after ${sent} packets`).toBeGreaterThan(before);
    }
  } finally {
    socket.close();
  }
}

test.concurrent(`D-241 F-073: ${PACKETS} mutated client packets leave a server that serves`, async () => {
  await onLoopback({ times: TIMES, failover: false }, async (loopback) => {
    const { a } = loopback.servers;
    await a.start();
    await mistreat(loopback.ports.clientsA, Math.min(2_000, PACKETS));
    const before = residentOf(a);
    await mistreat(loopback.ports.clientsA, PACKETS);
    expect(a.running).toBe(true);
    expect(residentOf(a) - before, "growth of resident memory, kB").toBeLessThan(GROWTH);
    const load = await loopback.load(1);
    load.add("good", 50, 500);
    await load.when("good clients to be served", 15_000, ({ bound }) => bound === 50);
  });
});

/** Frames of RFC 5460 §5.1, without the length. */
function framesOf(stream: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 2 <= stream.length; ) {
    const end = at + 2 + stream.readUInt16BE(at);
    if (end > stream.length) break;
    found.push(stream.subarray(at + 2, end));
    at = end;
  }
  return found;
}

/** The message with its sent-time set to now, so that the skew check lets it pass. */
function fresh(message: Buffer): Buffer {
  const bytes = Buffer.from(message);
  if (bytes.length >= 8) bytes.writeUInt32BE(Math.floor(Date.now() / 1000) - 946_684_800, 4);
  return bytes;
}

const framed = (message: Buffer) =>
  Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);

/** One connection: a good beginning of random length, then mutants until the server closes it. */
function pretend(
  port: number,
  frames: readonly Buffer[],
  next: (limit: number) => number,
  most: number,
): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, "::1");
    let sent = 0;
    const end = () => {
      socket.destroy();
      resolve(sent);
    };
    socket.on("error", end);
    socket.on("close", end);
    socket.on("connect", () => {
      for (const frame of frames.slice(0, next(4) === 0 ? 0 : 2))
        socket.write(framed(fresh(frame)));
      const more = () => {
        for (let burst = 0; burst < 20 && sent < most; burst++, sent++) {
          const one = frames[next(frames.length)] as Buffer;
          const bad = mutant(fresh(one), frames[next(frames.length)] as Buffer, next);
          // Mostly a sound frame around a broken message, else a broken frame.
          socket.write(next(10) === 0 ? bad : framed(bad));
        }
        if (sent >= most) setTimeout(end, 20);
        else setTimeout(more, 1);
      };
      more();
    });
    socket.resume();
    setTimeout(end, 3_000);
  });
}

test.concurrent(`F-073 R7031-16: ${PACKETS / 4} mutated partner messages leave a server that pairs again`, async () => {
  await onLoopback(
    { times: TIMES, failover: true, relationship: RELATIONSHIP },
    async (loopback) => {
      const { a, b } = loopback.servers;
      // What the primary really says, recorded on its way.
      const proxy = new CuttableProxy(loopback.ports.failoverB);
      const proxyPort = loopback.ports.failoverB + 1;
      await proxy.open(proxyPort);
      const said: Buffer[] = [];
      proxy.onSent = (bytes) => said.push(Buffer.from(bytes));
      loopback.closing(() => proxy.close());
      loopback.redirect(proxyPort);
      await loopback.startPair(30_000);
      const load = await loopback.load(1);
      load.add("good", 40, 500);
      await load.when("clients to be served", 15_000, ({ bound }) => bound === 40);
      await sleep(1_000);
      await a.kill();
      const frames = framesOf(Buffer.concat(said));
      expect(frames.length).toBeGreaterThan(20);

      const next = numbers(7);
      const before = residentOf(b);
      for (let sent = 0; sent < PACKETS / 4; ) {
        sent += Math.max(1, await pretend(loopback.ports.failoverB, frames, next, 400));
        expect(b.running, `the secondary runs after ${sent} messages`).toBe(true);
      }
      expect(residentOf(b) - before, "growth of resident memory, kB").toBeLessThan(GROWTH);
      await a.start();
      await until("the pair to be in NORMAL again", 60_000, async () => {
        await loopback.inState("NORMAL", ["a", "b"], 60_000);
        return true;
      });
      load.add("later", 20, 500);
      await load.when("new clients to be served", 15_000, ({ bound }) => bound >= 55);
      expect(load.counts.twoHolders).toBe(0);
    },
  );
});
