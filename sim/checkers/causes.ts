// No client loses a lease without a cause that has a name: release, decline, end as the client saw it, moved off the
// link, or told but not acknowledged when its server lost its disk (the promise, core.md; R7031-06, R7031-51).

import { readMessage, type SeenIa, type SeenLease, type SeenMessage } from "./decode.ts";
import { BNDREPLY, FrameReader } from "./decode-partner.ts";
import {
  type Checker,
  leaseName,
  type Observation,
  type Report,
  type ServerName,
} from "./observation.ts";
import { endOf } from "./two-holders.ts";

interface Held {
  readonly client: string;
  readonly duid: string;
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  readonly address: string;
  readonly length: number;
  /** Which server told it last, and whether the partner has acknowledged it since the client first had it. */
  teller: ServerName | undefined;
  acknowledged: boolean;
  until: number;
  /** A cause that has arisen while it was held. */
  cause: string | undefined;
}

const NO_BINDING = 3;

export function causes(servers: Readonly<Record<string, ServerName>>, report: Report): Checker {
  const held: Held[] = [];
  const readers = new Map<string, FrameReader>();

  function drop(gone: (one: Held) => boolean): void {
    for (let i = held.length - 1; i >= 0; i--) if (gone(held[i] as Held)) held.splice(i, 1);
  }

  function told(observation: Extract<Observation, { type: "reply-accepted" }>): void {
    const message = readMessage(observation.bytes);
    if (message === undefined) return;
    const { answered, at, client } = observation;
    drop((one) => one.until <= at);
    if (answered === "RELEASE" || answered === "DECLINE") return;
    if (answered === "CONFIRM") return confirmed(message, client, at);
    for (const ia of message.ias) {
      refused(ia, message, observation);
      for (const lease of ia.leases) {
        if (lease.valid === 0) continue;
        const until = endOf(lease, at, observation.rate);
        const teller = servers[message.serverId];
        const same = held.find(
          (one) =>
            one.client === client && one.address === lease.address && one.length === lease.length,
        );
        if (same !== undefined) Object.assign(same, { until, teller, cause: undefined });
        else
          held.push({
            client,
            duid: message.duid,
            kind: ia.kind,
            iaid: ia.iaid,
            address: lease.address,
            length: lease.length,
            teller,
            acknowledged: false,
            until,
            cause: undefined,
          });
      }
    }
  }

  /** An answer that takes from the client what it holds in this IA. */
  function refused(
    ia: SeenIa,
    message: SeenMessage,
    observation: Extract<Observation, { type: "reply-accepted" }>,
  ): void {
    const { at, client } = observation;
    const mine = held.filter(
      (one) => one.client === client && one.kind === ia.kind && one.iaid === ia.iaid,
    );
    for (const one of mine) {
      const lease = ia.leases.find(
        (other) => other.address === one.address && other.length === one.length,
      );
      const ended = lease !== undefined && lease.valid === 0;
      const isNew = (other: SeenLease) =>
        other.valid > 0 && !mine.some((had) => had.address === other.address && had.length === other.length);
      // Leases that are merely left out are neither confirmed nor denied (T-02).
      const replaced = lease === undefined && ia.leases.some(isNew);
      const denied = lease === undefined && ia.status === NO_BINDING;
      if (!ended && !replaced && !denied) continue;
      if (one.cause === undefined) {
        const how = ended ? "ended" : denied ? "denied" : "replaced";
        const left = ((one.until - at) / 1000).toFixed(1);
        report(
          at,
          `${leaseName(one)} of ${client} was ${how} by ${servers[message.serverId] ?? "?"} in its answer to ${observation.answered}, ${left} s before its end`,
        );
      }
      if (ended || replaced) drop((other) => other === one);
      else one.cause = "denied before";
    }
  }

  function confirmed(message: SeenMessage, client: string, at: number): void {
    if (message.status !== 4) return;
    for (const one of held) {
      if (one.client !== client) continue;
      if (one.cause === undefined)
        report(at, `${leaseName(one)} of ${client} is "not on link", but the client did not move`);
    }
    drop((one) => one.client === client);
  }

  function acknowledged(observation: Extract<Observation, { type: "link-received" }>): void {
    const name = `${observation.server} ${observation.link}`;
    const reader = readers.get(name) ?? new FrameReader();
    readers.set(name, reader);
    for (const message of reader.push(observation.bytes)) {
      if (message.type !== BNDREPLY) continue;
      for (const lease of message.leases) {
        if (lease.error !== 0) continue;
        for (const one of held) {
          if (
            one.duid === lease.duid &&
            one.address === lease.address &&
            one.length === lease.length
          )
            one.acknowledged = true;
        }
      }
    }
  }

  return {
    name: "causes",
    observe(observation) {
      const { at } = observation;
      if (observation.type === "reply-accepted") told(observation);
      else if (observation.type === "link-received") acknowledged(observation);
      else if (observation.type === "client-moved") {
        for (const one of held)
          if (one.client === observation.client) one.cause = "moved off the link";
      } else if (
        observation.type === "client-sent" &&
        /^(RELEASE|DECLINE)$/.test(observation.message)
      ) {
        const given = (readMessage(observation.bytes)?.ias ?? []).flatMap((ia) => ia.leases);
        drop(
          (one) =>
            one.client === observation.client &&
            given.some((lease) => lease.address === one.address && lease.length === one.length),
        );
      } else if (observation.type === "client-sent" && observation.message === "SOLICIT") {
        // It begins anew, so it has forgotten what it held.
        const kinds = (readMessage(observation.bytes)?.ias ?? []).map((ia) => ia.kind);
        drop((one) => one.client === observation.client && kinds.includes(one.kind));
      } else if (observation.type === "started" && !observation.diskKept) {
        for (const one of held)
          if (one.teller === observation.server && !one.acknowledged)
            one.cause = "told but not acknowledged";
      }
      drop((one) => one.until <= at);
    },
  };
}
