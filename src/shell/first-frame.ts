// Finds where the first frame of a connection ends (F-070, RFC 5460 §5.1: two octets of length, then the
// message). It is STARTTLS or the answer to it when TLS is wanted; what follows is then TLS, not frames.

export interface Split {
  /** Octets that belong to the first frame, or come after it was over. */
  readonly now: Uint8Array;
  /** Octets after the end of the first frame. */
  readonly rest: Uint8Array;
  /** The first frame ends with `now`. */
  readonly complete: boolean;
}

const NOTHING = new Uint8Array(0);
const LENGTH_OCTETS = 2;

export class FirstFrame {
  #seen = 0;
  #length = 0;
  #type: number | undefined;
  #over = false;

  /** The message type, once its octet was there. */
  get type(): number | undefined {
    return this.#type;
  }

  /** Splits a chunk where the first frame ends; later chunks pass as they are. */
  take(chunk: Uint8Array): Split {
    if (this.#over) return { now: chunk, rest: NOTHING, complete: false };
    for (let i = 0; this.#seen + i < LENGTH_OCTETS && i < chunk.length; i++) {
      this.#length = (this.#length << 8) | (chunk[i] as number);
    }
    if (this.#seen <= LENGTH_OCTETS) this.#type ??= chunk[LENGTH_OCTETS - this.#seen];
    const end = LENGTH_OCTETS + this.#length - this.#seen;
    this.#seen += chunk.length;
    if (this.#seen < LENGTH_OCTETS || chunk.length < end) {
      return { now: chunk, rest: NOTHING, complete: false };
    }
    this.#over = true;
    return { now: chunk.subarray(0, end), rest: chunk.subarray(end), complete: true };
  }

  /** There is no first frame to look for any more. */
  skip(): void {
    this.#over = true;
  }
}
