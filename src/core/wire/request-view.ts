// A received datagram as a client's message with its relay levels, or why it is none (RFC 8415 §8, §9, §16).
// One pass, no exceptions, nothing copied that the view hands out as octets.

import { DUID_MAX_LENGTH, DUID_MIN_LENGTH, type Duid, duidFromBytes } from "../model/duid.ts";
import { ipv6FromBytes, maskTo, UNSPECIFIED } from "../model/ipv6.ts";
import { LIMITS } from "../model/limits.ts";
import { u16At, u24At, u32At } from "./cursor.ts";
import { partialNameFault } from "./domain-name.ts";
import { messageTypeOf } from "./messages.ts";
import { RELAY_HEADER, RELAY_TYPE } from "./relay.ts";
import type {
  ClientMessageType,
  DiscardedDatagram,
  RelayLevel,
  RequestedIa,
  RequestedLease,
  RequestView,
} from "./view.ts";

type Reason = DiscardedDatagram["reason"];

/** Whether the frames from `start` to `end` are sound (D-015, D-016). */
function frameFault(bytes: Uint8Array, start: number, end: number): Reason | undefined {
  let offset = start;
  while (end - offset >= 4) offset += 4 + u16At(bytes, offset + 2);
  if (offset === end) return undefined;
  return offset < end ? "trailing-octets" : "bad-option-frame";
}

/** Where the options end: some clients and relays leave one to three zero octets behind them (D-021: what is sound before is
 * used). More of them read as options of code 0, which nobody knows. */
function withoutPadding(bytes: Uint8Array, start: number, end: number): number {
  let offset = start;
  while (end - offset >= 4) offset += 4 + u16At(bytes, offset + 2);
  return offset < end && bytes.subarray(offset, end).every((octet) => octet === 0) ? offset : end;
}

const discard = (reason: Reason): DiscardedDatagram => ({ type: "discard", reason });

/** The view of a datagram; the octets must stay unchanged while it is used. */
export function viewRequest(bytes: Uint8Array): RequestView | DiscardedDatagram {
  const relays: RelayLevel[] = [];
  let start = 0;
  let end = bytes.length;
  while (bytes[start] === RELAY_TYPE["RELAY-FORW"] && start < end) {
    // D-181: level by level. D-182: nine at most.
    if (relays.length === LIMITS.relayLevels) return discard("too-many-relays");
    const level = readLevel(bytes, start, end);
    if (typeof level === "string") return discard(level);
    relays.push(level.relay);
    start = level.start;
    end = level.end;
  }
  // D-009
  if (end - start < 4) return discard("too-short");
  const type = messageTypeOf(bytes[start] as number);
  // D-035, D-184
  if (bytes[start] === RELAY_TYPE["RELAY-REPL"]) return discard("server-message");
  // D-013, D-014, N-005, X-248: also when relayed.
  if (type === undefined) return discard("unknown-message-type");
  // D-025, D-032, D-033, D-184
  if (type === "ADVERTISE" || type === "REPLY" || type === "RECONFIGURE")
    return discard("server-message");
  return readClientMessage(bytes, { start, end, type, relays });
}

interface Level {
  readonly relay: RelayLevel;
  readonly start: number;
  readonly end: number;
}

/** D-183: what a relay does not forward, we do not take. */
const HOP_COUNT_MAX = LIMITS.relayLevels - 1;

function readLevel(bytes: Uint8Array, start: number, limit: number): Level | Reason {
  if (limit - start < RELAY_HEADER) return "too-short";
  const end = withoutPadding(bytes, start + RELAY_HEADER, limit);
  const hopCount = bytes[start + 1] as number;
  if (hopCount > HOP_COUNT_MAX) return "hop-count-too-large";
  const first = start + RELAY_HEADER;
  const fault = frameFault(bytes, first, end);
  if (fault !== undefined) return fault;
  const options: { code: number; data: Uint8Array }[] = [];
  let inner = -1;
  let innerEnd = -1;
  for (let offset = first; offset < end; ) {
    const code = u16At(bytes, offset);
    const from = offset + 4;
    offset = from + u16At(bytes, offset + 2);
    if (code !== OPTION.RELAY_MSG) {
      options.push({ code, data: bytes.subarray(from, offset) });
      continue;
    }
    // D-018: two relayed messages: which one is the client's cannot be known.
    if (inner >= 0) return "repeated-singleton";
    inner = from;
    innerEnd = offset;
  }
  // D-037
  if (inner < 0) return "relay-without-message";
  const linkAddress = ipv6FromBytes(bytes, start + 2);
  const peerAddress = ipv6FromBytes(bytes, start + 18);
  return {
    relay: { hopCount, linkAddress, peerAddress, ...levelOptions(options), options },
    start: inner,
    end: innerEnd,
  };
}

