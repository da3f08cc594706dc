// Octets as hex digits without separators, and back: the form in which DUIDs and addresses compare with `===`.

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) =>
  i.toString(16).padStart(2, "0"),
);

/** Two lower-case digits an octet, from `start` to before `end`; the caller has checked the bounds. */
export function hexOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = "";
  for (let i = start; i < end; i++) text += HEX[bytes[i] as number];
  return text;
}

/** The octets of an even number of hex digits. */
export function octetsOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}
