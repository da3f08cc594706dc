// Setting a connection up: STARTTLS, the certificate, CONNECT and CONNECTREPLY, in both roles (RFC 8156 §6.1,
// RFC 7653 §8.2, §9.1).

import type { Ipv6Address } from "../../model/ipv6.ts";
import { floorTime, type Millis } from "../../model/time.ts";
import type { FailoverMessage, TlsMessage } from "../../wire/failover-messages.ts";
import { STATUS } from "../../wire/messages.ts";
import { firstOption, type Option } from "../../wire/options.ts";
import { timeText } from "../../wire/time-text.ts";
import type { FailoverContext } from "../context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { Channel } from "./channel.ts";
import {
  type ConnectCheck,
  checkConnect,
  checkConnectReply,
  clockOffset,
  connectOptions,
  connectReplyOptions,
  rejectionOptions,
} from "./connect.ts";
import { type ClockSaid, clockOption, clockSaid } from "./extensions.ts";

/** T-06 (1): a clock that was behind the last record tells and compares nothing. */
const TIME_UNKNOWN: ConnectCheck = {
  type: "reject",
  status: STATUS.ExcessiveTimeSkew,
  message: "this server does not know the time yet",
};

/** A connection and whom it may belong to. */
export interface OpenLink {
  readonly channel: Channel;
  readonly peer: Ipv6Address;
  /** Set for connections that we opened, and for accepted ones after CONNECT. */
  endpoint: Endpoint | undefined;
  readonly incoming: boolean;
  fingerprint: string | undefined;
}

/** What the service does for it. */
export interface HandshakeParts {
  readonly context: FailoverContext;
  /** Secondary endpoints whose partner has this address. */
  relationshipsWith(peer: Ipv6Address): readonly Endpoint[];
  /** F-151: the partner said no, or cannot be trusted. */
  refused(link: OpenLink, reason: string): void;
  abandon(link: OpenLink, reason: string): void;
  protocolError(link: OpenLink, what: string, now: Millis): void;
}

export class Handshake {
  readonly #parts: HandshakeParts;

  constructor(parts: HandshakeParts) {
    this.#parts = parts;
  }

  sendConnect(channel: Channel, endpoint: Endpoint, now: Millis): void {
    channel.enter("connect", now);
    channel.connectId = endpoint.nextTransactionId();
    channel.send("CONNECT", channel.connectId, this.#connectOptions(endpoint), now);
  }

  #connectOptions(endpoint: Endpoint): readonly Option[] {
    return connectOptions(endpoint.relationship, this.#clockOf(endpoint));
  }

  #clockOf({ record }: Endpoint): ClockSaid {
    return { shifted: record.clockShifted, unsure: this.#parts.context.isClockUnsure() };
  }

  /** T-06 (1): the partner's clock, where this server has to wait for it, and how far it is from the own one. Milliseconds by
   * which lease time went forward. */
  #compareClocks({ channel, endpoint }: OpenLink, message: FailoverMessage): Millis {
    const { receivedAt } = channel;
    if (receivedAt === undefined) return 0;
    const { unsure } = clockSaid(message.options);
    const forward = unsure ? 0 : this.#parts.context.learnTime(message.sentTime, receivedAt);
    channel.receivedAt = receivedAt + forward;
    if (endpoint !== undefined)
      endpoint.contact.clockOffset = clockOffset(message.sentTime, channel.receivedAt);
    return forward;
  }

  sendStartTls(channel: Channel, endpoint: Endpoint, now: Millis): void {
    channel.enter("starttls", now);
    channel.connectId = endpoint.nextTransactionId();
    channel.sendPlain("STARTTLS", channel.connectId, [], now);
  }

  /** F-217 to F-224, F-229: options in STARTTLS are ignored. */
  tlsMessage(link: OpenLink, message: TlsMessage, now: Millis): void {
    const { channel } = link;
    if (link.incoming && message.type === "STARTTLS" && channel.phase === "starttls") {
      channel.sendPlain("REPLY", message.transactionId, [], now);
      channel.enter("tls", now);
      this.#parts.context.link({ type: "link-start-tls", link: channel.link, role: "server" });
    } else if (link.incoming && message.type === "STARTTLS" && channel.phase === "connect") {
      // F-221: insecure by configuration.
      channel.sendPlain(
        "REPLY",
        message.transactionId,
        rejectionOptions(STATUS.TLSConnectionRefused, "TLS is not configured here"),
        now,
      );
      channel.close(false);
    } else if (
      !link.incoming &&
      message.type === "REPLY" &&
      channel.phase === "starttls" &&
      message.transactionId === channel.connectId
    ) {
      const status = firstOption(message.options, "STATUS_CODE");
      if (status !== undefined && status.status !== 0) {
        // F-218: never in clear text instead.
        this.#parts.refused(link, `the partner refuses TLS: ${status.message}`);
        return;
      }
      channel.enter("tls", now);
      this.#parts.context.link({ type: "link-start-tls", link: channel.link, role: "client" });
    } else {
      this.#parts.protocolError(link, `${message.type} out of place`, now);
    }
  }

