// No REPLY goes beyond RFC 8156 §4.4: client expiry <= MCLT + max(now, acked-partner-lifetime), in every state,
// as nothing here is reclaimed (T-01). Both sides of the bound are read from the wire (F-052, F-063).

import { readMessage } from "./decode.ts";
import { BNDREPLY } from "./decode-partner.ts";
import {
  type Checker,
  leaseName,
  type Observation,
  type Report,
  secondsSince2000,
} from "./observation.ts";

/** A REPLY is made up to 2 s before it leaves (T-06), and expiries are whole seconds rounded up. */
const SLACK = 3;
const ADVERTISE = 2;
const REPLY = 7;

export function lifetimes(mclt: number, report: Report): Checker {
  /** By server, lease and client: the greatest lifetime the partner has acknowledged. */
  const acked = new Map<string, number>();

  function key(server: string, lease: { address: string; length: number }, duid: string): string {
    return `${server} ${lease.address}/${lease.length} ${duid}`;
  }

  function received(observation: Extract<Observation, { type: "link-received" }>): void {
    for (const message of observation.messages) {
      if (message.type !== BNDREPLY) continue;
      for (const lease of message.leases) {
        if (lease.error !== 0 || lease.partnerLifetimeSent === 0) continue;
        const name = key(observation.server, lease, lease.duid);
        acked.set(name, Math.max(acked.get(name) ?? 0, lease.partnerLifetimeSent));
      }
    }
  }

  function sent(observation: Extract<Observation, { type: "server-sent" }>): void {
    const message = readMessage(observation.bytes);
    if (message === undefined || (message.type !== REPLY && message.type !== ADVERTISE)) return;
    const now = secondsSince2000(observation.serverTime);
    for (const lease of message.ias.flatMap((ia) => ia.leases)) {
      if (lease.preferred > lease.valid) {
        report(
          observation.at,
          `${leaseName(lease)}: preferred ${lease.preferred} above valid ${lease.valid}`,
        );
      }
      const known = acked.get(key(observation.server, lease, message.duid)) ?? 0;
      const most = mclt + Math.max(0, known - now) + SLACK;
      if (lease.valid <= most) continue;
      report(
        observation.at,
        `${observation.server} gave ${leaseName(lease)} to ${message.duid} for ${lease.valid} s, ` +
          `at most ${most - SLACK} s are allowed (acknowledged: ${Math.max(0, known - now)} s from now)`,
      );
    }
  }

  return {
    name: "lifetimes",
    observe(observation) {
      if (observation.type === "link-received") received(observation);
      else if (observation.type === "server-sent") sent(observation);
    },
  };
}
