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

/** Each code once, in the order of the request; then what is always sent. */
export function writeOptions({
  writer,
  view,
  type,
  options,
  informationRefreshTime,
}: ReplyOptions): void {
  for (const code of view.requestedOptions) {
    if (code === CLIENT_FQDN) {
      writeFqdn(writer, view);
    } else if (code === INFORMATION_REFRESH_TIME) {
      // D-177, D-179: only in the answer to an INFORMATION-REQUEST.
      if (view.type === "INFORMATION-REQUEST")
        writer.informationRefreshTime(informationRefreshTime);
    } else if (code !== INF_MAX_RT || type === "REPLY") {
      const option = options.get(code);
      if (option !== undefined) writer.option(code, option.data);
    }
  }
  for (const option of options.values()) {
    // D-074
    if (option.alwaysSend && !view.requestedOptions.includes(option.code))
      writer.option(option.code, option.data);
  }
}

/** this server makes no DNS updates, so S is 0; the name goes back as it came. */
function writeFqdn(writer: ReplyWriter, view: RequestView): void {
  if (view.fqdn === undefined) return;
  const { flags, name } = view.fqdn;
  const noUpdate = (flags & FQDN_N) !== 0;
  // N is granted.: a client that wanted the server to update (S) is told that it will not (O).
  const answer = noUpdate ? FQDN_N : (flags & FQDN_S) !== 0 ? FQDN_O : 0;
  const data = new Uint8Array(1 + name.length);
  data[0] = answer;
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
