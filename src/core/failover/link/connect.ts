// CONNECT and CONNECTREPLY: what is said and what is checked (RFC 8156 §6.1; ). Pure.

import type { Relationship } from "../../config/types.ts";
import { DEFAULTS, LIMITS } from "../../model/limits.ts";
import type { DhcpTime, Millis, Seconds } from "../../model/time.ts";
import { diffSeconds, floorTime } from "../../model/time.ts";
import type { FailoverMessage } from "../../wire/failover-messages.ts";
import { STATUS } from "../../wire/messages.ts";
import { findMalformed, firstOption, type Option, option } from "../../wire/options.ts";
import { type ClockSaid, clockOption, clockSaid, hasExtensions } from "./extensions.ts";

/** F-125 */
const VERSION = { major: 1, minor: 0 };
/** F-109, F-110: prefixes out of one pool have one length. */
const FIXED_PD_LENGTH = 0x0001;

/** Seconds; as far as lifetimes go. */
const LONGEST_MCLT = 0x3fff_ffff;

export interface ConnectTerms {
  readonly mclt: Seconds;
  readonly keepalive: Millis;
  readonly maxUnacked: number;
  readonly extensions: boolean;
  /** T-06 (1): the partner's times of before may be off by so much. */
  readonly clockShifted: Seconds;
}

export type ConnectCheck =
  | { readonly type: "accept"; readonly terms: ConnectTerms }
  | { readonly type: "reject"; readonly status: number; readonly message: string };

function reject(status: number, message: string): ConnectCheck {
  return { type: "reject", status, message };
}

function common(relationship: Relationship, mclt: Seconds, clock: ClockSaid): Option[] {
  return [
    option("F_PROTOCOL_VERSION", VERSION), // F-162, F-177
    option("F_MCLT", { value: mclt }), // F-163, F-178
    option("F_KEEPALIVE_TIME", { value: Math.max(1, Math.ceil(relationship.keepalive / 1000)) }), // F-164, F-179, F-209
    option("F_MAX_UNACKED_BNDUPD", { value: LIMITS.maxUnackedBndupd }), // F-165, F-180
    option("F_CONNECT_FLAGS", { value: FIXED_PD_LENGTH }), // F-167, F-181
    ...(relationship.strict ? [] : [clockOption(clock)]),
  ];
}

/** F-162, F-163, F-164, F-165, F-166, F-167, A-14: the name is always sent. */
export function connectOptions(relationship: Relationship, clock: ClockSaid): readonly Option[] {
  return [
    ...common(relationship, relationship.mclt, clock),
    option("F_RELATIONSHIP_NAME", { name: relationship.name }),
  ];
}

/** F-177 to F-182: the terms of an accepting answer, with the primary's MCLT. */
export function connectReplyOptions(
  relationship: Relationship,
  mclt: Seconds,
  clock: ClockSaid,
): readonly Option[] {
  return [
    ...common(relationship, mclt, clock),
    option("F_RELATIONSHIP_NAME", { name: relationship.name }),
  ];
}

/** F-176: a rejection carries the reason. */
export function rejectionOptions(status: number, message: string): readonly Option[] {
  return [option("STATUS_CODE", { status, message })];
}

/** F-231, F-232, F-235, A-45: seconds by which the sender's clock differs; whole seconds, 5 of them pass. */
export function clockOffset(sentTime: DhcpTime, receivedAt: Millis): number {
  return diffSeconds(sentTime, floorTime(receivedAt));
}

export function isTooFarOff(offset: number | undefined): boolean {
  return offset !== undefined && Math.abs(offset) > DEFAULTS.skewPermittedSeconds;
}

