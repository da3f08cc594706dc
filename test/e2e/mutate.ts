// Makes broken packets out of good ones: flipped bits, cut ends, wrong lengths, repeated and foreign pieces.

/** A repeatable source of numbers below `limit`. */
export function numbers(seed: number): (limit: number) => number {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % limit;
  };
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff];

/** One mutant of `good`, one to four changes; `other` lends pieces. */
export function mutant(good: Buffer, other: Buffer, next: (limit: number) => number): Buffer {
  let bytes: Buffer = Buffer.from(good);
  for (let changes = 1 + next(4); changes > 0; changes--) bytes = change(bytes, other, next);
  return bytes.subarray(0, 4_000);
}

function change(bytes: Buffer, other: Buffer, next: (limit: number) => number): Buffer {
  if (bytes.length < 2) return Buffer.from(other);
  const at = next(bytes.length);
  switch (next(8)) {
    case 0:
      bytes[at] = (bytes[at] as number) ^ (1 << next(8));
      return bytes;
    case 1:
      bytes[at] = INTERESTING[next(INTERESTING.length)] as number;
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3: {
      // Where a length may stand.
      if (at + 2 <= bytes.length)
        bytes.writeUInt16BE(next(4) === 0 ? 0xffff : next(bytes.length * 2), at);
      return bytes;
    }
    case 4: {
      const end = at + next(bytes.length - at);
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    }
    case 5: {
      const from = next(other.length);
      return Buffer.concat([
        bytes.subarray(0, at),
        other.subarray(from, from + next(64)),
        bytes.subarray(at),
      ]);
    }
    case 6:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + next(8))]);
    default:
      return Buffer.concat([bytes, Buffer.alloc(1 + next(16), next(256))]);
  }
}
