// A message as a tree of options, so that damage inside keeps all enclosing lengths right and reaches what lies deep.

/** Octets before the options, by the code of the option that holds them. */
const HEADERS: Readonly<Record<number, number>> = { 3: 12, 25: 12, 5: 24, 26: 25, 45: 0, 46: 0 };
const RELAY_MSG = 9;

export interface Area {
  /** Octets before the options. */
  head: Uint8Array;
  options: Node[];
}

export interface Node {
  code: number;
  /** The content, or octets where it has no options of its own. */
  content: Area | Uint8Array;
}

/** Octets before the options of a message. */
export function headerOf(bytes: Uint8Array, failover: boolean): number {
  const [type = 0] = bytes;
  if (failover) return type === 7 || type === 23 ? 4 : 8;
  return type === 12 || type === 13 ? 34 : 4;
}

/** Undefined when the octets are no whole options. */
export function parse(bytes: Uint8Array, header: number): Area | undefined {
  if (bytes.length < header) return undefined;
  const options: Node[] = [];
  let at = header;
  while (at + 4 <= bytes.length) {
    const code = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    const end = at + 4 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
    if (end > bytes.length) return undefined;
    const data = bytes.slice(at + 4, end);
    const inner = code === RELAY_MSG ? headerOf(data, false) : HEADERS[code];
    options.push({ code, content: (inner === undefined ? undefined : parse(data, inner)) ?? data });
    at = end;
  }
  return at === bytes.length ? { head: bytes.slice(0, header), options } : undefined;
}

export function serialize(area: Area): Uint8Array {
  const parts: Uint8Array[] = [area.head];
  for (const { code, content } of area.options) {
    const data = content instanceof Uint8Array ? content : serialize(content);
    const length = Math.min(data.length, 0xffff);
    parts.push(Uint8Array.of(code >> 8, code, length >> 8, length), data.subarray(0, length));
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** All areas, the outermost first. */
export function areas(area: Area): readonly Area[] {
  const inner = area.options.flatMap(({ content }) =>
    content instanceof Uint8Array ? [] : areas(content),
  );
  return [area, ...inner];
}
