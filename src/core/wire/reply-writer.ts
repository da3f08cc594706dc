// Writes an ADVERTISE or REPLY straight into its RELAY-REPL levels, in one pass (RFC 8415 §9.2, §19.3).

import type { Duid } from "../model/duid.ts";
import { maskTo } from "../model/ipv6.ts";
import { LIMITS } from "../model/limits.ts";
import { ByteWriter, type LengthMark } from "./cursor.ts";
import { writeAddress } from "./fields/addresses.ts";
import { MESSAGE_TYPE } from "./messages.ts";
import { codeOf, definitionOf } from "./options.ts";
import { RELAY_TYPE } from "./relay.ts";
import { utf8Encode } from "./utf8.ts";
import type { LeaseOutcome, RelayLevel, ReplyWriter, RequestView } from "./view.ts";

/** D-194, N-006 */
const CLIENT_PORT = 546;
const SERVER_PORT = 547;

/** Looked up once: a message is written a hundred thousand times a second. */
const CODE = {
  CLIENTID: codeOf("CLIENTID"),
  SERVERID: codeOf("SERVERID"),
  IA_NA: codeOf("IA_NA"),
  IA_PD: codeOf("IA_PD"),
  IAADDR: codeOf("IAADDR"),
  IAPREFIX: codeOf("IAPREFIX"),
  STATUS_CODE: codeOf("STATUS_CODE"),
  PREFERENCE: codeOf("PREFERENCE"),
  RAPID_COMMIT: codeOf("RAPID_COMMIT"),
  INFORMATION_REFRESH_TIME: codeOf("INFORMATION_REFRESH_TIME"),
} as const;
const VSS = codeOf("VSS");
const RELAY_MSG = codeOf("RELAY_MSG");
const INTERFACE_ID = codeOf("INTERFACE_ID");
const RELAY_PORT = codeOf("RELAY_PORT");

/** D-189, D-195, X-247: options of relays never stand in what a client gets. */
const NEVER_TO_CLIENTS: ReadonlySet<number> = new Set([
  RELAY_MSG,
  INTERFACE_ID,
  RELAY_PORT,
  VSS,
  codeOf("ERO"),
]);

type Ia = Parameters<ReplyWriter["ia"]>[0];

/** `sourcePort`: the UDP source port of the request, for relays with option 135 (D-193). */
export function createReplyWriter(
  request: RequestView,
  type: "ADVERTISE" | "REPLY",
  sourcePort: number,
): ReplyWriter {
  return new PlainReplyWriter(request, type, sourcePort);
}

class PlainReplyWriter implements ReplyWriter {
  readonly #out = new ByteWriter(512);
  readonly #levels: LengthMark[] = [];
  readonly #port: number;
  /** Codes at the top; the configuration bounds their number. */
  readonly #written: number[] = [];

  constructor(request: RequestView, type: "ADVERTISE" | "REPLY", sourcePort: number) {
    this.#port = portOf(request, sourcePort);
    // D-186: the same relays in reverse, one RELAY-REPL for each RELAY-FORW.
    for (const relay of request.relays) this.#levels.push(beginLevel(this.#out, relay));
    this.#out.u8(MESSAGE_TYPE[type]);
    // D-072
    this.#out.u24(request.transactionId);
  }

  serverId(duid: Duid): void {
    this.#duid(CODE.SERVERID, duid);
  }

  clientId(duid: Duid): void {
    this.#duid(CODE.CLIENTID, duid);
  }

  ia(ia: Ia): void {
    const isAddress = ia.kind === "address";
    const mark = this.#begin(isAddress ? CODE.IA_NA : CODE.IA_PD);
    this.#out.u32(ia.iaid);
    this.#out.u32(ia.t1);
    this.#out.u32(ia.t2);
    for (const lease of ia.leases) {
      if (isAddress) this.#address(lease);
      else this.#prefix(lease);
    }
    // D-097: a status of an IA stands inside it.
    if (ia.status !== undefined) this.#status(ia.status.code, ia.status.message);
    this.#out.endLength(mark);
  }

