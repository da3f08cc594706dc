// One server alone and real clients: dhclient, dhcpcd, dibbler and wide get an address and a prefix on the
// link and behind a relay, renew, go on after the server was killed and restarted, and release.

import { expect } from "vitest";
import { sleep, until } from "../../tools/netns/command.ts";
import { REAL_CLIENTS } from "./real-clients.ts";
import { expectNothingLost, onStage, verdictOf } from "./stage.ts";

const TIMES = { mclt: 60, valid: 180, preferred: 120, renew: 20, rebind: 32 };

onStage(
  "R7031-62: real clients lease, renew, outlast a kill -9 with a restart, and release, directly and through a relay",
  [...REAL_CLIENTS, "dhcrelay"],
  { times: TIMES, failover: false },
  async (stage) => {
    await stage.capture();
    await stage.servers.a.start();
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
    const before = stage.clients.map((one) => [one.addresses(), one.prefixes()]);

    // T1 is 20 s, T2 is 32 s: the server dies after the renewals and is back before the next T2.
    await sleep(23_000);
    await stage.servers.a.kill();
    await sleep(12_000);
    await stage.servers.a.start();
    await sleep(22_000);
    expect(stage.clients.map((one) => [one.addresses(), one.prefixes()])).toEqual(before);

    await Promise.all(stage.clients.map((one) => one.release()));
    const { verdict } = await verdictOf(stage);
    expectNothingLost(verdict);
    const { all, grants } = verdict.holdings;
    expect(all).toHaveLength(2 * stage.clients.length);
    expect(all.filter((one) => one.ending !== "released")).toEqual([]);
    const renewed = new Set(grants.filter((one) => one.due !== undefined).map((one) => one.client));
    expect(renewed.size).toBe(stage.clients.length);
  },
);
