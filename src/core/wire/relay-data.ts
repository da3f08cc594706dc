// What is kept of the relays that a client came through: the payload of OPTION_LQ_RELAY_DATA
// (RFC 5007 §4.1.2.4; carried by failover, RFC 8156 §7.4).

import type { Ipv6Address } from "../model/ipv6.ts";
import { LIMITS } from "../model/limits.ts";
import { ByteWriter, u16At } from "./cursor.ts";
import { writeAddress } from "./fields/addresses.ts";
import { RELAY_HEADER, RELAY_TYPE } from "./relay.ts";
import type { RequestView } from "./view.ts";

const RELAY_MSG = 9;

/**
 * The address that the datagram came from and its RELAY-FORW without the client's own message.
 * `bytes` are those of the view. undefined: not relayed, or over LIMITS.keptBytes.
 */
export function relayDataOf(
  view: RequestView,
  source: Ipv6Address,
  bytes: Uint8Array,
): Uint8Array | undefined {
  if (view.relays.length === 0) return undefined;
  const out = new ByteWriter();
  writeAddress(out, source);
  copyLevel(out, bytes, 0, bytes.length);
  return out.length > LIMITS.keptBytes ? undefined : out.finish();
}

/** every option in its place, but the innermost RELAY_MSG and padding left out. The view has checked the frames. */
function copyLevel(out: ByteWriter, bytes: Uint8Array, start: number, end: number): void {
  out.bytes(bytes.subarray(start, start + RELAY_HEADER));
  for (let offset = start + RELAY_HEADER; end - offset >= 4; ) {
    const from = offset + 4;
    const to = from + u16At(bytes, offset + 2);
    if (u16At(bytes, offset) !== RELAY_MSG) out.bytes(bytes.subarray(offset, to));
    else if (bytes[from] === RELAY_TYPE["RELAY-FORW"]) {
      out.u16(RELAY_MSG);
      const mark = out.beginLength();
      copyLevel(out, bytes, from, to);
      out.endLength(mark);
    }
    offset = to;
  }
}
