// All endpoints of a server and the connections that do not belong to one yet (RFC 8156 §6.1, §6.2).

import type { LinkEvent, LinkId } from "../../../ports/partner-link.ts";
import { relationshipOf } from "../../config/lookup.ts";
import type { Link, Relationship } from "../../config/types.ts";
import type { EndpointRecord } from "../../model/endpoint-record.ts";
import type { Ipv6Address } from "../../model/ipv6.ts";
import { LIMITS } from "../../model/limits.ts";
import { addSeconds, type Millis, type Seconds } from "../../model/time.ts";
import { DecodeError } from "../../wire/decode-error.ts";
import {
  type AnyFailoverMessage,
  decodeFailoverMessage,
  type FailoverMessage,
} from "../../wire/failover-messages.ts";
import { STATUS } from "../../wire/messages.ts";
import { shiftTimes } from "../../wire/shift-times.ts";
import type { FailoverContext } from "../context.ts";
import { noContact } from "../endpoint/contact.ts";
import { Endpoint } from "../endpoint/endpoint.ts";
import { clockShifted, handleMessage, shutDown } from "../endpoint/messages.ts";
import { storeToldDue } from "../endpoint/store-memory.ts";
import { endpointDue, tickEndpoint } from "../endpoint/timers.ts";
import { Channel } from "./channel.ts";
import { Dialer } from "./dialer.ts";
import { Handshake, type OpenLink } from "./handshake.ts";

export class FailoverService {
  readonly endpoints: readonly Endpoint[];
  readonly #context: FailoverContext;
  readonly #links = new Map<LinkId, OpenLink>();
  readonly #dialers: readonly Dialer[];
  readonly #handshake: Handshake;
  #stopping = false;
  /** T-08: out of service for a while. */
  #suspended = false;