/** The options of a level that have a meaning here; the first of each counts, malformed ones do not (D-019). */
function levelOptions(
  options: RelayLevel["options"],
): Omit<RelayLevel, "hopCount" | "linkAddress" | "peerAddress" | "options"> {
  const first = (code: number, least: number, most = 0xffff): Uint8Array | undefined => {
    const data = options.find((each) => each.code === code)?.data;
    return data === undefined || data.length < least || data.length > most ? undefined : data;
  };
  const port = first(OPTION.RELAY_PORT, 2, 2);
  const echo = first(OPTION.ERO, 2);
  return {
    interfaceId: first(OPTION.INTERFACE_ID, 0),
    relaySourcePort: port === undefined ? undefined : u16At(port, 0),
    clientLinkLayerAddress: first(OPTION.CLIENT_LINKLAYER_ADDR, 2),
    // shortest lengths.
    remoteId: first(OPTION.REMOTE_ID, 5),
    subscriberId: first(OPTION.SUBSCRIBER_ID, 1),
    echoRequest: echo === undefined ? [] : codesOf(echo, 0, echo.length),
  };
}

/** Option codes that a view reads by itself. */
const OPTION = {
  CLIENTID: 1,
  SERVERID: 2,
  IA_NA: 3,
  IA_TA: 4,
  IAADDR: 5,
  ORO: 6,
  ELAPSED_TIME: 8,
  RELAY_MSG: 9,
  RAPID_COMMIT: 14,
  INTERFACE_ID: 18,
  RECONF_ACCEPT: 20,
  IA_PD: 25,
  IAPREFIX: 26,
  REMOTE_ID: 37,
  SUBSCRIBER_ID: 38,
  CLIENT_FQDN: 39,
  ERO: 43,
  CLIENT_LINKLAYER_ADDR: 79,
  RELAY_PORT: 135,
} as const;

/** The options of which the first counts, each with a bit of its own. */
const SINGLETON_BITS: ReadonlyMap<number, number> = new Map(
  [
    OPTION.CLIENTID,
    OPTION.SERVERID,
    OPTION.ORO,
    OPTION.ELAPSED_TIME,
    OPTION.RAPID_COMMIT,
    OPTION.RECONF_ACCEPT,
    OPTION.CLIENT_FQDN,
  ].map((code, i) => [code, 1 << i]),
);

interface ClientPart {
  readonly start: number;
  readonly end: number;
  readonly type: ClientMessageType;
  readonly relays: readonly RelayLevel[];
}

type Draft = { -readonly [K in keyof RequestView]: RequestView[K] } & {
  ias: RequestedIa[];
  refusedIas: Pick<RequestedIa, "kind" | "iaid">[];
};

/** D-018: of a repeated identity nobody can say whose message it is: discarded. Of other singletons the first counts. */
function readClientMessage(bytes: Uint8Array, part: ClientPart): RequestView | DiscardedDatagram {
  const { start, type, relays } = part;
  const end = withoutPadding(bytes, start + 4, part.end);
  const fault = frameFault(bytes, start + 4, end);
  if (fault !== undefined) return discard(fault);
  const view: Draft = {
    type,
    transactionId: u24At(bytes, start + 1),
    clientId: undefined,
    serverId: undefined,
    ias: [],
    refusedIas: [],
    hasIa: false,
    requestedOptions: [],
    rapidCommit: false,
    reconfigureAccept: false,
    elapsedTime: undefined,
    fqdn: undefined,
    relays,
  };
  let seen = 0;
  for (let offset = start + 4; offset < end; ) {
    const code = u16At(bytes, offset);
    const from = offset + 4;
    offset = from + u16At(bytes, offset + 2);
    if (code === OPTION.IA_NA || code === OPTION.IA_PD) {
      const reason = readIa(view, bytes, { code, from, to: offset });
      if (reason !== undefined) return discard(reason);
      continue;
    }
    const bit = SINGLETON_BITS.get(code);
    if (bit === undefined) continue;
    const repeated = (seen & bit) !== 0;
    seen |= bit;
    if (repeated && (code === OPTION.CLIENTID || code === OPTION.SERVERID))
      return discard("repeated-singleton");
    const reason = repeated ? undefined : readSingleton(view, bytes, { code, from, to: offset });
    if (reason !== undefined) return discard(reason);
  }
  return view;
}

interface Place {
  readonly code: number;
  readonly from: number;
  readonly to: number;
}

/** One option of which the first counts. Everything else, and what stands in another place than its own, is ignored as if
 * absent (D-019, D-020, D-200, N-001, N-007, N-008, X-091, X-164). */
