// Histories made by hand for the tests of the checkers, and what a checker says of them.

import { FrameReader } from "../../sim/checkers/decode-partner.ts";
import type { Checker, Observation, Report } from "../../sim/checkers/observation.ts";
import {
  DUID,
  message,
  SERVER,
  type TestLease,
  type TestMessage,
  type TestUpdate,
  update,
} from "./bytes.ts";

/** What the checker reports of a history. */
export function judged(
  make: (report: Report) => Checker,
  history: readonly Observation[],
): readonly string[] {
  const reports: string[] = [];
  const checker = make((_at, text) => reports.push(text));
  for (const observation of history) checker.observe(observation);
  return reports;
}

export const framed = (given: TestUpdate) => new FrameReader().push(update(given));

/** Seconds since 2000 of the server's clock at world time 0. */
export const BEGIN = 803_000_000;
export const serverTime = (at: number) => (BEGIN + 946_684_800) * 1000 + at;
export const LEASE: TestLease = { tail: "11", valid: 100 };

export function accepted(
  at: number,
  client: string,
  given: Partial<TestMessage> & { answered?: string; rate?: number },
): Observation {
  const { answered = "REQUEST", rate = 1, ...rest } = given;
  const duid = client === "one" ? DUID.one : DUID.two;
  const bytes = message({ type: "REPLY", duid, server: SERVER.a, leases: [LEASE], ...rest });
  return { type: "reply-accepted", at, client, rate, answered, bytes };
}

export function sentByClient(
  at: number,
  client: "one" | "two",
  type: "RELEASE" | "DECLINE" | "SOLICIT",
): Observation {
  const bytes = message({ type, duid: DUID[client], leases: [LEASE] });
  return { type: "client-sent", at, client, message: type, bytes };
}
