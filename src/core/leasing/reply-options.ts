// Options besides leases: what the client asked for and the configuration has (D-073 to D-079, D-307).

import type { OptionValue, Subnet } from "../config/types.ts";
import type { ReplyWriter, RequestView } from "../wire/view.ts";

const CLIENT_FQDN = 39;
const INFORMATION_REFRESH_TIME = 32;
const INF_MAX_RT = 83;

const FQDN_S = 0x01;
const FQDN_O = 0x02;
const FQDN_N = 0x04;

export interface ReplyOptions {
  readonly writer: ReplyWriter;
  readonly view: RequestView;
  readonly type: "ADVERTISE" | "REPLY";
  /** From the subnet of the leases, else the link's first; the global ones without a link. */
  readonly options: ReadonlyMap<number, OptionValue>;
  readonly informationRefreshTime: number;
}

/** D-078: a container's data are its contents. D-270: vendor options like any other. D-073, D-077: each code once, in the order of the request; then what is always sent. D-075: nothing else. Codes that
 * are the server's own (D-076, N-002) never stand among `options`: the configuration refuses them. */
export function writeOptions(reply: ReplyOptions): void {
  const { writer, view, options, informationRefreshTime } = reply;
  for (const code of view.requestedOptions) {
    if (code === CLIENT_FQDN) {
      writeFqdn(writer, view);
    } else if (code === INFORMATION_REFRESH_TIME) {
      // D-177, D-179: only in the answer to an INFORMATION-REQUEST.
      if (view.type === "INFORMATION-REQUEST")
        writer.informationRefreshTime(informationRefreshTime);
    } else {
      writeOption(reply, options.get(code));
    }
  }
  for (const option of options.values()) {
    // D-074, D-176
    if (option.alwaysSend && !view.requestedOptions.includes(option.code))
      writeOption(reply, option);
  }
}

function writeOption({ writer, type }: ReplyOptions, option: OptionValue | undefined): void {
  // D-180: RFC 8415 has INF_MAX_RT in a REPLY only. D-116, D-281: SOL_MAX_RT in every answer.
  if (option === undefined || (option.code === INF_MAX_RT && type === "ADVERTISE")) return;
  writer.option(option.code, option.data);
  // further instances of an option that may stand more than once.
  for (const data of option.further ?? []) writer.option(option.code, data);
}

/** only if it came and is asked for.: the name goes back as it came. X-094: flags from 0. This server makes no DNS updates, and says so: N (RFC 4704 §4.1: "the
 * server SHALL NOT perform DNS updates"), so S is 0, and O where the client wanted S. X-092: no other bit. */
function writeFqdn(writer: ReplyWriter, view: RequestView): void {
  if (view.fqdn === undefined) return;
  const { flags, name } = view.fqdn;
  const data = new Uint8Array(1 + name.length);
  //
  data[0] = FQDN_N | ((flags & FQDN_S) === 0 ? 0 : FQDN_O);
  data.set(name, 1);
  writer.option(CLIENT_FQDN, data);
}

/** The subnet whose options an answer carries. */
export function optionsOf(
  subnet: Subnet | undefined,
  fallback: ReadonlyMap<number, OptionValue>,
): ReadonlyMap<number, OptionValue> {
  return subnet?.options ?? fallback;
}
