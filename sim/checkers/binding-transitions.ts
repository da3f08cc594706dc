// Binding-statuses change only along RFC 8156 Figure 2 or by an update of the partner (F-249 to F-262); what has
// ended becomes free only by the partner's acknowledgement (F-240, F-262), outside and inside of PARTNER-DOWN (T-01).

import { BNDREPLY, BNDUPD, type PartnerLease, statusName } from "./decode-partner.ts";
import {
  type Checker,
  type LeaseImage,
  leaseName,
  type Observation,
  type Report,
  secondsSince2000,
} from "./observation.ts";
import { Reclaims } from "./reclaimed.ts";

/** What a server may do by itself; "ack" needs the partner's acknowledgement of the status before, "over" that all that
 * this server knows to be promised is over. */
const FIGURE_2: Readonly<
  Record<
    string,
    Readonly<
      Record<string, "always" | "same client" | "over" | "ack" | "primary" | "secondary" | "prefix">
    >
  >
> = {
  FREE: { ACTIVE: "primary", "FREE-BACKUP": "prefix" },
  "FREE-BACKUP": { ACTIVE: "secondary", FREE: "primary" },
  ACTIVE: { ACTIVE: "same client", RELEASED: "always", EXPIRED: "over", ABANDONED: "always" },
  EXPIRED: { ACTIVE: "same client", FREE: "ack", "FREE-BACKUP": "ack" },
  RELEASED: { ACTIVE: "same client", FREE: "ack", "FREE-BACKUP": "ack" },
  ABANDONED: { RESET: "always" },
  RESET: { FREE: "ack", "FREE-BACKUP": "ack" },
};

/** What caused a change came after the lease's write before, or this long before it at most: a write waits for the
 * one before it, milliseconds. */
const WRITTEN_AFTER = 10_000;

/** Statuses and when they were last heard of. */
class Heard {
  readonly #at = new Map<string, number>();
  #since = 0;

  add(status: string, at: number): void {
    this.#at.set(status, at);
  }

  /** `has` judges from the time of an earlier write on. */
  look(since: number): void {
    this.#since = since;
  }

  has(status: string): boolean {
    const at = this.#at.get(status);
    return at !== undefined && at >= this.#since - WRITTEN_AFTER;
  }

  get names(): readonly string[] {
    return [...this.#at.keys()].filter((status) => this.has(status));
  }
}

interface Known {
  lease: LeaseImage;
  /** Times of its last write and of the one before. */
  writtenAt: number;
  previousAt: number;
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

const key = (server: string, lease: { address: string; length: number }) =>
  `${server} ${lease.address}/${lease.length}`;

/** A lease of one client: what is said of another's says nothing of it. */
const binding = (lease: string, { duid }: { readonly duid: string | undefined }) =>
  `${lease} ${duid ?? "nobody"}`;

type Of<T extends Observation["type"]> = Extract<Observation, { type: T }>;

const known = (lease: LeaseImage): Known => ({
  lease,
  writtenAt: 0,
  previousAt: 0,
  received: new Heard(),
  acked: new Heard(),
});
const isFree = (status: string) => status === "FREE" || status === "FREE-BACKUP";
/** what the receiver accepts as ended is free there at once. */
const ENDED = ["EXPIRED", "RELEASED", "RESET", "PENDING-FREE", "FREE", "FREE-BACKUP"];

class BindingTransitions {
  readonly #known = new Map<string, Known>();
  /** Bindings, by lease and client, that the partner has been told of, or has told. */
  readonly #shared = new Set<string>();
  readonly #states = new Map<string, string>();
  readonly #reclaims = new Reclaims();
  readonly #pair: boolean;
  readonly #report: Report;

  constructor(pair: boolean, report: Report) {
    this.#pair = pair;
    this.#report = report;
  }

  observe(observation: Observation): void {
    this.#reclaims.observe(observation);
    if (observation.type === "link-received") this.#heard(observation);
    else if (observation.type === "link-sent") this.#told(observation);
    else if (observation.type === "endpoint") this.#states.set(observation.server, observation.to);
    else if (observation.type === "written") this.#written(observation);
    else if (observation.type === "started") this.#started(observation);
  }

  #told(observation: Of<"link-sent">): void {
    for (const message of observation.messages) {
      if (message.type !== BNDUPD) continue;
      for (const lease of message.leases) {
        const name = key(observation.server, lease);
        // A slow disk lets the end of the binding before leave late.
        if (!this.#isOfBefore(name, lease)) this.#shared.add(binding(name, lease));
      }
    }
  }

  /** An ending while the lease runs here: it is that of the binding before. */
  #isOfBefore(name: string, lease: PartnerLease): boolean {
    return (
      this.#known.get(name)?.lease.status === "ACTIVE" &&
      statusName(lease.bindingStatus) !== "ACTIVE"
    );
  }

