// Reads capture files: pcap (both byte orders, micro- and nanoseconds) and pcapng.

export interface CapturedPacket {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  /** The link-layer type, as tcpdump.org numbers them. */
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

/** The file is no capture, or broken; packets before the place were read. */
export class PcapError extends Error {
  readonly code = "bad-capture";
}

const PCAP_MAGIC = 0xa1b2c3d4;
const PCAP_NANO_MAGIC = 0xa1b23c4d;
const SECTION_BLOCK = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_BLOCK = 1;
const SIMPLE_PACKET_BLOCK = 3;
const ENHANCED_PACKET_BLOCK = 6;
const OPTION_TSRESOL = 9;

/** Every packet of a capture file, in its order. Throws PcapError where the file is broken. */
export function* readCapture(file: Uint8Array): Generator<CapturedPacket> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 24) throw new PcapError("the file is too short for a capture");
  if (view.getUint32(0) === SECTION_BLOCK) {
    yield* readPcapng(view);
    return;
  }
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === PCAP_MAGIC) yield* readPcap(view, little, 1e3);
    else if (magic === PCAP_NANO_MAGIC) yield* readPcap(view, little, 1e6);
    else continue;
    return;
  }
  throw new PcapError("the file is neither pcap nor pcapng");
}

function* readPcap(view: DataView, little: boolean, perMilli: number): Generator<CapturedPacket> {
  const linkType = view.getUint32(20, little) & 0xffff;
  for (let at = 24; at + 16 <= view.byteLength; ) {
    const length = view.getUint32(at + 8, little);
    const fraction = view.getUint32(at + 4, little) / perMilli;
    const time = view.getUint32(at, little) * 1000 + fraction;
    yield { time, linkType, bytes: slice(view, at + 16, length) };
    at += 16 + length;
  }
}

interface Interface {
  readonly linkType: number;
  /** Units of its time stamps in a millisecond. */
  readonly perMilli: number;
}

function* readPcapng(view: DataView): Generator<CapturedPacket> {
  let little = true;
  let interfaces: Interface[] = [];
  for (let at = 0; at + 12 <= view.byteLength; ) {
    if (view.getUint32(at) === SECTION_BLOCK) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
      interfaces = [];
    }
    const type = view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (length < 12 || at + length > view.byteLength) {
      throw new PcapError(`block at octet ${at} does not end in the file`);
    }
    const block = new DataView(view.buffer, view.byteOffset + at, length);
    if (type === INTERFACE_BLOCK) interfaces.push(readInterface(block, little));
    else if (type === ENHANCED_PACKET_BLOCK || type === SIMPLE_PACKET_BLOCK) {
      yield readPacketBlock(block, type, little, interfaces);
    }
    at += length;
  }
}

function readPacketBlock(
  block: DataView,
  type: number,
  little: boolean,
  interfaces: readonly Interface[],
): CapturedPacket {
  if (block.byteLength < (type === ENHANCED_PACKET_BLOCK ? 32 : 16)) {
    throw new PcapError("a packet block is too short");
  }
  const number = type === ENHANCED_PACKET_BLOCK ? block.getUint32(8, little) : 0;
  const known = interfaces[number];
  if (known === undefined) throw new PcapError(`interface ${number} was not described`);
  if (type === SIMPLE_PACKET_BLOCK) {
    const length = Math.min(block.getUint32(8, little), block.byteLength - 16);
    return { time: 0, linkType: known.linkType, bytes: slice(block, 12, length) };
  }
  const units = block.getUint32(12, little) * 2 ** 32 + block.getUint32(16, little);
  const bytes = slice(block, 28, block.getUint32(20, little));
  return { time: units / known.perMilli, linkType: known.linkType, bytes };
}

function readInterface(block: DataView, little: boolean): Interface {
  if (block.byteLength < 20) throw new PcapError("an interface block is too short");
  let perMilli = 1e3;
  for (let at = 16; at + 4 <= block.byteLength - 4; ) {
    const code = block.getUint16(at, little);
    const length = block.getUint16(at + 2, little);
    if (code === OPTION_TSRESOL && length === 1 && at + 5 <= block.byteLength) {
      const value = block.getUint8(at + 4);
      perMilli = (value & 0x80 ? 2 ** (value & 0x7f) : 10 ** value) / 1000;
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { linkType: block.getUint16(8, little), perMilli };
}

function slice(view: DataView, at: number, length: number): Uint8Array {
  if (at + length > view.byteLength) {
    throw new PcapError(`packet at octet ${at} does not end in the file`);
  }
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}
