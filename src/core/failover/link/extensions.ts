// What two Tandems tell each other beyond RFC 8156, in OPTION_VENDOR_OPTS, negotiated at CONNECT (T-12).
// A partner that does not speak it loses nothing else.

import { allOptions, type Option, option } from "../../wire/options.ts";

/** The number for examples (RFC 5612) until one is registered. */
const ENTERPRISE = 32_473;
/** Sub-option 1: version of the extensions, one octet. */
const EXTENSIONS = 1;
const VERSION = 1;
/** Sub-option 2, empty: all updates that were open when the sender entered NORMAL are answered (T-02). */
const SYNCHRONISED = 2;

export type Extension = "synchronised";

const CODES: Readonly<Record<Extension, number>> = { synchronised: SYNCHRONISED };

export function vendorOption(extensions: readonly Extension[]): Option {
  const suboptions = [
    { code: EXTENSIONS, data: Uint8Array.of(VERSION) },
    ...extensions.map((name) => ({ code: CODES[name], data: new Uint8Array(0) })),
  ];
  return option("VENDOR_OPTS", { enterprise: ENTERPRISE, suboptions });
}

function ours(options: readonly Option[]): readonly { readonly code: number }[] {
  return allOptions(options, "VENDOR_OPTS")
    .filter((each) => each.enterprise === ENTERPRISE)
    .flatMap((each) => each.suboptions);
}

export function hasExtensions(options: readonly Option[]): boolean {
  return ours(options).some((each) => each.code === EXTENSIONS);
}

export function saysSynchronised(options: readonly Option[]): boolean {
  return ours(options).some((each) => each.code === SYNCHRONISED);
}
