// The oracle on captures made by hand: good histories pass, bad ones must not.

import { expect, test } from "vitest";
import { readMessage } from "./dhcpv6.ts";
import { readPacket, shortAddress } from "./frames.ts";
import { givenAgain } from "./given-again.ts";
import {
  binding,
  duidHex,
  message,
  pcap,
  pcapng,
  relayed,
  type Spoken,
  tcp,
  udp,
} from "./hand-made.ts";
import { historyOf } from "./history.ts";
import { beyondBound } from "./lead-time.ts";
import { type Frame, readFrames } from "./pcap.ts";
import { judge, reportKill } from "./verdict.ts";

const A = "2001:db8:ffff::a";
const B = "2001:db8:ffff::b";
const X = "2001:db8:1::10";
const Y = "2001:db8:1::11";

const SOLICIT = 1;
const REQUEST = 3;
const RENEW = 5;
const REPLY = 7;
const RELEASE = 8;

let transaction = 1;
/** A message and its answer, a hundredth of a second later. */
function exchange(
  time: number,
  type: number,
  spoken: Omit<Spoken, "type" | "transaction">,
): Frame[] {
  transaction++;
  const asked = message({ ...spoken, type, transaction });
  const answer = message({ ...spoken, type: REPLY, transaction });
  return [udp(time, asked), udp(time + 0.01, answer)];
}

const held = (lease: string, valid: number) => ({ leases: [{ lease, valid }] });

test("reads pcap in both byte orders and both resolutions, and pcapng", () => {
  const frames = [udp(1_700_000_000.25, message({ type: SOLICIT, transaction: 7, client: "one" }))];
  const files = [
    pcap(frames),
    pcap(frames, { big: true }),
    pcap(frames, { nanoseconds: true }),
    pcapng(frames),
    pcapng(frames, 6),
  ];
  for (const file of files) {
    const [read] = readFrames(file);
    expect(read?.time).toBe(1_700_000_000_250_000);
    const packet = read === undefined ? undefined : readPacket(read);
    const said = packet?.type === "udp" ? readMessage(packet.payload) : undefined;
    expect(said).toMatchObject({ name: "SOLICIT", transaction: 7, client: duidHex("one") });
  }
});

test("leaves out a last frame that was cut off", () => {
  const file = pcap([udp(1, Buffer.alloc(8)), udp(2, Buffer.alloc(8))]);
  expect(readFrames(file.subarray(0, file.length - 3))).toHaveLength(1);
});

test("takes messages out of nested relay envelopes and sees each once", () => {
  const inner = message({ type: RENEW, transaction: 9, client: "one", server: "a", ...held(X, 0) });
  const frames = [
    udp(1, inner),
    udp(1.001, relayed(12, relayed(12, inner))),
    udp(1.002, relayed(12, inner)),
  ];
  const history = historyOf(frames);
  expect(history.said).toHaveLength(1);
  expect(history.said[0]?.message.ias[0]?.leases[0]?.lease).toBe(
    "2001:0db8:0001:0000:0000:0000:0000:0010",
  );
});

test("a client that keeps its address through a takeover is no finding", () => {
  const frames = [
    ...exchange(0, REQUEST, { client: "one", server: "a", t1: 30, ...held(X, 60) }),
    ...exchange(30, RENEW, { client: "one", server: "b", t1: 30, ...held(X, 60) }),
    ...exchange(89, RENEW, { client: "one", server: "b", t1: 30, ...held(X, 60) }),
  ];
  const verdict = judge(historyOf(frames));
  expect(verdict.twoHolders).toEqual([]);
  expect(verdict.changes).toEqual([]);
  expect(verdict.holdings.all).toHaveLength(1);
});

test("an address given to a second client before the first one's expiry is found", () => {
  const frames = [
    ...exchange(0, REQUEST, { client: "one", server: "a", ...held(X, 60) }),
    ...exchange(59, REQUEST, { client: "two", server: "b", ...held(X, 60) }),
  ];
  const [found] = judge(historyOf(frames)).twoHolders;
  expect(found?.one.client).toBe(duidHex("one"));
  expect(found?.other.client).toBe(duidHex("two"));
  expect(((found?.to ?? 0) - (found?.from ?? 0)) / 1e6).toBeCloseTo(1, 5);
});

test("after expiry, release or decline an address may go to somebody else", () => {
  const frames = [
    ...exchange(0, REQUEST, { client: "one", server: "a", ...held(X, 60) }),
    ...exchange(61, REQUEST, { client: "two", server: "b", ...held(X, 60) }),
    ...exchange(70, RELEASE, { client: "two", server: "b", ...held(X, 0) }),
    ...exchange(71, REQUEST, { client: "three", server: "b", ...held(X, 60) }),
  ];
  expect(judge(historyOf(frames)).twoHolders).toEqual([]);
});

test("a release that the client sent after the address went to another does not excuse it", () => {
  const frames = [
    ...exchange(0, REQUEST, { client: "one", server: "a", ...held(X, 600) }),
    ...exchange(50, REQUEST, { client: "two", server: "b", ...held(X, 60) }),
    ...exchange(51, RELEASE, { client: "one", server: "a", ...held(X, 0) }),
  ];
  expect(judge(historyOf(frames)).twoHolders).toHaveLength(1);
});

