// Reads pcap and pcapng files: both byte orders, micro- and nanoseconds, the blocks that captures here hold.

/** One captured frame. */
export interface Frame {
  /** Microseconds since 1970. */
  readonly time: number;
  /** LINKTYPE_…: 1 Ethernet, 101 raw IP, 113 and 276 Linux cooked, 0 loopback. */
  readonly linkType: number;
  readonly bytes: Buffer;
}

interface Words {
  u16(at: number): number;
  u32(at: number): number;
}

function words(bytes: Buffer, little: boolean): Words {
  return little
    ? { u16: (at) => bytes.readUInt16LE(at), u32: (at) => bytes.readUInt32LE(at) }
    : { u16: (at) => bytes.readUInt16BE(at), u32: (at) => bytes.readUInt32BE(at) };
}

/** All frames of a capture file, in its order. A last frame that was cut off is left out. */
export function readFrames(file: Buffer): Frame[] {
  if (file.length < 4) return [];
  const magic = file.readUInt32LE(0);
  if (magic === 0x0a0d0d0a) return readPcapng(file);
  const little = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  const big = file.readUInt32BE(0);
  if (!little && big !== 0xa1b2c3d4 && big !== 0xa1b23c4d) throw new Error("not a capture file");
  return readPcap(file, words(file, little), little ? magic === 0xa1b23c4d : big === 0xa1b23c4d);
}

function readPcap(file: Buffer, word: Words, nanoseconds: boolean): Frame[] {
  const linkType = word.u32(20) & 0x0fffffff;
  const frames: Frame[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const length = word.u32(at + 8);
    const end = at + 16 + length;
    if (end > file.length) break;
    const fraction = word.u32(at + 4);
    const micros = nanoseconds ? fraction / 1_000 : fraction;
    const time = word.u32(at) * 1_000_000 + micros;
    frames.push({ time, linkType, bytes: file.subarray(at + 16, end) });
    at = end;
  }
  return frames;
}

interface Interface {
  readonly linkType: number;
  /** Ticks in a microsecond. */
  readonly ticks: number;
}

function readPcapng(file: Buffer): Frame[] {
  const frames: Frame[] = [];
  let interfaces: Interface[] = [];
  let word = words(file, true);
  for (let at = 0; at + 12 <= file.length; ) {
    if (file.readUInt32BE(at) === 0x0a0d0d0a) {
      word = words(file, file.readUInt32LE(at + 8) === 0x1a2b3c4d);
      interfaces = [];
    }
    const length = word.u32(at + 4);
    if (length < 12 || at + length > file.length) break;
    const type = word.u32(at);
    if (type === 1) interfaces.push(readInterface(file.subarray(at, at + length), word, at));
    if (type === 6) {
      const from = interfaces[word.u32(at + 8)];
      if (from === undefined) throw new Error("a frame of an interface that was not described");
      const ticks = word.u32(at + 12) * 2 ** 32 + word.u32(at + 16);
      const start = at + 28;
      const bytes = file.subarray(start, start + word.u32(at + 20));
      frames.push({ time: Math.round(ticks / from.ticks), linkType: from.linkType, bytes });
    }
    at += length;
  }
  return frames;
}

function readInterface(block: Buffer, word: Words, base: number): Interface {
  let ticks = 1;
  for (let at = 16; at + 8 <= block.length; ) {
    const code = word.u16(base + at);
    const length = word.u16(base + at + 2);
    if (code === 0) break;
    const resolution = block[at + 4] ?? 6;
    if (code === 9) {
      const perSecond = resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution;
      ticks = perSecond / 1_000_000;
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { linkType: word.u16(base + 8), ticks };
}
