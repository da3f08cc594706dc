// Holds outputs until everything changed before them is durable, and lets them go in order (docs/internals/core.md).
// Pure: it is told what is durable.

import type { CommandResult } from "../../api/results.ts";
import type { SentDatagram } from "../../ports/datagram.ts";
import type { LinkId, LinkRequest } from "../../ports/partner-link.ts";
import type { Counters } from "../model/counters.ts";
import type { DhcpTime, Millis } from "../model/time.ts";
import { patchSentTime } from "../wire/failover-messages.ts";
import type { Sink } from "./events.ts";

export type Output =
  | { readonly type: "datagram"; readonly datagram: SentDatagram }
  | { readonly type: "frame"; readonly link: LinkId; readonly frame: Uint8Array }
  | { readonly type: "link"; readonly request: LinkRequest }
  | { readonly type: "answer"; readonly id: number; readonly result: CommandResult };

interface Held {
  readonly after: number;
  readonly output: Output;
}

export class Release {
  #held: Held[] = [];
  #head = 0;
  readonly #counters: Counters;
  readonly #told: (at: Millis) => DhcpTime;
  /** Frames of one link that leave together: one buffer a batch. */
  #frames: Uint8Array[] = [];
  #framesLink: LinkId = 0;

  /** `told`: how a time of the shell is told to the partner. */
  constructor(counters: Counters, told: (at: Millis) => DhcpTime) {
    this.#counters = counters;
    this.#told = told;
  }

  get size(): number {
    return this.#held.length - this.#head;
  }

  /** What the newest output waits for; 0 = nothing is held. */
  get last(): number {
    return this.size === 0 ? 0 : (this.#held.at(-1)?.after ?? 0);
  }

  /** The output leaves when the log is durable up to `after`. */
  hold(after: number, output: Output): void {
    this.#held.push({ after, output });
  }

  /** T-08: handing over needs no disk. What was held for the partner is void, what closes or opens a connection leaves. */
  dropFrames(sink: Sink): void {
    const held = this.#held.slice(this.#head);
    for (const { output } of held) if (output.type === "link") sink.link(output.request);
    this.#held = held.filter(({ output }) => output.type !== "frame" && output.type !== "link");
    this.#head = 0;
  }

  /** What promises nothing leaves at once. */
  emitNow(outputs: readonly Output[], sink: Sink): void {
    for (const output of outputs) this.#emit(output, sink);
    this.#flushFrames(sink);
  }

  /** Lets go of everything that waited for `durable` or less, in order. */
  release(durable: number, sink: Sink): void {
    while (this.#head < this.#held.length) {
      const { after, output } = this.#held[this.#head] as Held;
      if (after > durable) break;
      this.#head++;
      this.#emit(output, sink);
    }
    this.#flushFrames(sink);
    if (this.#head > 4_096 || this.#head === this.#held.length) {
      this.#held = this.#held.slice(this.#head);
      this.#head = 0;
    }
  }

  /** A datagram to a client leaves, unless it is too late for it. The clock is read for each one: a process can stand still
   * between two of them. */
  send(datagram: SentDatagram, sink: Sink): void {
    // T-06 (4): an old answer would start its lifetimes too late.
    if (sink.now() > datagram.dropAt) this.#counters.add("reply-too-late");
    else sink.datagram(datagram);
  }

  #emit(output: Output, sink: Sink): void {
    if (output.type === "frame") {
      if (this.#frames.length > 0 && this.#framesLink !== output.link) this.#flushFrames(sink);
      // F-075, F-076, T-06 (5): written when it leaves.
      patchSentTime(output.frame, this.#told(sink.now()));
      this.#frames.push(output.frame);
      this.#framesLink = output.link;
      return;
    }
    if (output.type === "datagram") {
      this.send(output.datagram, sink);
      return;
    }
    if (output.type === "link") {
      this.#flushFrames(sink);
      sink.link(output.request);
      return;
    }
    sink.answer(output.id, output.result);
  }

  #flushFrames(sink: Sink): void {
    if (this.#frames.length === 0) return;
    sink.link({ type: "link-send", link: this.#framesLink, bytes: join(this.#frames) });
    this.#frames = [];
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
