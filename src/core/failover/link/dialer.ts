// The primary opens the connection and never gives up (RFC 8156 §6.1; F-148, F-149, F-150, F-151, F-152, F-381, F-410,
// F-454).

import type { LinkId } from "../../../ports/partner-link.ts";
import { DEFAULTS } from "../../model/limits.ts";
import type { Millis } from "../../model/time.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";

/** After a rejection the pause is this many times the configured retry (F-151). */
const REJECTED_FACTOR = DEFAULTS.connectRetryRejectedMillis / DEFAULTS.connectRetryMillis;
/** The least pause after an attempt that nobody answered, as a part of the configured retry. */
const UNANSWERED_FACTOR = 0.1;

export class Dialer {
  readonly endpoint: Endpoint;
  link: LinkId | undefined;
  #nextAttempt: Millis;
  #failures = 0;
  #rejected = false;
  /** Ids of links that we open are negative, and never used twice. */
  #nextLink: LinkId;
  readonly #step: number;
  /** When the attempt that nobody has answered yet ends; 0: there is none. */
  #openBy: Millis = 0;
  #begun: Millis = 0;

  /** `index` of `count` dialers: each takes its own ids. */
  constructor(endpoint: Endpoint, index: number, count: number, now: Millis) {
    this.endpoint = endpoint;
    this.#nextAttempt = now;
    this.#nextLink = -1 - index;
    this.#step = count;
  }

  /** When something is due by time alone. */
  get due(): Millis {
    if (this.link !== undefined && this.#openBy !== 0) return this.#openBy;
    // T-13: no attempt while contact is paused.
    return Math.max(this.#nextAttempt, this.endpoint.pause.until);
  }

  tick(now: Millis): void {
    if (this.link !== undefined) {
      if (this.endpoint.communicating) this.#failures = 0;
      else if (this.#openBy !== 0 && now >= this.#openBy) this.#giveUp(this.link);
      return;
    }
    if (this.endpoint.maintenance?.isHandedOver === true || now < this.due) return;
    this.link = this.#nextLink;
    this.#nextLink -= this.#step;
    this.#begun = now;
    this.#openBy = now + DEFAULTS.connectOpenMillis;
    this.#nextAttempt = Number.POSITIVE_INFINITY;
    this.#rejected = false;
    const { address, port } = this.endpoint.relationship.partner;
    this.endpoint.context.link({ type: "link-connect", link: this.link, address, port });
  }

  /** The TCP connection stands; from here on the phases have their own limits. */
  opened(): void {
    this.#openBy = 0;
  }

  #giveUp(link: LinkId): void {
    // What was waited counts, so the attempt stays one that nobody answered.
    this.#openBy = Number.POSITIVE_INFINITY;
    this.endpoint.context.link({ type: "link-close", link, abort: true });
  }

  /** Without the pauses that failures have earned. */
  wake(now: Millis): void {
    this.#failures = 0;
    this.#rejected = false;
    if (this.link === undefined) this.#nextAttempt = now;
  }

  rejected(): void {
    this.#rejected = true;
  }

  /** A connection that heals is noticed within two seconds. F-151: after a rejection the next attempt comes later. */
  closed(reason: string, now: Millis): void {
    this.link = undefined;
    const { context, relationship } = this.endpoint;
    if (this.#failures === 0) this.endpoint.log(`no connection: ${reason}`);
    const jitter = 0.75 + 0.5 * context.random();
    const pause = this.#pause(relationship.connectRetry) * jitter;
    const least = relationship.connectRetry * UNANSWERED_FACTOR * jitter;
    const isUnanswered = this.#openBy !== 0;
    this.#nextAttempt = isUnanswered ? Math.max(this.#begun + pause, now + least) : now + pause;
    this.#openBy = 0;
    this.#failures = Math.min(this.#failures + 1, 16);
  }

  /** F-150: doubles from the configured one, where that is short; without its quarter of jitter. */
  #pause(retry: Millis): Millis {
    if (this.#rejected) return retry * REJECTED_FACTOR;
    return Math.max(retry, Math.min(retry * 2 ** this.#failures, DEFAULTS.connectRetryMaxMillis));
  }
}
