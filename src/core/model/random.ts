// A small pseudo-random generator (xorshift128), seeded by the `start` event: the core has no randomness of its own.

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** At least 16 octets. */
  constructor(seed: Uint8Array) {
    const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
    this.#a = view.getUint32(0, true) | 1;
    this.#b = view.getUint32(4, true);
    this.#c = view.getUint32(8, true);
    this.#d = view.getUint32(12, true);
  }

  /** An unsigned 32-bit number. */
  next(): number {
    let t = this.#d;
    const s = this.#a;
    this.#d = this.#c;
    this.#c = this.#b;
    this.#b = s;
    t ^= t << 11;
    t ^= t >>> 8;
    this.#a = t ^ s ^ (s >>> 19);
    return this.#a >>> 0;
  }

  /** At least 0, below 1. */
  fraction(): number {
    return this.next() / 0x1_0000_0000;
  }
}