/** F-168, F-169, F-170, F-171, F-172, F-173, F-174, A-11, in that order. `relationship` is the one that the name and the address select. */
export function checkConnect(
  message: FailoverMessage,
  relationship: Relationship | undefined,
  receivedAt: Millis | undefined,
): ConnectCheck {
  const offset = receivedAt === undefined ? 0 : clockOffset(message.sentTime, receivedAt);
  if (isTooFarOff(offset))
    return reject(STATUS.ExcessiveTimeSkew, `the clocks differ by ${offset} s, 5 s are permitted`);
  const version = checkVersion(message);
  if (version !== undefined) return version;
  const terms = readTerms(message);
  if (terms.type === "reject") return terms;
  if (
    terms.terms.mclt < DEFAULTS.mcltMinimumSeconds &&
    relationship !== undefined &&
    relationship.mclt >= DEFAULTS.mcltMinimumSeconds
  ) {
    return reject(STATUS.UnspecFail, `an MCLT of ${terms.terms.mclt} s is too short`);
  }
  const flags = firstOption(message.options, "F_CONNECT_FLAGS");
  if (flags === undefined) return missing("F_CONNECT_FLAGS");
  // F-173, F-112: lengths of delegated prefixes are fixed here; other bits are ignored.
  if ((flags.value & FIXED_PD_LENGTH) === 0)
    return reject(STATUS.NotSupported, "only fixed lengths of delegated prefixes are supported");
  if (relationship === undefined)
    return reject(STATUS.ConfigurationConflict, "no such relationship here");
  return terms;
}

/** F-184, F-185, F-186, F-187, F-188, F-189, F-190. */
export function checkConnectReply(
  message: FailoverMessage,
  relationship: Relationship,
): ConnectCheck {
  const status = firstOption(message.options, "STATUS_CODE");
  if (status !== undefined && status.status !== 0) return reject(status.status, status.message); // F-182: Success is no rejection
  const version = checkVersion(message);
  if (version !== undefined) return version;
  const terms = readTerms(message);
  if (terms.type === "reject") return terms;
  if (terms.terms.mclt !== relationship.mclt)
    return reject(STATUS.ConfigurationConflict, "the partner answered with another MCLT"); // F-187
  const flags = firstOption(message.options, "F_CONNECT_FLAGS");
  if (flags === undefined) return missing("F_CONNECT_FLAGS");
  if ((flags.value & FIXED_PD_LENGTH) === 0)
    return reject(STATUS.NotSupported, "only fixed lengths of delegated prefixes are supported");
  return terms;
}

function missing(name: string): ConnectCheck {
  return reject(STATUS.UnspecFail, `option ${name} is missing`);
}

/** F-169, F-185, F-186, R7031-16: another minor version is no reason. */
function checkVersion(message: FailoverMessage): ConnectCheck | undefined {
  const malformed = findMalformed(message.options);
  if (malformed !== undefined)
    return reject(STATUS.UnspecFail, `option ${malformed.code} is malformed: ${malformed.reason}`);
  const version = firstOption(message.options, "F_PROTOCOL_VERSION");
  if (version === undefined) return missing("F_PROTOCOL_VERSION");
  return version.major === VERSION.major
    ? undefined
    : reject(STATUS.NotSupported, `protocol version ${version.major} is not supported`);
}

function readTerms(message: FailoverMessage): ConnectCheck {
  const mclt = firstOption(message.options, "F_MCLT")?.value;
  const keepalive = firstOption(message.options, "F_KEEPALIVE_TIME")?.value;
  const maxUnacked = firstOption(message.options, "F_MAX_UNACKED_BNDUPD")?.value;
  if (mclt === undefined) return missing("F_MCLT");
  if (keepalive === undefined) return missing("F_KEEPALIVE_TIME");
  if (maxUnacked === undefined) return missing("F_MAX_UNACKED_BNDUPD");
  //
  if (mclt === 0 || keepalive === 0 || maxUnacked === 0)
    return reject(
      STATUS.UnspecFail,
      "MCLT, keepalive time and unacknowledged updates must not be 0",
    );
  // times that far ahead cannot be compared.
  if (mclt > LONGEST_MCLT) return reject(STATUS.UnspecFail, `an MCLT of ${mclt} s is too long`);
  return {
    type: "accept",
    terms: {
      mclt,
      keepalive: keepalive * 1000,
      maxUnacked,
      extensions: hasExtensions(message.options),
      clockShifted: clockSaid(message.options).shifted,
    },
  };
}