  constructor(context: FailoverContext, records: ReadonlyMap<string, EndpointRecord>, now: Millis) {
    this.#context = context;
    this.endpoints = context.config.relationships.map(
      (relationship) => new Endpoint(context, relationship, records.get(relationship.name), now),
    );
    const primaries = this.endpoints.filter((endpoint) => endpoint.role === "primary");
    this.#dialers = primaries.map(
      (endpoint, index) => new Dialer(endpoint, index, primaries.length, now),
    );
    this.#handshake = new Handshake({
      context,
      relationshipsWith: (peer) => this.#relationshipsWith(peer).filter(takesPart),
      refused: (link, reason) => this.#refused(link, reason),
      abandon: (link, reason) => this.#abandon(link, reason),
      protocolError: (link, what, at) => this.#protocolError(link, what, at),
    });
  }

  endpointOf(link: Link): Endpoint | undefined {
    const relationship = relationshipOf(this.#context.config, link);
    return relationship === undefined
      ? undefined
      : this.endpoints.find((endpoint) => endpoint.relationship === relationship);
  }

  handle(event: LinkEvent, now: Millis): void {
    switch (event.type) {
      case "link-opened":
        this.#opened(event.link, event.peer, now);
        return;
      case "link-data": {
        const link = this.#links.get(event.link);
        if (link === undefined) return;
        link.channel.receivedAt = event.receivedAt;
        this.#data(link, event.bytes, now);
        return;
      }
      case "link-secured": {
        const link = this.#links.get(event.link);
        if (link !== undefined) this.#handshake.secured(link, event.fingerprint, now);
        return;
      }
      case "link-closed":
        this.#closed(event.link, event.reason, now);
        return;
      case "link-drained":
        return;
    }
  }

  // ---- opening ----

  #opened(id: LinkId, peer: Ipv6Address, now: Millis): void {
    const dialer = this.#dialers.find((each) => each.link === id);
    if (this.#isShut) {
      this.#context.link({ type: "link-close", link: id, abort: true });
      return;
    }
    if (dialer !== undefined) {
      const { endpoint } = dialer;
      dialer.opened();
      const channel = new Channel(this.#context, id, "opening", now);
      this.#links.set(id, { channel, peer, endpoint, incoming: false, fingerprint: undefined });
      // F-156, F-157, F-216, F-217
      if (endpoint.relationship.security.mode === "plain")
        this.#handshake.sendConnect(channel, endpoint, now);
      else this.#handshake.sendStartTls(channel, endpoint, now);
      return;
    }
    this.#accepted(id, peer, now);
  }

  /** F-154, F-155: only from a primary that we know. */
  #accepted(id: LinkId, peer: Ipv6Address, now: Millis): void {
    const known = this.#relationshipsWith(peer);
    if (!known.some(takesPart)) {
      if (known.length === 0) this.#context.counters.add("failover-unknown-peer");
      this.#context.link({ type: "link-close", link: id, abort: true });
      return;
    }
    this.#makeRoom(peer);
    const secure = known.some((endpoint) => endpoint.relationship.security.mode === "tls");
    const channel = new Channel(this.#context, id, secure ? "starttls" : "connect", now);
    this.#links.set(id, {
      channel,
      peer,
      endpoint: undefined,
      incoming: true,
      fingerprint: undefined,
    });
  }

  /** F-551: connections that stay silent must not keep the partner out, so the newest is let in. */
  #makeRoom(peer: Ipv6Address): void {
    const pending = [...this.#links.values()].filter(
      (link) =>
        link.peer === peer &&
        link.incoming &&
        link.endpoint === undefined &&
        link.channel.phase !== "closing",
    );
    if (pending.length < LIMITS.pendingLinks) return;
    // In order of age: the first of those that have got least far.
    const victim = pending.reduce((a, b) => (progressOf(b) < progressOf(a) ? b : a));
    this.#context.counters.add("failover-too-many-links");
    victim.channel.close(true);
  }

  #relationshipsWith(peer: Ipv6Address): readonly Endpoint[] {
    return this.endpoints.filter(
      (endpoint) => endpoint.role === "secondary" && endpoint.relationship.partner.address === peer,
    );
  }

  // ---- data ----

  #data(link: OpenLink, bytes: Uint8Array, now: Millis): void {
    const { messages, error } = link.channel.parser.push(bytes);
    for (const message of messages) {
      if (link.channel.phase === "closing") return;
      this.#frame(link, message, now);
    }
    if (error !== undefined && link.channel.phase !== "closing")
      this.#protocolError(link, `a frame of ${error.size} octets`, now);
  }

  #frame(link: OpenLink, bytes: Uint8Array, now: Millis): void {
    let message: AnyFailoverMessage;
    try {
      message = decodeFailoverMessage(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // F-073
      this.#protocolError(link, `a message that cannot be read: ${error.code}`, now);
      return;
    }
    if ("sentTime" in message) {
      // T-06 (1): from here on times are as rows have them.
      const shift = -this.#context.timeShift();
      const options = shiftTimes(message.options, shift);
      message = { ...message, options, sentTime: addSeconds(message.sentTime, shift) };
    }
    if (message.type === "unknown") {
      // F-080, A-46: framing keeps the stream in step.
      this.#context.counters.add("failover-unknown-message");
      link.channel.lastReceived = now;
    } else if ("sentTime" in message) {
      this.#message(link, message, now);
    } else {
      this.#handshake.tlsMessage(link, message, now);
    }
  }

  /** F-073, A-46, F-555, F-556: said, then closed; clients notice nothing. */
  #protocolError(link: OpenLink, what: string, now: Millis): void {
    this.#context.counters.add("failover-protocol-error");
    const { endpoint, channel } = link;
    if (endpoint !== undefined && channel === endpoint.channel) {
      channel.disconnect(endpoint.nextTransactionId(), STATUS.UnspecFail, what, now);
      endpoint.communicationsFailed(what, now);
    } else {
      this.#abandon(link, what);
    }
  }

  #message(link: OpenLink, message: FailoverMessage, now: Millis): void {
    const { channel, endpoint } = link;
    if (channel.phase === "state" || channel.phase === "up") {
      if (endpoint !== undefined && endpoint.channel === channel)
        handleMessage(endpoint, channel, message, now);
    } else if (channel.phase === "connect" && link.incoming && message.type === "CONNECT") {
      this.#handshake.connect(link, message, now);
    } else if (
      channel.phase === "connect" &&
      !link.incoming &&
      message.type === "CONNECTREPLY" &&
      message.transactionId === channel.connectId
    ) {
      this.#handshake.connectReply(link, message, now);
    } else {
      // F-093, F-223: before set-up anything else closes the connection.
      this.#protocolError(link, `${message.type} before CONNECT`, now);
    }
  }

  // ---- closing ----

  /** F-151: the partner said no, or cannot be trusted: said, and tried again less often. */
  #refused(link: OpenLink, reason: string): void {
    const dialer = this.#dialers.find((each) => each.link === link.channel.link);
    dialer?.rejected();
    link.endpoint?.alarm(reason);
    link.channel.close(false);
  }

  #abandon(link: OpenLink, reason: string): void {
    const named = link.endpoint ?? this.#relationshipsWith(link.peer)[0];
    named?.alarm(`connection refused: ${reason}`);
    link.channel.close(true);
  }

  #closed(id: LinkId, reason: string, now: Millis): void {
    const link = this.#links.get(id);
    this.#links.delete(id);
    const dialer = this.#dialers.find((each) => each.link === id);
    if (link?.channel.disconnected === true) dialer?.rejected(); // F-151
    dialer?.closed(reason, now);
    if (link === undefined) return;
    const { endpoint, channel } = link;
    if (channel.phase === "tls")
      (endpoint ?? this.#relationshipsWith(link.peer)[0])?.alarm(`TLS failed: ${reason}`);
    if (endpoint?.channel === channel) endpoint.communicationsFailed(reason, now);
  }

  // ---- time ----

  tick(now: Millis): void {
    for (const link of this.#links.values()) this.#tickLink(link, now);
    if (!this.#isShut) for (const dialer of this.#dialers) dialer.tick(now);
    // A server that is out of service changes no state: it knows nothing of its partner.
    if (!this.#suspended) for (const endpoint of this.endpoints) tickEndpoint(endpoint, now);
  }

  #tickLink(link: OpenLink, now: Millis): void {
    const { channel, endpoint } = link;
    if (channel.phase === "closing") return;
    if (channel.phase !== "up" && now >= channel.deadline) {
      // F-160, F-552
      if (endpoint?.channel === channel)
        endpoint.communicationsFailed("the connection was not set up in time", now);
      channel.close(true);
      return;
    }
    if (endpoint?.channel !== channel || (channel.phase !== "up" && channel.phase !== "state"))
      return;
    if (now >= channel.deadAt(endpoint.relationship)) {
      // F-208, F-210, F-212
      channel.close(true);
      endpoint.communicationsFailed("the partner was silent for the keepalive time", now);
    } else if (now >= Math.min(channel.contactDue(endpoint.relationship), storeToldDue(endpoint))) {
      endpoint.sendContact([], now);
    }
  }

  /** T-06 (1): the operator has shifted lease time by `by` seconds. */
  clockShifted(by: Seconds, now: Millis): void {
    if (by > 0) for (const endpoint of this.endpoints) clockShifted(endpoint, by, now);
  }

  /** Updates that the window takes, for all endpoints: once a batch. */
  pump(now: Millis): void {
    for (const endpoint of this.endpoints) endpoint.pump(now);
  }

  /** When something is due by time alone. */
  nextDue(now: Millis): Millis {
    let due = now + 1_000;
    if (this.#suspended) return due;
    for (const endpoint of this.endpoints) {
      due = Math.min(due, endpointDue(endpoint, now));
      const { channel } = endpoint;
      if (channel?.phase === "up")
        due = Math.min(
          due,
          channel.contactDue(endpoint.relationship),
          channel.deadAt(endpoint.relationship),
        );
    }
    for (const dialer of this.#dialers) due = Math.min(due, dialer.due);
    return Math.max(due, now);
  }

  /** T-05: no new connection any more; says why and closes. */
  stop(now: Millis): void {
    this.#stopping = true;
    this.#hangUp("planned stop", now);
  }

  /** T-08: no connection until `resume`, and no change of state. */
  suspend(reason: string, now: Millis): void {
    this.#suspended = true;
    this.#hangUp(reason, now);
  }

  /** T-08: the partner is looked for at once, and what counts from its silence counts from here. */
  resume(now: Millis): void {
    this.#suspended = false;
    for (const endpoint of this.endpoints)
      endpoint.contact = noContact(now, endpoint.contact.clockOffset);
    for (const dialer of this.#dialers) dialer.wake(now);
  }

  get #isShut(): boolean {
    return this.#stopping || this.#suspended;
  }

  #hangUp(reason: string, now: Millis): void {
    for (const endpoint of this.endpoints) shutDown(endpoint, reason, now);
    for (const link of this.#links.values()) link.channel.close(true);
  }

  /** Whether a partner is in contact. */
  get isInContact(): boolean {
    return this.endpoints.some((endpoint) => endpoint.communicating);
  }

  /** Connections that are still there. */
  get openLinks(): number {
    return this.#links.size;
  }

  relationshipNamed(name: string | undefined): Endpoint | undefined {
    if (name === undefined) return this.endpoints.length === 1 ? this.endpoints[0] : undefined;
    return this.endpoints.find((endpoint) => endpoint.relationship.name === name);
  }

  relationshipNames(): readonly Relationship["name"][] {
    return this.endpoints.map((endpoint) => endpoint.relationship.name);
  }
}

/** How far a connection without a CONNECT is: one that has shown a certificate is hardly a stranger's. */
function progressOf({ fingerprint, channel }: OpenLink): number {
  if (fingerprint !== undefined) return 2;
  return channel.phase === "tls" ? 1 : 0;
}

/** In maintenance the partner is to serve alone. */
function takesPart({ maintenance }: Endpoint): boolean {
  return maintenance === undefined || !maintenance.isHandedOver;
}
