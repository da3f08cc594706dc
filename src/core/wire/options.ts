// Options as values: the union inferred from the table, decoding, encoding, finding (RFC 8415 §21).
// Order and unknown options are kept. A broken frame throws DecodeError; a bad option in a sound frame
// becomes `malformed`, and the rule that uses it decides (D-241, X-111, F-108, F-139).

import { LIMITS } from "../model/limits.ts";
import { assert } from "../model/unreachable.ts";
import { type ByteWriter, Cursor, u16At } from "./cursor.ts";
import { DecodeError } from "./decode-error.ts";
import { FIELD_CODECS } from "./fields/codecs.ts";
import type { FieldCodec, Kind, KindTypes } from "./fields/kinds.ts";
import { CLIENT_SERVER_OPTIONS } from "./options/client-server.ts";
import { CONFIGURATION_OPTIONS } from "./options/configuration.ts";
import type { OptionDefinition } from "./options/definition.ts";
import { FAILOVER_OPTIONS } from "./options/failover.ts";
import { RELAY_OPTIONS } from "./options/relay.ts";

const TABLE = [
  ...CLIENT_SERVER_OPTIONS,
  ...RELAY_OPTIONS,
  ...FAILOVER_OPTIONS,
  ...CONFIGURATION_OPTIONS,
] as const;

type ValueOf<D> = D extends OptionDefinition
  ? { readonly type: D["type"]; readonly code: D["code"] } & {
      readonly [F in keyof D["fields"]]: D["fields"][F] extends Kind
        ? KindTypes[D["fields"][F]]
        : never;
    }
  : never;

/** An option of the table, decoded. */
export type KnownOption = ValueOf<(typeof TABLE)[number]>;

/** D-019: kept as octets. */
export interface UnknownOption {
  readonly type: "unknown";
  readonly code: number;
  readonly data: Uint8Array;
}

/** A known option whose data does not have its layout. */
export interface MalformedOption {
  readonly type: "malformed";
  readonly code: number;
  /** Where the option's data begins in the bytes that were decoded, octets. */
  readonly offset: number;
  readonly reason: string;
  readonly data: Uint8Array;
}

export type Option = KnownOption | UnknownOption | MalformedOption;
export type OptionType = KnownOption["type"];
export type OptionByType<T extends OptionType> = Extract<KnownOption, { readonly type: T }>;

/** Every option that is known, by code; for the manual and the configuration. */
export const optionDefinitions: readonly OptionDefinition[] = [...TABLE].sort(
  (a, b) => a.code - b.code,
);

const CODE_BY_TYPE: ReadonlyMap<string, number> = new Map(
  TABLE.map(({ type, code }) => [type, code]),
);

/** The table's entry of a code. */
export function definitionOf(code: number): OptionDefinition | undefined {
  return BY_CODE[code]?.definition;
}

/** The code of an option's type. */
export function codeOf(type: OptionType): number {
  return CODE_BY_TYPE.get(type) as number;
}

/** The codec of a kind; `options` nests this file. */
export function codecOf(kind: Kind): FieldCodec<unknown> {
  return kind === "options" ? NESTED : (FIELD_CODECS[kind] as FieldCodec<unknown>);
}

// options nested deeper than the limit are malformed, not read.
const NESTED: FieldCodec<unknown> = {
  expects: "options, each with a name or code and data",
  read: (cursor) => {
    if (cursor.depth >= LIMITS.optionNesting) {
      cursor.fail("options nested too deep");
      return [];
    }
    const options = decodeOptions(cursor.bytes, cursor.offset, cursor.end, cursor.depth + 1);
    cursor.offset = cursor.end;
    return options;
  },
  write: (out, value) => encodeOptions(out, value as readonly Option[]),
  text: () => "",
  parse: () => undefined,
};

interface Layout {
  readonly definition: OptionDefinition;
  readonly fields: readonly (readonly [field: string, codec: FieldCodec<unknown>])[];
}