test("prefixes that contain each other have two holders, neighbours have not", () => {
  const frames = [
    ...exchange(0, REQUEST, { client: "one", server: "a", ...held("2001:db8:8000::/56", 60) }),
    ...exchange(1, REQUEST, { client: "two", server: "b", ...held("2001:db8:8000:80::/57", 60) }),
    ...exchange(2, REQUEST, {
      client: "three",
      server: "b",
      ...held("2001:db8:8000:100::/56", 60),
    }),
  ];
  const found = judge(historyOf(frames)).twoHolders;
  expect(found.map(({ one, other }) => [one.client, other.client])).toEqual([
    [duidHex("one"), duidHex("two")],
  ]);
});

test("a second answer with a longer lifetime is a promise too, a first one with a shorter is what counts", () => {
  const asked = { client: "one", transaction: 77, ...held(X, 0) };
  const frames = [
    ...exchange(0, REQUEST, { client: "one", server: "a", ...held(X, 100) }),
    udp(10, message({ ...asked, type: RENEW, server: "a" })),
    udp(10.1, message({ ...asked, type: REPLY, server: "b", ...held(X, 20) })),
    udp(10.2, message({ ...asked, type: REPLY, server: "a", ...held(X, 40) })),
    ...exchange(45, REQUEST, { client: "two", server: "b", ...held(X, 60) }),
  ];
  const [found] = judge(historyOf(frames)).twoHolders;
  expect(((found?.to ?? 0) - (found?.from ?? 0)) / 1e6).toBeCloseTo(5.19, 5);
});

test("a client moved to another address is listed, with whether the partner had acknowledged the old one", () => {
  const change = [
    ...exchange(0, REQUEST, { client: "one", server: "a", ...held(X, 60) }),
    ...exchange(30, RENEW, { client: "one", server: "b", ...held(Y, 60) }),
  ];
  const stream = { from: B, to: A, fromPort: 647, toPort: 4000 };
  const ack = binding(25, 5, X, "one");
  const [plain] = judge(historyOf(change)).changes;
  expect(plain).toMatchObject({ why: "another lease", acknowledged: false });
  const acked = [...change, tcp({ time: 1, ...stream, sequence: 1, payload: ack })];
  expect(judge(historyOf(acked)).changes[0]).toMatchObject({ acknowledged: true });
  const rejected = tcp({ time: 1, ...stream, sequence: 1, payload: binding(25, 5, X, "one", 19) });
  expect(judge(historyOf([...change, rejected])).changes[0]).toMatchObject({ acknowledged: false });
});

test("a lease that ran out while its client was asking is listed, one whose client had gone is not", () => {
  const granted = exchange(0, REQUEST, { client: "one", server: "a", ...held(X, 60) });
  const asking = udp(
    30,
    message({ type: RENEW, transaction: 5, client: "one", server: "a", ...held(X, 0) }),
  );
  const later = udp(
    100,
    message({ type: SOLICIT, transaction: 6, client: "two", empty: "address" }),
  );
  expect(judge(historyOf([...granted, asking, later])).changes).toMatchObject([
    { why: "expired while asking" },
  ]);
  expect(judge(historyOf([...granted, later])).changes).toEqual([]);
});

test("a lifetime of zero that the client did not ask for is listed", () => {
  const frames = [
    ...exchange(0, REQUEST, { client: "one", server: "a", ...held(X, 60) }),
    ...exchange(30, RENEW, { client: "one", server: "b", ...held(X, 0) }),
  ];
  expect(judge(historyOf(frames)).changes).toMatchObject([{ why: "zero lifetime" }]);
});

test("the longest wait counts from the first transmission, over retransmissions and other transaction ids", () => {
  const renew = { type: RENEW, client: "one", server: "a", ...held(X, 0) };
  const frames = [
    ...exchange(0, REQUEST, { client: "one", server: "a", ...held(X, 600) }),
    udp(100, message({ ...renew, transaction: 500 })),
    udp(110, message({ ...renew, transaction: 500 })),
    udp(120, message({ ...renew, transaction: 501, type: 6 })),
    udp(121, message({ ...renew, transaction: 501, type: REPLY, server: "b", ...held(X, 60) })),
  ];
  expect(judge(historyOf(frames)).longestWait?.seconds).toBeCloseTo(21, 5);
});

test("failover messages are read over segments in pieces, out of order and repeated", () => {
  const bytes = Buffer.concat([
    binding(24, 1, X, "one"),
    binding(24, 2, "2001:db8:8000::/56", "one"),
  ]);
  const ends = { from: A, to: B, fromPort: 4000, toPort: 647 };
  const piece = (time: number, start: number, end: number) =>
    tcp({ time, ...ends, sequence: 101 + start, payload: bytes.subarray(start, end) });
  const frames = [
    tcp({ time: 0, ...ends, sequence: 100, syn: true }),
    piece(1, 0, 1),
    piece(2, 40, bytes.length),
    piece(3, 0, 30),
    piece(4, 20, 50),
    piece(5, 20, 50),
  ];
  const { failover } = historyOf(frames);
  expect(failover.map(({ name, time }) => [name, time / 1e6])).toEqual([
    ["BNDUPD", 4],
    ["BNDUPD", 4],
  ]);
  expect(shortAddress(failover[0]?.leases[0]?.lease ?? "")).toBe(X);
  expect(failover[1]?.leases[0]).toMatchObject({ client: duidHex("one"), bindingStatus: 1 });
});

