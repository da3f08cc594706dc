// The few DER types that a certificate needs (ITU-T X.690).

const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: tag, length, contents. */
function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array =>
  element(TAG.sequence, ...parts);

export const setOf = (...parts: readonly Uint8Array[]): Uint8Array => element(TAG.set, ...parts);

/** `[number] EXPLICIT` */
export const explicit = (number: number, part: Uint8Array): Uint8Array =>
  element(0xa0 | number, part);

/** An unsigned number in big-endian octets. */
export function integer(octets: Uint8Array): Uint8Array {
  const sign = ((octets[0] ?? 0) & 0x80) === 0 ? [] : [0];
  return element(TAG.integer, new Uint8Array(sign), octets);
}

export const bitString = (octets: Uint8Array, unusedBits = 0): Uint8Array =>
  element(TAG.bitString, Uint8Array.of(unusedBits), octets);

export const octetString = (octets: Uint8Array): Uint8Array => element(TAG.octetString, octets);

export const yes = (): Uint8Array => Uint8Array.of(0x01, 0x01, 0xff);

export const utf8String = (text: string): Uint8Array =>
  element(TAG.utf8String, new TextEncoder().encode(text));

/** From its dotted form. */
export function objectId(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const octets = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    octets.push(...groups);
  }
  return element(TAG.objectId, Uint8Array.from(octets));
}

/** RFC 5280 §4.1.2.5: two digits for the year up to 2049, four from then on. */
export function time(date: Date): Uint8Array {
  const text = date.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  const encode = (value: string): Uint8Array => new TextEncoder().encode(value);
  return date.getUTCFullYear() < 2050
    ? element(TAG.utcTime, encode(text.slice(2)))
    : element(TAG.generalizedTime, encode(text));
}
