// Bytes by hand for tests: none of the code under test.

export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/[\s:]/g, ""), "hex"));
}

export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

/** An option with a right length. */
export function opt(
  code: number,
  ...data: readonly (Uint8Array | readonly number[])[]
): Uint8Array {
  const content = join(...data);
  return join([code >> 8, code & 0xff, content.length >> 8, content.length & 0xff], content);
}

export function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

export function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** The 16 octets of an address written as eight groups or with one `::`. */
export function ip(text: string): Uint8Array {
  const [left = "", right] = text.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const zeros = new Array<string>(8 - head.length - tail.length).fill("0");
  return hex([...head, ...zeros, ...tail].map((group) => group.padStart(4, "0")).join(""));
}

/** A client or server message. */
export function msg(type: number, ...options: readonly Uint8Array[]): Uint8Array {
  return join([type, 0x12, 0x34, 0x56], ...options);
}

/** A failover message. */
export function failover(type: number, ...options: readonly Uint8Array[]): Uint8Array {
  return join([type, 0x12, 0x34, 0x56], u32(0x31000000), ...options);
}

export function relayForw(
  hopCount: number,
  link: string,
  peer: string,
  ...options: readonly Uint8Array[]
): Uint8Array {
  return join([12, hopCount], ip(link), ip(peer), ...options);
}

export function relayRepl(
  hopCount: number,
  link: string,
  peer: string,
  ...options: readonly Uint8Array[]
): Uint8Array {
  return join([13, hopCount], ip(link), ip(peer), ...options);
}

/** A DUID-LL. */
export const CLIENT = hex("00030001 020000000001");
export const SERVER = hex("00030001 0200000000aa");

/** A name in labels, with the root. */
export function labels(...names: readonly string[]): Uint8Array {
  return join(...names.map((label) => [label.length, ...ascii(label)]), [0]);
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
