// HalfSipHash-2-4 with 64 bits of output: a keyed hash for choosing leases, in 32-bit arithmetic.
// Not predictable without the key (RFC 8415 §13.1, D-060), the same for the same client.

function rotl(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

export interface HashKey {
  readonly k0: number;
  readonly k1: number;
}

/** From the first 8 octets of a seed. */
export function hashKeyOf(seed: Uint8Array): HashKey {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  return { k0: view.getUint32(0, true), k1: view.getUint32(4, true) };
}

/** 64 bits as two unsigned words. `text` is hashed by its UTF-16 code units' low octets (hex digits here). */
export function hashText(key: HashKey, text: string, tweak: number): readonly [number, number] {
  const v = [key.k0 ^ tweak, key.k1 ^ 0xee, 0x6c796765 ^ key.k0, 0x74656462 ^ key.k1];
  const full = text.length & ~3;
  for (let i = 0; i < full; i += 4) absorb(v, word(text, i, 4));
  absorb(v, word(text, full, text.length & 3) | (text.length << 24));
  v[2] = (v[2] as number) ^ 0xee;
  rounds(v, 4);
  const high = ((v[1] as number) ^ (v[3] as number)) >>> 0;
  v[1] = (v[1] as number) ^ 0xdd;
  rounds(v, 4);
  return [high, ((v[1] as number) ^ (v[3] as number)) >>> 0];
}

function word(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value |= (text.charCodeAt(at + i) & 0xff) << (8 * i);
  return value;
}

function absorb(v: number[], m: number): void {
  v[3] = (v[3] as number) ^ m;
  rounds(v, 2);
  v[0] = (v[0] as number) ^ m;
}

function rounds(v: number[], count: number): void {
  let [v0, v1, v2, v3] = v as [number, number, number, number];
  for (let i = 0; i < count; i++) {
    v0 = (v0 + v1) | 0;
    v1 = rotl(v1, 5) ^ v0;
    v0 = rotl(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = rotl(v3, 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotl(v3, 7) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotl(v1, 13) ^ v2;
    v2 = rotl(v2, 16);
  }
  v[0] = v0;
  v[1] = v1;
  v[2] = v2;
  v[3] = v3;
}