test("a kill's report names renewals that fell due after it and leases that the partner never heard of", () => {
  const told = binding(24, 1, X, "one");
  const frames = [
    ...exchange(0, REQUEST, { client: "one", server: "a", t1: 30, ...held(X, 60) }),
    ...exchange(9, REQUEST, { client: "two", server: "a", t1: 30, ...held(Y, 60) }),
    tcp({ time: 1, from: A, to: B, fromPort: 4000, toPort: 647, sequence: 1, payload: told }),
    ...exchange(30, RENEW, { client: "one", server: "b", t1: 30, ...held(X, 60) }),
  ];
  const history = historyOf(frames);
  const { holdings } = judge(history);
  const address = "2001:0db8:ffff:0000:0000:0000:0000:000a";
  const kill = { server: duidHex("a"), address, from: 10e6, to: 100e6 };
  const report = reportKill(history, holdings, kill);
  expect(report.dueAfter.map((grant) => grant.client)).toEqual([duidHex("one")]);
  expect(report.young).toMatchObject([{ grant: { client: duidHex("two") }, fate: "ended" }]);
});

test("R7031-51: an update that arrives after the kill counts until the survivor gave up the connection", () => {
  const payload = binding(24, 7, X, "one", 0);
  const told = { from: A, to: B, fromPort: 4_000, toPort: 647, sequence: 1, payload };
  const history = historyOf([
    ...exchange(1, REQUEST, { client: "one", server: "a", ...held(X, 60) }),
    tcp({ time: 12, ...told }),
  ]);
  const address = "2001:0db8:ffff:0000:0000:0000:0000:000a";
  const young = (heardUntil: number) => {
    const kill = { server: duidHex("a"), address, from: 10e6, to: 100e6, heardUntil };
    return reportKill(history, judge(history).holdings, kill).young.length;
  };
  expect([young(11e6), young(13e6)]).toEqual([1, 0]);
});

test("F-063 a lifetime beyond the MCLT is found unless the partner had acknowledged as much", () => {
  const start = 1_700_000_000;
  const address = "2001:0db8:ffff:0000:0000:0000:0000:000a";
  const options = { mclt: 60, addresses: new Map([[duidHex("a"), address]]) };
  const told = binding(24, 9, X, "one", 0, start + 500 - 946_684_800);
  const answer = (status: number) => [
    tcp({
      time: start + 1,
      from: A,
      to: B,
      fromPort: 4000,
      toPort: 647,
      sequence: 1,
      payload: told,
    }),
    tcp({
      ...{ time: start + 2, from: B, to: A, fromPort: 647, toPort: 4000, sequence: 1 },
      payload: binding(25, 9, X, "one", status),
    }),
  ];
  const first = exchange(start, REQUEST, { client: "one", server: "a", ...held(X, 60) });
  const renewed = exchange(start + 30, RENEW, { client: "one", server: "a", ...held(X, 500) });
  const beyond = (frames: readonly Frame[]) => {
    const history = historyOf(frames);
    return beyondBound(history, judge(history).holdings.grants, options).map(
      ({ grant }) => grant.valid,
    );
  };
  expect(beyond([...first, ...answer(0), ...renewed])).toEqual([]);
  expect(beyond([...first, ...answer(19), ...renewed])).toEqual([500]);
  expect(beyond([...first, ...renewed])).toEqual([500]);
  expect(beyond(exchange(start, REQUEST, { client: "one", server: "a", ...held(X, 63) }))).toEqual([
    63,
  ]);
});

test("F-045: finds a lease that ended in a split and went to another client before the end of it", () => {
  const history = (later: number) =>
    historyOf([
      ...exchange(1, REQUEST, { client: "one", server: "a", ...held(X, 10) }),
      ...exchange(1, REQUEST, { client: "two", server: "b", ...held(Y, 100) }),
      ...exchange(5, RELEASE, { client: "two", server: "b", ...held(Y, 0) }),
      ...exchange(8, REQUEST, { client: "two", server: "b", ...held(Y, 3) }),
      ...exchange(later, REQUEST, { client: "three", server: "a", ...held(X, 100) }),
    ]);
  const span = { from: 3_000_000, to: 20_000_000 };
  const bad = givenAgain(judge(history(15)).holdings, span);
  expect(bad.ended).toEqual({ [duidHex("a")]: 1, [duidHex("b")]: 2 });
  expect(bad.again.map(({ before, after }) => [before.client, after.client])).toEqual([
    [duidHex("one"), duidHex("three")],
  ]);
  // The same client again, or another one after healing, is well.
  expect(givenAgain(judge(history(25)).holdings, span).again).toEqual([]);
});
