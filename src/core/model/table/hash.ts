// HalfSipHash-1-3 with a secret of 64 bits (Aumasson and Bernstein): DUIDs and addresses are chosen by clients,
// so an unkeyed hash would let one client make every lookup slow.

/** The secret: two words of 32 bits. */
export type HashSeed = readonly [number, number];

/** Hash of `length` octets of `bytes` from `start`: 32 bits, unsigned. */
export function hashBytes(
  seed: HashSeed,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  const last = length & 3;
  const whole = length - last;
  let v0 = seed[0];
  let v1 = seed[1];
  let v2 = 0x6c796765 ^ seed[0];
  let v3 = 0x74656462 ^ seed[1];
  // One round a word; then the rest with the length, the finalization mark and three rounds.
  const rounds = (whole >> 2) + 4;
  const closing = rounds - 4;
  for (let i = 0; i < rounds; i++) {
    let word = 0;
    if (i < closing) {
      const at = start + i * 4;
      word =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
    } else if (i === closing) {
      word = length << 24;
      for (let k = 0; k < last; k++) word |= (bytes[start + whole + k] as number) << (k * 8);
    } else if (i === closing + 1) {
      v2 ^= 0xff;
    }
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}

/** Hash of an address in four words and a prefix length: 32 bits, unsigned. */
export function hashAddress(
  seed: HashSeed,
  words: Uint32Array,
  base: number,
  length: number,
): number {
  let v0 = seed[0];
  let v1 = seed[1];
  let v2 = 0x6c796765 ^ seed[0];
  let v3 = 0x74656462 ^ seed[1];
  for (let i = 0; i < 8; i++) {
    const word = i < 4 ? (words[base + i] as number) : i === 4 ? length : 0;
    if (i === 5) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}
