// Builds a client's messages, with the order and the habits of its personality (RFC 8415 §18.2).

import { UNSPECIFIED } from "../../src/core/model/ipv6.ts";
import {
  type ClientMessage,
  encodeIa,
  encodeMessage,
  type IaKind,
  type IaLease,
  MESSAGE,
  OPTION,
  type RawOption,
} from "./codec.ts";
import type { Personality } from "./personality.ts";

export interface DraftIa {
  readonly kind: IaKind;
  readonly iaid: number;
  /** What the message is about. */
  readonly leases: readonly Pick<IaLease, "address" | "length">[];
}

export interface Draft {
  readonly message: ClientMessage;
  readonly transactionId: number;
  readonly duid: Uint8Array;
  readonly serverId: Uint8Array | undefined;
  readonly ias: readonly DraftIa[];
  /** Milliseconds since the exchange began. */
  readonly elapsed: number;
}

function leasesIn(
  message: ClientMessage,
  ia: DraftIa,
  personality: Personality,
): readonly IaLease[] {
  const { preferred, valid } = personality.hint;
  if (message === "SOLICIT") {
    // udhcpc6 and others give the unspecified address as their hint.
    return personality.neverRebinds && ia.kind === "address"
      ? [{ address: UNSPECIFIED, length: 128, preferred: 0, valid: 0 }]
      : [];
  }
  if (message === "REQUEST" && personality.emptyIaInRequest) return [];
  return ia.leases.map(({ address, length }) => ({ address, length, preferred, valid }));
}

/** The octets of one message. */
export function buildMessage(draft: Draft, personality: Personality): Uint8Array {
  const { message, serverId, transactionId } = draft;
  const options: RawOption[] = [{ code: OPTION.CLIENTID, data: draft.duid }];
  const server = serverId === undefined ? [] : [{ code: OPTION.SERVERID, data: serverId }];
  if (!personality.serverIdLast) options.push(...server);
  const elapsed = Math.min(65_535, Math.floor(draft.elapsed / 10));
  options.push({ code: OPTION.ELAPSED_TIME, data: Uint8Array.of(elapsed >> 8, elapsed & 0xff) });
  if (message !== "RELEASE" && message !== "DECLINE" && message !== "CONFIRM") {
    const limits = message === "INFORMATION-REQUEST" ? [0, 32, 0, 83] : [0, 82];
    options.push({ code: OPTION.ORO, data: Uint8Array.of(0, 23, 0, 24, ...limits) });
  }
  if (message === "SOLICIT" && personality.rapidCommit) {
    options.push({ code: OPTION.RAPID_COMMIT, data: new Uint8Array(0) });
  }
  const { t1, t2 } = personality.hint;
  for (const ia of draft.ias) {
    if (message === "CONFIRM" && ia.kind === "prefix") continue;
    const leases = leasesIn(message, ia, personality);
    options.push(encodeIa({ kind: ia.kind, iaid: ia.iaid, t1, t2, leases, status: undefined }));
  }
  if (personality.serverIdLast) options.push(...server);
  return encodeMessage({ type: MESSAGE[message], transactionId, options });
}