  status(code: number, message: string): void {
    if (this.#isFirst(CODE.STATUS_CODE)) this.#status(code, message);
  }

  preference(value: number): void {
    if (!this.#isFirst(CODE.PREFERENCE)) return;
    const mark = this.#begin(CODE.PREFERENCE);
    this.#out.u8(value);
    this.#out.endLength(mark);
  }

  rapidCommit(): void {
    if (this.#isFirst(CODE.RAPID_COMMIT)) this.#out.endLength(this.#begin(CODE.RAPID_COMMIT));
  }

  informationRefreshTime(seconds: number): void {
    if (!this.#isFirst(CODE.INFORMATION_REFRESH_TIME)) return;
    const mark = this.#begin(CODE.INFORMATION_REFRESH_TIME);
    this.#out.u32(seconds);
    this.#out.endLength(mark);
  }

  option(code: number, data: Uint8Array): void {
    if (NEVER_TO_CLIENTS.has(code) || !this.#isFirst(code)) return;
    const mark = this.#begin(code);
    this.#out.bytes(data);
    this.#out.endLength(mark);
  }

  finish(): { readonly bytes: Uint8Array; readonly port: number } | undefined {
    for (let i = this.#levels.length - 1; i >= 0; i--)
      this.#out.endLength(this.#levels[i] as LengthMark);
    // D-008: larger than a datagram can be.
    if (this.#out.overflow || this.#out.length > LIMITS.datagramBytes) return undefined;
    return { bytes: this.#out.finish(), port: this.#port };
  }

  /** D-283: a singleton goes out once; the first call counts. */
  #isFirst(code: number): boolean {
    const written = this.#written;
    if (!written.includes(code)) {
      written.push(code);
      return true;
    }
    const definition = definitionOf(code);
    return definition === undefined || definition.repeatable === true;
  }

  #begin(code: number): LengthMark {
    this.#out.u16(code);
    return this.#out.beginLength();
  }

  #duid(code: number, duid: Duid): void {
    if (!this.#isFirst(code)) return;
    const mark = this.#begin(code);
    this.#out.digits(duid);
    this.#out.endLength(mark);
  }

  #address(lease: LeaseOutcome): void {
    const mark = this.#begin(CODE.IAADDR);
    writeAddress(this.#out, lease.address);
    this.#out.u32(lease.preferred);
    this.#out.u32(lease.valid);
    this.#out.endLength(mark);
  }

  #prefix(lease: LeaseOutcome): void {
    const mark = this.#begin(CODE.IAPREFIX);
    this.#out.u32(lease.preferred);
    this.#out.u32(lease.valid);
    this.#out.u8(lease.length);
    // D-277
    writeAddress(this.#out, maskTo(lease.address, lease.length));
    this.#out.endLength(mark);
  }

  /** D-264: UTF-8 without a NUL at the end. */
  #status(code: number, message: string): void {
    const mark = this.#begin(CODE.STATUS_CODE);
    this.#out.u16(code);
    this.#out.bytes(utf8Encode(message));
    this.#out.endLength(mark);
  }
}

/** D-193, D-194, N-006: the source port only where the outermost relay asks for it, else the known ports. */
function portOf(request: RequestView, sourcePort: number): number {
  const outermost = request.relays[0];
  if (outermost === undefined) return CLIENT_PORT;
  return outermost.relaySourcePort === undefined ? SERVER_PORT : sourcePort;
}

/**
 * D-185, D-187, X-170: hop-count and addresses of the same RELAY-FORW level. What the level says changes nothing of the
 * answer inside (D-197); link-layer address, Remote-ID and Subscriber-ID come back only on request.
 * Leaves RELAY_MSG open.
 */
function beginLevel(out: ByteWriter, relay: RelayLevel): LengthMark {
  out.u8(RELAY_TYPE["RELAY-REPL"]);
  out.u8(relay.hopCount);
  writeAddress(out, relay.linkAddress);
  writeAddress(out, relay.peerAddress);
  // D-188, X-168: Interface-Id and D-192: Relay Source Port, unchanged.
  if (relay.interfaceId !== undefined) copy(out, { code: INTERFACE_ID, data: relay.interfaceId });
  const port = relay.options.find((each) => each.code === RELAY_PORT);
  const returnsPort = relay.relaySourcePort !== undefined && port !== undefined;
  if (returnsPort) copy(out, port);
  if (relay.echoRequest.length > 0) echo(out, relay, returnsPort);
  out.u16(RELAY_MSG);
  return out.beginLength();
}

/**
 * D-196: the Echo Request after all else of the level; D-312: not what is there already or was not asked with; X-247:
 * never the VPN, a returned one would say that the lease is from it.
 */
function echo(out: ByteWriter, relay: RelayLevel, returnsPort: boolean): void {
  const present = new Set([RELAY_MSG, VSS]);
  if (relay.interfaceId !== undefined) present.add(INTERFACE_ID);
  if (returnsPort) present.add(RELAY_PORT);
  for (const code of relay.echoRequest) {
    if (present.has(code)) continue;
    present.add(code);
    for (const each of relay.options) if (each.code === code) copy(out, each);
  }
}

function copy(out: ByteWriter, option: RelayLevel["options"][number]): void {
  out.u16(option.code);
  out.u16(option.data.length);
  out.bytes(option.data);
}
