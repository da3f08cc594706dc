// Binding-statuses change only along RFC 8156 Figure 2 or by an update of the partner (F-249 to F-262); what has
// ended becomes free only by the partner's acknowledgement (F-240, F-262), outside and inside of PARTNER-DOWN (T-01).

import { BNDREPLY, BNDUPD, FrameReader, type PartnerLease, statusName } from "./decode-partner.ts";
import {
  type Checker,
  type LeaseImage,
  leaseName,
  type Observation,
  type Report,
} from "./observation.ts";

/** What a server may do by itself; "ack" needs the partner's acknowledgement of the status before. */
const FIGURE_2: Readonly<
  Record<
    string,
    Readonly<Record<string, "always" | "same client" | "ack" | "primary" | "secondary">>
  >
> = {
  FREE: { ACTIVE: "primary", "FREE-BACKUP": "primary" },
  "FREE-BACKUP": { ACTIVE: "secondary", FREE: "primary" },
  ACTIVE: { ACTIVE: "same client", RELEASED: "always", EXPIRED: "always", ABANDONED: "always" },
  EXPIRED: { ACTIVE: "same client", FREE: "ack", "FREE-BACKUP": "ack" },
  RELEASED: { ACTIVE: "same client", FREE: "ack", "FREE-BACKUP": "ack" },
  ABANDONED: { RESET: "always" },
  RESET: { FREE: "ack", "FREE-BACKUP": "ack" },
};

/** A change is written this long after what caused it at the latest, milliseconds. */
const WRITTEN_AFTER = 10_000;

/** Statuses and when they were last heard of. */
class Heard {
  readonly #at = new Map<string, number>();
  #now = 0;

  add(status: string, at: number): void {
    this.#at.set(status, at);
  }

  /** The time that `has` judges by. */
  look(now: number): this {
    this.#now = now;
    return this;
  }

  has(status: string): boolean {
    const at = this.#at.get(status);
    return at !== undefined && at >= this.#now - WRITTEN_AFTER;
  }