const BY_CODE: readonly (Layout | undefined)[] = layouts();

function layouts(): (Layout | undefined)[] {
  const index: (Layout | undefined)[] = [];
  for (const definition of optionDefinitions) {
    const fields = Object.entries(definition.fields).map(
      ([field, kind]) => [field, codecOf(kind)] as const,
    );
    index[definition.code] = { definition, fields };
  }
  return index;
}

/**
 * Decodes options from `start` to `end`. Values hold copies, not views. Offsets in `malformed` count from
 * the begin of `bytes`. Throws DecodeError when an option passes the end (D-015, D-016) or octets are left.
 */
export function decodeOptions(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
  depth = 0,
): Option[] {
  const options: Option[] = [];
  let offset = start;
  while (offset < end) {
    if (end - offset < 4) throw new DecodeError("trailing-octets", offset);
    const code = u16At(bytes, offset);
    const size = u16At(bytes, offset + 2);
    offset += 4;
    // D-016, D-299: never read outside the container.
    if (size > end - offset) throw new DecodeError("option-overrun", offset - 4, code);
    options.push(decodeOption(code, new Cursor(bytes, offset, offset + size, depth)));
    offset += size;
  }
  return options;
}

function decodeOption(code: number, cursor: Cursor): Option {
  const layout = BY_CODE[code];
  if (layout === undefined) return { type: "unknown", code, data: cursor.rest() };
  const offset = cursor.offset;
  const values: Record<string, unknown> = { type: layout.definition.type, code };
  for (const [field, codec] of layout.fields) {
    values[field] = codec.read(cursor);
    if (cursor.failure !== undefined) break;
  }
  // F-139 and the lengths of RFC 8415 §21: exact.
  if (cursor.left > 0) cursor.fail("too long");
  if (cursor.failure !== undefined) {
    return {
      type: "malformed",
      code,
      offset,
      reason: cursor.failure,
      data: cursor.bytes.slice(offset, cursor.end),
    };
  }
  return values as unknown as KnownOption;
}

/** Writes options in order; `out.overflow` tells of an option over 65,535 octets. */
export function encodeOptions(out: ByteWriter, options: readonly Option[]): void {
  for (const option of options) encodeOption(out, option);
}

function encodeOption(out: ByteWriter, option: Option): void {
  out.u16(option.code);
  const mark = out.beginLength();
  if (option.type === "unknown" || option.type === "malformed") out.bytes(option.data);
  else writeFields(out, option);
  out.endLength(mark);
}

function writeFields(out: ByteWriter, option: KnownOption): void {
  const layout = BY_CODE[option.code];
  assert(layout?.definition.type === option.type, "an option has the code of its type");
  const values = option as unknown as Record<string, unknown>;
  for (const [field, codec] of layout.fields) codec.write(out, values[field]);
}

/** An option with its code filled in: `option("PREFERENCE", { value: 255 })`. */
export function option<T extends OptionType>(
  type: T,
  fields: Omit<OptionByType<T>, "type" | "code">,
): OptionByType<T> {
  return { type, code: codeOf(type), ...fields } as unknown as OptionByType<T>;
}

/** The first option of a type (D-018: the first counts); malformed ones are not of their type. */
export function firstOption<T extends OptionType>(
  options: readonly Option[],
  type: T,
): OptionByType<T> | undefined {
  return options.find((each) => each.type === type) as OptionByType<T> | undefined;
}

/** All options of a type in order (D-017: each stands alone). */
export function allOptions<T extends OptionType>(
  options: readonly Option[],
  type: T,
): readonly OptionByType<T>[] {
  return options.filter((each) => each.type === type) as unknown as readonly OptionByType<T>[];
}

/** the first malformed option at any depth. */
export function findMalformed(options: readonly Option[]): MalformedOption | undefined {
  for (const each of options) {
    if (each.type === "malformed") return each;
    const inner = "options" in each ? findMalformed(each.options) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}
