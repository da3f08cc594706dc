// The simulated clients: the exchanges of RFC 8415 §18.2 and the habits of released clients.

import { describe, expect, it } from "vitest";
import { type ClientOutput, DhcpClient } from "../../sim/clients/client.ts";
import {
  decodeIas,
  decodeMessage,
  encodeIa,
  encodeMessage,
  find,
  type IaLease,
  MESSAGE,
  OPTION,
  type RawOption,
  u32,
} from "../../sim/clients/codec.ts";
import { PERSONALITIES, type Personality, STATELESS } from "../../sim/clients/personality.ts";
import { changedTimers, Retransmission, RFC_TIMERS } from "../../sim/clients/retransmission.ts";
import type { Ipv6Address } from "../../src/core/model/ipv6.ts";

const DUID = Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1);
const SERVER_A = Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 0xaa);
const SERVER_B = Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 0xbb);
const address = (tail: string) => `20010db8${tail.padStart(24, "0")}` as Ipv6Address;
const lease = (valid: number, tail = "1"): IaLease => ({
  address: address(tail),
  length: 128,
  preferred: valid,
  valid,
});

/** The times of the RFC without the delays before the first message. */
const AT_ONCE = changedTimers((limits) => ({ ...limits, delay: 0 }));

function client(name: string): DhcpClient {
  const all = [...PERSONALITIES, STATELESS];
  const personality = all.find((one) => one.name === name) as Personality;
  return new DhcpClient({
    duid: DUID,
    iaid: 5,
    personality,
    timers: AT_ONCE,
    random: () => 0.5,
    serverAddress: address("a"),
  });
}

type Sent = Extract<ClientOutput, { type: "send" }>;

function sends(outputs: readonly ClientOutput[]): readonly Sent[] {
  return outputs.filter((output) => output.type === "send");
}

interface Answer {
  readonly to: Sent;
  readonly type?: "ADVERTISE" | "REPLY";
  readonly server?: Uint8Array;
  readonly leases?: readonly IaLease[];
  readonly status?: number;
  readonly more?: readonly RawOption[];
}

/** An answer that repeats the IAs asked for, each with these leases or this status. */
function answer({
  leases = [],
  more = [],
  server = SERVER_A,
  status,
  to,
  type = "REPLY",
}: Answer): Uint8Array {
  const asked = decodeMessage(to.bytes);
  if (asked === undefined) throw new Error("the client sent something unreadable");
  const code =
    status === undefined ? [] : [{ code: OPTION.STATUS_CODE, data: Uint8Array.of(0, status) }];
  const ias = decodeIas(asked.options).map((ia) => {
    const option = encodeIa({ ...ia, t1: 0, t2: 0, leases, status: undefined });
    const inner = encodeMessage({ type: 0, transactionId: 0, options: code }).subarray(4);
    return { code: option.code, data: Uint8Array.from([...option.data, ...inner]) };
  });
  const ids = [
    { code: OPTION.CLIENTID, data: DUID },
    { code: OPTION.SERVERID, data: server },
  ];
  return encodeMessage({
    type: MESSAGE[type],
    transactionId: asked.transactionId,
    options: [...ids, ...ias, ...more],
  });
}

const only = (outputs: readonly ClientOutput[]): Sent => {
  const sent = sends(outputs);
  expect(sent).toHaveLength(1);
  return sent[0] as Sent;
};

/** A client with one lease, bound at time 2,000. */
function bound(name = "plain", valid = 100): DhcpClient {
  const device = client(name);
  const solicit = only(device.step({ type: "start" }, 0));
  device.step(
    { type: "datagram", bytes: answer({ to: solicit, type: "ADVERTISE", leases: [lease(valid)] }) },
    100,
  );
  const request = only(device.step({ type: "tick" }, 2_000));
  device.step({ type: "datagram", bytes: answer({ to: request, leases: [lease(valid)] }) }, 2_000);
  return device;
}

