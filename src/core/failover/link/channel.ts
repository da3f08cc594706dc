// One connection to the partner: frames in and out, transaction-ids, keepalive (RFC 8156 §5.1, §5.4, §6.6).

import type { LinkId } from "../../../ports/partner-link.ts";
import type { Relationship } from "../../config/types.ts";
import { DEFAULTS } from "../../model/limits.ts";
import type { Millis } from "../../model/time.ts";
import { encodeFrame, type FailoverType } from "../../wire/failover-messages.ts";
import { FrameParser } from "../../wire/framing.ts";
import { type Option, option } from "../../wire/options.ts";
import { shiftTimes } from "../../wire/shift-times.ts";
import type { FailoverContext } from "../context.ts";
import type { ConnectTerms } from "./connect.ts";

/** How far a connection is. `up`: the partner's STATE was received, communications are OK (F-159). */
export type Phase = "opening" | "starttls" | "tls" | "connect" | "state" | "up" | "closing";

export class Channel {
  readonly link: LinkId;
  readonly parser = new FrameParser();
  phase: Phase;
  /** When the phase must be over (F-160). */
  deadline: Millis;
  terms: ConnectTerms | undefined;
  /** F-077: when what is read now arrived; undefined: unknown. */
  receivedAt: Millis | undefined;
  lastReceived: Millis;
  lastSent: Millis;
  /** Transaction-id of the CONNECT sent. */
  connectId = 0;
  /** F-151, A-63: a DISCONNECT was sent or received: the next attempt waits longer. */
  disconnected = false;
  readonly #context: FailoverContext;

  constructor(context: FailoverContext, link: LinkId, phase: Phase, now: Millis) {
    this.#context = context;
    this.link = link;
    this.phase = phase;
    this.deadline = now + DEFAULTS.connectPhaseMillis;
    this.lastReceived = now;
    this.lastSent = now;
  }

  enter(phase: Phase, now: Millis): void {
    this.phase = phase;
    this.deadline = now + DEFAULTS.connectPhaseMillis;
  }

  /** Sends a message; its sent-time is written when it leaves. */
  send(type: FailoverType, transactionId: number, options: readonly Option[], now: Millis): void {
    this.lastSent = now;
    const told = shiftTimes(options, this.#context.timeShift());
    this.#context.sendFrame(
      this.link,
      encodeFrame({ type, transactionId, sentTime: 0, options: told }),
    );
  }

  /** STARTTLS and the REPLY to it (F-217, F-222, F-230). */
  sendPlain(
    type: "STARTTLS" | "REPLY",
    transactionId: number,
    options: readonly Option[],
    now: Millis,
  ): void {
    this.lastSent = now;
    this.#context.sendFrame(this.link, encodeFrame({ type, transactionId, options }));
  }

  /** F-096, F-097: says why, then closes when it is flushed. */
  disconnect(transactionId: number, status: number, message: string, now: Millis): void {
    this.send("DISCONNECT", transactionId, [option("STATUS_CODE", { status, message })], now);
    this.disconnected = true;
    this.close(false);
  }

  close(abort: boolean): void {
    if (this.phase === "closing") return;
    this.phase = "closing";
    this.#context.link({ type: "link-close", link: this.link, abort });
  }

  /** F-099, F-171, F-188, F-203, F-204, F-205, F-206, F-207, A-03: the send timer: the smaller of both keepalive times over the contacts in it. */
  contactDue(relationship: Relationship): Millis {
    const keepalive = Math.min(
      relationship.keepalive,
      this.terms?.keepalive ?? relationship.keepalive,
    );
    return this.lastSent + keepalive / relationship.contactsPerKeepalive;
  }

  /** R7031-43, R7031-48: a silent partner, or one heard by nobody, is found here; a dead process by its closed socket.
   * F-208, A-03: silence of the own keepalive time means that the connection is dead. */
  deadAt(relationship: Relationship): Millis {
    return this.lastReceived + relationship.keepalive;
  }
}
