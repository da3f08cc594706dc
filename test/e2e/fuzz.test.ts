// Damaged messages against real servers on ::1: clients' on the port for relays, a partner's on the failover port, in
// every phase of a connection. `npm run fuzz` for the full number.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Duid } from "../../src/core/model/duid.ts";
import { SERVER_STATE, type ServerState } from "../../src/core/model/endpoint-record.ts";
import { floorTime } from "../../src/core/model/time.ts";
import { option } from "../../src/core/wire/options.ts";
import { sleep, until } from "../../tools/netns/command.ts";
import type { Daemon } from "../../tools/netns/daemon.ts";
import { duidHexOf, SHORT_TIMES } from "../../tools/netns/pair-config.ts";
import { leasesOf } from "../../tools/netns/pair-stage.ts";
import type { ServerName } from "../../tools/netns/topology.ts";
import {
  clientCorpus,
  duids,
  framed,
  type Holder,
  partnerCorpus,
  putSentTime,
} from "../fuzz/corpus.ts";
import { messages, random, SEED } from "../fuzz/harness.ts";
import { Mutator } from "../fuzz/mutate.ts";
import { TcpPartner } from "../fuzz/tcp-partner.ts";
import { UdpFuzz } from "../fuzz/udp-fuzz.ts";
import { ip } from "../support/pair.ts";
import { accepted, FLAG, terms } from "../support/scripted-partner.ts";
import { forgotten, Witness } from "./durability/witness.ts";
import { LINK_ADDRESS, type Loopback, onLoopback } from "./loopback.ts";

const MESSAGES = messages(12_000);
/** Two in three are clients'. */
const OF_CLIENTS = Math.round(MESSAGES * (2 / 3));
const OF_PARTNER = MESSAGES - OF_CLIENTS;
/** What a process may grow by, whatever it was sent: pools that fill up, and room that the engine takes and keeps. */
const MEMORY_BOUND_KIB = 192 * 1024;
const GOOD_CLIENTS = 20;
const RELATIONSHIP = { keepalive: "4s", "startup-time": "1s", "connect-retry": "300ms" };
const TERMS = terms({ name: "pair", mclt: SHORT_TIMES.mclt, keepalive: 4 });

function residentKib(server: Daemon): number {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

/** Clients that nobody else is, with leases of the pool that may or may not be theirs. */
function strangers(): readonly Holder[] {
  return duids(30, "strangers").map((duid, i) => {
    const number = i.toString(16).padStart(2, "0");
    const prefix = ip(`2001:db8:9000:${number}00::`);
    return { duid, address: ip(`2001:db8:2::1:${number}`), prefix };
  });
}

async function fuzzClients(port: number, name: ServerName, count: number): Promise<void> {
  const server = duidHexOf(name) as Duid;
  const corpus = clientCorpus(strangers(), strangers(), {
    server,
    link: LINK_ADDRESS,
    relayOptions: [option("RELAY_PORT", { value: 0 })],
  });
  const mutator = new Mutator(random(server), corpus);
  const fuzz = new UdpFuzz({ port, mutator, link: LINK_ADDRESS, server });
  await fuzz.open();
  try {
    while (fuzz.sent < count) await fuzz.volley();
  } finally {
    fuzz.close();
  }
}

type Phase = "before CONNECT" | "after CONNECT" | "NORMAL";

/** Damaged messages of a primary on one connection after another, which is brought to `phase` before. */
async function fuzzPartner(port: number, phase: Phase, count: number): Promise<void> {
  const numbers = random(phase);
  const mutator = new Mutator(numbers.fork("mutator"), partnerCorpus(TERMS), true);
  for (let sent = 0; sent < count; ) {
    const partner = await TcpPartner.dial(port);
    // Too many connections at a time are refused (F-551).
    if (partner === undefined) await sleep(5);
    else if (phase === "before CONNECT" || (await meet(partner, phase))) {
      for (let i = numbers.between(1, 30); i > 0 && !partner.closed && sent < count; i--) {
        const message = mutator.next();
        if (numbers.chance(0.95)) putSentTime(message, floorTime(Date.now()));
        partner.bytes(framed(message));
        sent++;
        for (const { transactionId, options } of partner.takeAll("BNDUPD")) {
          partner.send("BNDREPLY", accepted(options), transactionId);
        }
        if (i % 4 === 0) await sleep(1);
      }
    }
    partner?.close();
  }
}

/** The exchange as a sound primary has it. False when the server ends the connection. */
async function meet(partner: TcpPartner, phase: Phase): Promise<boolean> {
  partner.send("CONNECT", TERMS);
  const reply = await partner.expect("CONNECTREPLY");
  if (reply === undefined || phase === "after CONNECT") return reply !== undefined;
  tell(partner, "NORMAL");
  return (await partner.expect("STATE")) !== undefined;
}

function tell(partner: TcpPartner, state: ServerState): void {
  partner.send("STATE", [
    option("F_SERVER_STATE", { value: SERVER_STATE[state] }),
    option("F_SERVER_FLAGS", { value: FLAG.communicated }),
    option("F_START_TIME_OF_STATE", { value: floorTime(Date.now()) }),
  ]);
}

async function expectGoodClientsServed(loopback: Loopback, clients: Witness): Promise<void> {
  const before = clients.replies;
  clients.add(GOOD_CLIENTS);
  await until("good clients to be answered", 30_000, () =>
    clients.replies >= before + GOOD_CLIENTS ? true : undefined,
  );
  const rows = await leasesOf(loopback.servers.a);
  expect(forgotten(clients.told(Date.now() + 3_000), rows)).toEqual([]);
}

test(`D-299 F-555 F-556 R7031-70: ${MESSAGES} damaged messages (seed ${SEED}) crash no server, memory is bounded, good clients and a good partner are served afterwards`, async () => {
  await onLoopback(
    { times: SHORT_TIMES, failover: true, relationship: RELATIONSHIP },
    async (loopback) => {
      const { a, b } = loopback.servers;
      const { clientsA, clientsB, failoverB } = loopback.ports;
      const clients = new Witness([clientsA, clientsB]);
      loopback.closing(() => clients.close());
      await clients.open();
      await loopback.startPair(30_000);
      await expectGoodClientsServed(loopback, clients);
      const before = { a: residentKib(a), b: residentKib(b) };

      await fuzzClients(clientsA, "a", OF_CLIENTS / 2);
      await fuzzClients(clientsB, "b", OF_CLIENTS / 2);
      await expectGoodClientsServed(loopback, clients);

      // While the real partner is connected, then in its place.
      await fuzzPartner(failoverB, "before CONNECT", OF_PARTNER / 4);
      await loopback.inState("NORMAL", ["a", "b"], 60_000);
      expect(residentKib(a) - before.a).toBeLessThan(MEMORY_BOUND_KIB);
      await a.stop();
      await fuzzPartner(failoverB, "before CONNECT", OF_PARTNER / 4);
      await fuzzPartner(failoverB, "after CONNECT", OF_PARTNER / 4);
      await fuzzPartner(failoverB, "NORMAL", OF_PARTNER / 4);
      expect(residentKib(b) - before.b).toBeLessThan(MEMORY_BOUND_KIB);

      await a.start();
      await loopback.inState("NORMAL", ["a", "b"], 180_000);
      await expectGoodClientsServed(loopback, clients);
      for (const name of ["a", "b"] as const) {
        expect(loopback.logOf(name)).not.toMatch(/TANDEM_FAILED|STORE_FAILED/);
      }
    },
  );
});
