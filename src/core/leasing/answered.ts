// REQUESTs (and SOLICITs with Rapid Commit) that were answered with leases: whatever comes with the same transaction-id is a
// copy, by a second relay or sent again, and no new question (RFC 8415 §15, §16).

import type { Millis } from "../model/time.ts";
import type { RequestedIa, RequestView } from "../wire/view.ts";
import { Recent } from "./recent.ts";

/** Longer than a datagram lives; a client that still asks after that has heard no answer and holds nothing by it. */
const REMEMBERED_FOR: Millis = 30_000;

type NamedIa = Pick<RequestedIa, "iaid" | "kind">;

export class Answered {
  readonly #messages = new Recent(REMEMBERED_FOR);
  readonly #ended = new Recent(REMEMBERED_FOR);

  /** Whether this very message was answered before; if not, it is now. */
  isRepeated(view: RequestView, now: Millis): boolean {
    const name = nameOf(view);
    const at = this.#messages.last(name);
    if (at !== undefined && now - at < REMEMBERED_FOR) return true;
    this.#messages.note(name, now);
    return false;
  }

  /** The client has given back a lease of this IA, or declined it, here. */
  noteEnded(view: RequestView, ia: NamedIa, now: Millis): void {
    this.#ended.note(iaName(view, ia), now);
  }

  /** Whether it has done so lately. */
  hasEnded(view: RequestView, ia: NamedIa, now: Millis): boolean {
    const ended = this.#ended.last(iaName(view, ia));
    return ended !== undefined && now - ended < REMEMBERED_FOR;
  }

  /** Whether the message was answered and its client has ended a lease of it since: it wants none by this copy. */
  isOver(view: RequestView, now: Millis): boolean {
    const at = this.#messages.last(nameOf(view));
    if (at === undefined || now - at >= REMEMBERED_FOR) return false;
    return view.ias.some((ia) => {
      const ended = this.#ended.last(iaName(view, ia));
      return ended !== undefined && ended >= at;
    });
  }
}

function nameOf({ clientId, transactionId, type }: RequestView): string {
  return `${clientId}.${transactionId}.${type}`;
}

function iaName({ clientId }: RequestView, { iaid, kind }: NamedIa): string {
  return `${clientId}.${iaid}.${kind}`;
}