  /** F-220, F-225, F-226, R7031-64 to R7031-66: the certificate must be the one pinned to the relationship. */
  secured(link: OpenLink, fingerprint: string, now: Millis): void {
    const { channel, endpoint, peer } = link;
    if (channel.phase !== "tls") return;
    link.fingerprint = fingerprint;
    if (channel.parser.pending > 0) {
      // What came before TLS is of nobody: it must not become the begin of a message inside (RFC 7653 §9.1).
      this.#parts.abandon(link, "octets between STARTTLS and TLS");
      return;
    }
    if (endpoint !== undefined) {
      if (fingerprint === endpoint.relationship.partner.fingerprint)
        this.sendConnect(channel, endpoint, now);
      else
        this.#parts.refused(link, "the partner's certificate is not the one in the configuration");
      return;
    }
    const pinned = this.#parts
      .relationshipsWith(peer)
      .some((each) => each.relationship.partner.fingerprint === fingerprint);
    if (pinned) channel.enter("connect", now);
    else this.#parts.abandon(link, "the certificate is of no partner");
  }

  /** F-009, F-168 to F-183: CONNECT picks the relationship. */
  connect(link: OpenLink, message: FailoverMessage, at: Millis): void {
    const { channel } = link;
    const endpoint = this.#selected(link, message);
    const now = at + this.#compareClocks({ ...link, endpoint }, message);
    const check = this.#parts.context.isClockUnsure()
      ? TIME_UNKNOWN
      : this.#checked(link, message, endpoint, now);
    if (check.type === "reject" || endpoint === undefined) {
      const { status, message: text } =
        check.type === "reject"
          ? check
          : { status: STATUS.ConfigurationConflict, message: "no such relationship here" };
      // F-175, F-176, A-12
      const options = [...rejectionOptions(status, text), ...this.#unsure(endpoint)];
      channel.send("CONNECTREPLY", message.transactionId, options, now);
      channel.close(false);
      endpoint?.alarm(`the partner's CONNECT was rejected: ${text}`);
      return;
    }
    // R7031-41: there is one partner, and one connection to it.
    // A-13, F-161: it passed all checks, so the old connection is stale.
    endpoint.channel?.close(true);
    endpoint.communicationsFailed("replaced by a new connection", now);
    const { mclt } = check.terms;
    // F-170, F-541, F-560
    if (mclt !== endpoint.record.mclt)
      endpoint.update({ mclt, mcltHighest: Math.max(endpoint.record.mcltHighest, mclt) });
    link.endpoint = endpoint;
    channel.terms = check.terms;
    endpoint.connected(channel);
    channel.lastReceived = now;
    channel.send(
      "CONNECTREPLY",
      message.transactionId,
      connectReplyOptions(endpoint.relationship, mclt, this.#clockOf(endpoint)),
      now,
    );
    channel.enter("state", now);
    endpoint.sendState(now); // F-158, F-183
  }

  /** A server that does not know the time says so with its refusal, so that nobody learns it from there. */
  #unsure(endpoint: Endpoint | undefined): readonly Option[] {
    if (endpoint === undefined || endpoint.relationship.strict) return [];
    return this.#parts.context.isClockUnsure() ? [clockOption(this.#clockOf(endpoint))] : [];
  }

  #checked(
    { channel }: OpenLink,
    message: FailoverMessage,
    endpoint: Endpoint | undefined,
    now: Millis,
  ): ReturnType<typeof checkConnect> {
    const check = checkConnect(message, endpoint?.relationship, channel.receivedAt);
    const until = endpoint?.pause.until ?? 0;
    if (check.type === "reject" || now >= until) return check;
    // T-13
    const text = `contact is paused until ${timeText(floorTime(until))}: settling made no progress`;
    return { type: "reject", status: STATUS.UnspecFail, message: text };
  }

  /** By partner address, certificate and name; F-174, A-14: absent = the only one with this partner. */
  #selected(link: OpenLink, message: FailoverMessage): Endpoint | undefined {
    const candidates = this.#parts
      .relationshipsWith(link.peer)
      .filter(
        ({ relationship }) =>
          relationship.security.mode === "plain" ||
          relationship.partner.fingerprint === link.fingerprint,
      );
    const name = firstOption(message.options, "F_RELATIONSHIP_NAME")?.name;
    if (name === undefined) return candidates.length === 1 ? candidates[0] : undefined;
    return candidates.find(({ relationship }) => relationship.name === name);
  }

  /** F-184 to F-191 */
  connectReply(link: OpenLink, message: FailoverMessage, now: Millis): void {
    const { channel, endpoint } = link;
    if (endpoint === undefined) return;
    if (this.#compareClocks(link, message) > 0) {
      // What was refused with the old time fits now: once more, at once.
      channel.close(true);
      return;
    }
    const check = this.#parts.context.isClockUnsure()
      ? TIME_UNKNOWN
      : checkConnectReply(message, endpoint.relationship);
    if (check.type === "reject") {
      // F-182: Success is no rejection; what does not fit is ours to refuse.
      const isRejection = (firstOption(message.options, "STATUS_CODE")?.status ?? 0) !== 0;
      if (!isRejection)
        channel.disconnect(endpoint.nextTransactionId(), check.status, check.message, now);
      this.#parts.refused(link, `CONNECT was rejected: ${check.message} (${check.status})`);
      return;
    }
    channel.terms = check.terms;
    endpoint.connected(channel);
    channel.lastReceived = now;
    channel.enter("state", now);
    endpoint.sendState(now);
  }
}
