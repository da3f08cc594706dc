// Which client messages are looked at, and which are discarded and why (RFC 8415 §16, RFC 9915).

import type { ServerIdOwner } from "../model/authority.ts";
import type { DiscardReason } from "../model/counter-names.ts";
import type { RequestView } from "../wire/view.ts";

export interface DatagramFacts {
  readonly multicast: boolean;
  /** The source is link-local, or an address of the link that the datagram came in by. */
  readonly fromLink: boolean;
}

export type Admission =
  | { readonly type: "admitted" }
  | { readonly type: "discard"; readonly reason: DiscardReason };

const ADMITTED: Admission = { type: "admitted" };

function discard(reason: DiscardReason): Admission {
  return { type: "discard", reason };
}

/** The checks that need no link. `owner` says whose the server identifier is. */
export function admit(view: RequestView, facts: DatagramFacts, owner: ServerIdOwner): Admission {
  if (view.relays.length === 0 && !facts.multicast && !mayComeByUnicast(view, facts))
    return discard("unicast-from-client");
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

/** N-004: a client's own message by unicast is not accepted; a relay's is. But udhcpc6 gives back in no other way, and sends it
 * once: what ends a lease is taken from a client on the link. */
function mayComeByUnicast({ type }: RequestView, { fromLink }: DatagramFacts): boolean {
  return fromLink && (type === "RELEASE" || type === "DECLINE");
}
