// Frames on a TCP connection: a 2-octet size, then the message (RFC 5460 §5.1, RFC 8156 §5.1).
// Resumable at every octet; holds at most one incomplete frame.

import { u16At } from "./cursor.ts";
import { smallestSize } from "./failover-messages.ts";

export interface FramesRead {
  /** Whole messages without their size, in order; each valid until the next push. */
  readonly messages: readonly Uint8Array[];
  /** F-073: the stream is out of step after this; nothing more comes from the parser. */
  readonly error: { readonly code: "frame-too-small"; readonly size: number } | undefined;
}

const SIZE_OCTETS = 2;

export class FrameParser {
  #partial: Uint8Array = new Uint8Array(0);
  #filled = 0;
  #error: FramesRead["error"];

  /** Octets of an incomplete frame that are held (after STARTTLS there must be none). */
  get pending(): number {
    return this.#filled;
  }

  /** F-071: any number of pieces or frames. The chunk is not kept beyond the call but may be referred to by `messages`. */
  push(chunk: Uint8Array): FramesRead {
    const messages: Uint8Array[] = [];
    let offset = 0;
    while (offset < chunk.length && this.#error === undefined) {
      if (this.#filled > 0) {
        offset += this.#fill(chunk, offset);
        if (this.#complete()) this.#accept(this.#partial.subarray(SIZE_OCTETS), messages);
        continue;
      }
      const whole = wholeFrame(chunk, offset);
      if (whole === undefined) {
        this.#begin(chunk.subarray(offset));
        break;
      }
      offset += SIZE_OCTETS + whole.length;
      this.#check(whole, messages);
    }
    return { messages, error: this.#error };
  }

  #accept(message: Uint8Array, messages: Uint8Array[]): void {
    this.#filled = 0;
    this.#partial = new Uint8Array(0);
    this.#check(message, messages);
  }

  /** F-073: below 8 octets (below 4 for STARTTLS and its REPLY) is a protocol error. */
  #check(message: Uint8Array, messages: Uint8Array[]): void {
    if (message.length >= smallestSize(message[0] ?? 0)) {
      messages.push(message);
      return;
    }
    this.#error = { code: "frame-too-small", size: message.length };
  }

  #begin(rest: Uint8Array): void {
    const size = rest.length >= SIZE_OCTETS ? SIZE_OCTETS + u16At(rest, 0) : SIZE_OCTETS;
    this.#partial = new Uint8Array(size);
    this.#partial.set(rest);
    this.#filled = rest.length;
  }

  /** Takes what the partial frame lacks; how many octets it took. */
  #fill(chunk: Uint8Array, offset: number): number {
    const count = Math.min(this.#partial.length - this.#filled, chunk.length - offset);
    this.#partial.set(chunk.subarray(offset, offset + count), this.#filled);
    this.#filled += count;
    if (this.#filled === SIZE_OCTETS && this.#partial.length === SIZE_OCTETS) {
      const size = u16At(this.#partial, 0);
      const grown = new Uint8Array(SIZE_OCTETS + size);
      grown.set(this.#partial);
      this.#partial = grown;
    }
    return count;
  }

  #complete(): boolean {
    return this.#filled >= SIZE_OCTETS && this.#filled === this.#partial.length;
  }
}

/** The message of a frame that lies whole in the chunk, without a copy. */
function wholeFrame(chunk: Uint8Array, offset: number): Uint8Array | undefined {
  if (chunk.length - offset < SIZE_OCTETS) return undefined;
  const end = offset + SIZE_OCTETS + u16At(chunk, offset);
  return end > chunk.length ? undefined : chunk.subarray(offset + SIZE_OCTETS, end);
}
