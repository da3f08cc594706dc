// What two Tandems tell each other beyond RFC 8156, in OPTION_VENDOR_OPTS, negotiated at CONNECT (T-12).
// A partner that does not speak it loses nothing else.

import type { DhcpTime, Seconds } from "../../model/time.ts";
import { allOptions, type Option, option } from "../../wire/options.ts";

/** The number for examples (RFC 5612) until one is registered. */
const ENTERPRISE = 32_473;
/** Sub-option 1: version of the extensions, one octet. */
const EXTENSIONS = 1;
const VERSION = 1;
/** Sub-option 2, empty: all updates that were open when the sender entered NORMAL are answered (T-02). */
const SYNCHRONISED = 2;
/** Sub-option 3 of CONNECT and CONNECTREPLY: seconds by which the sender's lease time was shifted since the pair was last
 * in step, four octets (T-06 (1)): so far its times of before may be off. */
const CLOCK_SHIFTED = 3;
/** Sub-option 4 of CONNECT and CONNECTREPLY, empty: the sender does not know the time. */
const CLOCK_UNSURE = 4;
/** Sub-option 5, empty, in UPDREQALL: the sender has lost nothing, it only compares. */
const RESYNC = 5;
/** Sub-option 6 of CONTACT, three times 4 octets: for a partner that lost its database, when it did after it had promised something, and
 * the longest valid lifetime and MCLT by which it may have promised it. */
const FORGOTTEN = 6;
/** Seconds; as far as lifetimes go. */
const LONGEST = 0x3fff_ffff;

export interface Forgotten {
  readonly lostAt: DhcpTime;
  readonly valid: Seconds;
  readonly mclt: Seconds;
}

export type Extension = "synchronised" | "resync";

const CODES: Readonly<Record<Extension, number>> = { synchronised: SYNCHRONISED, resync: RESYNC };

export interface Suboption {
  readonly code: number;
  readonly data: Uint8Array;
}

export function vendorOption(
  extensions: readonly Extension[],
  more: readonly Suboption[] = [],
): Option {
  const named = extensions.map((name) => ({ code: CODES[name], data: new Uint8Array(0) }));
  return vendor([...named, ...more]);
}

function vendor(more: readonly Suboption[]): Option {
  const suboptions = [{ code: EXTENSIONS, data: Uint8Array.of(VERSION) }, ...more];
  return option("VENDOR_OPTS", { enterprise: ENTERPRISE, suboptions });
}

/** What a server says of its clock at CONNECT. */
export interface ClockSaid {
  readonly shifted: Seconds;
  readonly unsure: boolean;
}

export function clockOption({ shifted, unsure }: ClockSaid): Option {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, Math.min(shifted, 0xffff_ffff));
  return vendor([
    ...(shifted === 0 ? [] : [{ code: CLOCK_SHIFTED, data }]),
    ...(unsure ? [{ code: CLOCK_UNSURE, data: new Uint8Array(0) }] : []),
  ]);
}

export function clockSaid(options: readonly Option[]): ClockSaid {
  const found = ourSuboptions(options);
  const data = found.find(({ code }) => code === CLOCK_SHIFTED)?.data;
  const view = data?.length === 4 ? new DataView(data.buffer, data.byteOffset) : undefined;
  return {
    shifted: view?.getUint32(0) ?? 0,
    unsure: found.some(({ code }) => code === CLOCK_UNSURE),
  };
}

export function forgottenOption({ lostAt, mclt, valid }: Forgotten): Option {
  const data = new Uint8Array(12);
  const view = new DataView(data.buffer);
  view.setUint32(0, lostAt);
  view.setUint32(4, valid);
  view.setUint32(8, mclt);
  return vendor([{ code: FORGOTTEN, data }]);
}

export function readForgotten(options: readonly Option[]): Forgotten | undefined {
  const data = ourSuboptions(options).find((each) => each.code === FORGOTTEN)?.data;
  if (data?.length !== 12) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const seconds = (at: number) => Math.min(view.getUint32(at), LONGEST);
  return { lostAt: view.getUint32(0), valid: seconds(4), mclt: seconds(8) };
}

/** All sub-options of ours, in order. */
export function ourSuboptions(options: readonly Option[]): readonly Suboption[] {
  return allOptions(options, "VENDOR_OPTS")
    .filter((each) => each.enterprise === ENTERPRISE)
    .flatMap((each) => each.suboptions);
}

export function hasExtensions(options: readonly Option[]): boolean {
  return ourSuboptions(options).some((each) => each.code === EXTENSIONS);
}

export function saysResync(options: readonly Option[]): boolean {
  return ourSuboptions(options).some((each) => each.code === RESYNC);
}

export function saysSynchronised(options: readonly Option[]): boolean {
  return ourSuboptions(options).some((each) => each.code === SYNCHRONISED);
}
