// Which client messages are looked at, and which are discarded and why (RFC 8415 §16, RFC 9915).

import type { ServerIdOwner } from "../model/authority.ts";
import type { DiscardReason } from "../model/counter-names.ts";
import type { ReceivedDatagram } from "../model/received-datagram.ts";
import type { RequestView } from "../wire/view.ts";

export type Admission =
  | { readonly type: "admitted" }
  | { readonly type: "discard"; readonly reason: DiscardReason };

const ADMITTED: Admission = { type: "admitted" };

function discard(reason: DiscardReason): Admission {
  return { type: "discard", reason };
}

/** The checks that need no link. `owner` says whose the server identifier is. */
export function admit(
  view: RequestView,
  facts: Pick<ReceivedDatagram, "multicast">,
  owner: ServerIdOwner,
): Admission {
  // N-004: a client's own message by unicast is not accepted; a relay's is.
  if (view.relays.length === 0 && !facts.multicast) return discard("unicast-from-client");
  switch (view.type) {
    case "SOLICIT":
    case "CONFIRM":
    case "REBIND":
      // D-024, D-027, D-029
      if (view.clientId === undefined) return discard("client-id-missing");
      return owner === "none" ? ADMITTED : discard("server-id-present");
    case "REQUEST":
    case "RENEW":
    case "RELEASE":
    case "DECLINE":
      // D-026, D-028, D-030, D-031
      if (view.clientId === undefined) return discard("client-id-missing");
      if (owner === "none") return discard("server-id-missing");
      return owner === "foreign" ? discard("server-id-mismatch") : ADMITTED;
    case "INFORMATION-REQUEST":
      // D-034, D-175
      if (owner === "foreign" || owner === "partner") return discard("server-id-mismatch");
      return view.hasIa ? discard("ia-in-information-request") : ADMITTED;
  }
}
