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

interface Known {
  lease: LeaseImage;
  /** Statuses the partner sent since the last change, and those of ours that it acknowledged. */
  readonly received: Set<string>;
  readonly acked: Set<string>;
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
  const key = (server: string, lease: { address: string; length: number }) =>
    `${server} ${lease.address}/${lease.length}`;

  function entry(server: string, lease: LeaseImage): Known {
    const name = key(server, lease);
    const found = known.get(name);
    if (found !== undefined) return found;
    const fresh = { lease: unused(lease), received: new Set<string>(), acked: new Set<string>() };
    known.set(name, fresh);
    return fresh;
  }

  function heard(observation: Extract<Observation, { type: "link-received" }>): void {
    const name = `${observation.server} ${observation.link}`;
    const reader = readers.get(name) ?? new FrameReader();
    readers.set(name, reader);
    for (const message of reader.push(observation.bytes)) {
      if (message.type !== BNDUPD && message.type !== BNDREPLY) continue;
      for (const lease of message.leases)
        if (!lease.alone) note(observation.server, message.type, lease);
    }
  }

  function note(server: string, type: number, lease: PartnerLease): void {
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
    if (type === BNDUPD) at.received.add(statusName(lease.bindingStatus));
    else if (lease.error === 0) at.acked.add(statusName(lease.bindingStatus));
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
      if (reason(server, before, lease) === undefined) {
        const heardText = [...before.received].join(" ") || "nothing";
        report(
          at,
          `${server}: ${leaseName(lease)} from ${before.lease.status} of ${before.lease.duid ?? "nobody"} to ${lease.status} of ${lease.duid ?? "nobody"}; received ${heardText}`,
        );
      }
      if (before.lease.status !== lease.status || before.lease.duid !== lease.duid) {
        before.received.clear();
        before.acked.clear();
      }
      before.lease = lease;
    }
  }

  /** After a start the disk's view counts. */
  function started(observation: Extract<Observation, { type: "started" }>): void {
    const { server } = observation;
    for (const name of known.keys()) if (name.startsWith(`${server} `)) known.delete(name);
    for (const lease of observation.leases) {
      known.set(key(server, lease), { lease, received: new Set(), acked: new Set() });
    }
  }

  return {
    name: "binding-transitions",
    observe(observation) {
      if (observation.type === "link-received") heard(observation);
      else if (observation.type === "written") written(observation);
      else if (observation.type === "started") started(observation);
    },
  };
}
