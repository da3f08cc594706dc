// Reading and writing octets, big-endian (RFC 8415 §8). A cursor never reads past its end: the first
// failure is kept, everything after it reads as zero, and the owner looks at `failure` when done.

import { assert } from "../model/unreachable.ts";

export class Cursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  /** How many options this content is nested in. */
  readonly depth: number;
  offset: number;
  failure: string | undefined;

  constructor(bytes: Uint8Array, offset: number, end: number, depth = 0) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
    this.depth = depth;
  }

  get left(): number {
    return this.end - this.offset;
  }

  /** Keeps the first reason and ends the reading. */
  fail(reason: string): void {
    this.failure ??= reason;
    this.offset = this.end;
  }

  /** D-015: whether `count` octets are there; fails when not. */
  has(count: number): boolean {
    if (this.left >= count) return true;
    this.fail("too short");
    return false;
  }

  u8(): number {
    return this.has(1) ? (this.bytes[this.offset++] as number) : 0;
  }

  u16(): number {
    if (!this.has(2)) return 0;
    this.offset += 2;
    return u16At(this.bytes, this.offset - 2);
  }

  u32(): number {
    if (!this.has(4)) return 0;
    this.offset += 4;
    return u32At(this.bytes, this.offset - 4);
  }

  /** A copy of the next `count` octets; empty on failure. */
  take(count: number): Uint8Array {
    if (!this.has(count)) return new Uint8Array(0);
    this.offset += count;
    return this.bytes.slice(this.offset - count, this.offset);
  }

  /** A copy of what is left. */
  rest(): Uint8Array {
    return this.take(this.left);
  }
}

/** The caller has checked the bounds. */
export function u16At(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

/** The caller has checked the bounds. */
export function u24At(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 16) | u16At(bytes, offset + 1);
}

/** The caller has checked the bounds. */
export function u32At(bytes: Uint8Array, offset: number): number {
  return ((u16At(bytes, offset) << 16) | u16At(bytes, offset + 2)) >>> 0;
}

function nibble(code: number): number {
  return code <= 57 ? code - 48 : code - 87;
}

/** A place whose 2-octet length is filled in later. */
export type LengthMark = number;

/** Octets in a growing buffer. `overflow` is set when a 2-octet length could not hold its content. */
export class ByteWriter {
  length = 0;
  overflow = false;
  #buffer: Uint8Array;

  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity);
  }

  u8(value: number): void {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xff, "the number fits in one octet");
    this.#reserve(1);
    this.#buffer[this.length++] = value;
  }

  u16(value: number): void {
    assert(
      Number.isInteger(value) && value >= 0 && value <= 0xffff,
      "the number fits in two octets",
    );
    this.#reserve(2);
    this.#buffer[this.length++] = value >>> 8;
    this.#buffer[this.length++] = value & 0xff;
  }

  u24(value: number): void {
    assert(
      Number.isInteger(value) && value >= 0 && value <= 0xffffff,
      "the number fits in three octets",
    );
    this.u8(value >>> 16);
    this.u16(value & 0xffff);
  }

  u32(value: number): void {
    assert(
      Number.isInteger(value) && value >= 0 && value <= 0xffffffff,
      "the number fits in four octets",
    );
    this.#reserve(4);
    const buffer = this.#buffer;
    const at = this.length;
    buffer[at] = value >>> 24;
    buffer[at + 1] = (value >>> 16) & 0xff;
    buffer[at + 2] = (value >>> 8) & 0xff;
    buffer[at + 3] = value & 0xff;
    this.length = at + 4;
  }

  /** Lower-case hex digits, two an octet: the form of addresses and DUIDs in the core. */
  digits(text: string): void {
    const count = text.length >> 1;
    this.#reserve(count);
    const buffer = this.#buffer;
    for (let i = 0; i < count; i++) {
      buffer[this.length + i] =
        (nibble(text.charCodeAt(i * 2)) << 4) | nibble(text.charCodeAt(i * 2 + 1));
    }
    this.length += count;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.length);
    this.length += value.length;
  }

  /** The octet written last. */
  get last(): number {
    return this.#buffer[this.length - 1] ?? 0;
  }

  /** Leaves two octets for a length. */
  beginLength(): LengthMark {
    this.u16(0);
    return this.length;
  }

  /** Fills in the length of what was written since. */
  endLength(mark: LengthMark): void {
    const size = this.length - mark;
    if (size > 0xffff) {
      this.overflow = true;
      return;
    }
    this.#buffer[mark - 2] = size >>> 8;
    this.#buffer[mark - 1] = size & 0xff;
  }

  /** What was written, without a copy: nothing more is written after this. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.length));
    this.#buffer = grown;
  }
}
