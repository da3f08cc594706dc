// The field kinds of the option table and the values they hold (types only; the codecs stand beside).

import type { Duid } from "../../model/duid.ts";
import type { Ipv6Address, Prefix } from "../../model/ipv6.ts";
import type { ByteWriter, Cursor } from "../cursor.ts";
import type { Option } from "../options.ts";

/** One code with its data inside a vendor option (RFC 8415 §21.17). */
export interface SubOption {
  readonly code: number;
  readonly data: Uint8Array;
}

/** RFC 5908 §4: the one time source of an NTP_SERVER instance. */
export type TimeSource =
  | { readonly type: "address"; readonly address: Ipv6Address }
  | { readonly type: "multicast"; readonly address: Ipv6Address }
  | { readonly type: "fqdn"; readonly name: string };

/** RFC 9463 §4: what follows the priority of a V6_DNR instance. */
export interface EncryptedResolver {
  /** Authentication domain name. */
  readonly name: string;
  /** Empty in the mode that only names the resolver; then `parameters` is empty too. */
  readonly addresses: readonly Ipv6Address[];
  readonly parameters: Uint8Array;
}

/** Field kind → value. `x+` is one or more to the option's end, `x*` any number. */
export interface KindTypes {
  u8: number;
  u16: number;
  u32: number;
  /** u32, an interval; 0xffffffff = infinity (RFC 8415 §7.7). */
  seconds: number;
  /** u32, seconds since 2000 modulo 2^32 (RFC 8156 §3). */
  time: number;
  "u16+": readonly number[];
  "u16*": readonly number[];
  ip6: Ipv6Address;
  "ip6+": readonly Ipv6Address[];
  "ip6*": readonly Ipv6Address[];
  /** Dotted text. */
  ip4: string;
  /** A u8 of 0 to 128. */
  "prefix-length": number;
  /** 16 octets after their `prefix-length`; bits beyond it are zero. */
  prefix: Ipv6Address;
  /** A length octet and the octets it needs; bits beyond it are zero. */
  prefix6: Prefix;
  duid: Duid;
  name: string;
  "name+": readonly string[];
  "name*": readonly string[];
  /** Wire labels to the end, with or without the root, or none. */
  "partial-name": Uint8Array;
  /** UTF-8 without NUL, to the end. */
  text: string;
  /** A 2-octet length and its octets. */
  tuple: Uint8Array;
  "tuple+": readonly Uint8Array[];
  "tuple*": readonly Uint8Array[];
  /** Eight octets. */
  octets8: Uint8Array;
  /** Octets to the end. */
  opaque: Uint8Array;
  "opaque+": Uint8Array;
  /** A DHCP message to the end. */
  message: Uint8Array;
  suboptions: readonly SubOption[];
  "time-source": TimeSource;
  resolver: EncryptedResolver;
  options: readonly Option[];
}

export type Kind = keyof KindTypes;

/** A value from the configuration, before it is known what it means. */
export type OptionInput =
  | string
  | number
  | boolean
  | readonly OptionInput[]
  | {
      readonly name?: string | undefined;
      readonly code?: number | undefined;
      readonly data: OptionInput;
    };

/** The values of one option in order; a codec takes as many as it needs. */
export class Inputs {
  #next = 0;
  readonly #values: readonly OptionInput[];

  constructor(values: readonly OptionInput[]) {
    this.#values = values;
  }

  get left(): number {
    return this.#values.length - this.#next;
  }

  take(): OptionInput | undefined {
    return this.#values[this.#next++];
  }

  /** The next value as text; numbers count as text. */
  text(): string | undefined {
    const value = this.take();
    return typeof value === "string"
      ? value.trim()
      : typeof value === "number"
        ? String(value)
        : undefined;
  }
}

/** How one kind is read, written, shown and taken from the configuration. */
export interface FieldCodec<T> {
  /** Reads within the cursor; failures are kept by the cursor. */
  read(cursor: Cursor): T;
  /** Writes a value that the kind allows (anything else is a bug and asserts). */
  write(out: ByteWriter, value: T): void;
  text(value: T): string;
  /** undefined: no value of this kind. */
  parse(inputs: Inputs): T | undefined;
  /** What the configuration is told to write. */
  readonly expects: string;
}
