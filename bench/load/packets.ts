// Octets of relayed client messages, built and read with as little work as possible: the generator must cost less than
// the servers that it measures.

const RELAY_FORW = 12;
const RELAY_REPL = 13;
const HEADER = 34;
/** The client's number in the relay's peer-address: it comes back in the answer. */
const NUMBER_AT = 30;
const MESSAGE_AT = HEADER + 4;

export const TYPE = { SOLICIT: 1, ADVERTISE: 2, REQUEST: 3, RENEW: 5, REPLY: 7 } as const;
export type Wanted = "address" | "prefix";

const OPTION = { CLIENTID: 1, SERVERID: 2, IA_NA: 3, RELAY_MSG: 9, IA_PD: 25 } as const;

/** What an ADVERTISE or REPLY says, as far as an exchange goes on with it. */
export interface Offer {
  readonly type: number;
  readonly client: number;
  /** The SERVERID option whole; absent when there is none. */
  readonly server: Buffer | undefined;
  /** The IA option whole, when there is a lease in it. */
  readonly ia: Buffer | undefined;
}

/** 2001:db8:1::1 */
const LINK_ADDRESS = Buffer.from("20010db8000100000000000000000001", "hex");
/** Elapsed time 0, and an option request as many clients send it: DNS servers, search list, SOL_MAX_RT. */
const COMMON = Buffer.from("00080002000000060006001700180052", "hex");
const RAPID_COMMIT = Buffer.from("000e0000", "hex");
/** RFC 8357: the answer comes back to the port that this was sent from. */
const RELAY_PORT = Buffer.from("008700020000", "hex");

function emptyIa(wanted: Wanted): Buffer {
  const ia = Buffer.alloc(16);
  ia.writeUInt16BE(wanted === "address" ? OPTION.IA_NA : OPTION.IA_PD, 0);
  ia.writeUInt16BE(12, 2);
  ia.writeUInt32BE(1, 4);
  return ia;
}

const EMPTY: Readonly<Record<Wanted, Buffer>> = {
  address: emptyIa("address"),
  prefix: emptyIa("prefix"),
};

export function solicit(client: number, wanted: Wanted, rapid: boolean): Buffer {
  const parts = rapid ? [COMMON, RAPID_COMMIT, EMPTY[wanted]] : [COMMON, EMPTY[wanted]];
  return relayed(TYPE.SOLICIT, client, parts);
}

export function request(client: number, server: Buffer, ia: Buffer): Buffer {
  return relayed(TYPE.REQUEST, client, [server, COMMON, ia]);
}

export function renew(client: number, server: Buffer, ia: Buffer): Buffer {
  return relayed(TYPE.RENEW, client, [server, COMMON, ia]);
}

function relayed(type: number, client: number, options: readonly Buffer[]): Buffer {
  let inner = 4 + 14;
  for (const option of options) inner += option.length;
  const bytes = Buffer.allocUnsafe(MESSAGE_AT + inner + RELAY_PORT.length);
  bytes[0] = RELAY_FORW;
  bytes[1] = 0;
  LINK_ADDRESS.copy(bytes, 2);
  bytes.writeUInt32BE(0xfe800000, 18);
  bytes.writeUInt32BE(0, 22);
  bytes.writeUInt32BE(0, 26);
  bytes.writeUInt32BE(client, NUMBER_AT);
  bytes.writeUInt16BE(OPTION.RELAY_MSG, HEADER);
  bytes.writeUInt16BE(inner, HEADER + 2);
  bytes[MESSAGE_AT] = type;
  bytes.writeUIntBE(client & 0xffffff, MESSAGE_AT + 1, 3);
  // A DUID-LL of a locally administered address.
  bytes.writeUInt32BE(0x0001000a, MESSAGE_AT + 4);
  bytes.writeUInt32BE(0x00030001, MESSAGE_AT + 8);
  bytes.writeUInt16BE(0x0200, MESSAGE_AT + 12);
  bytes.writeUInt32BE(client, MESSAGE_AT + 14);
  let at = MESSAGE_AT + 18;
  for (const option of options) at += option.copy(bytes, at);
  RELAY_PORT.copy(bytes, at);
  return bytes;
}

/** Undefined when the datagram is no answer to a relay. */
export function readAnswer(bytes: Buffer): Offer | undefined {
  if (bytes[0] !== RELAY_REPL || bytes.length < MESSAGE_AT) return undefined;
  let at = HEADER;
  while (bytes.readUInt16BE(at) !== OPTION.RELAY_MSG) {
    at += 4 + bytes.readUInt16BE(at + 2);
    if (at + 4 > bytes.length) return undefined;
  }
  const start = at + 4;
  const end = start + bytes.readUInt16BE(at + 2);
  let server: Buffer | undefined;
  let ia: Buffer | undefined;
  for (let option = start + 4; option + 4 <= end; ) {
    const code = bytes.readUInt16BE(option);
    const next = option + 4 + bytes.readUInt16BE(option + 2);
    if (code === OPTION.SERVERID) server = bytes.subarray(option, next);
    // A lease in it makes it longer than the empty one, a status code alone not by much.
    else if ((code === OPTION.IA_NA || code === OPTION.IA_PD) && hasLease(bytes, option + 16, next))
      ia = bytes.subarray(option, next);
    option = next;
  }
  return { type: bytes[start] as number, client: bytes.readUInt32BE(NUMBER_AT), server, ia };
}

function hasLease(bytes: Buffer, from: number, to: number): boolean {
  if (from + 4 > to) return false;
  const code = bytes.readUInt16BE(from);
  return code === 5 || code === 26;
}