describe("RFC 8415 §18.2: a client's exchanges", () => {
  it("goes from SOLICIT by the best ADVERTISE and REQUEST to a lease", () => {
    const device = client("plain");
    const solicit = only(device.step({ type: "start" }, 0));
    const preference = { code: OPTION.PREFERENCE, data: Uint8Array.of(9) };
    const low = answer({ to: solicit, type: "ADVERTISE", leases: [lease(100)] });
    const high = answer({
      to: solicit,
      type: "ADVERTISE",
      leases: [lease(100, "2")],
      server: SERVER_B,
      more: [preference],
    });
    device.step({ type: "datagram", bytes: low }, 100);
    device.step({ type: "datagram", bytes: high }, 200);
    expect(device.nextTick()).toBeGreaterThanOrEqual(1_000);
    const request = only(device.step({ type: "tick" }, 1_100));
    expect(request.message).toBe("REQUEST");
    expect(find(decodeMessage(request.bytes)?.options ?? [], OPTION.SERVERID)).toEqual(SERVER_B);
    device.step(
      { type: "datagram", bytes: answer({ to: request, leases: [lease(100, "2")] }) },
      1_200,
    );
    expect(device.leases).toMatchObject([
      { kind: "address", address: address("2"), expiresAt: 101_200 },
    ]);
  });

  it("renews at T1, rebinds at T2, and solicits when all has expired", () => {
    const device = bound();
    expect(device.nextTick()).toBe(52_000);
    expect(only(device.step({ type: "tick" }, 52_000)).message).toBe("RENEW");
    expect(only(device.step({ type: "tick" }, 82_000)).message).toBe("REBIND");
    const outputs = device.step({ type: "tick" }, 102_000);
    expect(outputs[0]).toMatchObject({ type: "expired", address: address("1") });
    expect(only(outputs).message).toBe("SOLICIT");
  });

  it("takes an answer to RENEW, and keeps what the answer leaves out (§18.2.10.1)", () => {
    const device = bound();
    const renew = only(device.step({ type: "tick" }, 52_000));
    device.step(
      { type: "datagram", bytes: answer({ to: renew, leases: [lease(50, "2")] }) },
      52_100,
    );
    expect(device.leases.map((one) => one.expiresAt)).toEqual([102_000, 102_100]);
  });

  it("drops a lease at lifetime 0, and asks again after NoBinding", () => {
    const ended = bound();
    const first = only(ended.step({ type: "tick" }, 52_000));
    ended.step({ type: "datagram", bytes: answer({ to: first, leases: [lease(0)] }) }, 52_100);
    expect(ended.leases).toEqual([]);
    const denied = bound();
    const renew = only(denied.step({ type: "tick" }, 52_000));
    const outputs = denied.step(
      { type: "datagram", bytes: answer({ to: renew, status: 3, server: SERVER_B }) },
      52_100,
    );
    const request = only(outputs);
    expect(request.message).toBe("REQUEST");
    expect(find(decodeMessage(request.bytes)?.options ?? [], OPTION.SERVERID)).toEqual(SERVER_B);
  });

  it("releases at once and stays silent; declines and begins anew", () => {
    const device = bound();
    const release = only(device.step({ type: "release" }, 10_000));
    expect(release.message).toBe("RELEASE");
    expect(decodeIas(decodeMessage(release.bytes)?.options ?? [])[0]?.leases).toMatchObject([
      { address: address("1") },
    ]);
    expect(device.leases).toEqual([]);
    const other = bound();
    expect(only(other.step({ type: "decline" }, 10_000)).message).toBe("DECLINE");
  });

  it("confirms after a new link, and gives up its addresses when they are not on it", () => {
    const device = bound();
    const confirm = only(device.step({ type: "link-up" }, 10_000));
    expect(confirm.message).toBe("CONFIRM");
    const status = { code: OPTION.STATUS_CODE, data: Uint8Array.of(0, 4) };
    const outputs = device.step(
      { type: "datagram", bytes: answer({ to: confirm, more: [status] }) },
      10_100,
    );
    expect(device.leases).toEqual([]);
    expect(only(outputs).message).toBe("SOLICIT");
  });

  it("ignores answers of another transaction, for another client or without server identifier", () => {
    const device = bound();
    const renew = only(device.step({ type: "tick" }, 52_000));
    const good = answer({ to: renew, leases: [lease(100)] });
    for (const at of [1, 4 + 4]) {
      const bad = Uint8Array.from(good);
      bad[at] = (bad[at] as number) ^ 0xff;
      expect(device.step({ type: "datagram", bytes: bad }, 52_100)).toEqual([]);
    }
  });
});

