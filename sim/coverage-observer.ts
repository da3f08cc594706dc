// Counts what a world has seen of the things that only a pair in trouble does.

import { readMessage, type SeenMessage } from "./checkers/decode.ts";
import { BNDREPLY, type PartnerLease, statusName } from "./checkers/decode-partner.ts";
import type { Checker, Observation } from "./checkers/observation.ts";
import type { Coverage } from "./coverage.ts";

/** A pseudo-checker that never fails. */
export function coverageObserver(coverage: Coverage): Checker {
  const lastClient = new Map<string, string>();
  const lastTeller = new Map<string, string>();
  const named = new Map<string, string>();

  function accepted(
    observation: Extract<Observation, { type: "reply-accepted" }>,
    message: SeenMessage,
  ): void {
    const { answered, client } = observation;
    coverage.add(`reply ${answered}`);
    const asked = named.get(client);
    if (answered === "RENEW" && asked !== undefined && asked !== message.serverId) {
      coverage.add("takeover: RENEW answered for the partner");
    }
    for (const lease of message.ias.flatMap((ia) => ia.leases)) {
      if (lease.valid === 0) {
        coverage.add("lifetime 0 told");
        continue;
      }
      const key = `${lease.address}/${lease.length}`;
      const before = lastClient.get(key);
      if (before !== undefined && before !== client) coverage.add("lease given to another client");
      if (before === client && lastTeller.get(key) !== message.serverId)
        coverage.add("renewal by the other server");
      lastClient.set(key, client);
      lastTeller.set(key, message.serverId);
    }
    for (const ia of message.ias)
      if (ia.status !== 0) coverage.add(`status ${ia.status} in a reply to ${answered}`);
  }

  /** RFC 8156 §4.2.2: prefixes that went from one server to the other. */
  function answered({ alone, bindingStatus, error, kind }: PartnerLease): void {
    const status = statusName(bindingStatus);
    if (kind === "address" || (!alone && status !== "FREE-BACKUP")) return;
    coverage.add(`${alone ? "block" : "prefix"} ${status} ${error === 0 ? "taken" : "refused"}`);
  }

  return {
    name: "coverage",
    observe(observation) {
      if (observation.type === "endpoint") {
        coverage.add(`state ${observation.server} ${observation.from} > ${observation.to}`);
      } else if (observation.type === "command") coverage.add(`command ${observation.name}`);
      else if (observation.type === "reply-accepted") {
        const message = readMessage(observation.bytes);
        if (message !== undefined) accepted(observation, message);
      } else if (observation.type === "link-received") {
        for (const message of observation.messages)
          if (message.type === BNDREPLY) message.leases.forEach(answered);
      } else if (observation.type === "client-sent") {
        const message = readMessage(observation.bytes);
        if (message !== undefined && message.serverId !== "")
          named.set(observation.client, message.serverId);
      }
    },
  };
}