  #heard(observation: Of<"link-received">): void {
    const { at, server } = observation;
    for (const message of observation.messages) {
      if (message.type !== BNDUPD && message.type !== BNDREPLY) continue;
      for (const lease of message.leases) {
        if (lease.alone) continue;
        const name = key(server, lease);
        // The partner repeats the end of the client's binding before, of which it has heard no answer.
        if (message.type === BNDREPLY || !this.#isOfBefore(name, lease))
          this.#shared.add(binding(name, lease));
        const entry = this.#entry(server, imageOf(lease));
        const status = statusName(lease.bindingStatus);
        if (message.type === BNDUPD) entry.received.add(status, at);
        else if (lease.error === 0) entry.acked.add(status, at);
      }
    }
  }

  #entry(server: string, lease: LeaseImage): Known {
    const name = key(server, lease);
    const found = this.#known.get(name) ?? known(unused(lease));
    this.#known.set(name, found);
    return found;
  }

  /** Whether anything allows the change. */
  #isAllowed(
    server: string,
    { acked, lease: before, received }: Known,
    after: LeaseImage,
    serverTime: number,
  ): boolean {
    const { status: from } = before;
    const { status: to } = after;
    const sameClient = before.duid === after.duid;
    if (from === to && (to !== "ACTIVE" || sameClient)) return true;
    if (received.has(to) || (isFree(to) && ENDED.some((status) => received.has(status))))
      return true;
    if (from === "unknown") return to === "ACTIVE" || isFree(to);
    if (FIGURE_2[from]?.[to] === "over") return isOver(before, serverTime);
    if (!this.#pair) return true;
    // T-01: what only this server ever knew is its own to reuse.
    const alone =
      this.#states.get(server) === "PARTNER-DOWN" &&
      !this.#shared.has(binding(key(server, before), before));
    if (alone && (from === "EXPIRED" || from === "RELEASED")) return true;
    // F-256, F-407: what has ended passes on, freed on the way.
    if (this.#reclaims.mayPassOn(server) && ENDED.includes(from)) return true;
    const rule = FIGURE_2[from]?.[to];
    if (rule === "same client") return sameClient;
    if (rule === "ack") return acked.has(from);
    // Event 7: the primary gives a block of prefixes away, the secondary finds a prefix to be part of its block.
    if (rule === "prefix") return after.kind === "prefix";
    if (rule === "primary" || rule === "secondary")
      return (rule === "primary") === (server === "a") || this.#reclaims.mayPassOn(server);
    return rule === "always";
  }

  #written({ at, leases, server, serverTime }: Of<"written">): void {
    for (const lease of leases) {
      const entry = this.#entry(server, lease);
      const { lease: before } = entry;
      if (entry.writtenAt < at) {
        entry.previousAt = entry.writtenAt;
        entry.writtenAt = at;
      }
      entry.received.look(entry.previousAt);
      entry.acked.look(entry.previousAt);
      if (!this.#isAllowed(server, entry, lease, serverTime)) {
        const received = entry.received.names.join(" ") || "nothing";
        this.#report(
          at,
          `${server}: ${leaseName(lease)} from ${before.status} of ${before.duid ?? "nobody"} to ${lease.status} ` +
            `of ${lease.duid ?? "nobody"}; received ${received}`,
        );
      }
      const begins = before.status !== "ACTIVE" || before.duid !== lease.duid;
      if (lease.status === "ACTIVE" && begins && !entry.received.has("ACTIVE"))
        this.#shared.delete(binding(key(server, lease), lease));
      entry.lease = lease;
    }
  }

  /** After a start the disk's view counts. */
  #started({ leases, server }: Of<"started">): void {
    for (const name of this.#known.keys()) {
      if (name.startsWith(`${server} `)) this.#known.delete(name);
    }
    for (const lease of leases) this.#known.set(key(server, lease), known(lease));
  }
}

function imageOf({ address, kind, length }: PartnerLease): LeaseImage {
  const contacts = { clientLastTransactionTime: 0, partnerRawCltTime: 0 };
  const times = { clientExpiry: 0, expirationTime: 0, primarySince: 0, ...contacts };
  return { kind, address, length, duid: undefined, iaid: 0, status: "", marked: false, ...times };
}

/** Seconds after its client's expiry before which no lease ends (T-06 (6)); one less, for the rounding. */
const GRACE = 9;

/** T-06 (6), T-14: by its client's expiry, and where the partner served it last by what was acknowledged to the partner. */
function isOver(lease: LeaseImage, serverTime: number): boolean {
  const { clientExpiry, clientLastTransactionTime, expirationTime, partnerRawCltTime } = lease;
  const isPartners = partnerRawCltTime > clientLastTransactionTime;
  const end = isPartners ? Math.max(clientExpiry, expirationTime) : clientExpiry;
  return secondsSince2000(serverTime) >= end + GRACE;
}

/** `pair` false: a lone server frees what has ended at once. */
export function bindingTransitions(pair: boolean, report: Report): Checker {
  const judge = new BindingTransitions(pair, report);
  return { name: "binding-transitions", observe: (observation) => judge.observe(observation) };
}
