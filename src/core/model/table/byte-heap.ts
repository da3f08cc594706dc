// Octet strings in pages of 64 KiB by size class: no object and no ArrayBuffer a string, freed slots are used again.

import { assert } from "../unreachable.ts";

const UNIT = 8;
const PAGE_BYTES = 65_536;
const PAGE_UNITS = PAGE_BYTES / UNIT;
/** Up to this, classes are a unit apart; above, 512 octets. */
const FINE_BYTES = 256;
const COARSE = 512;
const FINE_CLASSES = FINE_BYTES / UNIT;

/** The longest string that can be kept. */
export const BYTE_HEAP_MAX = PAGE_BYTES;

interface SizeClass {
  readonly units: number;
  /** Freed slots, linked through their first word; 0 = none, else slot + 1. */
  free: number;
  /** Next slot never used, and where its page ends. */
  next: number;
  end: number;
}

/** Slots are numbers (units of 8 octets from the first page on). */
export class ByteHeap {
  private readonly pages: Uint8Array[] = [];
  private readonly classes: (SizeClass | undefined)[] = [];

  /** The page in which a slot lies, from `start(slot)` on. */
  page(slot: number): Uint8Array {
    return this.pages[Math.floor(slot / PAGE_UNITS)] as Uint8Array;
  }

  start(slot: number): number {
    return (slot % PAGE_UNITS) * UNIT;
  }

  /** Stores `length` octets of `bytes`; returns the slot. */
  store(bytes: Uint8Array, length: number): number {
    assert(length <= BYTE_HEAP_MAX, "an octet string of the lease table fits in a page");
    const slot = this.take(this.classFor(length));
    const page = this.page(slot);
    const start = this.start(slot);
    for (let i = 0; i < length; i++) page[start + i] = bytes[i] as number;
    return slot;
  }

  /** Frees a slot that was stored with this length. */
  free(slot: number, length: number): void {
    const sized = this.classFor(length);
    this.link(slot, sized.free);
    sized.free = slot + 1;
  }

  private take(sized: SizeClass): number {
    if (sized.free !== 0) {
      const slot = sized.free - 1;
      sized.free = this.linked(slot);
      return slot;
    }
    if (sized.next === sized.end) {
      sized.next = this.pages.length * PAGE_UNITS;
      sized.end = sized.next + Math.floor(PAGE_UNITS / sized.units) * sized.units;
      this.pages.push(new Uint8Array(PAGE_BYTES));
    }
    const slot = sized.next;
    sized.next += sized.units;
    return slot;
  }

  private link(slot: number, value: number): void {
    const page = this.page(slot);
    const start = this.start(slot);
    for (let i = 0; i < 4; i++) page[start + i] = (value >>> (i * 8)) & 0xff;
  }

  private linked(slot: number): number {
    const page = this.page(slot);
    const start = this.start(slot);
    let value = 0;
    for (let i = 3; i >= 0; i--) value = value * 256 + (page[start + i] as number);
    return value;
  }

  private classFor(length: number): SizeClass {
    const fine = length <= FINE_BYTES;
    const number = fine
      ? Math.max(1, Math.ceil(length / UNIT))
      : FINE_CLASSES + Math.ceil(length / COARSE);
    let sized = this.classes[number];
    if (sized === undefined) {
      const units = fine ? number : ((number - FINE_CLASSES) * COARSE) / UNIT;
      sized = { units, free: 0, next: 0, end: 0 };
      while (this.classes.length < number) this.classes.push(undefined);
      this.classes[number] = sized;
    }
    return sized;
  }
}
