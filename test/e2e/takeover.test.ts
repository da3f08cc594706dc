// A pair and real clients: the primary is killed, the secondary renews everybody, the primary comes back.

import { expect } from "vitest";
import { addressBytes } from "../../tools/load/relay.ts";
import { sleep, until } from "../../tools/netns/command.ts";
import { duidHexOf, REAL_CLIENT_TIMES } from "../../tools/netns/pair-config.ts";
import { Session } from "../../tools/netns/session.ts";
import { STAGE } from "../../tools/netns/topology.ts";
import { addressText } from "./oracle/frames.ts";
import { reportKill } from "./oracle/verdict.ts";
import { REAL_CLIENTS } from "./real-clients.ts";
import { expectNothingLost, onStage, verdictOf } from "./stage.ts";

const held = (stage: {
  clients: readonly { addresses(): readonly string[]; prefixes(): readonly string[] }[];
}) => stage.clients.map((one) => [one.addresses(), one.prefixes()]);

onStage(
  "R7031-05 R7031-06 R7031-18 R7031-23 R7031-26 R7031-28 T-03 F-463: real clients, directly and relayed, keep address, prefix and TCP session through kill -9 and return of the primary",
  [...REAL_CLIENTS, "dhcrelay"],
  {
    times: REAL_CLIENT_TIMES,
    failover: true,
    relationship: { keepalive: "4s", "startup-time": "2s" },
  },
  async (stage) => {
    await stage.capture();
    await stage.startPair();
    for (const program of REAL_CLIENTS) {
      await stage.client(program, "lan");
      await stage.client(program, "relayed");
    }
    stage.startRelay();
    await sleep(300);
    for (const client of stage.clients) client.start();
    await until("every client to hold an address and a prefix", 20_000, () =>
      stage.clients.every((one) => one.addresses().length === 1 && one.prefixes().length === 1)
        ? true
        : undefined,
    );
    const before = held(stage);
    const session = new Session();
    const talker = stage.clients[0];
    if (talker === undefined) throw new Error("no client");
    const echo = { namespace: stage.topology.lan, peer: STAGE.lanPeer };
    await session.open(talker.options.at, talker.addresses()[0] as string, echo);
    try {
      await stage.settled(10_000);
      // A first lease lasts for the MCLT, 60 s: T1 comes at 30 s, when the primary is dead.
      const killedAt = Date.now() * 1_000;
      await stage.servers.a.kill();
      await stage.inState("COMMUNICATIONS-INTERRUPTED", ["b"], 10_000);
      // Past T2 of the first lease and T1 of the second one, which is the MCLT again.
      await sleep(80_000);
      expect(held(stage)).toEqual(before);
      await stage.servers.a.start();
      await stage.inState("NORMAL", ["a", "b"], 20_000);
      const backAt = Date.now() * 1_000;
      await sleep(32_000);
      expect(held(stage)).toEqual(before);
      expect(session.broken).toBeUndefined();
      expect(session.echoed).toBeGreaterThan(300);

      await Promise.all(stage.clients.map((one) => one.release()));
      await stage.settled(10_000);
      const { history, verdict } = await verdictOf(stage);
      expectNothingLost(verdict);
      const address = addressText(addressBytes(STAGE.partner.a));
      const kill = { server: duidHexOf("a"), address, from: killedAt, to: backAt };
      const report = reportKill(history, verdict.holdings, kill);
      // Each client and each of its two leases, renewed by the survivor when it fell due after the kill.
      expect(new Set(report.dueAfter.map((one) => `${one.client} ${one.lease}`)).size).toBe(16);
      expect(report.young).toEqual([]);
      expect(verdict.holdings.all.filter((one) => one.ending !== "released")).toEqual([]);
      expect(await stage.tableDifferences()).toEqual([]);
      const names = new Set(history.failover.map(({ name }) => name));
      for (const name of [
        "CONNECT",
        "CONNECTREPLY",
        "STATE",
        "BNDUPD",
        "BNDREPLY",
        "POOLREQ",
        "POOLRESP",
      ]) {
        expect(names, "RFC 8156 Figure 8").toContain(name);
      }
    } finally {
      session.close();
    }
  },
);