function readSingleton(
  view: Draft,
  bytes: Uint8Array,
  { code, from, to }: Place,
): Reason | undefined {
  const size = to - from;
  switch (code) {
    case OPTION.CLIENTID:
      // D-043
      if (size < DUID_MIN_LENGTH || size > DUID_MAX_LENGTH) return "client-id-length";
      view.clientId = duidFromBytes(bytes, from, to);
      return undefined;
    case OPTION.SERVERID:
      // A SERVERID of any length is one, and no server's own when it is no DUID.
      view.serverId = duidFromBytes(bytes, from, Math.min(to, from + DUID_MAX_LENGTH + 1)) as Duid;
      return undefined;
    case OPTION.ORO:
      // D-080: an odd octet at the end is ignored. D-077: each code once.
      view.requestedOptions = [...new Set(codesOf(bytes, from, to))];
      return undefined;
    case OPTION.ELAPSED_TIME:
      if (size === 2) view.elapsedTime = u16At(bytes, from);
      return undefined;
    case OPTION.RAPID_COMMIT:
      view.rapidCommit = size === 0;
      return undefined;
    case OPTION.RECONF_ACCEPT:
      view.reconfigureAccept = size === 0;
      return undefined;
    case OPTION.CLIENT_FQDN:
      // a malformed name is as if the option were not there.
      if (size === 0 || partialNameFault(bytes, from + 1, to) !== undefined) return undefined;
      view.fqdn = {
        flags: bytes[from] as number,
        name: bytes.subarray(from + 1, to),
        data: bytes.subarray(from, to),
      };
      return undefined;
    default:
      return undefined;
  }
}

function codesOf(bytes: Uint8Array, from: number, to: number): number[] {
  const codes: number[] = [];
  for (let offset = from; offset + 2 <= to; offset += 2) codes.push(u16At(bytes, offset));
  return codes;
}

const IA_HEADER = 12;

function readIa(view: Draft, bytes: Uint8Array, { code, from, to }: Place): Reason | undefined {
  view.hasIa = true;
  // An IA too short for its header is malformed: as if absent.
  if (to - from < IA_HEADER) return undefined;
  const fault = frameFault(bytes, from + IA_HEADER, to);
  if (fault !== undefined) return fault;
  const kind = code === OPTION.IA_NA ? "address" : "prefix";
  const iaid = u32At(bytes, from);
  const leases: RequestedLease[] = [];
  let lengthHint: number | undefined;
  for (let offset = from + IA_HEADER; offset < to; ) {
    const inner = u16At(bytes, offset);
    const start = offset + 4;
    offset = start + u16At(bytes, offset + 2);
    if (inner !== (kind === "address" ? OPTION.IAADDR : OPTION.IAPREFIX)) continue;
    const lease =
      kind === "address" ? readIaAddress(bytes, start, offset) : readIaPrefix(bytes, start, offset);
    if (typeof lease === "string") return lease;
    if (lease === undefined) continue;
    // D-069: `::` and `::/0` are no hint. RFC 8168 §3.2: `::/n` is a length, before or
    // after a prefix (D-233).
    if (lease.address !== UNSPECIFIED) leases.push(lease);
    else if (kind === "prefix" && lease.length > 0) lengthHint ??= lease.length;
  }
  // D-050: IA_NA and IA_PD have IAIDs of their own. D-051: of an IA that comes twice the first counts.
  const isSame = (ia: Pick<RequestedIa, "kind" | "iaid">) => ia.kind === kind && ia.iaid === iaid;
  if (view.refusedIas.length >= LIMITS.iasRefused || view.ias.some(isSame)) return undefined;
  if (view.ias.length < LIMITS.iasPerMessage) view.ias.push({ kind, iaid, leases, lengthHint });
  else if (!view.refusedIas.some(isSame)) view.refusedIas.push({ kind, iaid });
  return undefined;
}

/** undefined = malformed, left out (D-241). Lifetimes are not read: D-090; nor T1 and T2 of its IA: D-089. */
function readIaAddress(
  bytes: Uint8Array,
  from: number,
  to: number,
): RequestedLease | Reason | undefined {
  if (to - from < 24) return undefined;
  return frameFault(bytes, from + 24, to) ?? { address: ipv6FromBytes(bytes, from), length: 128 };
}

function readIaPrefix(
  bytes: Uint8Array,
  from: number,
  to: number,
): RequestedLease | Reason | undefined {
  if (to - from < 25) return undefined;
  const fault = frameFault(bytes, from + 25, to);
  const length = bytes[from + 8] as number;
  if (fault !== undefined) return fault;
  // D-241: over 128 is malformed. D-277: bits beyond the length are ignored.
  return length > 128
    ? undefined
    : { address: maskTo(ipv6FromBytes(bytes, from + 9), length), length };
}
