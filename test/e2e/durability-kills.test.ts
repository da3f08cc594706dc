// kill -9 at moments of chance under load: what clients and the partner were told is known after the restart.
// TANDEM_KILLS=1000 for the long run.

import { expect, test } from "vitest";
import { sleep, until } from "../../tools/netns/command.ts";
import { SHORT_TIMES } from "../../tools/netns/pair-config.ts";
import { type LeaseRow, leasesOf } from "../../tools/netns/pair-stage.ts";
import { forgotten, plainLease, Witness } from "./durability/witness.ts";
import { type Loopback, onLoopback } from "./loopback.ts";

const KILLS = Number(process.env.TANDEM_KILLS ?? 30);
const NEW_CLIENTS = 12;
/** Renewals all the time: T1 is a second. */
const TIMES = { ...SHORT_TIMES, valid: 30, renew: 1, rebind: 20 };
const RELATIONSHIP = { keepalive: "2s", "startup-time": "1s", "connect-retry": "300ms" };

async function witness(loopback: Loopback, ports: readonly number[]): Promise<Witness> {
  const clients = new Witness(ports);
  loopback.closing(() => clients.close());
  await clients.open();
  return clients;
}

test(`R7031-62 F-545: a server killed ${KILLS} times under load knows every lease that a client was told`, async () => {
  await onLoopback({ times: TIMES, failover: false }, async (loopback) => {
    const server = loopback.servers.a;
    const clients = await witness(loopback, [loopback.ports.clientsA]);
    await server.start();
    let checked = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      clients.add(NEW_CLIENTS);
      const before = clients.replies;
      await until("replies", 20_000, () => (clients.replies > before ? true : undefined), 1);
      await sleep(Math.random() * 400);
      await server.kill();
      // What the server had sent is in this process's socket.
      await sleep(20);
      await server.start();
      const told = clients.told(Date.now() + 3_000);
      expect(forgotten(told, await leasesOf(server)), `after kill ${kill + 1}`).toEqual([]);
      checked += told.length;
    }
    expect(checked).toBeGreaterThan(KILLS * NEW_CLIENTS);
    expect(loopback.logOf("a")).not.toContain("is damaged");
  });
});

/** Active leases that A holds for acknowledged and B does not know as such. */
function unacknowledged(ofA: readonly LeaseRow[], ofB: readonly LeaseRow[]): readonly string[] {
  const known = new Map(ofB.map((row) => [plainLease(row), row]));
  return ofA.flatMap((row) => {
    if (row.status !== "ACTIVE" || row.ackedPartnerLifetime === null) return [];
    const other = known.get(plainLease(row));
    const acked = Date.parse(String(row.ackedPartnerLifetime));
    const kept = Date.parse(String(other?.expirationTime));
    const good = other?.status === "ACTIVE" && other.duid === row.duid && kept >= acked;
    return good ? [] : [`${row.lease}: a ${JSON.stringify(row)}, b ${JSON.stringify(other)}`];
  });
}

const PAIR_KILLS = Math.ceil(KILLS / 4);

test(`R7031-62 F-530 F-545: a secondary killed ${PAIR_KILLS} times under load knows every update that it acknowledged`, async () => {
  await onLoopback(
    { times: TIMES, failover: true, relationship: RELATIONSHIP },
    async (loopback) => {
      const { a, b } = loopback.servers;
      const clients = await witness(loopback, [loopback.ports.clientsA, loopback.ports.clientsB]);
      await loopback.startPair(30_000);
      let checked = 0;
      for (let kill = 0; kill < PAIR_KILLS; kill++) {
        clients.add(NEW_CLIENTS);
        await sleep(100 + Math.random() * 400);
        // The primary stands still, so that nothing is said again while the secondary is asked.
        a.freeze();
        await b.kill();
        await b.start();
        const ofB = await leasesOf(b);
        a.thaw();
        // What was told before the look: while it is taken, A answers on.
        const told = clients.told(Date.now() + 3_000);
        const ofA = await leasesOf(a);
        expect(unacknowledged(ofA, ofB), `after kill ${kill + 1}`).toEqual([]);
        checked += ofA.filter((row) => row.ackedPartnerLifetime !== null).length;
        expect(forgotten(told, ofA)).toEqual([]);
        await loopback.inState("NORMAL", ["a", "b"], 30_000);
      }
      expect(checked).toBeGreaterThan(PAIR_KILLS * NEW_CLIENTS);
    },
  );
});
