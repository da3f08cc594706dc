// No REPLY goes beyond RFC 8156 §4.4: client expiry <= MCLT + max(now, acked-partner-lifetime), in every state,
// until the operator says that the partner is off for good (T-01). Both sides of the bound are read from the wire (F-052, F-063).

import { readMessage } from "./decode.ts";
import { BNDREPLY, BNDUPD, UPDDONE, UPDREQALL } from "./decode-partner.ts";
import {
  type Checker,
  leaseName,
  type Observation,
  type Report,
  type ServerName,
  secondsSince2000,
} from "./observation.ts";

import { Reclaims } from "./reclaimed.ts";

/** A REPLY is made up to 2 s before it leaves (T-06), and expiries are whole seconds rounded up. */
const SLACK = 3;
const ADVERTISE = 2;
const REPLY = 7;

type Of<T extends Observation["type"]> = Extract<Observation, { type: T }>;
type Acked = Record<ServerName, Map<string, number>>;

function raise(known: Map<string, number> | undefined, name: string, value: number): void {
  known?.set(name, Math.max(known.get(name) ?? 0, value));
}

export function lifetimes(mclt: number, report: Report): Checker {
  /** Of each server, by lease and client: the greatest lifetime the partner has acknowledged. */
  const acked: Acked = { a: new Map(), b: new Map() };
  /** What was acknowledged before the partner lost its database; it counts for answers that were made before. */
  const before: Acked = { a: new Map(), b: new Map() };
  /** Connections with a UPDREQALL that the server has not begun to answer, as it may have given the connection up, and
   * what was acknowledged on each since. */
  const asked = new Map<string, Map<string, number>>();
  const reclaims = new Reclaims();
  const voidedAt = { a: Number.NEGATIVE_INFINITY, b: Number.NEGATIVE_INFINITY };

  function key(lease: { address: string; length: number }, duid: string): string {
    return `${lease.address}/${lease.length} ${duid}`;
  }

  /** a partner that asks for everything remembers nothing of what it acknowledged. */
  function forget(server: ServerName, at: number, since = new Map<string, number>()): void {
    before[server] = acked[server];
    acked[server] = since;
    voidedAt[server] = at;
  }

  function received(observation: Of<"link-received">): void {
    const { link, messages, server } = observation;
    for (const message of messages) {
      if (message.type === UPDREQALL) asked.set(`${server} ${link}`, new Map());
      if (message.type !== BNDREPLY) continue;
      for (const lease of message.leases) {
        if (lease.error !== 0 || lease.partnerLifetimeSent === 0) continue;
        for (const known of [acked[server], asked.get(`${server} ${link}`)])
          raise(known, key(lease, lease.duid), lease.partnerLifetimeSent);
      }
    }
  }

  function answered({ at, link, messages, server }: Of<"link-sent">): void {
    const begins = messages.some(({ type }) => type === BNDUPD || type === UPDDONE);
    const since = asked.get(`${server} ${link}`);
    if (!begins || since === undefined) return;
    asked.delete(`${server} ${link}`);
    forget(server, at, since);
  }

  function knownTo(server: ServerName, name: string, at: number): number {
    const known = acked[server].get(name) ?? 0;
    if (at - voidedAt[server] > SLACK * 1000) return known;
    return Math.max(known, before[server].get(name) ?? 0);
  }

  function sent(observation: Of<"server-sent">): void {
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
      if (reclaims.isUnbounded(observation.server, observation.at)) continue;
      const known = knownTo(observation.server, key(lease, message.duid), observation.at);
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
      reclaims.observe(observation);
      if (observation.type === "link-received") received(observation);
      else if (observation.type === "link-sent") answered(observation);
      else if (observation.type === "started" && !observation.diskKept && !observation.isOlder)
        forget(observation.server, Number.NEGATIVE_INFINITY);
      else if (observation.type === "server-sent") sent(observation);
    },
  };
}
