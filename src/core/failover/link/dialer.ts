// The primary opens the connection and never gives up (RFC 8156 §6.1; F-148, F-149, F-150, F-151, F-152, F-381, F-410,
// F-454).

import type { LinkId } from "../../../ports/partner-link.ts";
import { DEFAULTS } from "../../model/limits.ts";
import type { Millis } from "../../model/time.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";

/** After a rejection the pause is this many times the configured retry (F-151). */
const REJECTED_FACTOR = DEFAULTS.connectRetryRejectedMillis / DEFAULTS.connectRetryMillis;
const LONGEST_FACTOR = DEFAULTS.connectRetryMaxMillis / DEFAULTS.connectRetryMillis;

export class Dialer {
  readonly endpoint: Endpoint;
  link: LinkId | undefined;
  nextAttempt: Millis;
  #failures = 0;
  #rejected = false;
  /** Ids of links that we open are negative, and never used twice. */
  #nextLink: LinkId;
  readonly #step: number;
  #openBy: Millis = 0;

  /** `index` of `count` dialers: each takes its own ids. */
  constructor(endpoint: Endpoint, index: number, count: number, now: Millis) {
    this.endpoint = endpoint;
    this.nextAttempt = now;
    this.#nextLink = -1 - index;
    this.#step = count;
  }

  tick(now: Millis): void {
    if (this.link !== undefined) {
      if (this.endpoint.communicating) this.#failures = 0;
      else if (this.#openBy !== 0 && now >= this.#openBy) this.#giveUp(this.link);
      return;
    }
    if (now < this.nextAttempt) return;
    this.link = this.#nextLink;
    this.#nextLink -= this.#step;
    this.#openBy = now + DEFAULTS.connectPhaseMillis;
    this.nextAttempt = Number.POSITIVE_INFINITY;
    this.#rejected = false;
    const { address, port } = this.endpoint.relationship.partner;
    this.endpoint.context.link({ type: "link-connect", link: this.link, address, port });
  }

  /** The TCP connection stands; from here on the phases have their own limits. */
  opened(): void {
    this.#openBy = 0;
  }

  #giveUp(link: LinkId): void {
    this.#openBy = 0;
    this.endpoint.context.link({ type: "link-close", link, abort: true });
  }

  rejected(): void {
    this.#rejected = true;
  }

  /** The pause doubles up to ten times the configured one, with a quarter of jitter. */
  closed(reason: string, now: Millis): void {
    this.link = undefined;
    const factor = this.#rejected ? REJECTED_FACTOR : Math.min(2 ** this.#failures, LONGEST_FACTOR);
    if (this.#failures === 0) this.endpoint.log(`no connection: ${reason}`);
    this.#failures = Math.min(this.#failures + 1, 16);
    const jitter = 0.75 + 0.5 * this.endpoint.context.random();
    this.nextAttempt = now + this.endpoint.relationship.connectRetry * factor * jitter;
  }
}