describe("RFC 8415 §15: retransmission", () => {
  it("has the times of the RFC for each message (D-285)", () => {
    const times = Object.entries(RFC_TIMERS).map(([message, limits]) => {
      const { count, delay, duration, initial, maximum } = limits;
      return `${message} ${delay / 1000}: ${initial / 1000} ${maximum / 1000} ${count} ${duration / 1000}`;
    });
    expect(times).toEqual([
      "SOLICIT 1: 1 3600 0 0",
      "REQUEST 0: 1 30 10 0",
      "CONFIRM 1: 1 4 0 10",
      "RENEW 0: 10 600 0 0",
      "REBIND 0: 10 600 0 0",
      "INFORMATION-REQUEST 1: 1 3600 0 0",
      "RELEASE 0: 1 0 4 0",
      "DECLINE 0: 1 0 4 0",
    ]);
  });

  it("sends its first message within the delay, with an elapsed time of 0 (D-285)", () => {
    const device = new DhcpClient({
      duid: DUID,
      iaid: 5,
      personality: PERSONALITIES[0] as Personality,
      timers: RFC_TIMERS,
      random: () => 0.5,
      serverAddress: undefined,
    });
    expect(device.step({ type: "start" }, 1_000)).toEqual([]);
    expect(device.nextTick()).toBe(1_500);
    const solicit = only(device.step({ type: "tick" }, 1_500));
    const elapsed = find(decodeMessage(solicit.bytes)?.options ?? [], OPTION.ELAPSED_TIME);
    expect(elapsed).toEqual(Uint8Array.of(0, 0));
    const again = only(device.step({ type: "tick" }, device.nextTick()));
    const later = find(decodeMessage(again.bytes)?.options ?? [], OPTION.ELAPSED_TIME);
    expect(later).toEqual(Uint8Array.of(0, 100));
  });

  it("asks for information alone again and again, and anew when it is old (D-285)", () => {
    const device = client("stateless");
    const question = only(device.step({ type: "start" }, 0));
    expect(question.message).toBe("INFORMATION-REQUEST");
    expect(decodeIas(decodeMessage(question.bytes)?.options ?? [])).toEqual([]);
    expect(only(device.step({ type: "tick" }, device.nextTick())).message).toBe(
      "INFORMATION-REQUEST",
    );
    const told = (seconds: number) => ({
      code: OPTION.INFORMATION_REFRESH_TIME,
      data: u32(seconds),
    });
    const short = answer({ to: question, more: [told(10)] });
    device.step({ type: "datagram", bytes: short }, 5_000);
    expect(device.nextTick()).toBe(605_000);
    const next = only(device.step({ type: "tick" }, 605_000));
    device.step({ type: "datagram", bytes: answer({ to: next }) }, 606_000);
    expect(device.nextTick()).toBe(606_000 + 86_400_000);
  });

  it("spreads each time by up to a tenth, the first of a SOLICIT upwards only (D-286)", () => {
    const first = (random: number, isSolicit: boolean) => {
      const timer = new Retransmission(RFC_TIMERS.SOLICIT, 0, () => random);
      timer.transmitted(0, isSolicit);
      return timer.dueAt;
    };
    expect([first(0, false), first(0.999, false)].map(Math.round)).toEqual([900, 1100]);
    expect(first(0, true)).toBeGreaterThan(1_000);
    expect(first(0.6, true)).toBeGreaterThan(1_000);
    const capped = new Retransmission(RFC_TIMERS.REQUEST, 0, () => 0);
    const due = [0, 1, 2, 3, 4, 5, 6].map(() => {
      const from = capped.dueAt;
      capped.transmitted(from, false);
      return Math.round(capped.dueAt - from);
    });
    expect(due).toEqual([900, 1710, 3249, 6173, 11729, 22285, 27000]);
  });

  it("doubles the time up to the maximum and ends by count or duration (D-286)", () => {
    const timer = new Retransmission(
      { delay: 0, initial: 1_000, maximum: 4_000, count: 0, duration: 0 },
      0,
      () => 0.5,
    );
    const due = [1_000, 3_000, 7_000, 11_000].map((expected) => {
      timer.transmitted(timer.dueAt, false);
      return timer.dueAt - expected;
    });
    expect(due).toEqual([0, 0, 0, 0]);
    const counted = new Retransmission(
      { delay: 0, initial: 1, maximum: 0, count: 2, duration: 0 },
      0,
      () => 0.5,
    );
    counted.transmitted(0, false);
    expect(counted.isOver(1)).toBe(false);
    counted.transmitted(1, false);
    expect(counted.isOver(3)).toBe(true);
    const timed = new Retransmission(
      { delay: 0, initial: 1_000, maximum: 0, count: 0, duration: 500 },
      0,
      () => 0.5,
    );
    timed.transmitted(0, false);
    expect(timed.dueAt).toBe(500);
    expect(timed.isOver(500)).toBe(true);
  });
});

