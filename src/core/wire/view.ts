// What an exchange reads and writes: a view over a received client message and a writer for the
// answer. Plain implementations stand in request-view.ts and reply-writer.ts; lazy ones may replace them.

import type { Duid } from "../model/duid.ts";
import type { Ipv6Address } from "../model/ipv6.ts";
import type { Seconds } from "../model/time.ts";

export type ClientMessageType =
  | "SOLICIT"
  | "REQUEST"
  | "CONFIRM"
  | "RENEW"
  | "REBIND"
  | "RELEASE"
  | "DECLINE"
  | "INFORMATION-REQUEST";

export interface RequestedLease {
  readonly address: Ipv6Address;
  /** 128 for an address. Bits beyond the length are zero (D-277). */
  readonly length: number;
}

export interface RequestedIa {
  readonly kind: "address" | "prefix";
  readonly iaid: number;
  /** IAADDR or IAPREFIX options in order, malformed ones left out (D-241), `::` and `::/0` left out (D-069).
   * A length hint `::/n` of an IA_PD stands in `lengthHint`. */
  readonly leases: readonly RequestedLease[];
  /** RFC 8168 §3.2: `::/n`, n above 0; undefined when none. */
  readonly lengthHint: number | undefined;
}

/** One RELAY-FORW level. `relays[0]` of a view is the outermost (its datagram came to us). */
export interface RelayLevel {
  readonly hopCount: number;
  readonly linkAddress: Ipv6Address;
  readonly peerAddress: Ipv6Address;
  readonly interfaceId: Uint8Array | undefined;
  /** RFC 8357: option 135 was in this level (its value as received). */
  readonly relaySourcePort: number | undefined;
  /** RFC 6939, from this level. */
  readonly clientLinkLayerAddress: Uint8Array | undefined;
  /** RFC 4649 (enterprise and id) and RFC 4580, opaque. */
  readonly remoteId: Uint8Array | undefined;
  readonly subscriberId: Uint8Array | undefined;
  /** RFC 4994: codes of the Echo Request option. */
  readonly echoRequest: readonly number[];
  /** All options of the level but RELAY_MSG, in order, as code and data. */
  readonly options: readonly { readonly code: number; readonly data: Uint8Array }[];
}

/** A client's message with the relay levels it came through. Octets are valid only during the call. */
export interface RequestView {
  readonly type: ClientMessageType;
  readonly transactionId: number;
  /** The first CLIENTID; undefined when absent. A CLIENTID outside 3..130 octets never gets here (D-043). */
  readonly clientId: Duid | undefined;
  readonly serverId: Duid | undefined;
  /** IA_NA and IA_PD in order; a repeated (type, IAID) is left out (D-051). */
  readonly ias: readonly RequestedIa[];
  /** IAs beyond `LIMITS.iasPerMessage`, at most `LIMITS.iasRefused`: not served, but told so. */
  readonly refusedIas: readonly Pick<RequestedIa, "kind" | "iaid">[];
  /** Whether an IA_NA or IA_PD was there, malformed ones too (D-034). IA_TA counts as unknown (N-001). */
  readonly hasIa: boolean;
  /** Codes of the ORO, each once, in order; empty when absent. */
  readonly requestedOptions: readonly number[];
  readonly rapidCommit: boolean;
  readonly reconfigureAccept: boolean;
  /** 1/100 s; undefined when absent. */
  readonly elapsedTime: number | undefined;
  /** Client FQDN option: flags and the name in wire labels; undefined when absent or malformed. */
  readonly fqdn:
    | { readonly flags: number; readonly name: Uint8Array; readonly data: Uint8Array }
    | undefined;
  readonly relays: readonly RelayLevel[];
}

/** Why a datagram is no client message. Counted; nothing is sent. */
export type DiscardedDatagram = {
  readonly type: "discard";
  readonly reason:
    | "too-short"
    | "bad-option-frame"
    | "unknown-message-type"
    | "server-message"
    | "relay-without-message"
    | "too-many-relays"
    | "hop-count-too-large"
    | "client-id-length"
    | "repeated-singleton"
    | "trailing-octets";
};

export type LeaseOutcome = {
  readonly address: Ipv6Address;
  readonly length: number;
  readonly preferred: Seconds;
  readonly valid: Seconds;
};

/** Writes one ADVERTISE or REPLY. Call order is the order on the wire. Throws nothing; `finish` returns
 * undefined when the answer would exceed the datagram limit. */
export interface ReplyWriter {
  serverId(duid: Duid): void;
  clientId(duid: Duid): void;
  /** One IA with its leases, or a status instead of or besides them. */
  ia(ia: {
    readonly kind: "address" | "prefix";
    readonly iaid: number;
    readonly t1: Seconds;
    readonly t2: Seconds;
    readonly leases: readonly LeaseOutcome[];
    readonly status?: { readonly code: number; readonly message: string };
  }): void;
  status(code: number, message: string): void;
  preference(value: number): void;
  rapidCommit(): void;
  informationRefreshTime(seconds: Seconds): void;
  /** Any other option, as code and data. */
  option(code: number, data: Uint8Array): void;
  /** The whole datagram, wrapped in one RELAY-REPL a level (RFC 8415 §19.3), and the port it goes to:
   * 546 for a client, 547 for a relay, or the source port where the outermost level has option 135 (D-193). */
  finish(): { readonly bytes: Uint8Array; readonly port: number } | undefined;
}
