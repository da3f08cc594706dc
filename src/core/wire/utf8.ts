// UTF-8 (RFC 3629) by hand, since the core has nothing of the platform.

/** The text of the octets; undefined when they are not UTF-8 (overlong forms and surrogates are not). */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i] as number;
    const size =
      first < 0x80
        ? 1
        : first < 0xc2
          ? 0
          : first < 0xe0
            ? 2
            : first < 0xf0
              ? 3
              : first < 0xf5
                ? 4
                : 0;
    if (size === 0 || i + size > bytes.length) return undefined;
    let point = size === 1 ? first : first & (0x7f >> size);
    for (let k = 1; k < size; k++) {
      const next = bytes[i + k] as number;
      if ((next & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (next & 0x3f);
    }
    if ((size === 3 && point < 0x800) || (size === 4 && point < 0x10000)) return undefined;
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    text += String.fromCodePoint(point);
    i += size;
  }
  return text;
}

/** The octets of a text; a lone surrogate becomes U+FFFD. */
export function utf8Encode(text: string): Uint8Array {
  const octets: number[] = [];
  for (const char of text) {
    const raw = char.codePointAt(0) as number;
    const point = raw >= 0xd800 && raw <= 0xdfff ? 0xfffd : raw;
    if (point < 0x80) octets.push(point);
    else if (point < 0x800) octets.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
    else if (point < 0x10000)
      octets.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
    else {
      octets.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f));
      octets.push(0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
    }
  }
  return Uint8Array.from(octets);
}
