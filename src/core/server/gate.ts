// What is passed over before leasing looks at it: messages that are too old, too many, or of relays that are not ours
// (RFC 8415 §22; T-06). When there is too much, SOLICIT goes first: its client has nothing to lose yet.

import type { Tunables } from "../config/types.ts";
import type { DiscardReason } from "../model/counter-names.ts";
import { DEFAULTS, LIMITS } from "../model/limits.ts";
import type { ReceivedDatagram } from "../model/received-datagram.ts";
import type { Millis } from "../model/time.ts";
import type { RequestView } from "../wire/view.ts";
import { MessageRate } from "./message-rate.ts";

export interface Load {
  /** Outputs that wait for the disk. */
  readonly held: number;
  readonly now: Millis;
}

export class Gate {
  readonly #trusted: Tunables["trustedRelays"];
  readonly #clients: MessageRate;
  readonly #sources: MessageRate;

  constructor({ messagesPerClient, messagesPerSource, trustedRelays }: Tunables) {
    this.#trusted = trustedRelays;
    this.#clients = new MessageRate(messagesPerClient);
    this.#sources = new MessageRate(messagesPerSource);
  }

  refuses(datagram: ReceivedDatagram, view: RequestView, load: Load): DiscardReason | undefined {
    const { source } = datagram;
    const isRelayed = view.relays.length > 0;
    // D-298, X-166, X-186: what a relay says of a client is believed of those in the file only, where it names any.
    if (isRelayed && !this.#trusts(source)) return "relay-not-trusted";
    // F-562, T-06 (4)
    const waited = load.now - datagram.receivedAt;
    if (waited > DEFAULTS.replyMaxAgeMillis) return "waited-too-long";
    // D-300: while others are still answered.
    const limit = view.type === "SOLICIT" ? LIMITS.heldOutputs / 2 : LIMITS.heldOutputs;
    if (load.held >= limit) return "overload";
    if (view.type === "SOLICIT" && waited > DEFAULTS.solicitMaxWaitMillis) return "overload";
    if (this.#sources.isTooMany(`${datagram.interface} ${source}`, load.now)) return "source-rate";
    const { clientId } = view;
    return clientId !== undefined && this.#clients.isTooMany(clientId, load.now)
      ? "client-rate"
      : undefined;
  }

  #trusts(relay: ReceivedDatagram["source"]): boolean {
    return (
      this.#trusted.length === 0 ||
      this.#trusted.some(({ first, last }) => first <= relay && relay <= last)
    );
  }
}
