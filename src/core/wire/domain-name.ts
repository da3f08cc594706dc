// Domain names in options: RFC 1035 §3.1 labels, never compressed (RFC 8415 §10, D-023).
// As values they are text in the notation of RFC 1035 §5.1: `\.` and `\\` for a dot and a backslash in a
// label, `\DDD` for other octets that are not printable; the root's dot ends a complete name.

import type { ByteWriter, Cursor } from "./cursor.ts";

/** RFC 1035 §2.3.4. */
const LABEL_MAX = 63;
/** RFC 1035 §2.3.4: octets on the wire, length octets and the root included. */
const NAME_MAX = 255;

/** Reads one complete name; fails on compression, a label over 63, a name over 255 or a missing root. */
export function readName(cursor: Cursor): string {
  const start = cursor.offset;
  let text = "";
  while (cursor.failure === undefined) {
    const size = cursor.u8();
    // D-023, X-111: the two high bits mean compression or an extended label; neither stands in DHCP.
    if (size > LABEL_MAX) cursor.fail(size >= 0xc0 ? "compressed name" : "label over 63 octets");
    if (cursor.failure !== undefined || size === 0) break;
    text += `${labelText(cursor.take(size))}.`;
    if (cursor.offset - start >= NAME_MAX) cursor.fail("name over 255 octets");
  }
  return text === "" ? "." : text;
}

/** Writes a complete name; the text must be one that `wireName` accepts. */
export function writeName(out: ByteWriter, name: string): void {
  const wire = wireName(name);
  if (wire === undefined)
    throw new Error(`assertion failed: ${JSON.stringify(name)} is a domain name`);
  out.bytes(wire);
}

/** The labels of a name with the root; undefined when it is no domain name. A missing last dot is added. */
export function wireName(name: string): Uint8Array | undefined {
  const labels = wireLabels(name);
  if (labels === undefined || labels.length + 1 > NAME_MAX) return undefined;
  const wire = new Uint8Array(labels.length + 1);
  wire.set(labels);
  return wire;
}

/** The labels of a name without the root: the form of a partial name (RFC 4704 §4.2). */
export function wireLabels(name: string): Uint8Array | undefined {
  const octets: number[] = [];
  if (name === "." || name === "") return new Uint8Array(0);
  let label: number[] = [];
  const close = (): boolean => {
    if (label.length === 0 || label.length > LABEL_MAX) return false;
    octets.push(label.length, ...label);
    label = [];
    return true;
  };
  for (let i = 0; i < name.length; i++) {
    const char = name[i] as string;
    if (char === ".") {
      if (!close()) return undefined;
      continue;
    }
    const escaped = char === "\\" ? readEscape(name, i) : undefined;
    if (char === "\\" && escaped === undefined) return undefined;
    const code = escaped?.octet ?? char.charCodeAt(0);
    if (escaped === undefined && (code <= 0x20 || code > 0x7e)) return undefined;
    label.push(code);
    i += escaped?.more ?? 0;
  }
  if (label.length > 0 && !close()) return undefined;
  return octets.length > NAME_MAX ? undefined : Uint8Array.from(octets);
}

function readEscape(name: string, at: number): { octet: number; more: number } | undefined {
  const digits = /^\d{3}/.exec(name.slice(at + 1));
  if (digits !== null) {
    const octet = Number(digits[0]);
    return octet > 255 ? undefined : { octet, more: 3 };
  }
  const next = name.charCodeAt(at + 1);
  return Number.isNaN(next) || next <= 0x20 || next > 0x7e ? undefined : { octet: next, more: 1 };
}

/** whether octets are labels of a complete, partial or empty name, and where they end. */
export function partialNameFault(
  bytes: Uint8Array,
  start: number,
  end: number,
): string | undefined {
  if (end - start > NAME_MAX) return "name over 255 octets";
  for (let i = start; i < end; ) {
    const size = bytes[i] as number;
    if (size === 0) return i + 1 === end ? undefined : "octets after the root";
    if (size > LABEL_MAX) return size >= 0xc0 ? "compressed name" : "label over 63 octets";
    i += 1 + size;
    if (i > end) return "label passes the end";
  }
  return undefined;
}

/** The text of a sound partial or complete name; no last dot when the root is missing, empty for no name. */
export function partialNameText(bytes: Uint8Array): string {
  if (bytes.length === 1 && bytes[0] === 0) return ".";
  const labels: string[] = [];
  for (let i = 0; i < bytes.length; ) {
    const size = bytes[i] as number;
    labels.push(size === 0 ? "" : labelText(bytes.subarray(i + 1, i + 1 + size)));
    i += 1 + size;
  }
  return labels.join(".");
}

function labelText(label: Uint8Array): string {
  let text = "";
  for (const octet of label) {
    if (octet === 0x2e || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    // A comma parts values in lists, so it never stands bare.
    else if (octet > 0x20 && octet < 0x7f && octet !== 0x2c) text += String.fromCharCode(octet);
    else text += `\\${String(octet).padStart(3, "0")}`;
  }
  return text;
}
