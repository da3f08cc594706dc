// Clocks that step, start wrong and differ (RFC 8156 §3, §6.1, T-06 (1)).

import { describe, expect, it } from "vitest";
import type { Duid } from "../../../src/core/model/duid.ts";
import type { Ipv6Address } from "../../../src/core/model/ipv6.ts";
import { encodeMessage, type MessageType } from "../../../src/core/wire/messages.ts";
import { type Option, option } from "../../../src/core/wire/options.ts";
import { addresses, inside } from "../../support/answers.ts";
import { fromClient, Lone } from "../../support/lone.ts";
import { type Host, ip, Pair } from "../../support/pair.ts";
import { na, OURS } from "../../support/requests.ts";

const SMALL = `
subnet6:
  - subnet: 2001:db8:1::/64
    interface: lan
    valid-lifetime: 300
    preferred-lifetime: 200
    pools: [{ pool: "2001:db8:1::1:0 - 2001:db8:1::1:0" }]
`;
const ids = (host: Host) => host.logs.map((event) => event.id);

describe("a wall clock that steps", () => {
  it("3 ends and grows no lease, over a crash and a start too (T-06)", () => {
    const lone = new Lone(SMALL);
    lone.host.ahead = -100_000;
    lone.restartWith(SMALL);
    const { address } = lone.bind(fromClient(1));
    // The clock is set right; 20 s later the server crashes.
    lone.host.step([{ type: "clock", wallAhead: 100_000 }], lone.now);
    expect(ids(lone.host)).toContain("CLOCK_STEPPED");
    lone.pass(20);
    lone.host.ahead = 0;
    lone.restartWith(SMALL);
    for (let passed = 20; passed < 300; passed += 10) {
      lone.pass(10);
      const other = lone.answer("REQUEST", fromClient(2), [OURS, na(1)]);
      expect(addresses(other).filter((each) => each.validLifetime > 0)).toEqual([]);
    }
    expect(lone.lease(address)?.status).toBe("ACTIVE");
    lone.pass(30);
    expect(addresses(lone.answer("REQUEST", fromClient(2), [OURS, na(1)]))[0]?.address).toBe(
      address,
    );
  });

  it("3 is shown as an alarm that names the command, until it is accepted (T-06, T-13)", () => {
    const lone = new Lone();
    const status = () => lone.host.command({ type: "status" }, lone.now);
    expect(status()).toMatchObject({ value: { clock: { wallAheadSeconds: 0 }, alarms: [] } });
    lone.host.step([{ type: "clock", wallAhead: -3_600_000 }], lone.now);
    expect(status()).toMatchObject({
      value: {
        clock: { wallAheadSeconds: -3_600, waiting: false },
        alarms: [{ id: "CLOCK_STEPPED", whatToDo: expect.stringContaining("tandem clock accept") }],
      },
    });
    const { address } = lone.bind(fromClient(1));
    const before = lone.lease(address);
    const answer = lone.host.command({ type: "clock-accept" }, lone.now);
    expect(answer).toMatchObject({ ok: true });
    expect(status()).toMatchObject({
      value: { clock: { wallAheadSeconds: 0, acceptedSeconds: -3_600 }, alarms: [] },
    });
    // No row was touched: the one record shifts what is told of all of them.
    expect(lone.lease(address)).toEqual(before);
  });
});

describe("a start with a clock behind the last record", () => {
  const behind = () => {
    const lone = new Lone(SMALL);
    lone.bind(fromClient(1));
    lone.pass(5);
    lone.host.ahead = -3_600_000;
    lone.restartWith(SMALL);
    return lone;
  };

  it("3 promises nothing and ends nothing, and names the command (T-06, T-13)", () => {
    const lone = behind();
    lone.pass(1_000);
    expect(ids(lone.host)).toContain("CLOCK_BEHIND");
    expect(lone.ask("SOLICIT", fromClient(2), [na(1)])).toBeUndefined();
    expect(lone.ask("REQUEST", fromClient(1), [OURS, na(1)])).toBeUndefined();
    expect(lone.ask("INFORMATION-REQUEST", fromClient(2))).toBeDefined();
    expect(lone.lease(ip("2001:db8:1::1:0"))?.status).toBe("ACTIVE");
    expect(lone.host.command({ type: "status" }, lone.now)).toMatchObject({
      value: {
        clock: { waiting: true },
        alarms: [{ id: "CLOCK_BEHIND", whatToDo: expect.stringContaining("tandem clock accept") }],
      },
    });
  });

  it("3 serves when the clock is set, or accepted (T-06)", () => {
    for (const end of ["set", "accepted"]) {
      const lone = behind();
      lone.pass(60);
      if (end === "set") lone.host.step([{ type: "clock", wallAhead: 3_600_000 }], lone.now);
      else lone.host.command({ type: "clock-accept" }, lone.now);
      const again = lone.answer("REQUEST", fromClient(1), [OURS, na(1)]);
      expect(addresses(again)[0]?.validLifetime).toBe(300);
      expect(addresses(lone.answer("REQUEST", fromClient(2), [OURS, na(1)]))).toEqual([]);
    }
  });
});

/** Two servers in NORMAL, and clients that ask one of them. */
class Clients {
  readonly pair = new Pair();
  #transaction = 1;

  constructor() {
    this.pair.startBoth();
    this.pair.run(30_000);
    expect(this.pair.states).toBe("NORMAL NORMAL");
  }

