// Options from the configuration: names and values to code and octets, by the option table
// (D-282, X-249, X-256). Values are a text with commas between them, or a list.

import { assert } from "../model/unreachable.ts";
import { ByteWriter, u16At, u32At } from "./cursor.ts";
import { DecodeError } from "./decode-error.ts";
import { Inputs, type Kind, type OptionInput } from "./fields/kinds.ts";
import { parseHex } from "./hex.ts";
import type { OptionDefinition } from "./options/definition.ts";
import {
  codecOf,
  decodeOptions,
  definitionOf,
  findMalformed,
  type Option,
  optionDefinitions,
} from "./options.ts";

export type EncodedOption =
  | { readonly type: "option"; readonly code: number; readonly data: Uint8Array }
  | { readonly type: "error"; readonly reason: string };

const BY_NAME: ReadonlyMap<string, OptionDefinition> = new Map(
  optionDefinitions.map((each) => [each.name, each]),
);

/** The table's entry of a name in the configuration's form (`dns-servers`). */
export function definitionByName(name: string): OptionDefinition | undefined {
  return BY_NAME.get(name);
}

const failed = (reason: string): EncodedOption => ({ type: "error", reason });

/**
 * The octets of an option. `value`: a text (values separated by commas, `\,` is a comma itself), a number,
 * or a list of values; inside `options` also `{ name | code, data }`. An option that the table does not have
 * is given by code and its data in hex.
 */
export function encodeOptionData(nameOrCode: string | number, value: OptionInput): EncodedOption {
  const definition =
    typeof nameOrCode === "string" ? definitionByName(nameOrCode) : definitionOf(nameOrCode);
  if (definition !== undefined) return encodeWithDefinition(definition, value);
  if (typeof nameOrCode === "string")
    return failed(`there is no option ${JSON.stringify(nameOrCode)}`);
  return encodeRawOption(nameOrCode, typeof value === "string" ? value : "?");
}

/** Data in hex, whatever the option; a known option must have its layout. */
export function encodeRawOption(code: number, hex: string): EncodedOption {
  if (!Number.isInteger(code) || code < 1 || code > 0xffff)
    return failed("an option code is a number from 1 to 65535");
  const data = parseHex(hex);
  if (data === undefined) return failed("data is hex digits, two an octet");
  if (data.length > 0xffff) return failed("an option has at most 65535 octets");
  const framed = new Uint8Array(data.length + 4);
  framed.set([code >> 8, code & 0xff, data.length >> 8, data.length & 0xff]);
  framed.set(data, 4);
  const options = parsedOptions(framed);
  if (typeof options === "string") return failed(options);
  return { type: "option", code, data };
}

/** as `encodeOptionData`, for a definition that the table does not have. */
export function encodeWithDefinition(
  definition: OptionDefinition,
  value: OptionInput,
): EncodedOption {
  const inputs = new Inputs(valuesOf(definition, value));
  const out = new ByteWriter();
  for (const [field, kind] of Object.entries(definition.fields)) {
    const fault = writeField(out, kind, inputs);
    if (fault !== undefined) return failed(`${field}: ${fault}`);
  }
  if (inputs.left > 0) return failed(`more values than ${definition.name} has`);
  if (out.length > 0xffff || out.overflow) return failed("an option has at most 65535 octets");
  const data = out.finish();
  const fault = limitFault(definition, data);
  return fault === undefined ? { type: "option", code: definition.code, data } : failed(fault);
}

function writeField(out: ByteWriter, kind: Kind, inputs: Inputs): string | undefined {
  if (kind === "options") {
    const options = nestedOptions(inputs);
    if (typeof options === "string") return options;
    codecOf(kind).write(out, options);
    return undefined;
  }
  const codec = codecOf(kind);
  const parsed = codec.parse(inputs);
  if (parsed === undefined) return `expected ${codec.expects}`;
  codec.write(out, parsed);
  return undefined;
}

/** A lone field that is a text takes commas as they are. */
function valuesOf(definition: OptionDefinition, value: OptionInput): readonly OptionInput[] {
  if (Array.isArray(value)) return value as readonly OptionInput[];
  if (typeof value !== "string") return [value as OptionInput];
  const kinds = Object.values(definition.fields);
  if (
    kinds.length === 1 &&
    (kinds[0] === "text" || kinds[0] === "opaque" || kinds[0] === "opaque+")
  ) {
    return [value.replaceAll("\\,", ",")];
  }
  return value.trim() === ""
    ? []
    : value.split(/(?<!\\),/).map((part) => part.trim().replaceAll("\\,", ","));
}

/** What is left of the values as options: objects with name or code and data, or one hex text. */
function nestedOptions(inputs: Inputs): readonly Option[] | string {
  const options: Option[] = [];
  while (inputs.left > 0) {
    const input = inputs.take() as OptionInput;
    if (typeof input === "string") {
      const data = /^0x/i.test(input) ? parseHex(input) : undefined;
      if (data === undefined)
        return "expected options, each with name or code and data, or hex after 0x";
      const parsed = parsedOptions(data);
      if (typeof parsed === "string") return parsed;
      options.push(...parsed);
      continue;
    }
    if (typeof input !== "object" || !("data" in input))
      return "expected options, each with name or code and data";
    const encoded = encodeOptionData(input.name ?? input.code ?? "", input.data);
    if (encoded.type === "error") return encoded.reason;
    options.push({ type: "unknown", code: encoded.code, data: encoded.data });
  }
  return options;
}

function parsedOptions(data: Uint8Array): readonly Option[] | string {
  try {
    const options = decodeOptions(data);
    const malformed = findMalformed(options);
    return malformed === undefined ? options : `option ${malformed.code}: ${malformed.reason}`;
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
}

/** D-279, D-280, D-178, X-253, X-255: what the configuration may not say though the layout allows it. */
function limitFault(definition: OptionDefinition, data: Uint8Array): string | undefined {
  const { range, maxLength, requiredBits } = definition;
  if (range !== undefined) {
    assert(data.length === 4, "a range is on a field of four octets");
    const value = u32At(data, 0);
    if (value < range[0] || value > range[1])
      return `the value must be from ${range[0]} to ${range[1]}`;
  }
  if (maxLength !== undefined && data.length > maxLength) return `at most ${maxLength} octets`;
  if (requiredBits !== undefined && (u16At(data, 0) & requiredBits) !== requiredBits) {
    return `the first value must have bit ${requiredBits} set`;
  }
  return undefined;
}
