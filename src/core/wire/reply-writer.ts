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
  readonly #written = new Set<number>();

  constructor(request: RequestView, type: "ADVERTISE" | "REPLY", sourcePort: number) {
    this.#port = portOf(request, sourcePort);
    // D-186: the same relays in reverse, one RELAY-REPL for each RELAY-FORW.
    for (const relay of request.relays) this.#levels.push(beginLevel(this.#out, relay));
    this.#out.u8(MESSAGE_TYPE[type]);
    // D-072
    this.#out.u24(request.transactionId);
  }

  serverId(duid: Duid): void {
    this.#put(codeOf("SERVERID"), () => this.#out.digits(duid));
  }

  clientId(duid: Duid): void {
    this.#put(codeOf("CLIENTID"), () => this.#out.digits(duid));
  }

  ia(ia: Ia): void {
    this.#nest(codeOf(ia.kind === "address" ? "IA_NA" : "IA_PD"), () => {
      this.#out.u32(ia.iaid);
      this.#out.u32(ia.t1);
      this.#out.u32(ia.t2);
      for (const lease of ia.leases) {
        if (ia.kind === "address") this.#address(lease);
        else this.#prefix(lease);
      }
      // D-097: a status of an IA stands inside it.
      const { status } = ia;
      if (status !== undefined)
        this.#nest(codeOf("STATUS_CODE"), () => this.#status(status.code, status.message));
    });
  }

  status(code: number, message: string): void {
    this.#put(codeOf("STATUS_CODE"), () => this.#status(code, message));
  }

  preference(value: number): void {
    this.#put(codeOf("PREFERENCE"), () => this.#out.u8(value));
  }

  rapidCommit(): void {
    this.#put(codeOf("RAPID_COMMIT"), () => undefined);
  }

  informationRefreshTime(seconds: number): void {
    this.#put(codeOf("INFORMATION_REFRESH_TIME"), () => this.#out.u32(seconds));
  }

  option(code: number, data: Uint8Array): void {
    if (!NEVER_TO_CLIENTS.has(code)) this.#put(code, () => this.#out.bytes(data));
  }

  finish(): { readonly bytes: Uint8Array; readonly port: number } | undefined {
    for (const mark of this.#levels.toReversed()) this.#out.endLength(mark);
    // D-008: larger than a datagram can be.
    if (this.#out.overflow || this.#out.length > LIMITS.datagramBytes) return undefined;
    return { bytes: this.#out.finish(), port: this.#port };
  }

  /** D-283: a singleton goes out once; the first call counts. */
  #put(code: number, content: () => void): void {
    if (
      this.#written.has(code) &&
      definitionOf(code) !== undefined &&
      definitionOf(code)?.repeatable !== true
    )
      return;
    this.#written.add(code);
    this.#nest(code, content);
  }

  #nest(code: number, content: () => void): void {
    this.#out.u16(code);
    const mark = this.#out.beginLength();
    content();
    this.#out.endLength(mark);
  }

  #address(lease: LeaseOutcome): void {
    this.#nest(codeOf("IAADDR"), () => {
      writeAddress(this.#out, lease.address);
      this.#out.u32(lease.preferred);
      this.#out.u32(lease.valid);
    });
  }

  #prefix(lease: LeaseOutcome): void {
    this.#nest(codeOf("IAPREFIX"), () => {
      this.#out.u32(lease.preferred);
      this.#out.u32(lease.valid);
      this.#out.u8(lease.length);
      // D-277
      writeAddress(this.#out, maskTo(lease.address, lease.length));
    });
  }

  /** D-264: UTF-8 without a NUL at the end. */
  #status(code: number, message: string): void {
    this.#out.u16(code);
    this.#out.bytes(utf8Encode(message));
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
  const present = new Set([RELAY_MSG]);
  // D-188, X-168: Interface-Id and D-192: Relay Source Port, unchanged.
  if (relay.interfaceId !== undefined)
    copy(out, { code: INTERFACE_ID, data: relay.interfaceId }, present);
  const port = relay.options.find((each) => each.code === RELAY_PORT);
  if (relay.relaySourcePort !== undefined && port !== undefined) copy(out, port, present);
  // D-196: the Echo Request after all else of the level; D-312: not what is there already or was not asked
  // with; X-247: never the VPN, a returned one would say that the lease is from it.
  for (const code of relay.echoRequest) {
    if (present.has(code) || code === VSS) continue;
    for (const each of relay.options) if (each.code === code) copy(out, each, present);
  }
  out.u16(RELAY_MSG);
  return out.beginLength();
}

function copy(out: ByteWriter, option: RelayLevel["options"][number], present: Set<number>): void {
  present.add(option.code);
  out.u16(option.code);
  out.u16(option.data.length);
  out.bytes(option.data);
}
