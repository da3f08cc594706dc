// The checker of what is given back, on histories made by hand.

import { describe, expect, it } from "vitest";
import type { LeaseImage, Observation } from "../../sim/checkers/observation.ts";
import { released } from "../../sim/checkers/released.ts";
import { address, DUID, message, SERVER } from "./bytes.ts";
import { BEGIN, LEASE, sentByClient, serverTime } from "./histories.ts";

const IMAGE: LeaseImage = {
  kind: "address",
  address: address("11"),
  length: 128,
  duid: DUID.one,
  iaid: 7,
  status: "ACTIVE",
  clientExpiry: BEGIN + 100,
  clientLastTransactionTime: BEGIN,
  partnerRawCltTime: 0,
  expirationTime: 0,
  primarySince: 0,
  marked: false,
};

const written = (at: number, status: string): Observation => ({
  type: "written",
  at,
  server: "a",
  serverTime: serverTime(at),
  leases: [{ ...IMAGE, status }],
});
const release = message({ type: "RELEASE", duid: DUID.one, server: SERVER.a, leases: [LEASE] });
const came = (at: number, waited = 0): Observation => ({
  type: "server-received",
  at,
  server: "a",
  serverTime: serverTime(at),
  waited,
  bytes: Uint8Array.from(release),
});
const sent: Observation = {
  type: "client-sent",
  at: 1_000,
  client: "one",
  message: "RELEASE",
  bytes: release,
};
const later = (at: number): Observation => ({ type: "healed", at });

function judged(history: readonly Observation[]): readonly boolean[] {
  const verdicts: boolean[] = [];
  const checker = released({
    servers: { [SERVER.a]: "a" },
    pair: false,
    judged: (wasFree) => verdicts.push(wasFree),
  });
  const start: Observation = {
    type: "started",
    at: 0,
    server: "a",
    serverTime: serverTime(0),
    diskKept: true,
    isOlder: false,
    leases: [],
  };
  for (const observation of [start, ...history]) checker.observe(observation);
  return verdicts;
}

describe("what is given back", () => {
  it("counts as kept where its server still has it as this client's 15 s later", () => {
    const begin = [written(10, "ACTIVE"), sent, came(1_010), came(1_020)];
    expect(judged([...begin, later(16_009)])).toEqual([]);
    expect(judged([...begin, later(16_010)])).toEqual([false]);
    expect(judged([...begin, written(2_000, "RELEASED"), later(16_010)])).toEqual([true]);
  });

  it("counts as nothing where the client asks again, the server crashes, or the message was old", () => {
    const begin = [written(10, "ACTIVE"), sent];
    const crash: Observation = { type: "crashed", at: 5, server: "a", serverTime: serverTime(5) };
    const histories = [
      [...begin, came(1_010), sentByClient(3_000, "one", "SOLICIT")],
      [...begin, came(1_010), { ...crash, at: 2_000 }],
      [...begin, came(1_010, 2_500)],
      [...begin],
      [sent, came(1_010)],
    ];
    for (const history of histories) expect(judged([...history, later(20_000)])).toEqual([]);
  });
});