  ask(host: Host, type: MessageType, client: Duid, options: readonly Option[]) {
    host.sent = [];
    const id = option("CLIENTID", { duid: client });
    const message = { type, transactionId: this.#transaction++, options: [id, ...options] };
    const datagram = {
      bytes: encodeMessage(message),
      interface: "lan",
      source: ip("fe80::1"),
      sourcePort: 546,
      multicast: true,
      receivedAt: this.pair.now + host.ahead,
    };
    host.step([{ type: "datagram", datagram }], this.pair.now);
    this.pair.settle();
    const [answer] = host.sent;
    return answer === undefined ? undefined : addresses(inside(answer.bytes))[0];
  }

  lease(host: Host, address: Ipv6Address) {
    return host.up.state.table.get({ kind: "address", address, length: 128 });
  }

  restart(host: Host): void {
    this.pair.kill(host);
    host.start(this.pair.now);
  }
}

describe("a pair whose clocks differ", () => {
  it("6.1 a server that starts behind its last record learns the time of its partner (T-06)", () => {
    for (const name of ["a", "b"] as const) {
      const clients = new Clients();
      const { pair } = clients;
      const held = clients.ask(pair.a, "REQUEST", fromClient(1), [OURS, na(1)]);
      pair.run(5_000);
      pair[name].ahead = -100_000;
      clients.restart(pair[name]);
      pair.run(20_000);
      expect(pair.states).toBe("NORMAL NORMAL");
      expect(ids(pair[name])).toContain("CLOCK_KNOWN");
      const { clock } = pair[name].up.time;
      expect(Math.abs(clock.at(pair.now + pair[name].ahead) - pair.now)).toBeLessThan(2_000);
      const [left, right] = [pair.a, pair.b].map((host) =>
        clients.lease(host, held?.address as Ipv6Address),
      );
      expect(left?.clientExpiry).toBe(right?.clientExpiry);
      // The clock is set right: nothing is left of it.
      pair[name].step([{ type: "clock", wallAhead: 100_000 }], pair.now);
      expect(Math.abs(clock.difference)).toBeLessThan(2_000);
    }
  });

  it("6.1 two servers that both start behind their records do not believe each other (T-06)", () => {
    const { pair } = new Clients();
    pair.a.ahead = -100_000;
    pair.b.ahead = -100_000;
    pair.kill(pair.a);
    pair.kill(pair.b);
    pair.startBoth();
    pair.run(60_000);
    expect(pair.states).toBe("STARTUP STARTUP");
    // What one of them accepts is behind the record of the other: that is for its operator to say.
    pair.a.command({ type: "clock-accept" }, pair.now);
    pair.settle();
    pair.run(60_000);
    expect(ids(pair.b)).not.toContain("CLOCK_KNOWN");
    pair.b.command({ type: "clock-accept" }, pair.now);
    pair.settle();
    pair.run(60_000);
    expect(pair.states).toBe("NORMAL NORMAL");
  });

  it("6.1 gives no new lease while they differ by more than is permitted, and renews what is known (T-06)", () => {
    const clients = new Clients();
    const { pair } = clients;
    const held = clients.ask(pair.a, "REQUEST", fromClient(1), [OURS, na(1)]);
    pair.run(5_000);
    // A machine that stood still with all its clocks.
    pair.a.ahead = -60_000;
    pair.run(20_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED COMMUNICATIONS-INTERRUPTED");
    expect(clients.ask(pair.a, "REQUEST", fromClient(2), [OURS, na(1)])).toBeUndefined();
    const again = clients.ask(pair.a, "RENEW", fromClient(1), [
      OURS,
      na(1, held?.address as Ipv6Address),
    ]);
    expect(again?.address).toBe(held?.address);
    expect(pair.a.command({ type: "failover-status" }, pair.now)).toMatchObject({
      value: {
        alarms: expect.arrayContaining([
          expect.objectContaining({
            id: "CLOCKS_DIFFER",
            whatToDo: expect.stringContaining("tandem clock accept"),
          }),
        ]),
      },
    });
  });

  it("6.1 ends in NORMAL and equal when the clock was set and accepted (T-06)", () => {
    const clients = new Clients();
    const { pair } = clients;
    const held = clients.ask(pair.a, "REQUEST", fromClient(1), [OURS, na(1)]);
    pair.run(5_000);
    pair.a.ahead = -60_000;
    pair.run(20_000);
    pair.a.step([{ type: "clock", wallAhead: 60_000 }], pair.now);
    pair.run(20_000);
    expect(pair.states).toBe("COMMUNICATIONS-INTERRUPTED COMMUNICATIONS-INTERRUPTED");
    pair.a.command({ type: "clock-accept" }, pair.now);
    pair.settle();
    pair.run(40_000);
    expect(pair.states).toBe("NORMAL NORMAL");
    expect(pair.a.up.state.clock).toMatchObject({ shift: 60 });
    const address = held?.address as Ipv6Address;
    const [left, right] = [pair.a, pair.b].map((host) => clients.lease(host, address));
    expect((left?.clientExpiry ?? 0) + 60).toBe(right?.clientExpiry);
    expect(pair.a.up.state.records.get("campus")).toMatchObject({ clockShifted: 0 });
    expect(clients.ask(pair.a, "REQUEST", fromClient(3), [OURS, na(1)])?.validLifetime).toBe(60);
  });
});
