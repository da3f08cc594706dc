// Big-endian numbers and strings in an octet buffer that grows: what the log's formats are made of.

import { assert } from "../model/unreachable.ts";

const TWO_32 = 4_294_967_296;

/** A stored octet string that this program cannot understand. */
export class StoredFormatError extends Error {
  readonly code = "stored-format";
}

/** Writes forward; `bytes` is replaced when it has to grow. */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    const { bytes, length } = this;
    bytes[length] = value >>> 8;
    bytes[length + 1] = value;
    this.length = length + 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.length = putU32(this.bytes, this.length, value);
  }

  /** A whole number from 0 below 2^53. */
  u53(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, "a stored number is whole and below 2^53");
    this.u32(Math.floor(value / TWO_32));
    this.u32(value % TWO_32);
  }

  octets(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  /** Hex digits as octets, without their number. */
  hex(text: string): void {
    const count = text.length >> 1;
    this.reserve(count);
    const { bytes, length } = this;
    for (let i = 0; i < count; i++) {
      bytes[length + i] = (digit(text.charCodeAt(i * 2)) << 4) | digit(text.charCodeAt(i * 2 + 1));
    }
    this.length = length + count;
  }

  /** The number of octets in 16 bits, then the string as UTF-8 (a lone surrogate as its own three octets). */
  text(value: string): void {
    const start = this.length;
    this.u16(0);
    for (let i = 0; i < value.length; i++) this.codeUnits(value, value.charCodeAt(i), i);
    const count = this.length - start - 2;
    assert(count <= 0xffff, "a stored string has at most 65,535 octets");
    this.bytes[start] = count >>> 8;
    this.bytes[start + 1] = count;
  }

  private codeUnits(value: string, unit: number, at: number): void {
    if (unit < 0x80) {
      this.u8(unit);
    } else if (unit < 0x800) {
      this.u16(((0xc0 | (unit >> 6)) << 8) | (0x80 | (unit & 0x3f)));
    } else if ((unit & 0xfc00) === 0xd800 && (value.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      const point = value.codePointAt(at) as number;
      this.u16(((0xf0 | (point >> 18)) << 8) | (0x80 | ((point >> 12) & 0x3f)));
      this.u16(((0x80 | ((point >> 6) & 0x3f)) << 8) | (0x80 | (point & 0x3f)));
    } else if ((unit & 0xfc00) !== 0xdc00 || (value.charCodeAt(at - 1) & 0xfc00) !== 0xd800) {
      this.u8(0xe0 | (unit >> 12));
      this.u16(((0x80 | ((unit >> 6) & 0x3f)) << 8) | (0x80 | (unit & 0x3f)));
    }
  }

  /** Makes room for `capacity` octets in all. */
  grow(capacity: number): void {
    this.reserve(capacity - this.length);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

/** Reads forward up to `end`; throws StoredFormatError beyond it. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  u8(): number {
    return this.bytes[this.take(1)] as number;
  }

  u16(): number {
    const at = this.take(2);
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }

  u32(): number {
    return getU32(this.bytes, this.take(4));
  }

  u53(): number {
    const value = this.u32() * TWO_32 + this.u32();
    if (!Number.isSafeInteger(value)) throw new StoredFormatError("a number is not below 2^53");
    return value;
  }

  /** A copy. */
  octets(length: number): Uint8Array {
    const at = this.take(length);
    return this.bytes.slice(at, at + length);
  }

  text(): string {
    const end = this.u16() + this.at;
    if (end > this.end) throw new StoredFormatError("a string ends beyond its record");
    let value = "";
    while (this.at < end) value += this.character();
    if (this.at !== end) throw new StoredFormatError("a string ends inside a character");
    return value;
  }

  /** Moves over `length` octets; returns where they begin. */
  take(length: number): number {
    const at = this.at;
    if (at + length > this.end) throw new StoredFormatError("a field ends beyond its record");
    this.at = at + length;
    return at;
  }

  private character(): string {
    const first = this.u8();
    if (first < 0x80) return String.fromCharCode(first);
    if (first < 0xe0) return String.fromCharCode(((first & 0x1f) << 6) | this.continuation());
    const second = this.continuation();
    const third = this.continuation();
    if (first < 0xf0) return String.fromCharCode(((first & 0xf) << 12) | (second << 6) | third);
    const point = ((first & 7) << 18) | (second << 12) | (third << 6) | this.continuation();
    if (point > 0x10ffff) throw new StoredFormatError("a string holds no character");
    return String.fromCodePoint(point);
  }

  private continuation(): number {
    return this.u8() & 0x3f;
  }
}

/** Writes four octets; returns where the next ones go. */
export function putU32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

export function putU53(bytes: Uint8Array, at: number, value: number): number {
  return putU32(bytes, putU32(bytes, at, Math.floor(value / TWO_32)), value % TWO_32);
}

export function getU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function getU53(bytes: Uint8Array, at: number): number {
  return getU32(bytes, at) * TWO_32 + getU32(bytes, at + 4);
}

function digit(code: number): number {
  return code <= 57 ? code - 48 : code - 87;
}
