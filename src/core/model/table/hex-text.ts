// Octets as hex digits in one flat string: joining pieces would make ropes, which cost memory and a copy on first use.

const DIGITS: readonly number[] = Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

/** Holds the digits while a string is made; an instance a kind of string, so that its length rarely changes. */
export class HexText {
  private readonly codes: number[] = [];

  /** `count` octets of `bytes` from `start`. */
  octets(bytes: Uint8Array, start: number, count: number): string {
    const { codes } = this;
    codes.length = count * 2;
    for (let i = 0; i < count; i++) {
      const octet = bytes[start + i] as number;
      codes[i * 2] = DIGITS[octet >>> 4] as number;
      codes[i * 2 + 1] = DIGITS[octet & 15] as number;
    }
    return String.fromCharCode.apply(null, codes);
  }

  /** Four words of `words` from `base`: 32 digits. */
  address(words: Uint32Array, base: number): string {
    const { codes } = this;
    for (let i = 0; i < 4; i++) {
      let word = words[base + i] as number;
      for (let k = i * 8 + 7; k >= i * 8; k--) {
        codes[k] = DIGITS[word & 15] as number;
        word >>>= 4;
      }
    }
    return String.fromCharCode.apply(null, codes);
  }
}
