// No answer leaves later than two seconds after the message that it answers came to the server's socket, however long the
// process stood still and wherever the message waited (T-06 (4)).

import { readMessage } from "./decode.ts";
import type { Checker, Observation, Report } from "./observation.ts";

/** Milliseconds of world time; the server's clock may drift, and counts whole milliseconds. */
const MOST = 2_010;
const ADVERTISE = 2;
const REPLY = 7;

export function age(report: Report): Checker {
  /** By server, client and transaction: when the last copy came. */
  const cameAt = new Map<string, number>();

  function name({ bytes, server }: { readonly bytes: Uint8Array; readonly server: string }) {
    const message = readMessage(bytes);
    if (message === undefined) return undefined;
    const { duid, transactionId, type } = message;
    return { key: `${server} ${duid} ${transactionId}`, type, duid };
  }

  function sent(observation: Extract<Observation, { type: "server-sent" }>): void {
    const answer = name(observation);
    if (answer === undefined || (answer.type !== REPLY && answer.type !== ADVERTISE)) return;
    const { at, server } = observation;
    const waited = at - (cameAt.get(answer.key) ?? Number.NEGATIVE_INFINITY);
    if (waited <= MOST) return;
    report(
      at,
      `${server} answered ${answer.duid} ${(waited / 1000).toFixed(3)} s after its message came`,
    );
  }

  return {
    name: "age",
    observe(observation) {
      if (observation.type === "arrived") {
        const message = name(observation);
        if (message !== undefined) cameAt.set(message.key, observation.at);
      } else if (observation.type === "server-sent") sent(observation);
    },
  };
}