  get names(): readonly string[] {
    return [...this.#at.keys()].filter((status) => this.has(status));
  }
}

interface Known {
  lease: LeaseImage;
  /** Statuses that the partner sent lately, and those of ours that it acknowledged. */
  readonly received: Heard;
  readonly acked: Heard;
}

/** An address nobody used yet is free for the server that its lowest bit names; a prefix for either. */
function unused(lease: LeaseImage): LeaseImage {
  const odd = Number.parseInt(lease.address.slice(-1), 16) % 2 === 1;
  const status = lease.kind === "prefix" ? "unknown" : odd ? "FREE" : "FREE-BACKUP";
  return { ...lease, status, duid: undefined };
}

export function bindingTransitions(pair: boolean, report: Report): Checker {
  const known = new Map<string, Known>();
  const readers = new Map<string, FrameReader>();
  /** Leases whose present binding the partner has been told of, or has told. */
  const shared = new Set<string>();
  const states = new Map<string, string>();
  const key = (server: string, lease: { address: string; length: number }) =>
    `${server} ${lease.address}/${lease.length}`;

  function entry(server: string, lease: LeaseImage): Known {
    const name = key(server, lease);
    const found = known.get(name);
    if (found !== undefined) return found;
    const fresh = { lease: unused(lease), received: new Heard(), acked: new Heard() };
    known.set(name, fresh);
    return fresh;
  }

  function told(observation: Extract<Observation, { type: "link-sent" }>): void {
    for (const message of reader(observation).push(observation.bytes)) {
      if (message.type !== BNDUPD) continue;
      for (const lease of message.leases) shared.add(key(observation.server, lease));
    }
  }

  function reader(
    observation: Extract<Observation, { type: "link-sent" | "link-received" }>,
  ): FrameReader {
    const name = `${observation.type} ${observation.server} ${observation.link}`;
    const found = readers.get(name) ?? new FrameReader();
    readers.set(name, found);
    return found;
  }

  function heard(observation: Extract<Observation, { type: "link-received" }>): void {
    for (const message of reader(observation).push(observation.bytes)) {
      if (message.type !== BNDUPD && message.type !== BNDREPLY) continue;
      for (const lease of message.leases)
        if (!lease.alone) note(observation.server, message.type, lease, observation.at);
    }
  }

  function note(server: string, type: number, lease: PartnerLease, now: number): void {
    const { address, kind, length } = lease;
    const image = {
      kind,
      address,
      length,
      duid: undefined,
      iaid: 0,
      status: "",
      clientExpiry: 0,
      clientLastTransactionTime: 0,
      partnerRawCltTime: 0,
      marked: false,
    };
    const at = entry(server, image);
    shared.add(key(server, lease));
    if (type === BNDUPD) at.received.add(statusName(lease.bindingStatus), now);
    else if (lease.error === 0) at.acked.add(statusName(lease.bindingStatus), now);
  }

  /** Why the change is allowed; undefined when nothing allows it. */
  function reason(server: string, before: Known, after: LeaseImage): string | undefined {
    const from = before.lease.status;
    const to = after.status;
    const free = to === "FREE" || to === "FREE-BACKUP";
    if (from === to && (to !== "ACTIVE" || before.lease.duid === after.duid)) return "no change";
    if (before.received.has(to)) return "update";
    // what the receiver accepted as ended is free there at once.
    if (
      free &&
      ["EXPIRED", "RELEASED", "RESET", "PENDING-FREE", "FREE", "FREE-BACKUP"].some((one) =>
        before.received.has(one),
      )
    )
      return "update";
    if (from === "unknown") return to === "ACTIVE" || free ? "first use" : undefined;
    if (!pair) return "alone";
    // T-01: what only this server ever knew is its own to reuse.
    const alone = states.get(server) === "PARTNER-DOWN" && !shared.has(key(server, after));
    if (alone && (from === "EXPIRED" || from === "RELEASED")) return "only known here";
    const rule = FIGURE_2[from]?.[to];
    if (rule === "always") return rule;
    if (rule === "same client") return before.lease.duid === after.duid ? rule : undefined;
    if (rule === "ack") return before.acked.has(from) ? rule : undefined;
    if (rule === "primary" || rule === "secondary")
      return (rule === "primary") === (server === "a") ? rule : undefined;
    return undefined;
  }

  function written(observation: Extract<Observation, { type: "written" }>): void {
    const { at, server } = observation;
    for (const lease of observation.leases) {
      const before = entry(server, lease);
      before.received.look(at);
      before.acked.look(at);
      if (reason(server, before, lease) === undefined) {
        const heardText = before.received.names.join(" ") || "nothing";
        report(
          at,
          `${server}: ${leaseName(lease)} from ${before.lease.status} of ${before.lease.duid ?? "nobody"} to ${lease.status} of ${lease.duid ?? "nobody"}; received ${heardText}`,
        );
      }
      const freed = lease.status === "FREE" || lease.status === "FREE-BACKUP";
      if (freed || (lease.status === "ACTIVE" && before.lease.duid !== lease.duid)) {
        shared.delete(key(server, lease));
      }
      before.lease = lease;
    }
  }

  /** After a start the disk's view counts. */
  function started(observation: Extract<Observation, { type: "started" }>): void {
    const { server } = observation;
    for (const name of known.keys()) if (name.startsWith(`${server} `)) known.delete(name);
    for (const lease of observation.leases) {
      known.set(key(server, lease), { lease, received: new Heard(), acked: new Heard() });
    }
  }

  return {
    name: "binding-transitions",
    observe(observation) {
      if (observation.type === "link-received") heard(observation);
      else if (observation.type === "link-sent") told(observation);
      else if (observation.type === "endpoint") states.set(observation.server, observation.to);
      else if (observation.type === "written") written(observation);
      else if (observation.type === "started") started(observation);
    },
  };
}