describe("habits of released clients", () => {
  it("an impatient one asks all servers besides, and takes both answers", () => {
    const device = bound("impatient");
    const [renew, rebind] = sends(device.step({ type: "tick" }, 52_000)) as [Sent, Sent];
    expect([renew.message, rebind.message]).toEqual(["RENEW", "REBIND"]);
    expect(find(decodeMessage(rebind.bytes)?.options ?? [], OPTION.SERVERID)).toBeUndefined();
    const told = (to: Sent, valid: number, server: Uint8Array) =>
      device.step(
        { type: "datagram", bytes: answer({ to, server, leases: [lease(valid)] }) },
        53_000,
      );
    expect(told(renew, 100, SERVER_A)).toMatchObject([{ type: "accepted", answered: "RENEW" }]);
    expect(told(rebind, 200, SERVER_B)).toMatchObject([{ type: "accepted", answered: "REBIND" }]);
    expect(device.leases.map((one) => one.expiresAt)).toEqual([253_000, 253_000]);
    const next = sends(device.step({ type: "tick" }, device.nextTick()))[0] as Sent;
    expect(find(decodeMessage(next.bytes)?.options ?? [], OPTION.SERVERID)).toEqual(SERVER_B);
  });

  it("dibbler renews one IA per message, with the old server's identifier for ever", () => {
    const device = client("dibbler");
    expect(sends(device.step({ type: "start" }, 0))).toHaveLength(2);
    const one = bound("plain");
    const renew = only(one.step({ type: "tick" }, 52_000));
    one.step(
      { type: "datagram", bytes: answer({ to: renew, server: SERVER_B, leases: [lease(100)] }) },
      52_100,
    );
    const next = only(one.step({ type: "tick" }, 102_100));
    expect(find(decodeMessage(next.bytes)?.options ?? [], OPTION.SERVERID)).toEqual(SERVER_A);
  });

  it("udhcpc6 renews at half the valid lifetime, by unicast first, and solicits with a new IAID", () => {
    const device = bound("udhcpc6");
    expect(device.nextTick()).toBe(52_000);
    expect(only(device.step({ type: "tick" }, 52_000)).unicast).toBe(address("a"));
    const solicit = sends(device.step({ type: "tick" }, 102_000)).at(-1) as Sent;
    expect(solicit.message).toBe("SOLICIT");
    expect(decodeIas(decodeMessage(solicit.bytes)?.options ?? [])[0]?.iaid).not.toBe(5);
  });

  it("odhcp6c ignores an answer to RENEW from the other server", () => {
    const device = client("odhcp6c");
    const solicit = only(device.step({ type: "start" }, 0));
    device.step(
      { type: "datagram", bytes: answer({ to: solicit, type: "ADVERTISE", leases: [lease(100)] }) },
      100,
    );
    const request = only(device.step({ type: "tick" }, 2_000));
    device.step({ type: "datagram", bytes: answer({ to: request, leases: [lease(100)] }) }, 2_000);
    const renew = only(device.step({ type: "tick" }, 52_000));
    const foreign = answer({ to: renew, server: SERVER_B, leases: [lease(100)] });
    expect(device.step({ type: "datagram", bytes: foreign }, 52_100)).toEqual([]);
  });
});
