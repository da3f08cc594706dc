// What is in an answer, and what every ADVERTISE and REPLY has (RFC 8415 §18.3).

import { expect } from "vitest";
import type { Duid } from "../../src/core/model/duid.ts";
import { type ClientServerMessage, decodeMessage } from "../../src/core/wire/messages.ts";
import { allOptions, firstOption, type OptionByType } from "../../src/core/wire/options.ts";
import { unwrapRelay } from "../../src/core/wire/relay.ts";
import { SERVER_DUID } from "./requests.ts";

type Ia = OptionByType<"IA_NA"> | OptionByType<"IA_PD">;

/** The message to the client in a datagram, through any RELAY-REPL. */
export function inside(bytes: Uint8Array): ClientServerMessage {
  const message = decodeMessage(bytes[0] === 13 ? unwrapRelay(bytes).message : bytes);
  if (message.type === "unknown") throw new Error("an unknown message");
  return message;
}

export function iasOf(message: ClientServerMessage): readonly Ia[] {
  return [...allOptions(message.options, "IA_NA"), ...allOptions(message.options, "IA_PD")];
}

/** The IA_NA (or IA_PD) with this IAID. */
export function iaOf(message: ClientServerMessage, type: "IA_NA" | "IA_PD", iaid: number): Ia {
  const ia = allOptions(message.options, type).find((each) => each.iaid === iaid);
  if (ia === undefined) throw new Error(`no ${type} ${iaid}`);
  return ia;
}

export function addresses(message: ClientServerMessage): readonly OptionByType<"IAADDR">[] {
  return allOptions(message.options, "IA_NA").flatMap((ia) => allOptions(ia.options, "IAADDR"));
}

export function prefixes(message: ClientServerMessage): readonly OptionByType<"IAPREFIX">[] {
  return allOptions(message.options, "IA_PD").flatMap((ia) => allOptions(ia.options, "IAPREFIX"));
}

/** The status of the message, or of one IA. */
export function statusOf({ options }: Pick<ClientServerMessage, "options">): number | undefined {
  return firstOption(options, "STATUS_CODE")?.status;
}

/** Codes at the top of a message, in order. */
export function codesOf(message: ClientServerMessage): readonly number[] {
  return message.options.map((each) => each.code);
}

/** covers D-070, D-071, D-072, D-083, D-086, D-087, D-088, D-092, D-096, D-189, D-195, D-277, D-283, D-303, D-305, N-003 */
export function checkAnswer(
  message: ClientServerMessage,
  client: Duid | undefined,
  transactionId: number,
): void {
  expect(["ADVERTISE", "REPLY"]).toContain(message.type);
  expect(message.transactionId).toBe(transactionId);
  expect(allOptions(message.options, "SERVERID").map((each) => each.duid)).toEqual([SERVER_DUID]);
  expect(allOptions(message.options, "CLIENTID").map((each) => each.duid)).toEqual(
    client === undefined ? [] : [client],
  );
  expect(codesOf(message).filter((code) => [4, 9, 11, 12, 18, 19, 135].includes(code))).toEqual([]);
  // UseMulticast is of another time.
  expect(statusOf(message)).not.toBe(5);
  // Failures of an IA stand in the IA.
  expect([undefined, 0, 4]).toContain(statusOf(message));
  checkIas(iasOf(message));
}

function checkIas(ias: readonly Ia[]): void {
  const seen = new Set<string>();
  for (const ia of ias) {
    const leases = [
      ...allOptions(ia.options, "IAADDR").map((each) => ({
        ...each,
        text: each.address as string,
      })),
      ...allOptions(ia.options, "IAPREFIX").map((each) => ({
        ...each,
        text: `${each.prefix}/${each.prefixLength}`,
      })),
    ];
    expect(leases.length > 0 || statusOf(ia) !== undefined).toBe(true);
    expect({ t1: ia.t1, t2: ia.t2 }).toEqual({ t1: ias[0]?.t1, t2: ias[0]?.t2 });
    if (ia.t1 > 0 && ia.t2 > 0) expect(ia.t1).toBeLessThanOrEqual(ia.t2);
    for (const lease of leases) {
      expect(lease.preferredLifetime).toBeLessThanOrEqual(lease.validLifetime);
      expect(seen).not.toContain(lease.text);
      seen.add(lease.text);
    }
  }
}
