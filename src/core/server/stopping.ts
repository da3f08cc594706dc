// A planned stop (T-05): no new work, everything told to the partner, DISCONNECT, the log's end noted, and out.

import type { CompiledConfig } from "../config/types.ts";
import type { FailoverService } from "../failover/link/service.ts";
import type { Millis } from "../model/time.ts";
import type { Store } from "../store/store.ts";
import type { Sink } from "./events.ts";

export interface Stoppable {
  readonly config: CompiledConfig;
  readonly failover: FailoverService;
  readonly state: { readonly store: Store };
}

export class Stopping {
  readonly #server: Stoppable;
  readonly #since: Millis;
  #handedOver = false;
  /** The log's end was noted, as nothing comes behind it. */
  #noted = false;

  constructor(server: Stoppable, now: Millis) {
    this.#server = server;
    this.#since = now;
  }

  /** Until the partner has acknowledged everything, for at most five seconds; then DISCONNECT. */
  drain(now: Millis): void {
    if (this.#handedOver) return;
    const { config, failover, state } = this.#server;
    const last = state.store.lastSequence;
    const open = failover.endpoints.some(
      (endpoint) => endpoint.isLive && !endpoint.stream.isAnsweredUpTo(last),
    );
    if (open && now - this.#since < config.tunables.drain) return;
    failover.stop(now);
    this.#handedOver = true;
  }

  /** Whether all is done. `released`: nothing is held any more. */
  hasEnded(now: Millis, released: boolean, sink: Sink): boolean {
    if (!this.#handedOver) return false;
    const { config, failover, state } = this.#server;
    const { store } = state;
    const overdue = now - this.#since > 2 * config.tunables.drain;
    if (!overdue && (!store.idle || !released || failover.openLinks > 0)) return false;
    if (!this.#noted) {
      this.#noted = true;
      store.note();
      store.poll((request) => sink.disk(request));
    }
    return overdue || store.isNoted;
  }
}
