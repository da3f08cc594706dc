// What a server told a client or its partner stands on its disk at that moment: after each crash, and at probes in
// between, every lease it promised must be found by a start from the disk (R7031-62, R7031-63, F-530, F-538).

import { readMessage } from "./decode.ts";
import { BNDREPLY, BNDUPD, FrameReader, type PartnerLease, statusName } from "./decode-partner.ts";
import {
  type Checker,
  type LeaseImage,
  leaseName,
  type Observation,
  type Report,
  type ServerName,
  secondsSince2000,
} from "./observation.ts";

interface Promised {
  readonly address: string;
  readonly length: number;
  readonly duid: string;
  readonly iaid: number;
  /** The client's expiry by the server's clock, seconds since 2000. */
  readonly until: number;
  readonly what: string;
  readonly at: number;
}

const REPLY = 7;
const RELEASE = 8;
const DECLINE = 9;
/** The step that made a REPLY is up to 2 s before its release (T-06). */
const SLACK = 3;

export function durability(report: Report): Checker {
  const promises = new Map<string, Promised>();
  const readers = new Map<string, FrameReader>();
  /** BNDUPDs as they came, to know what a BNDREPLY is about. */
  const open = new Map<string, readonly PartnerLease[]>();

  const key = (server: ServerName, lease: { address: string; length: number }) =>
    `${server} ${lease.address}/${lease.length}`;

  function messages(observation: Extract<Observation, { type: "link-received" | "link-sent" }>) {
    const name = `${observation.type} ${observation.server} ${observation.link}`;
    const reader = readers.get(name) ?? new FrameReader();
    readers.set(name, reader);
    return reader.push(observation.bytes);
  }

  function replied(observation: Extract<Observation, { type: "server-sent" }>): void {
    const { at, server } = observation;
    const message = readMessage(observation.bytes);
    if (message === undefined || message.type !== REPLY) return;
    const now = secondsSince2000(observation.serverTime);
    for (const lease of message.ias.flatMap((ia) => ia.leases)) {
      if (lease.valid === 0) continue;
      const { address, length, iaid } = lease;
      const promise = {
        address,
        length,
        duid: message.duid,
        iaid,
        until: now + lease.valid,
        what: "REPLY",
        at,
      };
      promises.set(key(server, lease), promise);
    }
  }

  /** A BNDREPLY that accepts ACTIVE is a promise too; one that accepts another status ends what was promised. */
  function acknowledged(observation: Extract<Observation, { type: "link-sent" }>): void {
    const { at, link, server } = observation;
    for (const message of messages(observation)) {
      if (message.type !== BNDREPLY) continue;
      const updates = open.get(`${server} ${link} ${message.transactionId}`) ?? [];
      for (const answer of message.leases) {
        const lease = updates.find(
          (one) => one.address === answer.address && one.length === answer.length,
        );
        if (lease === undefined || answer.error !== 0) continue;
        if (statusName(lease.bindingStatus) !== "ACTIVE") promises.delete(key(server, lease));
        else {
          const { address, length, duid, iaid } = lease;
          const promise = {
            address,
            length,
            duid,
            iaid,
            until: lease.stateExpirationTime,
            what: "BNDREPLY",
            at,
          };
          const before = promises.get(key(server, lease));
          if (before === undefined || before.duid !== duid || before.until <= promise.until) {
            promises.set(key(server, lease), promise);
          }
        }
      }
    }
  }

  function updated(observation: Extract<Observation, { type: "link-received" }>): void {
    for (const message of messages(observation)) {
      if (message.type === BNDUPD) {
        open.set(
          `${observation.server} ${observation.link} ${message.transactionId}`,
          message.leases,
        );
      }
    }
  }

  /** A RELEASE or DECLINE that came may have ended it. */
  function given(observation: Extract<Observation, { type: "server-received" }>): void {
    const message = readMessage(observation.bytes);
    if (message === undefined || (message.type !== RELEASE && message.type !== DECLINE)) return;
    for (const lease of message.ias.flatMap((ia) => ia.leases)) {
      const name = key(observation.server, lease);
      if (promises.get(name)?.duid === message.duid) promises.delete(name);
    }
  }

  function compare(observation: Extract<Observation, { type: "started" | "durable" }>): void {
    const { at, server } = observation;
    const found = new Map<string, LeaseImage>();
    for (const lease of observation.leases) found.set(key(server, lease), lease);
    const now = secondsSince2000(observation.serverTime);
    for (const [name, promise] of promises) {
      if (!name.startsWith(`${server} `)) continue;
      if (promise.until <= now) {
        promises.delete(name);
        continue;
      }
      const lease = found.get(name);
      const same =
        lease !== undefined && lease.duid === promise.duid && lease.iaid === promise.iaid;
      if (same && lease.status === "ACTIVE" && lease.clientExpiry >= promise.until - SLACK)
        continue;
      const state =
        lease === undefined
          ? "nothing"
          : `${lease.status} of ${lease.duid} until ${lease.clientExpiry}`;
      report(
        at,
        `${server} told ${leaseName(promise)} to ${promise.duid} until ${promise.until} (${promise.what} at ` +
          `${(promise.at / 1000).toFixed(3)}), its disk has ${state}`,
      );
      promises.delete(name);
    }
  }

  return {
    name: "durability",
    observe(observation) {
      if (observation.type === "server-sent") replied(observation);
      else if (observation.type === "server-received") given(observation);
      else if (observation.type === "link-sent") acknowledged(observation);
      else if (observation.type === "link-received") updated(observation);
      else if (observation.type === "durable") compare(observation);
      else if (observation.type === "started") {
        if (observation.diskKept) compare(observation);
        else
          for (const name of promises.keys())
            if (name.startsWith(`${observation.server} `)) promises.delete(name);
      }
    },
  };
}
