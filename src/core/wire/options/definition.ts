// What one entry of the option table says. Everything else (decoding, encoding, the text form, the form
// in the configuration, the manual) follows from it.

import type { Kind } from "../fields/kinds.ts";

export interface OptionDefinition {
  readonly code: number;
  /** The RFC's name without OPTION_; the `type` of the decoded value. */
  readonly type: string;
  /** Fields in the order of the wire. */
  readonly fields: { readonly [field: string]: Kind };
  /** Kea's name for it, or ours where Kea has none: the form in the configuration and the manual. */
  readonly name: string;
  /** Where the layout stands. */
  readonly source: string;
  /** One sentence for the manual. */
  readonly help: string;
  /** An operator may set it as `option-data`. */
  readonly configurable?: boolean;
  /** May stand more than once at its place (RFC 8415 §24). */
  readonly repeatable?: boolean;
  /** Least and greatest value that the configuration may give to `value`. */
  readonly range?: readonly [number, number];
  /** Most octets that the configuration may give. */
  readonly maxLength?: number;
  /** Bits of the first field that must be set when it is configured. */
  readonly requiredBits?: number;
}
