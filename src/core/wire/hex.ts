// Octets as hex digits, for people.

/** `01:02:ff`. */
export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, "0")).join(":");
}

/** Hex digits with or without a leading `0x`, and with or without colons or blanks between octets. */
export function parseHex(text: string): Uint8Array | undefined {
  const digits = text.trim().replace(/^0x/i, "").replaceAll(/[:\s]/g, "");
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) return undefined;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16),
  );
}
